// The default entry: the wasm is a lazily imported gzip+base64 text, which every bundler understands without being told.

import { OpenRouterError, setDefaultLoader } from "./client.js";

setDefaultLoader(async () => {
  const { default: base64 } = await import("./wasm/openrouter_bg.inline.js");
  if (typeof DecompressionStream === "undefined") {
    throw new OpenRouterError({
      code: "configuration",
      message: "this engine has no DecompressionStream: use openrouter-wasm/slim and init(url)",
      retryable: false,
    });
  }
  const bytes = Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
});

export * from "./public.js";
