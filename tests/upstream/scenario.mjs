// What a chat scenario is, and what an ordinary one does.
import { COMMENT, PADDING, demoAnswer, words } from "./chat.mjs";
import { pause } from "./exchange.mjs";

/** What most scenarios say: two-, three- and four-byte characters, so that careless cuts show. */
export const TEXT = "Hello from the simulator: café, 你好 and 👋!";

const PADDINGS = 7;

export const JSON_BODY = { "content-type": "application/json" };
export const EVENT_STREAM = { "content-type": "text/event-stream", "cache-control": "no-cache" };

/**
 * What a scenario does unless it says otherwise.
 *
 * `stream` and `complete` are generators of pieces for `Exchange.play`, called with the chat and the scenario's number
 * (see `number`). Most scenarios only change what these two are made of.
 */
export const ORDINARY = {
  /** The whole answer. */
  message: () => ({ content: TEXT }),
  /** The answer in fragments. */
  *deltas(chat) {
    for (const content of words(this.message(chat).content)) yield { content };
  },
  finish: () => "stop",
  *stream(chat) {
    yield COMMENT;
    for (const delta of this.deltas(chat)) {
      yield chat.delta(delta);
      if (chat.wordDelayMs > 0) yield pause(chat.wordDelayMs);
    }
    yield* this.ending(chat);
  },
  ending(chat) {
    return chat.ending(this.finish(chat));
  },
  *complete(chat) {
    for (let i = 0; i < PADDINGS; i += 1) yield PADDING;
    yield JSON.stringify(this.result(chat));
  },
  result(chat) {
    return chat.result(this.message(chat), this.finish(chat), [...this.deltas(chat)].length);
  },
  /** What a number at the end of the slug is when there is none; null if the scenario takes no number. */
  number: null,
  streamHeaders: EVENT_STREAM,
  completeHeaders: JSON_BODY,
};

/** An ordinary scenario with these changes. */
export const scenario = (changes) => ({ ...ORDINARY, ...changes });

/** Every model outside `sim/`: the demo answer, no longer than asked for. */
export const DEMO = scenario({
  message: (chat) => ({ content: words(demoAnswer(chat)).slice(0, chat.maxTokens).join("") }),
  finish: (chat) => (words(demoAnswer(chat)).length > chat.maxTokens ? "length" : "stop"),
});
