// Bundles each contender as a page's own build would: so they are measured as they are shipped, and code that they
// have in common exists once for each, where the engine's type feedback of one cannot slow down another.
import { cpSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Copies a built package to where it is found by its name, for a build may replace it while we measure.
 * @returns {string} the folder for {@link bundle} to look for packages in
 */
export function copyOfPackage(out, folder) {
  const packages = join(out, "node_modules");
  cpSync(folder, join(packages, "openrouter-wasm"), { recursive: true });
  return packages;
}

/** @returns {Promise<string[]>} the files of the bundle, in `out`; the first one is to be imported */
export async function bundle(module, packages, out) {
  await bundled(module, packages, out);
  const files = readdirSync(out).sort((a, b) => (b === "main.mjs") - (a === "main.mjs"));
  return files.map((file) => join(out, file));
}

/** Bundles it, too, and tells how many bytes of the bundle's first file are of which source: `[path, bytes]`. */
export async function sourcesOf(module, packages, out) {
  const { outputs } = await bundled(module, packages, out);
  const [, { inputs }] = Object.entries(outputs).find(([path]) => path.endsWith("main.mjs"));
  return Object.entries(inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput]);
}

async function bundled(module, packages, out) {
  const { build } = await import("esbuild"); // set-up may have installed it a moment ago
  const { metafile } = await build({
    entryPoints: { main: resolve(import.meta.dirname, "contenders", module) },
    outdir: out,
    bundle: true,
    minify: true,
    splitting: true, // what is imported lazily stays lazy
    format: "esm",
    platform: "browser",
    target: "es2022",
    outExtension: { ".js": ".mjs" },
    loader: { ".wasm": "file" },
    nodePaths: [packages],
    logLevel: "warning",
    metafile: true,
  });
  return metafile;
}
