// The public types. Wire shapes keep OpenRouter's snake_case, so that its documentation can be searched for them;
// strings that the API documents as a choice are open, for it grows without notice.
// Source: OpenRouter's OpenAPI document, guides and recorded traffic (2026-08).

/** A choice that may grow: completion for the known values, any string at run time. */
export type Open<Known extends string> = Known | (string & {});

/** What the client and each of its calls can be told; what a call says goes before what the client says. */
export interface CommonOptions {
  /**
   * Where requests go. Default: on a page its own `/api/v1` (a proxy that holds the key), elsewhere the variable
   * `OPENROUTER_BASE_URL` or `https://openrouter.ai/api/v1`. A path such as `/llm/v1` is taken below the page's origin.
   */
  baseURL?: string;
  /**
   * Sent as `Authorization: Bearer …`. Needed only where there is neither page nor proxy; there the default is the
   * variable `OPENROUTER_API_KEY`. Never put your own key in a page.
   */
  apiKey?: string;
  /** Sent with every request, in place of headers of the same name. */
  headers?: HeadersInit;
  /** URL of your app, by which OpenRouter lists it: `HTTP-Referer`. Default: the variable `OPENROUTER_SITE_URL`. */
  siteURL?: string;
  /** Name of your app: `X-OpenRouter-Title`. Default: the variable `OPENROUTER_SITE_NAME`. */
  siteName?: string;
  /**
   * How often a request is sent again (2): after network errors, 408, 429, 5xx and what OpenRouter calls retryable, with
   * growing random pauses or after `Retry-After` (up to a minute). Never once a part of an answer was received, for that
   * is billed; never for daily limits; after a 500 only once.
   */
  maxRetries?: number;
  /** Milliseconds from the call to the end of the answer, retries included. Default: 600000, streams without limit. */
  timeout?: number;
  /** Milliseconds to the first chunk of a stream, or to the head of another answer. Keep-alives do not count. */
  firstTokenTimeout?: number;
  /** Milliseconds of silence while a read waits. Keep-alives count as sound. Default: 120000 for streams. */
  idleTimeout?: number;
  /** Models to ask in turn when the one before has failed for good, before any answer began. See also `models`. */
  fallbackModels?: string[];
  /** Called in place of the global `fetch`, with a URL and an init object. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  hooks?: Hooks;
}

/** Called as a call goes on. They see neither key nor prompt. */
export interface Hooks {
  onRequest?(request: { url: string; method: string; attempt: number }): void;
  onResponse?(response: { url: string; method: string; attempt: number; status: number }): void;
  onRetry?(retry: { error: OpenRouterError; delayMs: number }): void;
}

export interface OpenRouterOptions extends CommonOptions {}

export interface CallOptions extends CommonOptions {
  /** Ends the call when it is aborted; it then rejects with the signal's reason, as `fetch` does. */
  signal?: AbortSignal;
}

/** Body of `POST /chat/completions`. Fields that are not listed are sent as given. */
export interface ChatRequest {
  /** Oldest first; at least one. */
  messages: Message[];
  /** Slug `author/name`, e.g. `openai/gpt-5.2`, with an optional variant such as `:free` or `:nitro`. */
  model?: string;
  /** Tried in order when the model before fails. */
  models?: string[];
  /** 0 to 2; absent means the provider's default. */
  temperature?: number | null;
  /** 0 to 1. */
  top_p?: number | null;
  /** 0 or more; 0 is off. */
  top_k?: number | null;
  /** 0 to 1. */
  min_p?: number | null;
  /** 0 to 1. */
  top_a?: number | null;
  /** -2 to 2. */
  frequency_penalty?: number | null;
  /** -2 to 2. */
  presence_penalty?: number | null;
  /** 0 to 2. */
  repetition_penalty?: number | null;
  /** Whole number; determinism is not guaranteed. */
  seed?: number | null;
  /** Most tokens of the answer, reasoning included; 1 or more. */
  max_completion_tokens?: number | null;
  /** The older name of `max_completion_tokens`. */
  max_tokens?: number | null;
  /** Up to 4 texts that end the answer. */
  stop?: string | string[] | null;
  /** Token id to bias, -100 to 100. */
  logit_bias?: Record<string, number> | null;
  logprobs?: boolean | null;
  /** 0 to 20; needs `logprobs`. */
  top_logprobs?: number | null;
  response_format?: ResponseFormat;
  tools?: Tool[];
  tool_choice?: "none" | "auto" | "required" | { type: "function"; function: { name: string } } | { type: string };
  parallel_tool_calls?: boolean | null;
  stop_server_tools_when?: StopCondition[];
  reasoning?: Reasoning;
  reasoning_effort?: Open<ReasoningEffort> | null;
  verbosity?: Open<"low" | "medium" | "high" | "xhigh" | "max">;
  provider?: ProviderPreferences;
  plugins?: Plugin[];
  /** Slug of a preset of the account. */
  preset?: string;
  /** What the answer may hold. */
  modalities?: Open<"text" | "image" | "audio">[];
  image_config?: Record<string, unknown>;
  /** Needs `stream()`. */
  audio?: { voice: string; format: string };
  prediction?: { type: "content"; content: string | TextPart[] };
  cache_control?: CacheControl;
  prompt_cache_key?: string | null;
  prompt_cache_options?: { mode: Open<"explicit">; ttl?: string | null };
  service_tier?: Open<"auto" | "default" | "fast" | "flex" | "priority" | "scale"> | null;
  /** Up to 256 characters; keeps a conversation at one provider, so that its prompt cache is used. */
  session_id?: string;
  /** Stable id of your user, for abuse isolation. */
  user?: string;
  /** Up to 16 pairs, keys of 64 and values of 512 characters. */
  metadata?: Record<string, string>;
  trace?: Record<string, unknown>;
  [field: string]: unknown;
}

export type Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage;

export interface SystemMessage {
  role: "system";
  content: string | TextPart[];
  name?: string;
}

export interface DeveloperMessage {
  role: "developer";
  content: string | TextPart[];
  name?: string;
}

export interface UserMessage {
  role: "user";
  content: string | ContentPart[];
  name?: string;
}

/** An answer; what `chat()` and `finalMessage()` give can be sent back as it is. */
export interface AssistantMessage {
  role: "assistant";
  content?: string | ContentPart[] | null;
  name?: string;
  refusal?: string | null;
  reasoning?: string | null;
  /** Must be sent back unchanged and in order. */
  reasoning_details?: ReasoningDetail[];
  tool_calls?: ToolCall[];
  images?: ImagePart[];
  audio?: { id?: string; data?: string; transcript?: string; expires_at?: number };
  annotations?: Annotation[];
  /** The model that wrote it. */
  model?: string;
  [field: string]: unknown;
}

export interface ToolMessage {
  role: "tool";
  content: string | ContentPart[];
  tool_call_id: string;
  name?: string;
}

export type ContentPart = TextPart | ImagePart | AudioPart | VideoPart | FilePart;

export interface TextPart {
  type: "text";
  text: string;
  cache_control?: CacheControl;
  prompt_cache_breakpoint?: { mode: "explicit" };
}

export interface ImagePart {
  type: "image_url";
  /** `https:` or `data:` URL of a PNG, JPEG, WebP or GIF. */
  image_url: { url: string; detail?: Open<"auto" | "low" | "high" | "original"> };
  cache_control?: CacheControl;
}

export interface AudioPart {
  type: "input_audio";
  /** Base64; URLs are not taken. */
  input_audio: { data: string; format: Open<"wav" | "mp3" | "aiff" | "aac" | "ogg" | "flac" | "m4a" | "pcm16" | "pcm24"> };
}

export interface VideoPart {
  type: "video_url";
  video_url: { url: string };
}

export interface FilePart {
  type: "file";
  /** `file_data` is an `https:` or `data:` URL. */
  file: { filename?: string; file_data?: string; file_id?: string };
}

export interface CacheControl {
  type: "ephemeral";
  ttl?: "5m" | "1h";
}

export type ReasoningEffort = "max" | "xhigh" | "high" | "medium" | "low" | "minimal" | "none";

/** Give `effort` or `max_tokens`, not both. */
export interface Reasoning {
  effort?: Open<ReasoningEffort> | null;
  max_tokens?: number | null;
  /** Think, but leave it out of the answer. */
  exclude?: boolean | null;
  enabled?: boolean | null;
  summary?: Open<"auto" | "concise" | "detailed"> | null;
  context?: Open<"auto" | "all_turns" | "current_turn">;
  mode?: Open<"standard" | "pro">;
}

export interface ReasoningDetail {
  type: Open<"reasoning.text" | "reasoning.summary" | "reasoning.encrypted" | "reasoning.server_tool_call">;
  text?: string | null;
  signature?: string | null;
  summary?: string;
  data?: string;
  id?: string | null;
  format?: string | null;
  index?: number;
  [field: string]: unknown;
}

export interface FunctionTool {
  type: "function";
  function: {
    /** Up to 64 characters. */
    name: string;
    description?: string;
    /** JSON Schema. */
    parameters?: Record<string, unknown>;
    strict?: boolean | null;
  };
  cache_control?: CacheControl;
}

/** Runs at OpenRouter and costs extra. */
export interface ServerTool {
  type: Open<
    | "openrouter:web_search"
    | "openrouter:web_fetch"
    | "openrouter:datetime"
    | "openrouter:image_generation"
    | "openrouter:advisor"
    | "openrouter:subagent"
    | "openrouter:fusion"
    | "openrouter:bash"
    | "openrouter:files"
  >;
  parameters?: Record<string, unknown>;
}

export type Tool = FunctionTool | ServerTool;

export interface ToolCall {
  id: string;
  type: "function";
  function: {
    name: string;
    /** JSON as text; some providers leave it out of whole answers where there are none. */
    arguments?: string;
  };
  [field: string]: unknown;
}

export type ResponseFormat =
  | { type: "text" }
  | { type: "json_object" }
  | { type: "json_schema"; json_schema: { name: string; description?: string; schema?: Record<string, unknown>; strict?: boolean | null } }
  | { type: "grammar"; grammar: string }
  | { type: "python" };

export type StopCondition =
  | { type: "step_count_is"; step_count: number }
  | { type: "has_tool_call"; tool_name: string }
  | { type: "max_tokens_used"; max_tokens: number }
  | { type: "max_cost"; max_cost_in_dollars: number }
  | { type: "finish_reason_is"; reason: string };

export interface ProviderPreferences {
  /** Providers to try in this order; turns load balancing off. */
  order?: string[] | null;
  only?: string[] | null;
  ignore?: string[] | null;
  allow_fallbacks?: boolean | null;
  /** Use only providers that support every parameter of the request. */
  require_parameters?: boolean | null;
  data_collection?: "allow" | "deny" | null;
  zdr?: boolean | null;
  enforce_distillable_text?: boolean | null;
  quantizations?: Open<"int4" | "int8" | "fp4" | "mxfp4" | "nvfp4" | "fp6" | "fp8" | "mxfp8" | "fp16" | "bf16" | "fp32" | "unknown">[] | null;
  sort?: Open<"price" | "throughput" | "latency" | "exacto"> | { by?: string | null; partition?: "model" | "none" | null } | null;
  /** `prompt` and `completion` in USD per million tokens; the others per unit. */
  max_price?: { prompt?: number | string; completion?: number | string; image?: number | string; audio?: number | string; request?: number | string };
  /** Tokens per second. */
  preferred_min_throughput?: number | Percentiles | null;
  /** Seconds. */
  preferred_max_latency?: number | Percentiles | null;
}

export interface Percentiles {
  p50?: number;
  p75?: number;
  p90?: number;
  p99?: number;
}

export interface Plugin {
  id: Open<
    | "auto-router"
    | "auto-beta-router"
    | "moderation"
    | "web"
    | "web-fetch"
    | "file-parser"
    | "response-healing"
    | "context-compression"
    | "pareto-router"
    | "fusion"
  >;
  enabled?: boolean;
  [setting: string]: unknown;
}

export type FinishReason = Open<"stop" | "length" | "tool_calls" | "content_filter" | "error">;

/** A whole answer. Fields that are not listed come as sent. */
export interface ChatCompletion {
  id: string;
  object: "chat.completion";
  /** Seconds since 1970. */
  created: number;
  /** The model that answered. */
  model: string;
  /** The provider's name for people. */
  provider?: string;
  choices: Choice[];
  usage?: Usage;
  system_fingerprint?: string | null;
  service_tier?: string | null;
  [field: string]: unknown;
}

export interface Choice {
  index: number;
  message: AssistantMessage;
  finish_reason: FinishReason | null;
  /** The provider's own word for it. */
  native_finish_reason?: string | null;
  logprobs?: Logprobs | null;
  [field: string]: unknown;
}

export interface Logprobs {
  content?: { token: string; logprob: number; bytes?: number[] | null; top_logprobs?: unknown[] }[] | null;
  refusal?: unknown[] | null;
}

/** One piece of a streamed answer, as OpenRouter sends it. `choices` may be empty. */
export interface ChatCompletionChunk {
  id: string;
  object: "chat.completion.chunk";
  created: number;
  model: string;
  provider?: string;
  choices: ChunkChoice[];
  /** In the last chunk, or in several; the last one counts. */
  usage?: Usage;
  [field: string]: unknown;
}

export interface ChunkChoice {
  index: number;
  delta?: Delta | null;
  finish_reason?: FinishReason | null;
  native_finish_reason?: string | null;
  logprobs?: Logprobs | null;
  [field: string]: unknown;
}

export interface Delta {
  role?: "assistant";
  content?: string | null;
  reasoning?: string | null;
  reasoning_details?: ReasoningDetail[];
  tool_calls?: ToolCallDelta[];
  refusal?: string | null;
  images?: ImagePart[];
  annotations?: Annotation[];
  audio?: { id?: string; data?: string; transcript?: string; expires_at?: number };
  [field: string]: unknown;
}

export interface ToolCallDelta {
  index?: number;
  id?: string | null;
  type?: "function";
  function?: { name?: string; arguments?: string };
}

export type Annotation =
  | { type: "url_citation"; url_citation: { url: string; title?: string; content?: string; start_index?: number; end_index?: number } }
  | { type: "file"; file: { hash: string; name?: string; content: ContentPart[] } }
  | { type: string & {}; [field: string]: unknown };

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  /** USD. */
  cost?: number | null;
  is_byok?: boolean;
  prompt_tokens_details?: { cached_tokens?: number; cache_write_tokens?: number; audio_tokens?: number; video_tokens?: number } | null;
  completion_tokens_details?: { reasoning_tokens?: number; image_tokens?: number; audio_tokens?: number } | null;
  cost_details?: {
    upstream_inference_cost?: number | null;
    upstream_inference_prompt_cost?: number;
    upstream_inference_completions_cost?: number;
  };
  [field: string]: unknown;
}

