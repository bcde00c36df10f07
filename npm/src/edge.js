// Vercel's edge runtime: a static import, marked as a module.

import wasm from "./wasm/openrouter_bg.wasm?module";
import { setLoader } from "./client.js";

setLoader(() => wasm);

export * from "./public.js";
