// Scenarios by what the answer holds: tools, reasoning, images, usage, finish reasons.
import { COMMENT, DONE, event, words } from "./chat.mjs";
import { ORDINARY, TEXT, scenario } from "./scenario.mjs";

/** The text in ordinary deltas. */
const textDeltas = (chat) => ORDINARY.deltas(chat);

/**
 * Calls tools, unless the request brings their results: then the answer is text.
 * `calls(chat)` are the whole calls, `deltas(chat)` lists what each delta's `tool_calls` holds.
 */
function callsTools(calls, deltas = (chat) => [calls(chat)], finish = "tool_calls") {
  return scenario({
    message: (chat) =>
      chat.toolResult === null
        ? { content: null, tool_calls: calls(chat) }
        : { content: `The tool said: ${chat.toolResult}` },
    *deltas(chat) {
      if (chat.toolResult !== null) yield* ORDINARY.deltas.call(this, chat);
      else for (const tool_calls of deltas(chat)) yield { content: null, tool_calls };
    },
    finish: (chat) => (chat.toolResult === null ? finish : "stop"),
  });
}

const call = (index, id, name, args) => ({ index, id, type: "function", function: { name, arguments: args } });
const fragment = (index, args) => ({ index, function: { arguments: args } });

const berlin = (chat) => call(0, "call_sim_1", chat.toolName(), '{"city": "Berlin", "unit": "°C"}');
const berlinInFragments = (chat) => [
  [call(0, "call_sim_1", chat.toolName(), "")],
  [fragment(0, "")],
  [fragment(0, '{"city": "Ber')],
  [fragment(0, 'lin", "unit": "°')],
  [fragment(0, 'C"}')],
];

/** Parallel calls with these ids, each whole in one delta. */
function twoCalls(firstId, secondId, change = (each) => each) {
  const calls = (chat) =>
    [
      call(0, firstId, chat.toolName(0), '{"city":"Tokyo"}'),
      call(1, secondId, chat.toolName(1), '{"city":"London"}'),
    ].map(change);
  return callsTools(calls, (chat) => calls(chat).map((each) => [each]));
}

const withoutIndex = ({ index: _, ...rest }) => rest;
const withArguments = (args) => (chat) => [{ ...berlin(chat), function: { name: chat.toolName(), ...args } }];

const TOOLS = {
  "sim/tools": callsTools((chat) => [berlin(chat)], berlinInFragments),
  "sim/tools-single": callsTools((chat) => [berlin(chat)]),
  "sim/tools-parallel": callsTools(
    (chat) => [berlin(chat), call(1, "call_sim_2", chat.toolName(1), '{"city":"Oslo"}')],
    (chat) => [
      ...berlinInFragments(chat).slice(0, 3),
      [call(1, "call_sim_2", chat.toolName(1), "")],
      [fragment(1, '{"city":'), fragment(0, 'lin", "unit": "°C"}')],
      [fragment(1, '"Oslo"}')],
    ],
  ),
  "sim/tools-duplicate-ids": twoCalls("call_sim_1", "call_sim_1"),
  "sim/tools-empty-ids": twoCalls("", ""),
  "sim/tools-no-index": twoCalls("call_sim_1", "call_sim_2", withoutIndex),
  "sim/tools-trailing-space": callsTools(
    (chat) => [berlin(chat)],
    (chat) => [...berlinInFragments(chat), [fragment(0, " ")], [fragment(0, "\n")]],
  ),
  "sim/tools-finish-stop": callsTools((chat) => [berlin(chat)], berlinInFragments, "stop"),
  "sim/tools-missing-arguments": callsTools(withArguments({})),
  "sim/tools-cut-arguments": callsTools(withArguments({ arguments: '{"city": "Ber' }), undefined, "length"),
};

const SIGNATURE = Buffer.from("a signature that must be sent back as it came").toString("base64");
const thought = (more) => ({ type: "reasoning.text", format: "anthropic-claude-v1", index: 0, ...more });
const FIRST = "Someone says hello. ";
const SECOND = "Say hello back.";
const THINKING = [
  { reasoning: null, reasoning_details: [thought({ text: "", signature: "" })] },
  { reasoning: FIRST, reasoning_details: [thought({ text: FIRST })] },
  { reasoning: SECOND, reasoning_details: [thought({ text: SECOND })] },
];
const SIGNED = { reasoning: null, reasoning_details: [thought({ signature: SIGNATURE })] };

/** Text after reasoning that is `details` when whole; `deltas(chat)` streams both. */
const reasons = (reasoning, details, deltas) =>
  scenario({ message: () => ({ content: TEXT, reasoning, reasoning_details: details }), deltas });

const WHOLE_THOUGHT = [thought({ text: FIRST + SECOND, signature: SIGNATURE })];
const SUMMARY = { type: "reasoning.summary", summary: SECOND, format: "openai-responses-v1", index: 0 };
const ENCRYPTED = {
  type: "reasoning.encrypted",
  data: Buffer.from("thoughts that nobody may read").toString("base64"),
  id: "rs_sim_1",
  format: "openai-responses-v1",
  index: 0,
};