/** What the first choice of a stream says, one thing at a time. */
export type StreamEvent =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | { type: "refusal"; text: string }
  | { type: "tool_call_delta"; delta: ToolCallDelta }
  | { type: "image"; image: ImagePart }
  | { type: "annotation"; annotation: Annotation }
  | { type: "audio"; audio: { id?: string; data?: string; transcript?: string; expires_at?: number } }
  /** May come more than once; the last one counts. */
  | { type: "usage"; usage: Usage }
  /** A whole call, at the end. Do not run one that is not complete: it was cut off. */
  | { type: "tool_call"; id: string; name: string; arguments: string; isComplete: boolean }
  /** Once, at the end. */
  | { type: "finish"; finishReason: FinishReason | null; nativeFinishReason: string | null };

/** A `ReadableStream` that is async-iterable in every engine. */
export type AsyncIterableStream<T> = ReadableStream<T> & AsyncIterable<T>;

/**
 * One streamed answer: a `ReadableStream` of OpenRouter's own chunks, and views on it. Cancelling it (or a view, also
 * while it is read: the reader is then told by an `AbortError`) or leaving a `for await` early ends the request. A stream that is cut off, or in which an error comes, rejects after the chunks
 * before it: a cut answer is never a short success.
 */
export type ChatCompletionStream = AsyncIterableStream<ChatCompletionChunk> & {
  /** The text of the first choice, to append as it comes. Reads in place of the stream. */
  text(): AsyncIterableStream<string>;
  /** Text, reasoning, tool calls, usage … one by one. Reads in place of the stream; call it first. */
  events(): AsyncIterableStream<StreamEvent>;
  /** Resolves with the whole message, which can be sent back as it is. The stream can still be read. */
  finalMessage(): Promise<AssistantMessage>;
  /** Resolves with the whole answer: message, finish reason, usage, model. The stream can still be read. */
  finalCompletion(): Promise<ChatCompletion>;
  /** Resolves when the answer begins. */
  response(): Promise<{ status: number; requestId?: string; generationId?: string }>;
};

