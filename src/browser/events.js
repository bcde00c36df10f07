// Async-iteration glue: the streams of the endpoints beside chat, and the sound that a request may hold.

import { OpenRouterError } from "./error.js";
import { IterableStream, List, Source } from "./stream.js";

/** One streamed answer: a ReadableStream of the wire's own events. */
export class EventStream extends IterableStream {
  #source;

  constructor(opened, cancel) {
    const source = new Source(opened, cancel);
    super(source, new List());
    this.#source = source;
  }

  /** The answer's text, one string for each read of the body. */
  text() {
    if (this.#source.hasBegun) throw new TypeError("text() must be called before the stream is read");
    // Locked for good: the view reads in its place.
    this.getReader();
    this.#source.view = "viewText";
    return new IterableStream(this.#source, new List());
  }

  /** The whole response, once it is complete. */
  finalResponse() {
    return this.#final();
  }

  /** The whole message, once it is complete. */
  finalMessage() {
    return this.#final();
  }

  async #final() {
    const whole = await this.#source.finish();
    if (whole !== null) return whole;
    throw new OpenRouterError({ code: "malformed_response", message: "the stream ended without its response", retryable: false });
  }
}

/** The body of a request, with the bytes of a Blob as its sound. */
export const withAudio = ({ constructor: core }, body, { type, name }, bytes) => {
  const called = /^(?:audio|video)\/(?:x-)?([\w.-]+)/.exec(type) ?? /\.(\w+)$/.exec(name);
  return body && JSON.stringify({ ...JSON.parse(body), input_audio: JSON.parse(core.audioInput(bytes, called?.[1].toLowerCase() ?? "")) });
};
