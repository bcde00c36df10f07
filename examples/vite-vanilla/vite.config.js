import { defineConfig } from "vite";

// The proxy holds the key. The page calls it under its own address, as it will where both are served together; until then
// the proxy, which takes its own pages only, is told that this is one.
const target = process.env.PROXY_URL ?? "http://127.0.0.1:8787";
const proxy = { "/api/v1": { target, changeOrigin: true, headers: { origin: target } } };

export default defineConfig({ server: { proxy } });