/** Query of `GET /models`. Lists are sent joined by commas. Fields that are not listed are sent as given. */
export interface ModelsQuery {
  /** Free text. */
  q?: string;
  /** 0 or more. */
  offset?: number;
  /** 1 to 1000; without `offset` and `limit` the list is whole. */
  limit?: number;
  category?: string;
  supported_parameters?: string | string[];
  /** Default: text models only. */
  output_modalities?: string | string[];
  input_modalities?: string | string[];
  sort?: Open<
    | "most-popular"
    | "newest"
    | "top-weekly"
    | "pricing-low-to-high"
    | "pricing-high-to-low"
    | "context-high-to-low"
    | "throughput-high-to-low"
    | "latency-low-to-high"
  >;
  /** Tokens. */
  context?: number;
  /** USD per million prompt tokens. */
  min_price?: number;
  max_price?: number;
  providers?: string | string[];
  [parameter: string]: unknown;
}

export interface ModelList {
  data: Model[];
  total_count?: number;
  links?: { next?: string | null };
  [field: string]: unknown;
}

export interface Model {
  /** Slug to send as `model`. */
  id: string;
  canonical_slug?: string;
  name: string;
  /** Seconds since 1970. */
  created?: number;
  description?: string;
  /** Tokens that prompt and answer may have together. */
  context_length: number | null;
  architecture?: { input_modalities?: string[]; output_modalities?: string[]; modality?: string | null; tokenizer?: string; instruct_type?: string | null };
  pricing: ModelPricing;
  top_provider?: { context_length?: number | null; max_completion_tokens?: number | null; is_moderated?: boolean };
  supported_parameters?: string[];
  expiration_date?: string | null;
  [field: string]: unknown;
}

