// Scenarios by what happens on the wire: errors in the middle, cuts, strange framing.
import { COMMENT, DONE, PADDING, event } from "./chat.mjs";
import { OWNER, availability } from "./errors.mjs";
import { JSON_BODY, ORDINARY, scenario, startsWell } from "./scenario.mjs";

const FAILURE = {
  code: 502,
  message: "Provider disconnected unexpectedly",
  metadata: { error_type: "provider_unavailable" },
};

/** The event of a failure in the middle as documented: all the usual fields, the error, finish reason "error". */
const failed = (chat, error = FAILURE) => chat.delta({}, { finish: "error", error });

/** Half of a non-streaming answer, ended in this way. */
const halfABody = (end) => ({
  interruption: { end },
  *complete(chat) {
    const body = JSON.stringify(this.result(chat));
    yield PADDING;
    yield body.slice(0, body.length / 2);
    return end;
  },
});

/** The same body whether a stream was asked for or not. */
const always = (headers, body) =>
  scenario({ stream: body, complete: body, streamHeaders: headers, completeHeaders: headers });

const ERRORS_IN_BAND = {
  "sim/midstream-error": startsWell(
    function* (chat) {
      yield failed(chat);
      yield DONE;
    },
    { interruption: { error: FAILURE } },
  ),
  "sim/midstream-error-no-done": startsWell(function* (chat) {
    yield failed(chat);
  }),
  "sim/midstream-error-no-choices": startsWell(function* () {
    yield event({ error: { message: "The server had an error", type: "server_error", param: null, code: null } });
    yield DONE;
  }),
  // As recorded: after "length", an error with no finish reason and with the usage in its chunk.
  "sim/midstream-error-null-finish": startsWell(function* (chat) {
    yield chat.delta({}, { finish: "length" });
    yield chat.delta({}, { error: { code: 400, message: "Token limit exceeded" }, usage: chat.usage() });
    yield DONE;
  }),
  "sim/midstream-error-string-code": startsWell(function* (chat) {
    yield failed(chat, { code: "server_error", message: "Provider disconnected" });
    yield DONE;
  }),
  "sim/midstream-availability": startsWell(function* (chat) {
    const about = availability("capacity_exhausted", chat.model.id, { retry_after: 5 });
    yield failed(chat, { code: 429, message: "No capacity left", availability: about });
    yield DONE;
  }),
  "sim/choice-error": startsWell(
    function* (chat) {
      const choice = { index: 0, delta: { content: "" }, finish_reason: "error", error: FAILURE };
      yield event(chat.chunk([choice]));
      yield DONE;
    },
    {
      message: () => ({ content: "Hello there" }),
      finish: () => "error",
      result(chat) {
        const result = ORDINARY.result.call(this, chat);
        return { ...result, choices: [{ ...result.choices[0], error: FAILURE }] };
      },
    },
  ),
  "sim/error-in-200": always(JSON_BODY, function* () {
    yield PADDING;
    yield JSON.stringify({ error: FAILURE, user_id: OWNER });
  }),
};

const CUTS = {
  "sim/cut": startsWell(function* () {
    return "destroy";
  }, halfABody("destroy")),
  "sim/cut-clean": startsWell(function* () {}, halfABody("close")),
  "sim/cut-in-event": startsWell(function* (chat) {
    const piece = Buffer.from(chat.delta({ content: " 👋" }));
    yield piece.subarray(0, piece.indexOf("👋") + 2);
    return "destroy";
  }, halfABody("destroy")),
  "sim/finish-no-done": startsWell(function* (chat) {
    yield chat.delta({}, { finish: "stop" });
  }),
};

/** The ordinary stream with each piece changed. */
const changed = (change) =>
  scenario({
    *stream(chat) {
      for (const piece of ORDINARY.stream(chat)) yield* change(piece);
    },
  });

const HTML = `<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title></head><body>Checking your browser</body></html>
`;

const FRAMING = {
  // One comment is no case: tens were recorded before the first token, and more between the events.
  "sim/comments": scenario({
    *stream(chat) {
      for (let i = 0; i < 30; i += 1) yield COMMENT;
      for (const delta of this.deltas(chat)) {
        yield chat.delta(delta);
        yield COMMENT + COMMENT;
      }
      yield* this.ending(chat);
    },
  }),
  "sim/no-comments": changed(function* (piece) {
    if (piece !== COMMENT) yield piece;
  }),
  "sim/bytes": changed(function* (piece) {
    for (const byte of Buffer.from(piece)) yield Buffer.of(byte);
  }),
  "sim/crlf": changed(function* (piece) {
    yield piece.replaceAll("\n", "\r\n");
  }),
  "sim/bom": scenario({
    *stream(chat) {
      yield "\u{feff}";
      yield* ORDINARY.stream(chat);
    },
  }),
  "sim/large-event": scenario({
    number: 2 * 1024 * 1024,
    *stream(chat, bytes) {
      yield COMMENT;
      yield chat.delta({ content: "x".repeat(bytes) });
      yield* chat.ending("stop");
    },
  }),
  "sim/bad-json": startsWell(function* (chat) {
    yield event('{"id":"gen-","choices":[{"delta":');
    yield* chat.ending("stop");
  }),
  "sim/bad-utf8": startsWell(function* (chat) {
    const [before, after] = chat.delta({ content: " caf| au lait" }).split("|");
    yield Buffer.concat([Buffer.from(before), Buffer.of(0xff), Buffer.from(after)]);
    yield* chat.ending("stop");
  }),
  "sim/html-200": always({ "content-type": "text/html; charset=UTF-8" }, function* () {
    yield HTML;
  }),
  "sim/no-padding": scenario({
    *complete(chat) {
      yield JSON.stringify(this.result(chat));
    },
  }),
};

export const FAILURES = { ...ERRORS_IN_BAND, ...CUTS, ...FRAMING };
