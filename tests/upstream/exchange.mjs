// One request and its answer on the socket, and the ledger in which tests look up what happened.
import { setTimeout as sleep } from "node:timers/promises";

/** Yielded between pieces: wait, unless the client goes away first. */
export const pause = (ms) => ({ wait: (gone) => sleep(ms, undefined, { signal: gone }) });

/** An answer that is one JSON document. */
export const json = (status, body, headers = {}) => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  *pieces() {
    yield JSON.stringify(body);
  },
});

/**
 * Plays an answer `{ status, headers, pieces }` and records what became of it.
 *
 * `pieces()` is a generator. What it yields is written to the socket on its own, in order; a yielded {@link pause} (or
 * any `{ wait(gone) }`) is waited for. What it returns says how the answer ends: `"close"` (the default) as HTTP wants
 * it, `"destroy"` by cutting the connection, `"hold"` not at all: the connection stays open until the client goes.
 *
 * The head goes out with the first piece, so an answer that waits first, waits before its headers. An empty piece
 * sends the head alone. A header that is `null` is left out, even if it is a common one.
 */
export class Exchange {
  #response;
  #record;
  #ledger;
  #commonHeaders;
  #gone = new AbortController();

  constructor(response, { record, ledger, commonHeaders }) {
    this.#response = response;
    this.#record = record;
    this.#ledger = ledger;
    this.#commonHeaders = commonHeaders;

    const { socket } = response;
    let isReset = false;
    const onError = () => (isReset = true);
    socket.on("error", onError);
    response.once("finish", () => this.#finished());
    response.once("close", () => {
      socket.off("error", onError);
      if (!record.finished) {
        record.clientGone = { afterBytes: record.bytesSent, how: isReset ? "reset" : "closed" };
        ledger.changed();
      }
      this.#gone.abort();
    });
  }

  async play({ status, headers, pieces }) {
    const script = pieces();
    for (;;) {
      const { done, value } = script.next();
      if (done) return this.#end(value ?? "close", status, headers);
      if (value.wait) await this.#waitFor(value);
      else await this.#write(value, status, headers);
      if (this.#gone.signal.aborted) return;
    }
  }

  async #waitFor({ wait }) {
    try {
      await wait(this.#gone.signal);
    } catch (error) {
      if (!this.#gone.signal.aborted) throw error;
    }
  }

  /** Resolves once the kernel has the bytes: pieces stay separate writes, and a client that stops reading is felt. */
  async #write(piece, status, headers) {
    this.#begin(status, headers);
    const bytes = Buffer.from(piece);
    if (bytes.length === 0) return;
    this.#record.bytesSent += bytes.length;
    this.#record.chunksSent += 1;
    await new Promise((resolve) => this.#response.write(bytes, resolve));
  }

  #begin(status, headers) {
    if (this.#response.headersSent) return;
    for (const [name, value] of Object.entries({ ...this.#commonHeaders, ...headers })) {
      if (value === null) this.#response.removeHeader(name);
      else this.#response.setHeader(name, value);
    }
    this.#response.writeHead(status);
    this.#response.flushHeaders();
    this.#record.responseStatus = status;
    this.#ledger.changed();
  }

  #end(how, status, headers) {
    if (how === "hold") return;
    if (how === "destroy") {
      this.#finished();
      this.#response.socket.destroy();
      return;
    }
    this.#begin(status, headers);
    this.#response.end();
  }

  #finished() {
    this.#record.finished = true;
    this.#ledger.changed();
  }
}

/** What can be waited for, as a fact about a record. */
const EVENTS = {
  received: () => true,
  "headers-sent": (record) => record.responseStatus !== null,
  "client-gone": (record) => record.clientGone !== null,
  finished: (record) => record.finished,
};

/** A demo left running must not grow for ever; no test comes near. */
const MAX_RECORDS = 10_000;

/** The requests that came, oldest first. */
export class Ledger {
  records = [];
  #received = 0;
  #watchers = new Set();

  /** Opens the record of a request whose body has arrived whole. */
  open({ method, path, query, headers, body }) {
    const receivedAt = ++this.#received;
    const record = {
      id: `req-${receivedAt}`,
      method,
      path,
      query,
      headers,
      body,
      model: typeof body?.model === "string" ? body.model : null,
      receivedAt,
      responseStatus: null,
      bytesSent: 0,
      chunksSent: 0,
      finished: false,
      clientGone: null,
    };
    this.records.push(record);
    if (this.records.length > MAX_RECORDS) this.records.shift();
    this.changed();
    return record;
  }

  /** To be called when a fact about any record has changed. */
  changed() {
    for (const look of this.#watchers) look();
  }

  select({ model, path }) {
    return this.records.filter(
      (record) => (model === undefined || record.model === model) && (path === undefined || record.path === path),
    );
  }

  /**
   * The `count`-th request (of this model, of this path) for which the event holds: at once if it does already.
   * Rejects with {@link WaitTimeout} after `timeoutMs`, with a TypeError if there is no such event.
   */
  waitFor({ model, path, event = "received", count = 1, timeoutMs = 5000 }) {
    const holds = Object.hasOwn(EVENTS, event) ? EVENTS[event] : null;
    if (!holds) return Promise.reject(new TypeError(`no such event: ${event} (${Object.keys(EVENTS).join(", ")})`));
    return new Promise((resolve, reject) => {
      const settle = (action, value) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        action(value);
      };
      const look = () => {
        const found = this.select({ model, path }).filter(holds)[count - 1];
        if (found) settle(resolve, found);
      };
      const subject = model ?? path ?? "any request";
      const timeout = () => settle(reject, new WaitTimeout(`${event} of ${subject} did not come in ${timeoutMs} ms`));
      const timer = setTimeout(timeout, timeoutMs);
      this.#watchers.add(look);
      look();
    });
  }

  reset() {
    this.records = [];
  }
}

export class WaitTimeout extends Error {
  name = "WaitTimeout";
}
