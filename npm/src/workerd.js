// Cloudflare Workers compile wasm at deployment only: a static import.

import wasm from "./wasm/openrouter_bg.wasm";
import { setLoader } from "./client.js";

setLoader(() => wasm);

export * from "./public.js";
