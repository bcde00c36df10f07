// What every contender is given: the same prepared bytes, cut into the same reads, and what they must add up to. The
// chunks have the fields, in the order, that OpenRouter's recorded streams have.

const encoder = new TextEncoder();
const MODEL = "anthropic/claude-haiku-4.5";
const FRAME = {
  id: "gen-1786403070-P09zUfOhE2qt2A6q4btq",
  object: "chat.completion.chunk",
  created: 1786403070,
  model: MODEL,
  provider: "Amazon Bedrock",
};
const USAGE = {
  prompt_tokens: 626,
  completion_tokens: 10_000,
  total_tokens: 10_626,
  cost: 0.001156,
  is_byok: false,
  prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0, audio_tokens: 0, video_tokens: 0 },
  cost_details: {
    upstream_inference_cost: 0.001156,
    upstream_inference_prompt_cost: 0.000626,
    upstream_inference_completions_cost: 0.00053,
  },
  completion_tokens_details: { reasoning_tokens: 54, image_tokens: 0, audio_tokens: 0 },
};

export const REQUEST = { model: MODEL, messages: [{ role: "user", content: "Why is the sky blue?" }] };

/** The same numbers from 0 to 1 in each run (mulberry32). */
function randomly(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Tokens of an English answer in Markdown. One in 14 needs an escape in JSON (a line break, a quote), one in 60 has a
 * character outside ASCII: decoders have a faster way for reads without any, and real answers have some.
 */
function* tokens(count, seed) {
  const random = randomly(seed);
  const words = " the| of| light| scatter| wave|length|s| in| and| blue| is| short|er| than| red|,|.| atmosphere| mole|cules| because| it| more| a| to| which| our| eyes| see| sky| at| sun|set| path| long| through| **Ray|leigh|**| -| 4| times".split("|");
  const escaped = ["\n", "\n\n", ' "', '"', ":\n- "];
  const wide = ["’s", " —", " café", " λ", " 天空", " 👋"];
  const from = (list) => list[Math.floor(random() * list.length)];
  for (let n = 0; n < count; n++) {
    const luck = random();
    yield luck < 1 / 60 ? from(wide) : luck < 1 / 60 + 1 / 14 ? from(escaped) : from(words);
  }
}

const withDelta = (delta, finish = null) => ({
  ...FRAME,
  choices: [{ index: 0, delta, finish_reason: finish, native_finish_reason: finish && (finish === "stop" ? "end_turn" : "tool_use") }],
});

function* ending(finish) {
  yield withDelta({ content: "", role: "assistant" }, finish);
  yield { ...withDelta({ content: "", role: "assistant" }, finish), usage: USAGE };
}

function* textAnswer(count) {
  for (const content of tokens(count, 1)) yield withDelta({ content, role: "assistant" });
  yield* ending("stop");
}

const CALLS = 20;

/** 4,000 reasoning deltas, a signature, and then 20 tool calls one after the other, 300 fragments each. */
function* toolAnswer() {
  const detail = (fields) => [{ type: "reasoning.text", ...fields, format: "anthropic-claude-v1", index: 0 }];
  for (const text of tokens(4000, 2)) {
    yield withDelta({ content: "", role: "assistant", reasoning: text, reasoning_details: detail({ text }) });
  }
  yield withDelta({ content: "", role: "assistant", reasoning_details: detail({ signature: "Ev".repeat(200) }) });
  for (let index = 0; index < CALLS; index++) {
    const call = (fields) => withDelta({ content: null, role: "assistant", tool_calls: [{ index, ...fields }] });
    yield call({ id: `toolu_bdrk_${String(index).padStart(4, "0")}L9pX1Wp4FAEq9TT2Z6UAe7`, type: "function", function: { name: "write_file", arguments: "" } });
    yield call({ function: { arguments: '{"path": "notes/' } });
    yield call({ function: { arguments: `${index}.md", "text": "` } });
    for (const text of tokens(297, 3 + index)) yield call({ function: { arguments: JSON.stringify(text).slice(1, -1) } });
    yield call({ function: { arguments: '"}' } });
  }
  yield* ending("tool_calls");
}

function* hugeAnswer() {
  let content = "";
  for (const token of tokens(700_000, 4)) {
    content += token;
    if (content.length >= 2 * 1024 * 1024) break;
  }
  yield withDelta({ content, role: "assistant" });
  yield* ending("stop");
}

const eventOf = (chunk) => encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`);
const BEFORE = encoder.encode(": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n");
const AFTER = encoder.encode("data: [DONE]\n\n");

function joined(pieces) {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Cuts into reads whose lengths `next` says. Each has a buffer of its own, as reads from the network have. */
function cut(pieces, next) {
  const bytes = joined(pieces);
  const reads = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + next());
    reads.push(bytes.slice(at, end));
    at = end;
  }
  return reads;
}

const every16KiB = (pieces) => cut(pieces, () => 16 * 1024);
const oneByOne = (pieces) => pieces;
const anywhere = (pieces) => {
  const random = randomly(5);
  return cut(pieces, () => 1 + Math.floor(random() * 900));
};

/** What a contender that reads all of it must have found. */
function expectedOf(chunks) {
  const expected = { events: chunks.length, text: "", reasoning: "", tools: [], tokens: 0 };
  for (const { choices, usage } of chunks) {
    const { content, reasoning, tool_calls = [] } = choices[0].delta;
    expected.text += content ?? "";
    expected.reasoning += reasoning ?? "";
    for (const call of tool_calls) expected.tools[call.index] = (expected.tools[call.index] ?? "") + call.function.arguments;
    expected.tokens = usage?.total_tokens ?? expected.tokens;
  }
  return expected;
}

/** `calls`: how often it is done in one measurement, so that one takes milliseconds. */
const streamed = (what, answer, split, calls = 1) => ({
  what,
  kind: "stream",
  calls,
  prepare() {
    const chunks = [...answer()];
    const reads = split([BEFORE, ...chunks.map(eventOf), AFTER]);
    return { reads, chunks, expected: expectedOf(chunks), bytes: reads.reduce((sum, { length }) => sum + length, 0) };
  },
});

const json = (what, kind, value, expected, calls) => ({
  what,
  kind,
  calls,
  prepare: () => ({ text: JSON.stringify(value), expected }),
});

const chatAnswer = {
  ...FRAME,
  object: "chat.completion",
  system_fingerprint: null,
  choices: [
    {
      index: 0,
      logprobs: null,
      finish_reason: "stop",
      native_finish_reason: "end_turn",
      message: { role: "assistant", content: [...tokens(300, 6)].join(""), refusal: null, reasoning: null },
    },
  ],
  usage: USAGE,
};

const models = Array.from({ length: 350 }, (_, n) => ({
  id: `author-${n % 40}/model-${n}`,
  canonical_slug: `author-${n % 40}/model-${n}-20260217`,
  hugging_face_id: "",
  name: `Author ${n % 40}: Model ${n}`,
  created: 1771286400 + n,
  description: [...tokens(60, n)].join(""),
  context_length: 200_000,
  architecture: {
    modality: "text+image->text",
    input_modalities: ["text", "image"],
    output_modalities: ["text"],
    tokenizer: "Claude",
    instruct_type: null,
  },
  pricing: { prompt: "0.000003", completion: "0.000015", input_cache_read: "0.0000003", web_search: "0.01" },
  top_provider: { context_length: 200_000, max_completion_tokens: null, is_moderated: true },
  per_request_limits: null,
  supported_parameters: ["max_tokens", "reasoning", "response_format", "seed", "stop", "temperature", "tool_choice", "tools", "top_p"],
  default_parameters: { temperature: 0.7, top_p: null, frequency_penalty: null },
  supported_voices: null,
  knowledge_cutoff: null,
  expiration_date: null,
  links: { details: `/api/v1/models/author-${n % 40}/model-${n}-20260217/endpoints` },
  benchmarks: { design_arena: [] },
}));

export const scenarios = {
  "reads-16k": streamed("10,000 chunks in reads of 16 KiB", () => textAnswer(10_000), every16KiB),
  "one-per-read": streamed("10,000 chunks, one event per read", () => textAnswer(10_000), oneByOne),
  "random-splits": streamed("10,000 chunks, reads cut anywhere (1 to 900 bytes)", () => textAnswer(10_000), anywhere),
  tools: streamed("4,000 reasoning and 6,000 tool-call deltas (20 calls) in reads of 16 KiB", toolAnswer, every16KiB),
  "one-2mib-event": streamed("one event with 2 MiB of text in reads of 16 KiB", hugeAnswer, every16KiB),
  startup: streamed("a short answer of 40 chunks, one event per read", () => textAnswer(40), oneByOne, 40),
  chat: json("chat(): one whole answer of 300 tokens", "chat", chatAnswer, chatAnswer.choices[0].message.content, 40),
  models: json(
    "models(): a list of 350",
    "models",
    { data: models, total_count: models.length, links: { next: null } },
    models.map(({ id }) => id).join(" "),
    2,
  ),
};

/**
 * The parts of an endless answer: `body` can be repeated, and is `events` chunks with a text of `textLength` characters,
 * which are `textBytes` as they are written there.
 */
export function endlessParts() {
  const [first, ...rest] = [...textAnswer(10_000)];
  const end = rest.splice(-2);
  const body = [first, ...rest];
  const { text } = expectedOf(body);
  return {
    before: [BEFORE],
    body: every16KiB(body.map(eventOf)),
    after: [...end.map(eventOf), AFTER],
    events: body.length,
    textLength: text.length,
    textBytes: encoder.encode(JSON.stringify(text)).length - 2,
  };
}
