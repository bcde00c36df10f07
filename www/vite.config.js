import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const published = (file) => fileURLToPath(new URL(`../pkg/dist/${file}`, import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));

/** Each page is an index.html: this folder's own, and one in a folder of its name. */
const pages = [".", ...readdirSync(here).filter((name) => !["dist", "public", "src", "tests"].includes(name))]
  .map((name) => `${here}${name}/index.html`)
  .filter((path) => existsSync(path));

export default defineConfig({
  // The package as it is published, built by scripts/build.mjs.
  resolve: {
    alias: {
      "openrouter-wasm/session": published("session.js"),
      "openrouter-wasm/widget/define": published("widget/define.js"),
      "openrouter-wasm": published("index.js"),
    },
  },
  build: {
    rollupOptions: { input: [...pages, fileURLToPath(new URL("admin.html", import.meta.url))] },
    // The Content-Security-Policy lets no data: URL through but images.
    assetsInlineLimit: 0,
    // The floor of light-dark(), so that the style sheet keeps it as it is written.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
});