/** Decimal texts in USD per single unit; `"-1"` where it depends, as on routers. See `pricePerMillion()`. */
export interface ModelPricing {
  prompt: string;
  completion: string;
  request?: string;
  image?: string;
  web_search?: string;
  internal_reasoning?: string;
  input_cache_read?: string;
  input_cache_write?: string;
  [unit: string]: unknown;
}

export type OpenRouterErrorCode =
  /** The request is wrong; `field` says where, if it was refused before it was sent. */
  | "invalid_request"
  | "context_length_exceeded"
  | "model_not_found"
  /** No provider may serve the model with these settings. */
  | "model_unavailable"
  | "authentication"
  | "payment_required"
  | "permission_denied"
  /** Refused by moderation or a guardrail. */
  | "content_refused"
  | "not_found"
  | "payload_too_large"
  /** See `retryAfter`. */
  | "rate_limited"
  | "timeout"
  | "server_error"
  | "provider_unavailable"
  | "overloaded"
  /** No connection, or it broke before the answer began. */
  | "network"
  /** The answer ended before it was complete; see `partialText`. */
  | "stream_cut"
  | "malformed_response"
  /** An option of the client, or the set-up of the proxy, is wrong or missing. */
  | "configuration"
  | "upstream_error"
  /** `parse()`: no JSON, cut off, or not what its schema says; see `partialText` and `issues`. */
  | "invalid_output"
  /** `runTools()`: the model still called tools in the last step; see `messages`. */
  | "step_limit";

