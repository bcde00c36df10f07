// Async-iteration glue: a real ReadableStream that is async-iterable in every engine (WebKit's is not), and whose own
// iterator takes what is there without a detour through the stream's queue.

/** How long the end of a body may take to come after `[DONE]`, in ms. */
const LEAVE_MS = 3000;

/** Reads the body on demand and keeps the chunks until somebody takes them. */
class Source {
  #opened;
  #cancel;
  #chat;
  #reader;
  #advancing;
  #chunks = [];
  #ended = false;
  #failure;

  constructor(opened, cancel) {
    this.#cancel = cancel;
    this.#opened = opened.then((chat) => {
      this.#chat = chat;
      this.#reader = chat.body.getReader();
      return chat;
    });
    // Whoever reads is told; a stream that nobody reads is no unhandled rejection.
    this.#opened.catch(() => {});
  }

  get opened() {
    return this.#opened;
  }

  get hasBegun() {
    return this.#advancing !== undefined;
  }

  /** The chunks that are there, at least one; none at the end. */
  async batch() {
    while (this.#chunks.length === 0 && !this.#ended) await this.#advance();
    if (this.#chunks.length === 0 && this.#failure) throw this.#failure.reason;
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  /** Reads to the end; the chunks stay for those who take them. */
  async finish() {
    while (!this.#ended) await this.#advance();
    if (this.#failure) throw this.#failure.reason;
    return this.#chat;
  }

  cancel(reason) {
    if (this.#ended) return;
    this.#end({ reason: reason ?? new DOMException("The stream was cancelled.", "AbortError") });
    this.#cancel.abort(reason);
    // It may be open without a read under way that would notice, and must not hold on to the caller's signal.
    this.#opened.then((chat) => chat.close(), () => {});
  }

  /** One read of the body, shared by all who wait for it. */
  #advance() {
    return (this.#advancing ??= this.#read().finally(() => {
      this.#advancing = null;
    }));
  }

  async #read() {
    try {
      const chat = await this.#opened;
      const { done, value } = await this.#reader.read();
      if (this.#ended) return;
      const chunks = done ? chat.finish() : chat.push(value);
      this.#chunks = this.#chunks.length === 0 ? chunks : this.#chunks.concat(chunks);
      if (chat.error !== undefined) {
        this.#end({ reason: chat.error });
        chat.close();
      } else if (chat.isDone) {
        this.#end();
        if (done) chat.close();
        else this.#leave();
      }
    } catch (error) {
      if (!this.#ended) this.#end({ reason: this.#chat ? this.#chat.fail(error) : error });
      this.#chat?.close();
    }
  }

  /** After `[DONE]` only the body's end should come: wait for it, so that the connection can be used again. */
  #leave() {
    const close = () => {
      clearTimeout(timer);
      this.#chat.close();
    };
    const timer = setTimeout(close, LEAVE_MS);
    timer.unref?.(); // in Node it must not keep the process
    this.#reader.read().then(close, close);
  }

  #end(failure) {
    this.#ended = true;
    this.#failure = failure;
  }
}

/** A ReadableStream with its own async iterator. `take` turns a list of chunks into a list of items. */
class IterableStream extends ReadableStream {
  #source;
  #take;
  #controller;
  #items = [];
  #at = 0;
  #last = Promise.resolve();

  constructor(source, take) {
    let controller;
    let self;
    super(
      {
        start(given) {
          controller = given;
        },
        async pull() {
          const { done, value } = await self.#next();
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
    this.#take = take;
  }

  async #next() {
    while (this.#at >= this.#items.length) {
      let failure;
      const chunks = await this.#source.batch().catch((error) => {
        failure = { error };
        return [];
      });
      // At the end, and before an error, there may be items that no chunk brings.
      this.#items = this.#take(chunks);
      this.#at = 0;
      if (chunks.length > 0 || this.#items.length > 0) continue;
      if (failure) throw failure.error;
      return { value: undefined, done: true };
    }
    return { value: this.#items[this.#at++], done: false };
  }

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
    const end = (result) => {
      finish(() => this.#controller.close());
      return result;
    };
    const fail = (error) => {
      finish(() => this.#controller.error(error));
      throw error;
    };
    const pull = () => (isOver ? { value: undefined, done: true } : this.#next().then((result) => (result.done ? end(result) : result), fail));
    return {
      next: () => {
        // What is there goes out at once; what is not waits for its turn.
        if (!isOver && this.#at < this.#items.length) return Promise.resolve({ value: this.#items[this.#at++], done: false });
        this.#last = this.#last.then(pull, pull);
        return this.#last;
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

/**
 * One streamed answer: a ReadableStream of OpenRouter's own chunks, and views on it.
 * `opened` resolves to the decoder with the response's body; aborting `cancel` ends the request.
 */
export class ChatCompletionStream extends IterableStream {
  #source;

  constructor(opened, cancel) {
    const source = new Source(opened, cancel);
    super(source, (chunks) => chunks);
    this.#source = source;
  }

  /** The first choice's text, one string for each read of the body. */
  text() {
    return this.#view((chunks) => {
      let text = "";
      for (const chunk of chunks) {
        for (const choice of chunk.choices ?? []) {
          const content = (choice.index ?? 0) === 0 ? choice.delta?.content : undefined;
          if (typeof content === "string") text += content;
        }
      }
      return text === "" ? [] : [text];
    });
  }

  /** What the first choice says, one thing at a time. */
  events() {
    if (this.#source.hasBegun) throw new TypeError("events() must be called before the stream is read");
    let chat;
    this.#source.opened.then(
      (opened) => {
        chat = opened;
        chat.recordEvents();
      },
      () => {},
    );
    return this.#view(() => chat?.takeEvents() ?? []);
  }

  /** The whole answer, once it is complete. */
  async finalCompletion() {
    return (await this.#source.finish()).completion();
  }

  /** The whole message, once it is complete, as it can be sent back. */
  async finalMessage() {
    return (await this.#source.finish()).message();
  }

  /** What the response's head says, once it is here. */
  async response() {
    return (await this.#source.opened).response();
  }

  #view(take) {
    // Locked for good: the view reads in its place.
    this.getReader();
    return new IterableStream(this.#source, take);
  }
}
