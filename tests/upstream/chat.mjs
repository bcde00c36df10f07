// POST /chat/completions: what a request must look like, and the chunks and results that answer it.

const ROLES = ["system", "developer", "user", "assistant", "tool"];
const PART_TYPES = ["text", "image_url", "input_audio", "video_url", "input_video", "file"];

const isText = (value) => typeof value === "string" && value !== "";

function faultOfMessage(message, at) {
  if (message === null || typeof message !== "object") return `${at}: expected object`;
  if (!ROLES.includes(message.role)) return `${at}.role: expected one of ${ROLES.join(", ")}`;
  if (message.role === "tool" && !isText(message.tool_call_id)) return `${at}.tool_call_id: Required`;
  const { content } = message;
  if (typeof content === "string") return null;
  if (content === null || content === undefined) return message.role === "assistant" ? null : `${at}.content: Required`;
  if (!Array.isArray(content)) return `${at}.content: expected string or array`;
  const bad = content.findIndex((part) => !PART_TYPES.includes(part?.type));
  return bad < 0 ? null : `${at}.content.${bad}.type: expected one of ${PART_TYPES.join(", ")}`;
}

/** The checks on single fields: name, what is expected, whether a value that is present passes. */
const FIELDS = [
  ["stream", "boolean", (value) => typeof value === "boolean"],
  ["temperature", "number from 0 to 2", (value) => value >= 0 && value <= 2],
  ["top_p", "number up to 1", (value) => value > 0 && value <= 1],
  ["max_tokens", "integer from 1", (value) => Number.isInteger(value) && value >= 1],
  ["max_completion_tokens", "integer from 1", (value) => Number.isInteger(value) && value >= 1],
  ["tools", "array of tools", (value) => Array.isArray(value) && value.every((tool) => isText(tool?.type))],
  ["session_id", "string of at most 256", (value) => typeof value === "string" && value.length <= 256],
];

/** Why this can be no inference request at all, or null. */
export function faultOfModels(body) {
  if (body === null || typeof body !== "object" || Array.isArray(body)) return "expected a JSON object";
  if (body.model !== undefined && !isText(body.model)) return "model: expected string";
  const areModels = body.models === undefined || (Array.isArray(body.models) && body.models.every(isText));
  return areModels ? null : "models: expected array of strings";
}

/** Why this inference request is no chat request, or null. */
export function faultOfChat(body) {
  for (const [name, expected, passes] of FIELDS) {
    const value = body[name];
    if (value !== undefined && value !== null && !passes(value)) return `${name}: expected ${expected}`;
  }
  if (body.messages === undefined && isText(body.prompt)) return null;
  if (!Array.isArray(body.messages)) return "messages: expected array";
  if (body.messages.length === 0) return "messages: must contain at least 1 element";
  return body.messages.map((message, i) => faultOfMessage(message, `messages.${i}`)).find((fault) => fault) ?? null;
}

const textOf = (content) =>
  Array.isArray(content) ? content.map((part) => part.text ?? "").join(" ") : (content ?? "");

/** Split so that joining gives the text again: each word with the white space before it. */
export const words = (text) => text.match(/\s*\S+|\s+$/g) ?? [];

/** About four characters per token, as everybody estimates. */
export const tokensIn = (text) => Math.ceil(text.length / 4);

export const COMMENT = ": OPENROUTER PROCESSING\n\n";
export const DONE = "data: [DONE]\n\n";
export const event = (data) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

/** What the real server sends, again and again, while a non-streaming answer is not ready. */
export const PADDING = "\n         \n";

/** What OpenRouter reports as `native_finish_reason`; here in the words of Anthropic's API. */
const NATIVE_FINISH = {
  stop: "end_turn",
  tool_calls: "tool_use",
  length: "max_tokens",
  content_filter: "refusal",
  error: "error",
};
export const nativeFinish = (finish) => NATIVE_FINISH[finish] ?? null;

/** One accepted chat request, with what its answer's chunks have in common. */
export class Chat {
  /** Fragments given so far: what the caller pays for. */
  completionTokens = 0;
  finishReason = null;

  /** `model` is what answers: `{ id, provider, pricing: { prompt, completion } }`, prices in USD per token. */
  constructor({ id, created, body, model, wordDelayMs }) {
    Object.assign(this, { id, created, body, model, wordDelayMs });
    this.messages = body.messages ?? [{ role: "user", content: body.prompt }];
  }

  get isStream() {
    return this.body.stream === true;
  }

  get maxTokens() {
    return this.body.max_completion_tokens ?? this.body.max_tokens ?? Infinity;
  }

