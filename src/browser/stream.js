// Async-iteration glue: a real ReadableStream that is async-iterable in every engine (WebKit's is not), and whose own
// iterator takes what is there without a detour through the stream's queue.

import { openRouterError } from "./error.js";

/** How long the end of a body may take to come after `[DONE]`, in ms. */
const LEAVE_MS = 3000;

const QUOTE = 34;

/** How long reads may go on without letting others run, in ms. */
const TASK_MS = 50;

/** Resolves in a task of its own. A timer would do, too, but browsers let each wait for 4 ms. */
const anotherTask = () =>
  new Promise((resolve) => {
    if (globalThis.setImmediate) return setImmediate(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });

/** Reads the body on demand and keeps what the core makes of it, one list for each read, until somebody takes it. */
export class Source {
  /** What the reads are turned into: the name of the reader's method that says so, or undefined for chunks. */
  view;
  /** Whether nothing more comes, and why, if that is an error: `{ reason }`. */
  hasEnded = false;
  failure;
  /** What the chunks added up to, as JSON, once it has ended well. */
  completion;
  #opened;
  #cancel;
  #told;
  #reader;
  #exchange;
  #reads;
  #source;
  #advancing;
  #batches = [];
  #timer;
  #waitingSince;
  #inTaskSince = Date.now();

  constructor(opened, cancel, told) {
    this.#cancel = cancel;
    this.#told = told;
    this.#opened = opened.then(({ reader, source, reads, exchange }) => {
      this.#reader = reader;
      this.#exchange = exchange;
      this.#source = source;
      this.#reads = reads;
      const response = reader.response();
      exchange.left = () => this.#onError();
      if (exchange.aborted) this.#onError();
      return response;
    });
    // Whoever reads is told; a stream that nobody reads is no unhandled rejection.
    this.#opened.catch((reason) => told?.({ reason }));
  }

  /** Resolves with what the response's head says, as JSON, when the answer has begun. */
  get opened() {
    return this.#opened;
  }

  get hasBegun() {
    return this.#advancing !== undefined;
  }

  /** What one read gave, if it is here. */
  shift() {
    return this.#batches.shift();
  }

  /**
   * One read of the body, shared by all who wait for it; then what `then` makes of it. One promise for both: with one
   * event in each read, promises are what most of the time goes to.
   */
  advance(then) {
    if (this.#advancing) return this.#advancing.then(then, then);
    return (this.#advancing = this.#read().then(
      (result) => {
        this.#advancing = null;
        this.#onRead(result);
        return then();
      },
      (error) => {
        this.#advancing = null;
        this.#onError(error);
        return then();
      },
    ));
  }

  /** Reads to the end; what comes stays for those who take it. */
  async finish() {
    while (!this.hasEnded) await this.advance(() => {});
    if (this.failure) throw this.failure.reason;
    return JSON.parse(this.completion);
  }

  cancel(reason) {
    if (this.hasEnded) return;
    this.#end({ reason: reason ?? new DOMException("The stream was cancelled.", "AbortError") });
    this.#cancel.abort(reason);
  }

  #read() {
    if (!this.hasBegun) {
      return this.#opened.then(() => {
        if (this.view) this.#reader?.[this.view]();
        return this.#readOn();
      });
    }
    return this.#readOn();
  }

  #readOn() {
    if (this.#reads.length > 0) return Promise.resolve({ done: false, value: this.#reads.shift() });
    const now = Date.now();
    this.#waitingSince = now;
    if (this.#timer === undefined) this.#watch();
    if (now - this.#inTaskSince <= TASK_MS) return this.#source.read();
    // Reads that follow each other at once go on in one task: a stream that always has something would keep timers,
    // input and rendering waiting for ever.
    this.#inTaskSince = now;
    // Timers may come late where data floods in.
    clearTimeout(this.#timer);
    this.#watch();
    if (this.hasEnded) return Promise.resolve({ done: true });
    return anotherTask().then(() => this.#source.read());
  }

  #onRead({ done, value }) {
    this.#waitingSince = undefined;
    if (this.hasEnded) return;
    const reader = this.#reader;
    const json = done ? reader.finish() : reader.push(value);
    // Most reads bring a word: a string, with nothing in it to decode.
    if (json.charCodeAt(0) === QUOTE && json.charCodeAt(json.length - 1) === QUOTE && !json.includes("\\")) {
      this.#batches.push(json.slice(1, -1));
      return;
    }
    if (json.trim() !== "") this.#batches.push(JSON.parse(json));
    if (!reader.isOver) return;
    if (this.#endAsToldByCore() || done) this.#exchange.close();
    else this.#leave();
    this.#free();
  }

  /** A read failed, or the caller has ended the call, whether anybody reads or not. */
  #onError(error) {
    if (!this.hasEnded) {
      const { aborted } = this.#exchange ?? {};
      if (aborted || !this.#reader) {
        this.#end({ reason: aborted ? aborted.reason : error });
      } else {
        this.#reader.fail();
        this.#endAsToldByCore(error);
      }
    }
    this.#release();
  }

  /** Whether it ends by an error. */
  #endAsToldByCore(cause) {
    const { error } = this.#reader;
    if (error === undefined) this.completion = this.#reader.completion();
    this.#end(error === undefined ? undefined : { reason: openRouterError(error, cause) });
    return error !== undefined;
  }

  /** Asks the core, as often as it wants to be asked, whether the answer takes too long, as long as somebody waits. */
  #watch() {
    this.#timer = undefined;
    if (this.hasEnded || this.#waitingSince === undefined) return;
    const wait = this.#reader.wait(this.#waitingSince, Date.now());
    if (wait !== undefined) {
      this.#timer = setTimeout(() => this.#watch(), wait);
    } else if (this.#reader.error !== undefined) {
      this.#endAsToldByCore();
      this.#release();
    }
  }

  /** After `[DONE]` only the body's end should come: wait for it, so that the connection can be used again. */
  #leave() {
    const close = () => {
      clearTimeout(timer);
      this.#exchange.close();
    };
    const timer = setTimeout(close, LEAVE_MS);
    timer.unref?.(); // in Node it must not keep the process
    this.#source.read().then(close, close);
  }

  /** Ends the request and lets go of the core's memory, which no garbage collector sees. */
  #release() {
    this.#exchange?.close();
    this.#free();
  }

  #free() {
    this.#reader?.free();
    this.#reader = undefined;
  }

  #end(failure) {
    this.hasEnded = true;
    this.failure = failure;
    clearTimeout(this.#timer);
    this.#told?.(failure, this.completion);
  }
}

