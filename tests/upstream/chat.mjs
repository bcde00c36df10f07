// POST /chat/completions: what a request must look like, and the chunks and results that answer it.

const ROLES = ["system", "developer", "user", "assistant", "tool"];
const PART_TYPES = ["text", "image_url", "input_audio", "video_url", "input_video", "file"];

const isText = (value) => typeof value === "string" && value !== "";

/** Whether this is a list, and each item can be looked into. */
export const areObjects = (value) =>
  Array.isArray(value) && value.every((item) => item !== null && typeof item === "object");

function faultOfMessage(message, at) {
  if (message === null || typeof message !== "object") return `${at}: expected object`;
  if (!ROLES.includes(message.role)) return `${at}.role: expected one of ${ROLES.join(", ")}`;
  if (message.role === "tool" && !isText(message.tool_call_id)) return `${at}.tool_call_id: Required`;
  const { content, tool_calls = [] } = message;
  if (!areObjects(tool_calls)) return `${at}.tool_calls: expected array of calls`;
  if (typeof content === "string") return null;
  if (content === null || content === undefined) return message.role === "assistant" ? null : `${at}.content: Required`;
  if (!Array.isArray(content)) return `${at}.content: expected string or array`;
  const bad = content.findIndex((part) => !PART_TYPES.includes(part?.type));
  return bad < 0 ? null : `${at}.content.${bad}.type: expected one of ${PART_TYPES.join(", ")}`;
}

const FORMATS = ["text", "json_object", "json_schema", "grammar", "python"];

function isFormat({ type, json_schema }) {
  if (type !== "json_schema") return FORMATS.includes(type);
  const { name, schema = {} } = json_schema ?? {};
  return /^[\w-]{1,64}$/.test(name ?? "") && schema !== null && typeof schema === "object";
}

/** The checks on single fields: name, what is expected, whether a value that is present passes. */
const FIELDS = [
  ["stream", "boolean", (value) => typeof value === "boolean"],
  ["temperature", "number from 0 to 2", (value) => value >= 0 && value <= 2],
  ["top_p", "number up to 1", (value) => value > 0 && value <= 1],
  ["max_tokens", "integer from 1", (value) => Number.isInteger(value) && value >= 1],
  ["max_completion_tokens", "integer from 1", (value) => Number.isInteger(value) && value >= 1],
  ["tools", "array of tools", (value) => Array.isArray(value) && value.every((tool) => isText(tool?.type))],
  ["response_format", `one of ${FORMATS.join(", ")}, json_schema with a name`, isFormat],
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

/** What an answer looks like that has to be JSON, and nobody said which. */
const ANY_OBJECT = { required: ["answer"], properties: { answer: { const: "This is a demo answer in JSON." } } };

/** The JSON Schema that the answer has to fit; undefined if it may be text. `format` is flat or as chat nests it. */
export function jsonSchemaOf(format) {
  if (format?.type === "json_object") return ANY_OBJECT;
  return format?.type === "json_schema" ? (format.schema ?? format.json_schema?.schema ?? ANY_OBJECT) : undefined;
}

/** What was asked for, told in the same words whatever the endpoint calls them. */
export const conversationOf = (body) => ({
  messages: body.messages ?? [{ role: "user", content: body.prompt }],
  toolNames: (body.tools ?? []).flatMap((tool) => (tool.type === "function" ? (tool.function?.name ?? []) : [])),
  toolChoice: body.tool_choice,
  maxTokens: body.max_completion_tokens ?? body.max_tokens ?? Infinity,
  jsonSchema: jsonSchemaOf(body.response_format),
});

/** One accepted chat request, with what its answer's chunks have in common. */
export class Chat {
  /** Fragments given so far: what the caller pays for. */
  completionTokens = 0;
  finishReason = null;

  /**
   * - `messages`, `toolNames`, `toolChoice`, `maxTokens`, `jsonSchema`: what {@link conversationOf} gives.
   * - `body`, `bodyText`, `headers`: the request as it came.
   * - `model`: what answers, `{ id, provider, pricing: { prompt, completion } }`, prices in USD per token.
   * - `number`: that of the scenario.
   * - `isCached`: whether it costs nothing, because it has been answered before.
   * - `metadata`: how it was routed, if the caller is to be told.
   * - `id`, `created`, `wordDelayMs`.
   */
  constructor(request) {
    Object.assign(this, request);
  }

  get isStream() {
    return this.body.stream === true;
  }

  get lastUserText() {
    return textOf(this.messages.findLast((message) => message.role === "user")?.content);
  }

  /** All tool results of the conversation, oldest first. */
  get toolResults() {
    return this.messages.filter(({ role }) => role === "tool").map(({ content }) => textOf(content));
  }

  /** Whether the request ends with tool results, which now want an answer. */
  get hasToolResult() {
    return this.messages.at(-1)?.role === "tool";
  }

  /** The field that tells how it was routed, where one is wanted. */
  get routing() {
    return this.metadata && { openrouter_metadata: this.metadata };
  }

  /** The name of the caller's n-th function tool, or one that every demo has. */
  toolName(n = 0) {
    return this.toolNames[n] ?? this.toolNames[0] ?? "get_weather";
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
    yield this.delta({}, { finish, usage: this.usage(), ...this.routing });
    yield DONE;
  }

  usage() {
    const sent = this.messages.reduce((sum, { content }) => sum + tokensIn(textOf(content)), 0);
    const [prompt_tokens, completion_tokens] = this.isCached ? [0, 0] : [sent, this.completionTokens];
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

  /** The whole message that a scenario answers with, for endpoints that put it into a shape of their own. */
  answered(scenario) {
    this.completionTokens = [...scenario.deltas(this)].length;
    const { interruption } = scenario;
    this.finishReason = interruption ? (interruption.error ? "error" : null) : scenario.finish(this);
    return scenario.message(this);
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
    const more = { system_fingerprint: null, choices: [choice], usage: this.usage() };
    return { ...this.#envelope("chat.completion"), ...more, ...this.routing };
  }
}
