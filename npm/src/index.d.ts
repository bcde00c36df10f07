import type {
  CallOptions,
  ChatCompletion,
  ChatCompletionStream,
  ChatRequest,
  ModelList,
  ModelsQuery,
  OpenRouterOptions,
} from "./types.js";

export * from "./types.js";

/**
 * A client of the OpenRouter API. On a page it talks to the page's own `/api/v1`, where a proxy holds the key.
 * Nothing is loaded or sent before the first call.
 */
export class OpenRouter {
  constructor(options?: OpenRouterOptions);
  /** Asks for one answer and resolves when it is complete. Rejects with `OpenRouterError`, or the signal's reason. */
  chat(request: ChatRequest & { stream?: false }, options?: CallOptions): Promise<ChatCompletion>;
  /** Streams one answer. The request is on its way when this returns. */
  stream(request: ChatRequest & { stream?: true }, options?: CallOptions): ChatCompletionStream;
  /** The model list, as OpenRouter sends it. */
  models(query?: ModelsQuery, options?: CallOptions): Promise<ModelList>;
}

/**
 * Loads the WebAssembly module. Calls do this by themselves; call it to do so earlier, or with `openrouter-wasm/slim`
 * to say what to load. Rejects with `OpenRouterError` of code `configuration`; the next call tries again.
 */
export function init(source?: URL | string | Request | Response | BufferSource | WebAssembly.Module | Promise<unknown>): Promise<void>;

/**
 * A price per unit (`pricing.prompt`, USD as decimal text) per million units, exactly: `"0.00000015"` is `"0.15"`.
 * `undefined` where there is no fixed price, as on routers. Needs the module: after any call, or `init()`.
 */
export function pricePerMillion(price: string): string | undefined;
