// Answers that are kept for as long as their headers allow, by client, and questions to the model list. How long that
// is, and which models meet which needs, is the core's to say.

import { join } from "./auth.js";
import { OpenRouterError, openRouterError } from "./error.js";
import { Exchange } from "./exchange.js";

/** What may be done with a kept answer, see freshness.rs. */
const FRESH = 0;
const STALE = 1;
const IF_ERROR = 2;
const NO_STORE = 4;

/** Lists are half a megabyte: a page that asks for ever new ones forgets the oldest. */
const MOST = 16;

/** What the core can be asked. */
const FRESHNESS = 0;
export const COST = 1;
export const FIND = 2;
export const CHEAPEST = 3;

/** Asks the core (JSON, or undefined for what is none); undefined where there is no answer. */
export const ask = (Core, what, question = "", list = "", now = new Date().toISOString()) => {
  const text = Core.ask(what, question, now, list);
  if (text[0] === "!") throw openRouterError(text.slice(1));
  return text ? JSON.parse(text) : undefined;
};

const freshness = (Core, entry, now) => ask(Core, FRESHNESS, entry.cacheControl, "", String(now - entry.time));

/** What an answer wraps. */
export const data = (answer) => {
  if (answer?.data) return answer.data;
  throw new OpenRouterError({ code: "malformed_response", message: "the answer holds no data", retryable: false });
};

/** An option that is ours, and the others, as they are now. */
export const take = (name, options) => {
  if (typeof options !== "object" || options === null) return [undefined, options];
  const { [name]: taken, ...rest } = options;
  return [taken, rest];
};

/** Texts by the request that they answer, with the headers and the time that say how long they are good. */
export class Catalogue {
  #entries = new Map();
  #pending = new Map();

  /** The entry of a call, kept or new. Who asks for the same at the same time, with the same settings, shares a request. */
  async entry(Core, call, transport, signals, settings) {
    const key = call.send(Date.now());
    // It is wrong, and this says so.
    if (!key) return new Exchange(call, transport, []).run();
    const entry = (transport.cache ?? "default") === "default" ? this.#entries.get(key) : undefined;
    const state = entry && freshness(Core, entry, Date.now());
    const name = settings + key;
    let shared = this.#pending.get(name);
    // Functions are settings too, but no JSON.
    if (["auth", "fetch", "hooks"].some((name) => shared?.[name] !== transport[name])) shared = undefined;
    if (state === FRESH || shared) call.free();
    if (state === FRESH) return entry;
    if (!shared) {
      const cancel = new AbortController();
      shared = { ...transport, waiters: 0, cancel, done: this.#renew(Core, call, transport, cancel.signal, key, entry) };
      this.#pending.set(name, shared);
      shared.forget = () => this.#pending.get(name) === shared && this.#pending.delete(name);
      shared.done.then(shared.forget, shared.forget);
    }
    if (state === STALE) return entry;
    try {
      return await join(shared, signals);
    } catch (error) {
      if (state === IF_ERROR && !signals.some(({ aborted }) => aborted) && error.retryable) return entry;
      throw error;
    }
  }

  async #renew(Core, call, transport, signal, key, entry) {
    const { cache = "default" } = transport;
    const kept = { known: entry?.etag };
    // A browser's own cache must not answer instead.
    const word = cache === "default" ? entry && !entry.etag && "no-cache" : "no-store";
    await new Exchange(call, { ...transport, cache: word || undefined, kept }, [signal]).run();
    // Without a text it is the same as before, and so is what is not said again.
    const old = kept.text === undefined ? entry : kept;
    const { headers } = kept.response;
    const cacheControl = headers.get("cache-control")?.toLowerCase() ?? old.cacheControl;
    const time = Date.now() - headers.get("age") * 1000;
    const renewed = { text: old.text, cacheControl, etag: headers.get("etag") ?? old.etag, time };
    // What another token was answered is no answer to this one.
    if (cache === "no-store" || kept.isRenewed) return renewed;
    this.#entries.delete(key);
    if (freshness(Core, renewed, time) !== NO_STORE) this.#entries.set(key, renewed);
    if (this.#entries.size > MOST) this.#entries.delete(this.#entries.keys().next().value);
    return renewed;
  }
}
