// Without the wasm: the caller says where it is.

import { OpenRouterError, setLoader } from "./client.js";

setLoader(() => {
  throw new OpenRouterError({
    code: "configuration",
    message: "openrouter-wasm/slim loads nothing by itself: call init(source) first, with the URL, bytes or module of openrouter-wasm/openrouter.wasm",
    retryable: false,
  });
});

export * from "./public.js";
