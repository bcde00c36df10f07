// The package's facade: loads the wasm on first use, so that importing it and making a client cost nothing.

import initWasm, {
  Core,
  OpenRouterError,
  contentPartOver,
  conversationClass,
  initSync,
  messageParser,
  openRouterClass,
} from "./wasm/openrouter.js";

export { ChatCompletionStream, EventStream, OpenRouterError, tool } from "./wasm/openrouter.js";

let load;
let pending;
let isReady = false;

/** Each entry says where its wasm comes from. */
export const setLoader = (loader) => {
  load = loader;
};

/** Where it comes from unless another entry says so, before or after: those for one runtime know better. */
export const setDefaultLoader = (loader) => {
  load ??= loader;
};

/**
 * Loads the wasm. Calls do this by themselves; call it to do so earlier, or with `./slim` to say what to load: a URL,
 * a Response, bytes, or a WebAssembly.Module.
 */
export function init(source) {
  if (isReady) return Promise.resolve();
  // What loads already may fail, as a call does that comes before this in `./slim`: then the source that is given is tried.
  if (source !== undefined && pending) return pending.catch(() => init(source));
  return (pending ??= instantiate(source).then(
    () => {
      isReady = true;
    },
    (error) => {
      pending = undefined; // the next call tries again; all who wait for this one are told
      throw explain(error);
    },
  ));
}

async function instantiate(given) {
  const source = await (given ?? load());
  if (source instanceof WebAssembly.Module) initSync({ module: source });
  else await initWasm({ module_or_path: source });
}

function explain(error) {
  if (error instanceof OpenRouterError) return error;
  const isForbidden = error instanceof WebAssembly.CompileError && /unsafe-eval|Content.Security.Policy|\bCSP\b|embedder/i.test(error.message);
  const message = isForbidden
    ? "WebAssembly is forbidden here: a page's Content-Security-Policy needs 'wasm-unsafe-eval' in its script-src, a Worker's bundler the condition `workerd`"
    : "the WebAssembly module could not be loaded";
  return new OpenRouterError({ code: "configuration", message, retryable: !isForbidden, cause: error });
}

const core = { loaded: () => (isReady ? Core : undefined), load: () => init() };

/** A client. Nothing is loaded or sent before the first call. */
export const OpenRouter = openRouterClass(core);

/** The value that a message, or a whole answer, holds: for streamed answers, what `parse()` does for others. */
export const parseMessage = /* @__PURE__ */ messageParser(core);

/** A history, and who is asked. */
export const Conversation = /* @__PURE__ */ conversationClass(core);

/** The content part for a file, a blob or a URL. */
export const contentPart = /* @__PURE__ */ contentPartOver(core);

/** A price per unit as OpenRouter lists it, per million units. The wasm must be there: `await init()` first. */
export const pricePerMillion = (price) => Core.pricePerMillion(price);

/** How fast an answer came, from its first token on. The wasm must be there, as after any call. */
export const tokensPerSecond = (tokens, firstMs, endMs) => Core.tokensPerSecond(tokens, firstMs, endMs) || undefined;
