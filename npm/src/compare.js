// One request to several models, side by side. The clock is read here; what follows from the times is the core's to say.

import { OpenRouterError } from "./client.js";
import { Core } from "./wasm/openrouter.js";

/** What has come, kept until somebody takes it; whoever leaves it before its end calls `leave`. */
class Queue {
  #items = [];
  #end;
  #wake;
  #leave;

  constructor(leave) {
    this.#leave = leave;
  }

  push(item) {
    this.#items.push(item);
    this.#wake?.();
  }

  /** `end` is `{}`, or `{ error }` for whoever reads up to it. */
  close(end) {
    this.#end = end;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator]() {
    try {
      for (;;) {
        while (this.#items.length > 0) yield this.#items.shift();
        if (this.#end) break;
        await new Promise((wake) => (this.#wake = wake));
      }
    } finally {
      if (!this.#end) this.#leave();
    }
    if ("error" in this.#end) throw this.#end.error;
  }
}

/** One model's answer while it comes. */
class Lane {
  #controller = new AbortController();
  #settle;

  constructor(model, index) {
    this.model = model;
    this.index = index;
    this.stream = new Queue(() => this.cancel());
    this.result = new Promise((settle) => (this.#settle = settle));
  }

  cancel(reason) {
    this.#controller.abort(reason);
  }

  /** Resolves when the answer is over, however that was. */
  async run(client, request, options, tell) {
    const { model, index, stream } = this;
    const { signal } = this.#controller;
    const result = { model, text: "", reasoning: "" };
    const startedAt = performance.now();
    let firstAt;
    try {
      const answer = client.stream({ ...request, model, models: undefined }, { ...options, signal });
      for await (const event of answer.events()) {
        const { type } = event;
        if (type === "usage") result.usage = event.usage;
        else if (type === "finish") result.finishReason = event.finishReason;
        else firstAt ??= performance.now();
        if (type === "text" || type === "reasoning") result[type] += event.text;
        if (type === "text") stream.push(event.text);
        tell({ ...event, model, index });
      }
      result.message = await answer.finalMessage();
    } catch (error) {
      result.error = error;
      result.usage = error?.usage ?? result.usage;
    }
    const endedAt = performance.now();
    result.cost = result.usage?.cost ?? undefined;
    result.totalMs = endedAt - startedAt;
    if (firstAt !== undefined) {
      result.timeToFirstTokenMs = firstAt - startedAt;
      result.tokensPerSecond = Core.tokensPerSecond(result.usage?.completion_tokens, firstAt, endedAt) || undefined;
    }
    const isWhole = result.message !== undefined;
    tell(isWhole ? { type: "done", model, index, result } : { type: "error", model, index, error: result.error, result });
    stream.close(isWhole ? {} : { error: result.error });
    this.#settle(result);
  }
}

/** Asks each of the models; returns at once. */
export function compare(client, request, models, { signal, concurrency = Infinity, ...options } = {}) {
  const refuse = (field, problem) => {
    throw new OpenRouterError({ code: "invalid_request", message: `${field}: ${problem}`, field, retryable: false });
  };
  if (!Array.isArray(models) || models.length === 0) refuse("models", "expected a list of at least one model");
  if (signal && !signal.addEventListener) refuse("signal", "expected an AbortSignal");
  if (!(concurrency >= 1)) refuse("concurrency", "expected at least 1");
  // Those that have to wait ask the same, whatever becomes of the list meanwhile.
  const asked = { ...request, messages: request?.messages?.slice?.() };
  const lanes = models.map((model, index) => new Lane(model, index));
  const cancel = (reason) => {
    for (const lane of lanes) lane.cancel(reason);
  };
  const all = new Queue(cancel);
  const abort = () => cancel(signal.reason);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();

  const waiting = [...lanes];
  const work = async () => {
    for (let lane; (lane = waiting.shift()); ) await lane.run(client, asked, options, (event) => all.push(event));
  };
  const workers = Array.from({ length: Math.min(concurrency, lanes.length) }, work);
  Promise.all(workers).then(() => {
    signal?.removeEventListener("abort", abort);
    all.close({});
  });
  return {
    streams: lanes,
    results: () => Promise.all(lanes.map(({ result }) => result)),
    cancel,
    [Symbol.asyncIterator]: () => all[Symbol.asyncIterator](),
  };
}
