import { defineConfig } from "vite";

// The proxy holds the key. The page calls it under its own address, as it will where both are served together.
const target = process.env.PROXY_URL ?? "http://127.0.0.1:8787";

export default defineConfig({ server: { proxy: { "/api/v1": { target, changeOrigin: false } } } });