const REASONING = {
  "sim/reasoning": reasons(FIRST + SECOND, WHOLE_THOUGHT, function* (chat) {
    yield* THINKING;
    yield SIGNED;
    yield* textDeltas(chat);
  }),
  "sim/reasoning-late-signature": reasons(FIRST + SECOND, WHOLE_THOUGHT, function* (chat) {
    yield* THINKING;
    yield* textDeltas(chat);
    yield SIGNED;
  }),
  "sim/reasoning-encrypted": reasons(SECOND, [SUMMARY, ENCRYPTED], function* (chat) {
    yield { reasoning: SECOND, reasoning_details: [SUMMARY] };
    yield { reasoning: null, reasoning_details: [ENCRYPTED] };
    yield* textDeltas(chat);
  }),
  "sim/reasoning-plain": reasons(FIRST + SECOND, undefined, function* (chat) {
    yield { reasoning: FIRST };
    yield { reasoning: SECOND };
    yield* textDeltas(chat);
  }),
};

/** An answer that has more than text: `parts` are further fields of the message, `deltas` how they stream. */
const says = (parts, deltas, content = TEXT) =>
  scenario({
    message: () => ({ content, ...parts }),
    *deltas() {
      for (const word of words(content)) yield { content: word };
      yield* deltas;
    },
  });

/** A red pixel. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";
const IMAGES = [{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` }, index: 0 }];

const citation = (name) => ({
  type: "url_citation",
  url_citation: { url: `https://example.com/${name}`, title: name, start_index: 0, end_index: 0, content: "…" },
});

const AUDIO = Buffer.from("no real sound, but bytes").toString("base64");
const AUDIO_ID = "audio_sim_1";

const PARTS = {
  "sim/text": scenario({}),
  "sim/images": says({ images: IMAGES }, [{ images: IMAGES }]),
  "sim/audio": says(
    { audio: { id: AUDIO_ID, data: AUDIO, transcript: TEXT } },
    [
      { audio: { id: AUDIO_ID, transcript: "Hello from" } },
      { audio: { data: AUDIO.slice(0, 16) } },
      { audio: { data: AUDIO.slice(16), transcript: TEXT.slice("Hello from".length) } },
      { audio: { expires_at: 1_800_000_000 } },
    ],
    "",
  ),
  "sim/annotations": says({ annotations: [citation("one"), citation("two")] }, [
    { annotations: [citation("one")] },
    { annotations: [citation("two")] },
  ]),
  "sim/refusal": says({ refusal: "I will not." }, [{ refusal: "I will" }, { refusal: " not." }], ""),
  "sim/two-choices": scenario({
    message: () => ({ content: "first choice" }),
    *stream(chat) {
      yield chat.delta({ content: "first" }, { index: 0 });
      yield chat.delta({ content: "second" }, { index: 1 });
      yield chat.delta({ content: " choice" }, { index: 1 });
      yield chat.delta({ content: " choice" }, { index: 0 });
      yield chat.delta({}, { index: 1, finish: "stop" });
      yield* chat.ending("stop");
    },
    result(chat) {
      const result = ORDINARY.result.call(this, chat);
      const [choice] = result.choices;
      const second = { ...choice, index: 1, message: { ...choice.message, content: "second choice" } };
      return { ...result, choices: [choice, second] };
    },
  }),
  "sim/lone-surrogate": scenario({ message: () => ({ content: "half a character: \ud83d, and on" }) }),
  "sim/split-surrogates": scenario({
    message: () => ({ content: "a wave: 👋" }),
    *deltas() {
      yield { content: "a wave: \ud83d" };
      yield { content: "\udc4b" };
    },
  }),
};

/** An ordinary answer with another end. */
const endsWith = (ending) => scenario({ ending });

const ENDINGS = {
  "sim/length": scenario({ finish: () => "length", message: () => ({ content: "This answer stops in the mid" }) }),
  "sim/content-filter": scenario({ finish: () => "content_filter", message: () => ({ content: "This answer" }) }),
  "sim/empty": scenario({ message: () => ({ content: "" }), finish: () => null }),
  "sim/usage-empty-choices": endsWith(function* (chat) {
    yield chat.delta({}, { finish: "stop" });
    yield event(chat.chunk([], { usage: chat.usage() }));
    yield DONE;
  }),
  "sim/usage-null-finish": endsWith(function* (chat) {
    yield chat.delta({}, { finish: "stop" });
    yield chat.delta({}, { usage: chat.usage() });
    yield DONE;
  }),
  "sim/usage-twice": endsWith(function* (chat) {
    const early = { ...chat.usage(), completion_tokens: 1, total_tokens: chat.usage().prompt_tokens + 1 };
    yield event(chat.chunk([], { usage: early }));
    yield* chat.ending("stop");
  }),
  "sim/no-usage": {
    ...endsWith(function* (chat) {
      yield chat.delta({}, { finish: "stop" });
      yield DONE;
    }),
    result(chat) {
      return { ...ORDINARY.result.call(this, chat), usage: undefined };
    },
  },
  "sim/after-done": endsWith(function* (chat) {
    yield* chat.ending("stop");
    yield COMMENT;
    yield chat.delta({ content: " NOT PART OF THE ANSWER" });
  }),
};

export const CONTENTS = { ...PARTS, ...TOOLS, ...REASONING, ...ENDINGS };
