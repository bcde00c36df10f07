// What a chat scenario is, and what an ordinary one does.
import { COMMENT, PADDING, words } from "./chat.mjs";
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
  /** Why the scenario cannot answer this chat, or null. */
  fault: () => null,
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
  /** How the answer breaks off at endpoints other than chat: `{ error }`, `{ end }` as in `Exchange`, or null. */
  interruption: null,
  /** What a number at the end of the slug is when there is none; null if the scenario takes no number. */
  number: null,
  streamHeaders: EVENT_STREAM,
  completeHeaders: JSON_BODY,
};

/** An ordinary scenario with these changes. */
export const scenario = (changes) => ({ ...ORDINARY, ...changes });

/** A stream whose first chunks are as usual, followed by what `rest(chat, number)` yields, ended as it returns. */
export const startsWell = (rest, changes = {}) =>
  scenario({
    *stream(chat, number) {
      yield COMMENT;
      yield chat.delta({ content: "Hello" });
      yield chat.delta({ content: " there" });
      return yield* rest(chat, number);
    },
    ...changes,
  });