export interface OpenRouterErrorProperties {
  code: OpenRouterErrorCode;
  message: string;
  retryable: boolean;
  status?: number;
  retryAfter?: number;
  requestId?: string;
  generationId?: string;
  field?: string;
  errorType?: string;
  upstreamMessage?: string;
  provider?: string;
  partialText?: string;
  usage?: Usage;
  attempts?: number;
  issues?: readonly StandardIssue[];
  messages?: Message[];
  cause?: unknown;
}

/** Why a call failed. An aborted call rejects with its signal's reason instead. */
export class OpenRouterError extends Error {
  constructor(properties: OpenRouterErrorProperties);
  readonly name: "OpenRouterError";
  /** Never changes its meaning. There may be more of them one day. */
  readonly code: OpenRouterErrorCode;
  /** HTTP status, or the code of an error inside an answer. */
  readonly status?: number;
  /** Whether the same request, sent again, may succeed. */
  readonly retryable: boolean;
  /** Seconds to wait before that, where the upstream says so. */
  readonly retryAfter?: number;
  /** Under which the proxy, OpenRouter or Cloudflare logged the request. */
  readonly requestId?: string;
  readonly generationId?: string;
  /** Path of the field that is wrong, e.g. `messages[0].role`. */
  readonly field?: string;
  /** OpenRouter's own name for the error. */
  readonly errorType?: string;
  /** OpenRouter's own words; they may quote the prompt. */
  readonly upstreamMessage?: string;
  /** The provider that failed. */
  readonly provider?: string;
  /** The text that had been answered before the error. */
  readonly partialText?: string;
  /** Tokens and cost of an answer that failed, where they were told. */
  readonly usage?: Usage;
  /** How often the request was sent, if more than once. */
  readonly attempts?: number;
  /** What a validator found wrong with the answer; it may quote it. */
  readonly issues?: readonly StandardIssue[];
  /** The conversation of a tool run that met its limit; another run can go on with it. */
  readonly messages?: Message[];
}

