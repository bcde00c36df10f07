import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const published = (file) => fileURLToPath(new URL(`../pkg/dist/${file}`, import.meta.url));

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
    rollupOptions: { input: ["index.html", "admin.html"].map((page) => fileURLToPath(new URL(page, import.meta.url))) },
    // The Content-Security-Policy lets no data: URL through but images.
    assetsInlineLimit: 0,
    // The floor of light-dark(), so that the style sheet keeps it as it is written.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
});