  get lastUserText() {
    return textOf(this.messages.findLast((message) => message.role === "user")?.content);
  }

  /** The last tool result, if tools have already been called in this turn. */
  get toolResult() {
    const last = this.messages.at(-1);
    return last.role === "tool" ? textOf(last.content) : null;
  }

  /** The name of the caller's n-th function tool, or one that every demo has. */
  toolName(n = 0) {
    const functions = (this.body.tools ?? []).filter((tool) => tool.type === "function");
    return functions[n]?.function?.name ?? functions[0]?.function?.name ?? "get_weather";
  }

  #envelope(object) {
    return { id: this.id, object, created: this.created, model: this.model.id, provider: this.model.provider };
  }

  /** A chunk with these choices and other fields, as an object. */
  chunk(choices, more = {}) {
    return { ...this.#envelope("chat.completion.chunk"), choices, ...more };
  }

  /** The event of one delta. As on the wire, each delta names the role and mostly has a content, be it empty. */
  delta(delta, { index = 0, finish = null, ...more } = {}) {
    if (Object.keys(delta).length > 0) this.completionTokens += 1;
    if (finish) this.finishReason = finish;
    const choice = {
      index,
      delta: { content: "", role: "assistant", ...delta },
      finish_reason: finish,
      native_finish_reason: nativeFinish(finish),
    };
    return event(this.chunk([choice], more));
  }

  /** How a stream mostly ends: the finish reason, then the usage with that finish reason once more, then DONE. */
  *ending(finish) {
    yield this.delta({}, { finish });
    yield this.delta({}, { finish, usage: this.usage() });
    yield DONE;
  }

  usage() {
    const prompt_tokens = this.messages.reduce((sum, { content }) => sum + tokensIn(textOf(content)), 0);
    const completion_tokens = this.completionTokens;
    const exact = (amount) => Number(amount.toPrecision(12));
    const prompt = exact(prompt_tokens * Math.max(0, this.model.pricing.prompt));
    const completion = exact(completion_tokens * Math.max(0, this.model.pricing.completion));
    return {
      prompt_tokens,
      completion_tokens,
      total_tokens: prompt_tokens + completion_tokens,
      cost: exact(prompt + completion),
      is_byok: false,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0, audio_tokens: 0, video_tokens: 0 },
      cost_details: {
        upstream_inference_cost: exact(prompt + completion),
        upstream_inference_prompt_cost: prompt,
        upstream_inference_completions_cost: completion,
      },
      completion_tokens_details: { reasoning_tokens: 0, image_tokens: 0, audio_tokens: 0 },
    };
  }

  /** The non-streaming result, as an object; the tokens are given because it has no fragments to count. */
  result(message, finish, completionTokens) {
    this.completionTokens = completionTokens;
    this.finishReason = finish;
    const choice = {
      index: 0,
      logprobs: null,
      finish_reason: finish,
      native_finish_reason: nativeFinish(finish),
      message: { role: "assistant", refusal: null, reasoning: null, ...message },
    };
    return { ...this.#envelope("chat.completion"), system_fingerprint: null, choices: [choice], usage: this.usage() };
  }
}

/** The first so many characters in one line. */
function snippet(text, characters) {
  const line = [...text.replace(/\s+/g, " ").trim()];
  return line.length > characters ? `${line.slice(0, characters).join("")}…` : line.join("");
}

/** The answer of every ordinary model: shows off Markdown, and says what it is. */
export function demoAnswer(chat) {
  const asked = snippet(chat.lastUserText, 80);
  return `**This is a demo answer.** It comes from the OpenRouter simulator on this machine, not from \
\`${chat.model.id}\`: no model was asked, nothing was billed.

${asked ? `You wrote:\n\n> ${asked}` : "Your message had no text in it."}

With a real key, the model's answer would stream in just like this:

1. The page sends the conversation to the proxy, without any key.
2. The proxy adds the key and passes the request on.
3. The answer comes back *piece by piece*, and each piece is shown as soon as it is here.

Answers are often Markdown, so here is a little code

\`\`\`js
const stream = client.stream({ model, messages });
for await (const text of stream.text()) show(text);
\`\`\`

and a table:

| | simulator | OpenRouter |
|---|---|---|
| answers | always this one | from 400+ models |
| costs | nothing | see \`usage.cost\` |

Multi-byte text arrives whole too: naïve café, 你好, Ελληνικά, 👋🏽. To talk to real models, set \
\`OPENROUTER_API_KEY\` and start again.
`;
}