/** What validators offer (Zod, Valibot, ArkType …). Source: Standard Schema, version 1 (standardschema.dev). */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown, options?: any) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type of what a validator lets pass. */
export type InferOutput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["output"];

export type JsonSchema = Record<string, unknown>;

/** What is said to the model about an output, beside its schema. */
export interface OutputOptions {
  /** 1 to 64 of A-Z, a-z, 0-9, `_` and `-`. Default: `output`. */
  name?: string;
  description?: string;
  /** Default: whether strict models take the schema. */
  strict?: boolean;
}

/** A validator, where need be with the JSON Schema that it cannot tell by itself. */
export type ValidatedOutput<Schema extends StandardSchema> = Schema | (OutputOptions & { schema: Schema; jsonSchema?: JsonSchema });

/**
 * A JSON Schema alone. The answer is checked against it: types, `enum`, `const`, objects, lists, bounds, combinations
 * and local `$ref`; other keywords, such as `pattern` and `format`, are sent but not checked.
 */
export type JsonOutput = JsonSchema | (OutputOptions & { jsonSchema: JsonSchema });

export interface Parsed<T> {
  data: T;
  /** The whole answer. */
  completion: ChatCompletion;
  message: AssistantMessage;
}

/** What a tool's handler gets beside the arguments. */
export interface ToolContext {
  /** Aborted when the run is. */
  signal: AbortSignal;
  callId: string;
  /** From 1. */
  step: number;
}

export interface ToolDefinition<Parameters, Args> {
  /** Up to 64 characters. */
  name: string;
  description?: string;
  parameters?: Parameters;
  strict?: boolean;
  /**
   * Runs a call. What it resolves to goes to the model: text and content parts as they are, the rest as JSON. What it
   * throws too, as `{"error": message}`, unless the run was aborted. Without it the calls are yours to answer.
   */
  run?(args: Args, context: ToolContext): unknown;
}

/** A tool that `runTools()` can run; elsewhere it is a plain one. */
export interface RunnableTool extends FunctionTool {
  readonly run?: (args: any, context: ToolContext) => unknown;
}

export interface ToolRunOptions extends CallOptions {
  /** How often the model may be asked. Default: 10. */
  maxSteps?: number;
  /** Called, and waited for, after each answer and its tools. */
  onStep?: (step: ToolRunStep) => void | Promise<void>;
}

/** An answer, and the results of its calls. */
export interface ToolRunStep {
  type: "step";
  /** From 1. */
  step: number;
  /** The answer first. */
  messages: Message[];
  /** Of all steps so far. */
  usage?: Usage;
}

export type ToolRunEvent =
  | StreamEvent
  /** `isError`: the call was not run, or its handler threw; the model is told by `content`. */
  | { type: "tool_result"; id: string; name: string; content: string | ContentPart[]; isError: boolean }
  | ToolRunStep;

/**
 * A conversation in which the model calls tools until it answers. It goes on by itself. Each iteration tells all events
 * from the first; leaving one early ends the run.
 */
export interface ToolRun extends AsyncIterable<ToolRunEvent> {
  /** The conversation so far: what the request had, the answers, and the results. */
  readonly messages: Message[];
  /**
   * Resolves with the last answer: it calls no tools, or some that have no handler. Rejects with an error of code
   * `step_limit` after `maxSteps`.
   */
  finalMessage(): Promise<AssistantMessage>;
  /** Tokens and cost of all steps, once the run is over, whichever way. */
  usage(): Promise<Usage | undefined>;
  /** Ends the run, its request, and the handlers that heed their signal. */
  cancel(reason?: unknown): void;
}