/** A ReadableStream with its own async iterator. `items` turns what a read gave into one item after the other. */
export class IterableStream extends ReadableStream {
  #source;
  #items;
  #controller;

  constructor(source, items) {
    let controller;
    let self;
    super(
      {
        start(given) {
          controller = given;
        },
        async pull() {
          const { done, value } = await self.#take();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => source.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    self = this;
    this.#controller = controller;
    this.#source = source;
    this.#items = items;
  }

  /** What the response's head says, once it is here. */
  async response() {
    return JSON.parse(await this.#source.opened);
  }

  /** The next item or the end, as iterators tell it; undefined if that takes another read. */
  #next() {
    for (let batch; ; this.#items.put(batch)) {
      const value = this.#items.take();
      if (value !== undefined) return { value, done: false };
      batch = this.#source.shift();
      if (batch === undefined) break;
    }
    const { hasEnded, failure } = this.#source;
    if (failure) throw failure.reason;
    return hasEnded ? { value: undefined, done: true } : undefined;
  }

  #take = () => this.#next() ?? this.#source.advance(this.#take);

  /** Also while somebody reads, who is then told by a rejection: a stop button holds the stream, not its reader. */
  cancel(reason) {
    if (!this.locked) return super.cancel(reason);
    this.#source.cancel(reason);
    return Promise.resolve();
  }

  /** As `ReadableStream.values()` of the Streams standard. */
  values({ preventCancel = false } = {}) {
    const reader = this.getReader();
    let isOver = false;
    const finish = (settle) => {
      if (isOver) return undefined;
      isOver = true;
      reader.closed.catch(() => {});
      const settled = settle();
      reader.releaseLock();
      return settled;
    };
    let waiting = 0;
    let last;
    const pull = () => {
      let result;
      try {
        result = isOver ? { value: undefined, done: true } : this.#next();
      } catch (error) {
        waiting -= 1;
        finish(() => this.#controller.error(error));
        throw error;
      }
      if (result === undefined) return this.#source.advance(pull);
      waiting -= 1;
      if (result.done) finish(() => this.#controller.close());
      return result;
    };
    return {
      next: () => {
        // Who asks while somebody waits has to wait for his turn.
        waiting += 1;
        if (waiting > 1) return (last = last.then(pull, pull));
        try {
          const result = pull();
          return (last = result instanceof Promise ? result : Promise.resolve(result));
        } catch (error) {
          return (last = Promise.reject(error));
        }
      },
      return: async (value) => {
        await finish(() => (preventCancel ? undefined : reader.cancel(value)));
        return { value, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  [Symbol.asyncIterator](options) {
    return this.values(options);
  }
}

/** The items of a list, in their order; a text is one. */
export class List {
  #list = [];
  #at = 0;

  put(list) {
    this.#list = typeof list === "string" ? [list] : list;
    this.#at = 0;
  }

  take() {
    return this.#list[this.#at++];
  }
}

/**
 * The chunks of a batch: those that are alike come as the strings in which they differ (see reader.rs), and are made
 * when somebody takes them. What a caller gets is his own: nothing of it is shared with another chunk.
 */
class Chunks {
  #makers = [];
  #lesson;
  #list = [];
  #at = 0;
  #run = [];
  #inRun = 0;
  #maker;

  put(batch) {
    this.#at = 0;
    if (typeof batch === "string") {
      this.#list = [];
      this.#run = [batch];
      this.#inRun = 0;
    } else {
      this.#list = batch;
    }
  }

  take() {
    for (;;) {
      if (this.#inRun < this.#run.length) {
        const chunk = this.#maker.make(this.#run, this.#inRun);
        this.#inRun += this.#maker.holes;
        return chunk;
      }
      if (this.#at === this.#list.length) return undefined;
      const entry = this.#list[this.#at++];
      if (!Array.isArray(entry)) {
        if (this.#lesson) {
          const [, template, ...paths] = this.#lesson;
          const holes = paths.map((path, offset) => ({ path, offset }));
          this.#makers[template] = { make: maker(structuredClone(entry), holes), holes: holes.length };
          this.#lesson = undefined;
        }
        return entry;
      }
      if (entry[0] === -1) {
        this.#lesson = entry;
      } else {
        this.#run = entry;
        this.#inRun = 1;
        this.#maker = this.#makers[entry[0]];
      }
    }
  }
}

/** A function of (strings, at) that copies a value, with the strings from `at` on in the places of its holes. */
function maker(value, holes) {
  if (holes.length === 1 && holes[0].path.length === 0) {
    const { offset } = holes[0];
    return (strings, at) => strings[at + offset];
  }
  const parts = [];
  for (const key of Object.keys(value)) {
    const inside = holes.filter(({ path }) => String(path[0]) === key).map(({ path, offset }) => ({ path: path.slice(1), offset }));
    if (inside.length > 0) parts.push({ key, make: maker(value[key], inside) });
    else if (typeof value[key] === "object" && value[key] !== null) parts.push({ key, make: () => structuredClone(value[key]) });
  }
  const copy = Array.isArray(value) ? () => value.slice() : () => ({ ...value });
  if (parts.length === 1 && !Array.isArray(value)) {
    const [{ key, make }] = parts;
    return (strings, at) => {
      const made = { ...value };
      made[key] = make(strings, at);
      return made;
    };
  }
  return (strings, at) => {
    const made = copy();
    for (const { key, make } of parts) made[key] = make(strings, at);
    return made;
  };
}

/** The text of the first choice, one string for each read: of chunks, where the stream was begun as such. */
class TextOf {
  #chunks;

  constructor(chunks) {
    this.#chunks = chunks;
  }

  put(batch) {
    this.#chunks.put(batch);
  }

  take() {
    let text = "";
    for (let chunk; (chunk = this.#chunks.take()) !== undefined; ) {
      for (const { index, delta } of chunk.choices ?? []) {
        if ((index ?? 0) === 0 && typeof delta?.content === "string") text += delta.content;
      }
    }
    return text === "" ? undefined : text;
  }
}

/**
 * One streamed answer: a ReadableStream of OpenRouter's own chunks, and views on it.
 * `opened` is what `Exchange.run()` gives; aborting `cancel` ends the request. `told` is called at its end: with
 * `{ reason }` if that is a failure, else with undefined and the completion as JSON.
 */
export class ChatCompletionStream extends IterableStream {
  #source;
  #chunks;

  constructor(opened, cancel, told) {
    const source = new Source(opened, cancel, told);
    const chunks = new Chunks();
    super(source, chunks);
    this.#source = source;
    this.#chunks = chunks;
  }

  /** The first choice's text, one string for each read of the body. */
  text() {
    return this.#view("viewText", this.#source.hasBegun ? new TextOf(this.#chunks) : new List());
  }

  /** What the first choice says, one thing at a time. */
  events() {
    if (this.#source.hasBegun) throw new TypeError("events() must be called before the stream is read");
    return this.#view("viewEvents", new List());
  }

  /** The whole answer, once it is complete. */
  finalCompletion() {
    return this.#source.finish();
  }

  /** The whole message, once it is complete, as it can be sent back. */
  async finalMessage() {
    return (await this.finalCompletion()).choices[0]?.message ?? null;
  }

  /** Tokens and cost, once the answer is complete. */
  async usage() {
    return (await this.finalCompletion()).usage;
  }

  /** The id of the generation, to look up what became of it. */
  async generationId() {
    const { generationId } = await this.response();
    return generationId ?? (await this.finalCompletion()).id;
  }

  #view(view, items) {
    // Locked for good: the view reads in its place.
    this.getReader();
    if (!this.#source.hasBegun) this.#source.view = view;
    return new IterableStream(this.#source, items);
  }
}
