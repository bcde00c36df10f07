// Every case of the matrix.
//
// `tool` is what is told the version of; `build` are its commands, one after the other. Then either
//   out     the folder with the page that they made: every engine loads it from a server that only serves files, or
//   serve   the tool's own server: every engine loads its page, and
//   fetch   … or its answer is fetched, and the package runs in the server, or
//   run     a program, that prints the answer.

/** The strictest policy under which the package works: no inline script, no eval but wasm's, no text that becomes code. */
export const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src *; require-trusted-types-for 'script'; trusted-types 'none'";

export const cases = [
  { tool: "no tool", name: "`<script type=module>` and an import map", folder: "static", out: "..", path: "/static/page.html" },
  { tool: "vite", name: "build", folder: "vite", build: [["vite", "build"]], out: "dist" },
  { tool: "vite", name: "build, under the strictest Content-Security-Policy", folder: "vite", out: "dist", policy: STRICT },
  { tool: "vite", name: "dev server", folder: "vite", serve: (port) => ["vite", "--port", port, "--strictPort", "--host", "127.0.0.1"], ready: /ready in/ },
  { tool: "vite", name: "build, `openrouter-wasm/slim` with `openrouter.wasm?url`", folder: "vite-slim", build: [["vite", "build"]], out: "dist" },
  { tool: "vite", name: "SSR, ssrLoadModule", folder: "vite-ssr", run: ["node", "ssr.mjs"] },
  { tool: "vite", name: "SSR, build with noExternal", folder: "vite-ssr", build: [["vite", "build", "--ssr", "program.js"]], run: ["node", "dist/program.js"] },
  { tool: "webpack", name: "build", folder: "webpack", build: [["node", "build.mjs"]], out: "." },
  { tool: "rollup", name: "build", folder: "rollup", build: [["rollup", "-c"]], out: "." },
  { tool: "rolldown", name: "build", folder: "rolldown", build: [["rolldown", "page.js", "--dir", "dist", "--format", "esm"]], out: "." },
  { tool: "esbuild", name: "esm, split", folder: "esbuild", build: [["esbuild", "page.js", "--bundle", "--splitting", "--format=esm", "--outdir=dist"]], out: "." },
  { tool: "esbuild", name: "iife, one file", folder: "esbuild-iife", build: [["esbuild", "page.js", "--bundle", "--minify", "--format=iife", "--outfile=dist/page.js"]], out: "." },
  { tool: "esbuild", name: "for Node, esm", folder: "esbuild-node", build: [["esbuild", "program.js", "--bundle", "--platform=node", "--format=esm", "--outfile=dist/program.mjs"]], run: ["node", "dist/program.mjs"] },
  { tool: "esbuild", name: "for Node, cjs", folder: "esbuild-node", build: [["esbuild", "program.js", "--bundle", "--platform=node", "--format=cjs", "--outfile=dist/program.cjs"]], run: ["node", "dist/program.cjs"] },
  { tool: "parcel", name: "build", folder: "parcel", build: [["parcel", "build", "page.html", "--dist-dir", "dist", "--no-cache"]], out: "dist" },
  { tool: "next", name: "client component", folder: "next", build: [["next", "build"]], serve: (port) => ["next", "start", "-p", port, "-H", "127.0.0.1"], ready: /Ready in/, path: "/client" },
  { tool: "next", name: "server component", folder: "next", serve: "same", fetch: "/server" },
  { tool: "next", name: "edge route", folder: "next", serve: "same", fetch: "/edge" },
  // Without an edge route: Next.js 16.4.6 cannot build any with webpack (ENOENT: route_client-reference-manifest.js).
  { tool: "next", name: "client component, webpack", folder: "next-webpack", like: "next", without: "app/edge", build: [["next", "build", "--webpack"]], serve: (port) => ["next", "start", "-p", port, "-H", "127.0.0.1"], ready: /Ready in/, path: "/client" },
  { tool: "next", name: "server component, webpack", folder: "next-webpack", serve: "same", fetch: "/server" },
  { tool: "wrangler", name: "dev (workerd)", folder: "wrangler", serve: (port) => ["wrangler", "dev", "--port", port, "--ip", "127.0.0.1", "--inspector-port", "0"], ready: /Ready on/, fetch: "/" },
  { tool: "wrangler", name: "deploy --dry-run, its output in workerd", folder: "wrangler", build: [["wrangler", "deploy", "--dry-run", "--outdir", "dist"]], serve: (port) => ["wrangler", "dev", "dist/worker.js", "--no-bundle", "--port", port, "--ip", "127.0.0.1", "--inspector-port", "0"], ready: /Ready on/, fetch: "/" },
  { tool: "wrangler", name: "dev, `openrouter-wasm/slim` with an imported module", folder: "wrangler-slim", serve: (port) => ["wrangler", "dev", "--port", port, "--ip", "127.0.0.1", "--inspector-port", "0"], ready: /Ready on/, fetch: "/" },
  { tool: "@cloudflare/vite-plugin", name: "dev server, the page", folder: "cloudflare", serve: (port) => ["vite", "--port", port, "--strictPort", "--host", "127.0.0.1"], ready: /ready in/ },
  { tool: "@cloudflare/vite-plugin", name: "dev server, the Worker", folder: "cloudflare", serve: "same", fetch: "/worker" },
  { tool: "@cloudflare/vite-plugin", name: "build and preview, the page", folder: "cloudflare", build: [["vite", "build"]], serve: (port) => ["vite", "preview", "--port", port, "--strictPort", "--host", "127.0.0.1"], ready: /Local:/ },
  { tool: "@cloudflare/vite-plugin", name: "build and preview, the Worker", folder: "cloudflare", serve: "same", fetch: "/worker" },
  { tool: "node", name: "import", folder: "runtimes", run: ["node", "program.js"] },
  { tool: "node", name: "require", folder: "runtimes", run: ["node", "program.cjs"] },
  { tool: "node22", name: "import", folder: "runtimes", run: ["node22", "program.js"] },
  { tool: "node22", name: "require", folder: "runtimes", run: ["node22", "--no-warnings", "program.cjs"] },
  { tool: "node20", name: "import", folder: "runtimes", run: ["node20", "program.js"] },
  { tool: "deno", name: "run, only the net allowed", folder: "runtimes", run: ["deno", "run", "--no-prompt", "--allow-net=127.0.0.1", "program.js"] },
  { tool: "deno", name: "run, environment allowed", folder: "runtimes", run: ["deno", "run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", "program.js"] },
  { tool: "bun", name: "run", folder: "runtimes", run: ["bun", "run", "program.js"] },
  { tool: "bun", name: "require", folder: "runtimes", run: ["bun", "run", "program.cjs"] },
  { tool: "bun", name: "build, the page", folder: "bun", build: [["bun", "build", "page.js", "--outdir", "dist", "--target", "browser", "--splitting"]], out: "." },
];
