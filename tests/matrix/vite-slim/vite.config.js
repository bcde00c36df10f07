import { defineConfig } from "vite";

export default defineConfig({ build: { rollupOptions: { input: "page.html" } }, logLevel: "info" });
