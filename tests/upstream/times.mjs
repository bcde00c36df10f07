// Scenarios by when things happen: waits, silences, keep-alives, and answers as fast as can be.
import { COMMENT, PADDING } from "./chat.mjs";
import { pause } from "./exchange.mjs";
import { ORDINARY, scenario, startsWell } from "./scenario.mjs";

/** Waits for the milliseconds in the slug before the headers, then goes on as usual. */
const SLOW_HEADERS = {
  number: 1000,
  *stream(chat, ms) {
    yield pause(ms);
    yield* ORDINARY.stream(chat);
  },
  *complete(chat, ms) {
    yield pause(ms);
    yield* ORDINARY.complete(chat);
  },
};

const COMMENT_EVERY_MS = 100;

/** Keep-alives until the milliseconds in the slug are over. */
function* keepAlive(piece, ms) {
  for (let waited = 0; waited < ms; waited += COMMENT_EVERY_MS) {
    yield piece;
    yield pause(Math.min(COMMENT_EVERY_MS, ms - waited));
  }
}

const SLOW_FIRST_TOKEN = {
  number: 1000,
  *stream(chat, ms) {
    yield* keepAlive(COMMENT, ms);
    yield* ORDINARY.stream(chat);
  },
  *complete(chat, ms) {
    yield* keepAlive(PADDING, ms);
    yield* ORDINARY.complete(chat);
  },
};

/** Nothing but keep-alives: for ever, or for the milliseconds in the slug and then silence. */
const keepsAlive = (number) => ({
  number,
  *stream(_, ms) {
    yield* keepAlive(COMMENT, ms ?? Infinity);
    return "hold";
  },
  *complete(_, ms) {
    yield* keepAlive(PADDING, ms ?? Infinity);
    return "hold";
  },
});

function* forEver(next) {
  for (let i = 0; ; i += 1) yield next(i);
}

/** No head, no byte, no end. */
function* hang() {
  return "hold";
}

export const TIMES = {
  "sim/slow-headers": scenario(SLOW_HEADERS),
  "sim/slow-first-token": scenario(SLOW_FIRST_TOKEN),
  "sim/idle": startsWell(
    function* () {
      return "hold";
    },
    {
      interruption: { end: "hold" },
      *complete() {
        yield PADDING;
        yield PADDING;
        return "hold";
      },
    },
  ),
  "sim/idle-after-comments": startsWell(
    function* (_, ms) {
      yield* keepAlive(COMMENT, ms);
      return "hold";
    },
    { number: 1000, complete: keepsAlive(1000).complete },
  ),
  "sim/keepalive": scenario(keepsAlive(null)),
  "sim/keepalive-then-idle": scenario(keepsAlive(1000)),
  "sim/hang": scenario({ stream: hang, complete: hang }),
  "sim/endless": scenario({
    stream: (chat) => forEver((i) => chat.delta({ content: ` ${i}` })),
    complete: () => forEver(() => PADDING),
  }),
  "sim/bench": scenario({
    number: 10_000,
    *stream(chat, chunks) {
      for (let i = 0; i < chunks; i += 1) yield chat.delta({ content: ` word${i % 100}` });
      yield* chat.ending("stop");
    },
  }),
};
