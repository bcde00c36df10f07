// Carries a call of the core through the network: the caller's fetch, tokens, signals and hooks, and the clocks. What is sent,
// what it means, and whether to try again is the core's to say.

import { authorize } from "./auth.js";
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
  #auth;
  #fetch;
  #hooks;
  #cache;
  #kept;
  #signals;
  #controller;
  #source;
  #timer;
  /** Called when the caller ends the call, from when its stream is open. */
  left;
  #abort = () => {
    this.#controller?.abort();
    this.left?.();
  };

  /** `cache` is fetch's option; `kept` has the tag of a text that is known, and notes what comes, see models.js. */
  constructor(call, { auth, fetch, hooks, cache, kept }, signals) {
    this.#call = call;
    this.#auth = auth;
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
        if (delayMs < 0) {
          if (this.#kept) this.#kept.isRenewed = true;
          await authorize(this.#call, this.#auth, this.#signals);
          continue;
        }
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
    const { signal } = (this.#controller = new AbortController());
    const { url, method, headers, attempt } = JSON.parse(sent);
    if (this.#kept?.known) headers["If-None-Match"] = this.#kept.known;
    // No headers and no body: they hold the key and the prompt.
    this.#hooks?.onRequest?.({ url, method, attempt });
    const init = { method, headers, body: call.body(), signal, cache: this.#cache };
    const response = await this.#try(() => this.#within((this.#fetch ?? globalThis.fetch)(url, init)));
    if (call.error !== undefined) return undefined;
    // What a hook throws ends the call: the network has not failed, and what is asked again is paid again.
    this.#hooks?.onResponse?.({ url, method, attempt, status: response.status });
    return this.#try(() => this.#take(response));
  }

  /** What the network gives; undefined if it fails, which the core is told. */
  async #try(run) {
    try {
      return await run();
    } catch {
      if (this.#call.error === undefined) this.#call.broke(Date.now());
      this.#stop();
      return undefined;
    }
  }

  async #take(response) {
    const call = this.#call;
    if (this.#kept) {
      this.#kept.response = response;
      if (this.#kept.known && response.status === 304) {
        this.close();
        return null;
      }
    }
    const kind = call.received(response.status, headersOf(response), Date.now());
    if (kind === STREAM) return this.#open(response);
    if (kind === BYTES) {
      this.#settle();
      return response;
    }
    // An error whose body breaks off is still that error.
    const text = await this.#within(response.text()).catch((error) => {
      if (kind !== REFUSED) throw error;
    });
    return kind === REFUSED ? call.refused(text) : this.#read(text, kind === TRUSTED);
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
    const source = (this.#source = response.body.getReader());
    const reads = [];
    for (let isOpen = false; !isOpen; ) {
      const { done, value } = await this.#within(source.read());
      isOpen = this.#call.read(value, Date.now()) || done;
      if (this.#call.error !== undefined) {
        this.#stop();
        return undefined;
      }
      if (value !== undefined) reads.push(value);
    }
    return { reader: this.#call.stream(), source, reads, exchange: this };
  }

  /** Waits, but ends the request once it takes longer than allowed; a fetch that is deaf to that is left behind. */
  async #within(promise) {
    const wait = this.#call.wait(Date.now());
    // Clocks are rounded: a little later, the core is sure that the time is over.
    if (wait !== undefined) this.#timer = setTimeout(this.#abort, wait + 5);
    try {
      return await unlessAborted(promise, this.#controller.signal);
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #pause(ms) {
    const pause = new Promise((resolve) => {
      this.#timer = setTimeout(resolve, ms);
    });
    return this.#signals.reduce(unlessAborted, pause);
  }

  /** The caller reads the body, as long as the call may take. */
  #settle() {
    const left = this.#call.wait(Date.now());
    this.#call.free();
    if (left === undefined) return;
    this.#timer = setTimeout(() => {
      this.#letGo();
      this.#controller.abort(new DOMException("The call took longer than its timeout.", "TimeoutError"));
    }, left);
    // Nobody may wait for it any more.
    this.#timer.unref?.();
  }

  /** Ends the request, if it still runs, and lets go of the caller's signals. */
  close() {
    if (this.#call === undefined) return;
    clearTimeout(this.#timer);
    this.#letGo();
    this.#stop();
    this.#call.free();
    this.#call = undefined;
  }

  #letGo() {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#abort);
  }

  /** Ends what was sent. A body that is deaf to that would let who reads it wait for ever, if it was not cancelled. */
  #stop() {
    this.#controller?.abort();
    this.#source?.cancel().catch(() => {});
  }
}

/** What a promise comes to, unless a signal is aborted before: then why. */
export async function unlessAborted(promise, signal) {
  let leave;
  const left = new Promise((_, reject) => {
    leave = () => reject(signal.reason);
    signal?.addEventListener("abort", leave);
  });
  if (signal?.aborted) leave();
  try {
    return await Promise.race([promise, left]);
  } finally {
    signal?.removeEventListener("abort", leave);
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
