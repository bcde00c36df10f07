// Carries a call of the core through the network: the caller's fetch, signals and hooks, and the clocks. What is sent,
// what it means, and whether to try again is the core's to say.

import { openRouterError } from "./error.js";

/** What `received` wants to be done with a body, see call.rs. */
const REFUSED = 0;
const TRUSTED = 2;
const BYTES = 3;
const STREAM = 4;

/** Each warning is told once. */
const warned = new Set();

/** One call and its request: `run()` resolves with the answer, or rejects with why there is none. */
export class Exchange {
  #call;
  #fetch;
  #hooks;
  #cache;
  #kept;
  #signals;
  #controller;
  #timer;
  #abort = () => this.#controller?.abort();

  /** `cache` is fetch's option; `kept` has the tag of a text that is known, and notes what comes, see models.js. */
  constructor(call, { fetch, hooks, cache, kept }, signals) {
    this.#call = call;
    this.#fetch = fetch;
    this.#hooks = hooks;
    // Where there is no page there is no cache either, and not every engine knows the option.
    this.#cache = globalThis.location ? cache : undefined;
    this.#kept = kept;
    this.#signals = signals;
    for (const message of call.warnings().split("\n")) warn(message);
    for (const signal of signals) signal.addEventListener("abort", this.#abort);
  }

  /** Why the caller ended the call: `fetch` would throw just that. */
  get aborted() {
    return this.#signals.find((signal) => signal.aborted);
  }

  /** An object for JSON, the `Response` for bytes, `{ reader, source, reads }` for a stream. */
  async run() {
    try {
      for (;;) {
        const answer = await this.#attempt();
        if (answer !== undefined) return answer;
        if (this.aborted) throw this.aborted.reason;
        const { error } = this.#call;
        const delayMs = this.#call.again(Math.random(), Date.now());
        if (delayMs === undefined) throw openRouterError(error);
        this.#hooks?.onRetry?.({ error: openRouterError(error), delayMs });
        await this.#pause(delayMs);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What came back; undefined if the try failed, which the core knows then. */
  async #attempt() {
    const call = this.#call;
    if (this.aborted) return undefined;
    const sent = call.send(Date.now());
    if (sent === "") return undefined; // there is nothing to send: the call was wrong from the start
    const controller = (this.#controller = new AbortController());
    const { signal } = controller;
    const { url, method, headers, attempt } = JSON.parse(sent);
    if (this.#kept?.known) headers["If-None-Match"] = this.#kept.known;
    // No headers and no body: they hold the key and the prompt.
    this.#hooks?.onRequest?.({ url, method, attempt });
    try {
      const response = await this.#within((this.#fetch ?? globalThis.fetch)(url, { method, headers, body: call.body(), signal, cache: this.#cache }));
      this.#hooks?.onResponse?.({ url, method, attempt, status: response.status });
      if (this.#kept) {
        this.#kept.response = response;
        if (this.#kept.known && response.status === 304) {
          this.close();
          return null;
        }
      }
      const kind = call.received(response.status, headersOf(response), Date.now());
      if (kind === STREAM) return await this.#open(response);
      if (kind === BYTES) {
        this.#settle();
        return response;
      }
      // An error whose body breaks off is still that error.
      const text = await this.#within(response.text()).catch((error) => {
        if (kind !== REFUSED) throw error;
      });
      return kind === REFUSED ? call.refused(text) : this.#read(text, kind === TRUSTED);
    } catch {
      if (call.error === undefined) call.broke(Date.now());
      controller.abort();
      return undefined;
    }
  }

  #read(text, isTrusted) {
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      // The core says what that means.
    }
    // Most answers are right: only those that may hold an error are read twice.
    if (!isTrusted || value === undefined || text.includes('"error"')) this.#call.answered(text);
    if (this.#call.error !== undefined) return undefined;
    if (this.#kept) this.#kept.text = text;
    this.close();
    return value;
  }

  /** Reads up to the first chunk: until then, the request can be sent again. */
  async #open(response) {
    const source = response.body.getReader();
    const reads = [];
    for (let isOpen = false; !isOpen; ) {
      const { done, value } = await this.#within(source.read());
      isOpen = this.#call.read(value, Date.now()) || done;
      if (this.#call.error !== undefined) {
        this.#controller.abort();
        return undefined;
      }
      if (value !== undefined) reads.push(value);
    }
    return { reader: this.#call.stream(), source, reads, exchange: this };
  }

  /** Waits, but ends the request once it takes longer than allowed; a fetch that is deaf to that is left behind. */
  async #within(promise) {
    const { signal } = this.#controller;
    const wait = this.#call.wait(Date.now());
    let leave;
    const left = new Promise((_, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener("abort", leave);
    });
    if (signal.aborted) leave();
    // Clocks are rounded: a little later, the core is sure that the time is over.
    if (wait !== undefined) this.#timer = setTimeout(this.#abort, wait + 5);
    try {
      return await Promise.race([promise, left]);
    } finally {
      clearTimeout(this.#timer);
      signal.removeEventListener("abort", leave);
    }
  }

  #pause(ms) {
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    return new Promise((resolve, reject) => {
      this.#timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => reject(this.aborted?.reason));
      // The hook may have ended the call.
      if (this.aborted) this.#abort();
    });
  }

  /** The request goes on without us; what it says is the caller's. */
  #settle() {
    clearTimeout(this.#timer);
    this.#call.free();
  }

  /** Ends the request, if it still runs, and lets go of the caller's signals. */
  close() {
    if (this.#call === undefined) return;
    clearTimeout(this.#timer);
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#abort);
    this.#controller?.abort();
    this.#call.free();
    this.#call = undefined;
  }
}

/** Names and values as JSON, and when a `Retry-After` date is: every engine reads dates. */
const headersOf = ({ headers }) => {
  const retryAfterMs = Date.parse(headers.get("retry-after"));
  return JSON.stringify({ ...Object.fromEntries(headers), retryAfterMs: retryAfterMs > 0 ? retryAfterMs : undefined });
};

function warn(message) {
  if (message === "" || warned.has(message)) return;
  warned.add(message);
  console.warn(`openrouter-wasm: ${message}`);
}
