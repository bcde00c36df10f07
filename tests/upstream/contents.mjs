// Scenarios by what the answer holds: reasoning, images, echoes, JSON, usage, finish reasons; tools are apart.
import { COMMENT, DONE, event, words } from "./chat.mjs";
import { faultOfSchema, jsonAnswer } from "./demo.mjs";
import { ORDINARY, TEXT, scenario } from "./scenario.mjs";

/** The text in ordinary deltas. */
const textDeltas = (chat) => ORDINARY.deltas(chat);

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

/** A PNG in base64. */
export const RED_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";
const IMAGES = [{ type: "image_url", image_url: { url: `data:image/png;base64,${RED_PIXEL}` }, index: 0 }];

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

/** The request's headers; no secret is told, only how it looked. */
function echoOfHeaders({ headers }) {
  const secret = (value) => ({ scheme: /^(\S+) /.exec(value)?.[1] ?? null, length: value.length });
  const shown = Object.entries(headers).map(([name, value]) =>
    ["authorization", "cookie", "x-api-key"].includes(name) ? [name, secret(value)] : [name, value],
  );
  return JSON.stringify(Object.fromEntries(shown));
}

const ECHOES = {
  "sim/echo": scenario({ message: (chat) => ({ content: chat.bodyText }) }),
  "sim/echo-headers": scenario({ message: (chat) => ({ content: echoOfHeaders(chat) }) }),
};

const JSON_TEXTS = {
  "sim/json-invalid": scenario({ message: () => ({ content: '{"unexpected":true}' }) }),
  "sim/json-broken": scenario({
    message: () => ({ content: '{"answer": "This JSON stops in the mid' }),
    finish: () => "length",
  }),
  "sim/json-fenced": scenario({
    fault: faultOfSchema,
    message: (chat) => ({ content: `\`\`\`json\n${jsonAnswer(chat)}\n\`\`\`` }),
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

export const CONTENTS = { ...PARTS, ...REASONING, ...ECHOES, ...JSON_TEXTS, ...ENDINGS };
