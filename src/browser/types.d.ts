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
  /**
   * A token that ends, such as a proxy's session, or a function that gives one: `Authorization: Bearer …`, as with `apiKey`,
   * beside which it is refused. A function is asked before the first request, once for all calls that wait at the same
   * time, and what it gives is kept in memory: until shortly before its end, if it is a JWT with `exp`, or until the server
   * refuses it (401). Then it is asked again, and the request is sent once more, which is no retry; a second 401 is the error.
   * A function that several clients or calls are given gives one token for all of them.
   */
  auth?: string | AuthFunction;
  /** Sent with every request, in place of headers of the same name. */
  headers?: NonNullable<RequestInit["headers"]>;
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
  /** Ends the call (of a client: all its calls) when it is aborted; it then rejects with the signal's reason, as `fetch` does. */
  signal?: AbortSignal;
}

/** Why a token is asked for, and until when it is of use. */
export interface AuthRequest {
  /**
   * `first`: there is none. `expired`: the one before is, or soon will be, over. `refused`: the server did not accept it
   * (401), so that a copy of it, kept elsewhere, will not do.
   */
  reason: "first" | "expired" | "refused";
  /** Aborted when nobody waits for the token any more. */
  signal: AbortSignal;
}

/**
 * Gives a token. What it throws ends the calls that wait, which reject with it as it is; anything but a text that is not
 * empty is `authentication`, with the `field` `auth`. While it is asked, only `timeout` and `signal` of a call hold. It must
 * not wait for a call of a client whose `auth` it is.
 */
export type AuthFunction = (request: AuthRequest) => string | Promise<string>;

/** Called as a call goes on. They see neither key nor prompt. What one throws ends the call, which rejects with it. */
export interface Hooks {
  onRequest?(request: { url: string; method: string; attempt: number }): void;
  onResponse?(response: { url: string; method: string; attempt: number; status: number }): void;
  onRetry?(retry: { error: OpenRouterError; delayMs: number }): void;
}

export interface OpenRouterOptions extends CommonOptions {}

export interface CallOptions extends CommonOptions {}

/** Body of `POST /chat/completions`. Fields that are not listed are sent as given. */
export interface ChatRequest {
  /** Oldest first; at least one. The last may be an assistant's, whose text the answer then goes on with. */
  messages: Message[];
  /**
   * Slug `author/name`, e.g. `openai/gpt-5.2`; the author is not the provider that serves it. Variants, as a suffix:
   * `:free` (free of charge, with low limits), `:nitro` (fastest provider first), `:floor` (cheapest first), `:exacto`
   * (best at calling tools first), `:extended` (longer context), `:batch`; `:online` and `:thinking` are out of date.
   * `~author/family-latest` is an alias, `openrouter/auto` a router, `@preset/slug` and `author/name@preset/slug` a
   * preset. Absent: the account's default.
   */
  model?: string;
  /** Tried in order when the model before fails, `model` first. */
  models?: string[];
  /** -2 to 2. */
  frequency_penalty?: number | null;
  /** -2 to 2. */
  presence_penalty?: number | null;
  /** Above 0, to 2; 1 is none. Not every provider has it. */
  repetition_penalty?: number | null;
  /** 0 to 2; absent means the provider's default. */
  temperature?: number | null;
  /** Above 0, to 1. */
  top_p?: number | null;
  /** 0 to 1. */
  min_p?: number | null;
  /** 0 to 1. */
  top_a?: number | null;
  /** 0 or more; 0 is off. */
  top_k?: number | null;
  /** Whole number; determinism is not guaranteed. */
  seed?: number | null;
  /** Most tokens of the answer, reasoning included; 1 or more. */
  max_completion_tokens?: number | null;
  /** @deprecated The older name of `max_completion_tokens`. */
  max_tokens?: number | null;
  /** Up to 4 texts that end the answer. */
  stop?: string | string[] | null;
  /** Token id to bias, -100 to 100. */
  logit_bias?: Record<string, number> | null;
  logprobs?: boolean | null;
  /** 0 to 20; needs `logprobs`. */
  top_logprobs?: number | null;
  response_format?: ResponseFormat;
  /** Must be sent again with the results of their calls. */
  tools?: Tool[];
  tool_choice?: "none" | "auto" | "required" | { type: "function"; function: { name: string } } | { type: string };
  /** Default: true. */
  parallel_tool_calls?: boolean | null;
  /** At least one; whichever holds first ends the loop of server tools. */
  stop_server_tools_when?: StopCondition[];
  reasoning?: Reasoning;
  /** Short for `reasoning.effort`, which it must not contradict. */
  reasoning_effort?: Open<ReasoningEffort> | null;
  /** @deprecated `true` is `reasoning: {}`, `false` is `reasoning: { exclude: true }`. */
  include_reasoning?: boolean;
  verbosity?: Open<"low" | "medium" | "high" | "xhigh" | "max">;
  /** Which providers may serve the request, and which first. */
  provider?: ProviderPreferences | null;
  plugins?: Plugin[];
  /** Slug of a preset of the account. What the request says goes before what it says. */
  preset?: string;
  /** What the answer may hold. */
  modalities?: Open<"text" | "image" | "audio">[];
  /** Of models that draw, e.g. `aspect_ratio`, `quality`. */
  image_config?: Record<string, string | number | unknown[]>;
  /** Sound in the answer; needs `stream()`. */
  audio?: { voice: string; format: Open<"wav" | "mp3" | "flac" | "opus" | "pcm16"> };
  /** Most of the answer, where it is known already. */
  prediction?: { type: "content"; content: string | TextPart[] } | null;
  /** For models whose provider searches the web by itself. */
  web_search_options?: { search_context_size?: Open<"low" | "medium" | "high">; user_location?: unknown; [option: string]: unknown };
  /** Caches the prompt up to its last part that can be. Parts have their own. */
  cache_control?: CacheControl;
  prompt_cache_key?: string | null;
  /** `explicit`: only up to the parts with a `prompt_cache_breakpoint`. */
  prompt_cache_options?: { mode: Open<"explicit">; ttl?: string | null } | null;
  /** `fast` is `priority`. */
  service_tier?: Open<"auto" | "default" | "fast" | "flex" | "priority" | "scale"> | null;
  /** Up to 256 characters; keeps a conversation at one provider, so that its prompt cache is used. */
  session_id?: string;
  /** Stable id of your user, for abuse isolation. It is not passed on as it is. */
  user?: string;
  /** Up to 16 pairs, keys of 64 and values of 512 characters. */
  metadata?: Record<string, string>;
  /** For where the account broadcasts its traces; other keys pass as metadata. */
  trace?: {
    trace_id?: string;
    trace_name?: string;
    span_name?: string;
    generation_name?: string;
    parent_span_id?: string;
    [key: string]: unknown;
  };
  /** Streams only: the first chunk tells what was sent to the provider. */
  debug?: { echo_upstream_body?: boolean };
  /** @deprecated Without effect: usage always comes. */
  stream_options?: { include_usage?: boolean } | null;
  /** @deprecated Without effect: usage always comes. */
  usage?: { include?: boolean };
  /** @deprecated `models` alone falls back, `provider.sort` sorts. */
  route?: Open<"fallback" | "sort"> | null;
  /** @deprecated Now the plugin `context-compression`. */
  transforms?: string[];
  /** @deprecated The older way to ask, instead of messages. */
  prompt?: string;
  /** Whatever else a provider takes. */
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
  prompt_cache_breakpoint?: { mode: "explicit" } | null;
}

export interface ImagePart {
  type: "image_url";
  /** `https:` or `data:` URL of a PNG, JPEG, WebP or GIF. Text comes first, images after it. */
  image_url: { url: string; detail?: Open<"auto" | "low" | "high" | "original"> };
  cache_control?: CacheControl;
}

export interface AudioPart {
  type: "input_audio";
  /** Base64; URLs are not taken. */
  input_audio: { data: string; format: Open<"wav" | "mp3" | "aiff" | "aac" | "ogg" | "flac" | "m4a" | "pcm16" | "pcm24"> };
  cache_control?: CacheControl;
}

export interface VideoPart {
  /** `input_video` is the older name. */
  type: "video_url" | "input_video";
  /** `data:` URL or, where the provider takes them, another, of an MP4, MPEG, MOV or WebM. */
  video_url: { url: string };
  cache_control?: CacheControl;
}

export interface FilePart {
  type: "file";
  /** `file_data` is an `https:` or `data:` URL, `file_id` of an uploaded file. */
  file: { filename?: string; file_data?: string; file_id?: string };
  cache_control?: CacheControl;
}

export interface CacheControl {
  type: "ephemeral";
  ttl?: "5m" | "1h";
}

export type ReasoningEffort = "max" | "xhigh" | "high" | "medium" | "low" | "minimal" | "none";

/** Give `effort` or `max_tokens`, not both. */
export interface Reasoning {
  /** Part of the answer's tokens that go into thinking: .95 (`max`, `xhigh`), .8, .5, .2, .1; `none` thinks not at all. */
  effort?: Open<ReasoningEffort> | null;
  /** Tokens to think with; `max_completion_tokens` must be more. Anthropic: 1024 to 128000. */
  max_tokens?: number | null;
  /** Think, but leave it out of the answer. */
  exclude?: boolean | null;
  /** Think as the model does by default. */
  enabled?: boolean | null;
  summary?: Open<"auto" | "concise" | "detailed"> | null;
  /** Of which turns the model sees what it thought; newer models of OpenAI's. */
  context?: Open<"auto" | "all_turns" | "current_turn"> | null;
  mode?: Open<"standard" | "pro"> | null;
}

export interface ReasoningDetail {
  type: Open<"reasoning.text" | "reasoning.summary" | "reasoning.encrypted" | "reasoning.server_tool_call">;
  text?: string | null;
  signature?: string | null;
  summary?: string;
  data?: string;
  id?: string | null;
  format?: Open<
    | "unknown"
    | "openai-responses-v1"
    | "azure-openai-responses-v1"
    | "bedrock-openai-responses-v1"
    | "bedrock-xai-responses-v1"
    | "xai-responses-v1"
    | "meta-responses-v1"
    | "anthropic-claude-v1"
    | "google-gemini-v1"
  > | null;
  index?: number;
  /** Of `reasoning.server_tool_call`. */
  tool_name?: string;
  arguments?: string;
  result?: string;
  tool_call_id?: string | null;
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
  /** Anthropic: arguments come as they are written, unchecked. */
  eager_input_streaming?: boolean;
}

/** Runs at OpenRouter and costs extra. */
export type ServerTool =
  | { type: "openrouter:web_search"; parameters?: WebSearchParameters }
  | ({ type: "web_search" | "web_search_preview" | "web_search_preview_2025_03_11" | "web_search_2025_08_26"; parameters?: WebSearchParameters } & WebSearchParameters)
  | { type: "openrouter:web_fetch"; parameters?: WebFetchParameters }
  | { type: "openrouter:datetime"; parameters?: { /** IANA name; default UTC. */ timezone?: string } }
  | { type: "openrouter:image_generation"; parameters?: { model?: string; [setting: string]: unknown } }
  | { type: "openrouter:advisor"; parameters?: AdvisorParameters }
  | { type: "openrouter:subagent"; parameters?: SubagentParameters }
  | { type: "openrouter:fusion"; parameters?: FusionParameters }
  | { type: "openrouter:bash"; parameters?: BashParameters }
  | { type: "openrouter:files"; parameters?: Record<string, unknown> }
  | { type: "openrouter:experimental__search_models"; parameters?: { /** Up to 20; default 5. */ max_results?: number } }
  | { type: `openrouter:${string}`; parameters?: Record<string, unknown> };

export interface WebSearchParameters {
  /** Default `auto`: the provider's own search, else Exa. */
  engine?: Open<"auto" | "native" | "exa" | "parallel" | "firecrawl" | "perplexity">;
  /** Of one search; default 5. */
  max_results?: number;
  /** Of all searches of a request; default 50. */
  max_total_results?: number;
  max_uses?: number;
  /** Of each result. */
  max_characters?: number;
  search_context_size?: Open<"low" | "medium" | "high">;
  mode?: Open<WebSearchMode>;
  /** Not together with `excluded_domains`. */
  allowed_domains?: string[];
  excluded_domains?: string[];
  user_location?: UserLocation;
}

export type WebSearchMode = "instant" | "fast" | "auto" | "deep-lite" | "deep" | "deep-reasoning" | "turbo" | "basic" | "advanced";

export interface UserLocation {
  type?: "approximate";
  city?: string | null;
  region?: string | null;
  country?: string | null;
  timezone?: string | null;
}

export interface WebFetchParameters {
  engine?: Open<"auto" | "native" | "openrouter" | "exa" | "parallel" | "firecrawl">;
  max_uses?: number;
  max_content_tokens?: number;
  allowed_domains?: string[];
  blocked_domains?: string[];
}

export interface AdvisorParameters {
  model?: string;
  /** 1 to 64 letters, digits, spaces, `_` and `-`; one advisor may have none. */
  name?: string;
  instructions?: string;
  forward_transcript?: boolean;
  max_completion_tokens?: number;
  reasoning?: { effort?: Open<ReasoningEffort>; max_tokens?: number };
  temperature?: number;
  stream?: boolean;
}

export interface SubagentParameters {
  model?: string;
  /** 1 to 64 letters, digits, spaces, `_` and `-`; one subagent may have none. */
  name?: string;
  instructions?: string;
  max_completion_tokens?: number;
  /** 1 to 25. */
  max_tool_calls?: number;
  reasoning?: { effort?: Open<ReasoningEffort>; max_tokens?: number };
  temperature?: number;
  /** Server tools only. */
  tools?: { type: string; parameters?: Record<string, unknown> }[];
  /** `/responses` only, experimental. */
  inherit_functions?: boolean;
  inherited_function_names?: string[];
}

export interface FusionParameters {
  /** 1 to 8. */
  analysis_models?: string[];
  model?: string;
  /** 1 to 16; default 4. */
  max_tool_calls?: number;
  max_completion_tokens?: number;
  reasoning?: { effort?: Open<ReasoningEffort>; max_tokens?: number };
  temperature?: number;
  /** Up to 8 server tools; default web search and web fetch. */
  tools?: { type: string; parameters?: Record<string, unknown> }[];
  cache_control?: CacheControl;
}

export interface BashParameters {
  /** Only `openrouter` runs commands there; the others hand the call to you. */
  engine?: Open<"auto" | "native" | "openrouter">;
  environment?: { type: "container_auto" } | { type: "container_reference"; container_id: string };
  /** Seconds; default 900. */
  sleep_after_seconds?: number;
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
  /** `name`: up to 64 of `A-Z a-z 0-9 _ -`. */
  | { type: "json_schema"; json_schema: { name: string; description?: string; schema?: Record<string, unknown>; strict?: boolean | null } }
  | { type: "grammar"; grammar: string }
  | { type: "python" };

export type StopCondition =
  | { type: "step_count_is"; step_count: number }
  | { type: "has_tool_call"; tool_name: string }
  | { type: "max_tokens_used"; max_tokens: number }
  | { type: "max_cost"; max_cost_in_dollars: number }
  | { type: "finish_reason_is"; reason: string };

/** Providers are named by slug (`azure`, `google-vertex/us-east5`) or display name; a slug stands for all its variants. */
export interface ProviderPreferences {
  /** Providers to try in this order; turns load balancing off. */
  order?: string[] | null;
  only?: string[] | null;
  ignore?: string[] | null;
  /** Default: true. */
  allow_fallbacks?: boolean | null;
  /** Use only providers that support every parameter of the request. Default: false. */
  require_parameters?: boolean | null;
  /** `deny`: none that keep or train on what they are sent. */
  data_collection?: "allow" | "deny" | null;
  /** Only providers that retain nothing. */
  zdr?: boolean | null;
  /** Only models whose authors allow distillation. */
  enforce_distillable_text?: boolean | null;
  quantizations?: Open<"int4" | "int8" | "fp4" | "mxfp4" | "nvfp4" | "fp6" | "fp8" | "mxfp8" | "fp16" | "bf16" | "fp32" | "unknown">[] | null;
  /** Turns load balancing off. `partition`: sort within each model (default), or over all of them. */
  sort?: Open<"price" | "throughput" | "latency" | "exacto"> | { by?: Open<"price" | "throughput" | "latency" | "exacto"> | null; partition?: "model" | "none" | null } | null;
  /** `prompt` and `completion` in USD per million tokens; the others in USD per unit. No provider below it: 404. */
  max_price?: { prompt?: number | string; completion?: number | string; image?: number | string; audio?: number | string; request?: number | string };
  /** Tokens per second. Slower ones come later. */
  preferred_min_throughput?: number | Percentiles | null;
  /** Seconds. Slower ones come later. */
  preferred_max_latency?: number | Percentiles | null;
}

export interface Percentiles {
  p50?: number | null;
  p75?: number | null;
  p90?: number | null;
  p99?: number | null;
}

/** A plugin and its settings; `enabled: false` turns off one that is on by default. */
export type Plugin =
  | RouterPlugin
  | { id: "moderation"; enabled?: boolean }
  /** Out of date: use the tool `openrouter:web_search`. */
  | {
      id: "web";
      enabled?: boolean;
      engine?: Open<"native" | "exa" | "firecrawl" | "parallel" | "perplexity">;
      max_results?: number;
      max_uses?: number;
      mode?: Open<WebSearchMode>;
      search_prompt?: string;
      include_domains?: string[];
      exclude_domains?: string[];
      user_location?: UserLocation | null;
    }
  | { id: "web-fetch"; enabled?: boolean; allowed_domains?: string[]; blocked_domains?: string[]; max_content_tokens?: number; max_uses?: number }
  | { id: "file-parser"; enabled?: boolean; pdf?: { engine?: Open<"mistral-ocr" | "native" | "cloudflare-ai"> } }
  /** Not of streams. */
  | { id: "response-healing"; enabled?: boolean }
  /** On by default where the context is at most 8192 tokens. */
  | { id: "context-compression"; enabled?: boolean; engine?: Open<"middle-out"> }
  /** `min_coding_score`: 0 to 1. `max_price`: USD per million prompt tokens. */
  | { id: "pareto-router"; enabled?: boolean; min_coding_score?: number; max_price?: number; price_source?: Open<"prompt" | "weighted_avg"> }
  | ({ id: "fusion"; enabled?: boolean; preset?: Open<"general-high" | "general-budget" | "general-fast"> } & Pick<FusionParameters, "analysis_models" | "model" | "max_tool_calls" | "tools">)
  | { id: string & {}; enabled?: boolean; [setting: string]: unknown };

/** Settings of `openrouter/auto` and `openrouter/auto-beta`: each takes its own `id` only. */
export interface RouterPlugin {
  id: "auto-router" | "auto-beta-router";
  enabled?: boolean;
  /** Up to 1024 patterns such as `anthropic/*`. */
  allowed_models?: string[];
  excluded_models?: string[];
  cost_tier?: Open<"low" | "medium" | "high" | "xhigh" | "max">;
  /** @deprecated 0 to 10: now `cost_tier`. */
  cost_quality_tradeoff?: number;
  /** Keep the model of the last assistant message that names one. */
  pin_model?: boolean;
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
  /** With the header `X-OpenRouter-Metadata: enabled`. */
  openrouter_metadata?: RouterMetadata | null;
  [field: string]: unknown;
}

/** How the request was routed. */
export interface RouterMetadata {
  requested?: string;
  strategy?: Open<"direct" | "auto" | "free" | "latest" | "alias" | "fallback" | "pareto" | "bodybuilder" | "fusion">;
  region?: string | null;
  summary?: string;
  attempt?: number;
  is_byok?: boolean;
  endpoints?: { total: number; available: { provider: string; model: string; selected: boolean }[] };
  attempts?: { provider: string; model: string; status: number }[];
  pipeline?: { type: string; name: string; summary?: string; data?: Record<string, unknown>; cost_usd?: number | null; [field: string]: unknown }[];
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
  content?: TokenLogprob[] | null;
  refusal?: TokenLogprob[] | null;
}

export interface TokenLogprob {
  token: string;
  logprob: number;
  bytes?: number[] | null;
  top_logprobs?: { token: string; logprob: number; bytes?: number[] | null }[];
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
  system_fingerprint?: string | null;
  service_tier?: string | null;
  /** In the last chunk, with the header `X-OpenRouter-Metadata: enabled`. */
  openrouter_metadata?: RouterMetadata | null;
  /** In the first, with `debug.echo_upstream_body`. */
  debug?: { echo_upstream_body?: unknown };
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
  completion_tokens_details?: {
    reasoning_tokens?: number | null;
    image_tokens?: number;
    audio_tokens?: number | null;
    accepted_prediction_tokens?: number | null;
    rejected_prediction_tokens?: number | null;
  } | null;
  cost_details?: {
    upstream_inference_cost?: number | null;
    upstream_inference_prompt_cost?: number;
    upstream_inference_completions_cost?: number;
  } | null;
  server_tool_use_details?: { web_search_requests?: number | null; tool_calls_requested?: number | null; tool_calls_executed?: number | null } | null;
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
 * while it is read: the reader is then told by the reason, or an `AbortError`) or leaving a `for await` early ends the
 * request. A stream that is cut off, or in which an error comes, rejects after the chunks before it: a cut answer is never
 * a short success.
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
  /** Tokens and cost, once the answer is complete. */
  usage(): Promise<Usage | undefined>;
  /** Under which `generation()` tells what became of it. */
  generationId(): Promise<string>;
  /** Resolves when the answer begins. */
  response(): Promise<{ status: number; requestId?: string; generationId?: string }>;
};

/** Options of calls whose answers are kept: per client, in memory, by URL and headers. */
export interface CatalogueOptions extends CallOptions {
  /**
   * As of `fetch`. "default": what is kept, for as long as its `Cache-Control` says (5 minutes where it says nothing, at
   * most an hour), and a little longer while a new one is asked for, or cannot be had, where it allows that. "reload":
   * a new one, which is kept. "no-store": a new one, which is not.
   */
  cache?: "default" | "reload" | "no-store";
}

/** Query of `GET /models`. Lists are sent joined by commas. Fields that are not listed are sent as given. */
export interface ModelsQuery {
  /** Free text. */
  q?: string;
  /** 0 or more. */
  offset?: number;
  /** 1 to 1000; without `offset` and `limit` the list is whole. */
  limit?: number;
  category?: Open<
    | "programming"
    | "roleplay"
    | "marketing"
    | "marketing/seo"
    | "technology"
    | "science"
    | "translation"
    | "legal"
    | "finance"
    | "health"
    | "trivia"
    | "academia"
  >;
  /** All of them, e.g. `tools`. */
  supported_parameters?: string | string[];
  /** Default: text models only. `all`, or e.g. `image`. */
  output_modalities?: string | string[];
  /** All of them. */
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
    | "intelligence-high-to-low"
    | "coding-high-to-low"
    | "agentic-high-to-low"
    | "design-arena-elo-high-to-low"
  >;
  /** Tokens, at least. */
  context?: number;
  /** USD per million prompt tokens. */
  min_price?: number;
  max_price?: number;
  /** USD per million completion tokens. */
  min_output_price?: number;
  max_output_price?: number;
  /** Model family, e.g. `Claude`. */
  arch?: string;
  /** Before the slash of the slug. */
  model_authors?: string | string[];
  providers?: string | string[];
  distillable?: boolean;
  /** With a provider that keeps no data. */
  zdr?: boolean;
  region?: Open<"eu" | "us">;
  min_age_days?: number;
  max_age_days?: number;
  min_intelligence_index?: number;
  max_intelligence_index?: number;
  min_coding_index?: number;
  max_coding_index?: number;
  min_agentic_index?: number;
  max_agentic_index?: number;
  min_tool_success_rate?: number;
  max_tool_success_rate?: number;
  [parameter: string]: unknown;
}

/** What a model has to be: all that is stated, together. Names that are not listed are refused. */
export interface ModelNeeds {
  /**
   * Words, all of them in slug, name or description; the letters a to z large or small. Without `sort` the best match
   * comes first.
   */
  search?: string;
  /** All of them, e.g. `["image"]`. */
  inputModalities?: string[];
  /** All of them. Without it models that write text are looked through. */
  outputModalities?: string[];
  /** All of them, of `supported_parameters`, e.g. `["tools"]`. */
  parameters?: string[];
  /** One of them serves it. */
  providers?: string[];
  /** One of them made it: before the slash of the slug. */
  authors?: string[];
  /** Tokens. A model that does not say its context does not meet it. */
  minContext?: number;
  /** USD per million tokens, as a number or as decimal text. A model without a fixed price does not meet it. */
  maxPromptPrice?: number | string;
  maxCompletionPrice?: number | string;
  /** Tokens of an expected request. They have to fit into the context, and prices are compared by them; default 3000. */
  promptTokens?: number;
  /** Tokens of its answer; default 1000, or 0 beside `promptTokens`. */
  completionTokens?: number;
  /** Nothing of it costs anything, or something does. */
  free?: boolean;
  /** It can reason, or it can answer without reasoning. */
  reasoning?: boolean;
  /** Also those that are gone, by their `expiration_date`. */
  includeDeprecated?: boolean;
  /** Prices by what the expected request costs at this time of the day; models without a fixed price come last. */
  sort?: "price-low-to-high" | "price-high-to-low" | "context-high-to-low" | "newest";
  /** 1 or more. */
  limit?: number;
}

/** What a usage costs by listed prices. The arithmetic is exact; `usage.cost` is what was billed. */
export interface Cost {
  /** USD as decimal text, e.g. `"0.00123"`. */
  usd: string;
  /**
   * Whether the list leaves open which price holds: prices by the time of the day (now is taken), a discount, cached audio,
   * cache writes that may be kept for an hour, a key of one's own, web searches without a price. Even where it does not,
   * another provider of the model may ask another price: give an endpoint of `endpoints()` in place of a model for that.
   */
  isEstimate: boolean;
  /** USD by unit of `pricing`, without what is not used. */
  parts: Record<string, string>;
}

/** A model and where it runs. */
export interface ModelEndpoints {
  id: string;
  name: string;
  created?: number;
  description?: string;
  architecture?: Model["architecture"];
  endpoints: ModelEndpoint[];
  [field: string]: unknown;
}

export interface ModelEndpoint {
  name: string;
  /** The provider's slug, as for `provider.order`. */
  tag?: string;
  provider_name: string;
  model_id?: string;
  context_length?: number | null;
  max_completion_tokens?: number | null;
  max_prompt_tokens?: number | null;
  pricing: ModelPricing;
  quantization?: string | null;
  supported_parameters?: string[];
  /** 0 is well; below, it is not. */
  status?: number;
  /** Per cent. */
  uptime_last_30m?: number | null;
  supports_implicit_caching?: boolean;
  [field: string]: unknown;
}

export interface Provider {
  name: string;
  slug: string;
  privacy_policy_url?: string | null;
  terms_of_service_url?: string | null;
  status_page_url?: string | null;
  headquarters?: string | null;
  datacenters?: string[] | null;
  [field: string]: unknown;
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
  /** Day after which it may be gone, e.g. `2026-12-31`. */
  expiration_date?: string | null;
  reasoning?: { mandatory?: boolean; default_enabled?: boolean; default_effort?: string | null; supported_efforts?: (string | null)[] | null; supports_max_tokens?: boolean; [field: string]: unknown };
  /** What a `~author/family-latest` stands for. */
  alias_target?: { slug: string; name: string };
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
  /** Other prices for longer prompts or at times of the day (UTC, HHMM); later ones win. */
  overrides?: { min_prompt_tokens?: number; utc_start?: number | string; utc_end?: number | string; [unit: string]: unknown }[];
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
  limitSource?: string;
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
  /** Which limit it was, as the proxy or OpenRouter names it, e.g. `user_requests` or `openrouter_free_tier_daily`. */
  readonly limitSource?: string;
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

/** Body of `POST /embeddings`. Fields that are not listed are sent as given, here and below. */
export interface EmbeddingsRequest {
  /** Of the models whose `output_modalities` have `embeddings`. */
  model: string;
  /** One or more texts, token lists, or lists of content parts. */
  input: string | string[] | number[] | number[][] | { content: ContentPart[] }[];
  /** 1 or more. */
  dimensions?: number;
  encoding_format?: Open<"float" | "base64">;
  input_type?: string;
  provider?: ProviderPreferences | null;
  user?: string;
  [field: string]: unknown;
}

export interface Embeddings {
  object: "list";
  /** `embedding` is a text where `encoding_format` was `base64`. */
  data: { object?: "embedding"; embedding: number[] | string; index?: number }[];
  model: string;
  id?: string;
  usage?: { prompt_tokens: number; total_tokens: number; /** USD. */ cost?: number; [field: string]: unknown };
  [field: string]: unknown;
}

/** Body of `POST /rerank`. */
export interface RerankRequest {
  model: string;
  query: string;
  /** At least one. */
  documents: (string | { text?: string; image?: string })[];
  /** 1 or more; default: all. */
  top_n?: number;
  provider?: ProviderPreferences | null;
  [field: string]: unknown;
}

export interface Reranking {
  /** Best first; `index` is the document's place in the request. */
  results: { index: number; relevance_score: number; document?: { text?: string; image?: string } }[];
  model?: string;
  provider?: string;
  id?: string;
  usage?: { total_tokens?: number; search_units?: number; /** USD. */ cost?: number };
  [field: string]: unknown;
}

/** Body of `POST /images`. */
export interface ImagesRequest {
  model: string;
  prompt: string;
  /** 1 to 10; providers may draw fewer. */
  n?: number;
  /** A tier (`2K`) or pixels (`2048x2048`). */
  size?: string;
  resolution?: Open<"512" | "1K" | "2K" | "4K">;
  /** E.g. `16:9`. */
  aspect_ratio?: string;
  quality?: Open<"auto" | "low" | "medium" | "high">;
  /** `transparent` needs PNG or WebP. */
  background?: Open<"auto" | "transparent" | "opaque">;
  output_format?: Open<"png" | "jpeg" | "webp" | "svg">;
  /** 0 to 100, for WebP and JPEG. */
  output_compression?: number;
  /** Up to 16. */
  input_references?: ImagePart[];
  seed?: number;
  provider?: Pick<ProviderPreferences, "order" | "only" | "ignore" | "allow_fallbacks" | "sort"> & { options?: Record<string, Record<string, unknown>> };
  [field: string]: unknown;
}

export interface ImageUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  /** USD. */
  cost?: number | null;
  [field: string]: unknown;
}

export interface Images {
  /** Seconds since 1970. */
  created: number;
  data: { b64_json: string; media_type?: string }[];
  usage?: ImageUsage;
  [field: string]: unknown;
}

/** Of a provider that does not stream, only `image_generation.completed` comes, once for each image; usage with the last. */
export type ImageEvent =
  | { type: "image_generation.partial_image"; partial_image_index: number; b64_json: string }
  | { type: "image_generation.text_chunk"; phase: Open<"content" | "reasoning" | "draft">; text: string }
  | { type: "image_generation.completed"; b64_json: string; media_type?: string; created: number; usage?: ImageUsage };

/** Body of `POST /audio/speech`. */
export interface SpeechRequest {
  model: string;
  /** The text to speak. */
  input: string;
  voice?: string;
  /** Default: `pcm`. */
  response_format?: Open<"mp3" | "pcm">;
  speed?: number;
  /** A voice to imitate, and what it says. */
  input_references?: (AudioPart | TextPart)[];
  provider?: { options?: Record<string, Record<string, unknown>> };
  [field: string]: unknown;
}

/** Body of `POST /audio/transcriptions`. */
export interface TranscriptionRequest {
  model: string;
  /** The sound; sent as `input_audio`, its format by its type or, if that says nothing, its name. Give one of the two. */
  file?: Blob;
  /** Base64, no `data:` URL. */
  input_audio?: { data: string; format: Open<"wav" | "mp3" | "flac" | "m4a" | "ogg" | "webm" | "aac"> };
  /** ISO 639-1; default: what is heard. */
  language?: string;
  temperature?: number;
  /** `verbose_json` has times; not every provider knows it. */
  response_format?: Open<"json" | "verbose_json">;
  timestamp_granularities?: Open<"segment" | "word">[];
  provider?: { options?: Record<string, Record<string, unknown>> };
  [field: string]: unknown;
}

export interface Transcription {
  text: string;
  /** The rest with `verbose_json`; times are in seconds. */
  language?: string;
  duration?: number;
  segments?: { id: number; start: number; end: number; text: string; [field: string]: unknown }[];
  words?: { word: string; start: number; end: number; [field: string]: unknown }[];
  usage?: { seconds?: number; input_tokens?: number; output_tokens?: number; total_tokens?: number; /** USD. */ cost?: number };
  [field: string]: unknown;
}

/** Body of `POST /responses`, OpenAI's shape, without its state: `store` and `previous_response_id` are refused. */
export interface ResponsesRequest {
  model?: string;
  models?: string[];
  input?: string | ResponsesItem[];
  instructions?: string | null;
  /** 1 or more. */
  max_output_tokens?: number | null;
  max_tool_calls?: number | null;
  /** 0 to 2. */
  temperature?: number | null;
  /** 0 to 1. */
  top_p?: number | null;
  top_k?: number;
  /** 0 to 20. */
  top_logprobs?: number | null;
  frequency_penalty?: number | null;
  presence_penalty?: number | null;
  tools?: ({ type: "function"; name: string; description?: string | null; parameters?: Record<string, unknown> | null; strict?: boolean | null; /** Loaded only when a tool search finds it. */ defer_loading?: boolean } | { type: string; [setting: string]: unknown })[];
  tool_choice?: Open<"none" | "auto" | "required"> | { type: string; [field: string]: unknown };
  parallel_tool_calls?: boolean | null;
  stop_server_tools_when?: StopCondition[];
  reasoning?: Reasoning | null;
  text?: { format?: { type: string; [field: string]: unknown }; verbosity?: Open<"low" | "medium" | "high"> | null };
  include?: string[] | null;
  truncation?: Open<"auto" | "disabled"> | null;
  modalities?: Open<"text" | "image">[];
  image_config?: Record<string, string | number | unknown[]>;
  provider?: ProviderPreferences | null;
  plugins?: Plugin[];
  cache_control?: CacheControl;
  prompt_cache_key?: string | null;
  service_tier?: Open<"auto" | "default" | "fast" | "flex" | "priority" | "scale"> | null;
  /** Up to 256 characters. */
  session_id?: string;
  /** Up to 256 characters. */
  user?: string;
  metadata?: Record<string, string> | null;
  trace?: ChatRequest["trace"];
  debug?: ChatRequest["debug"];
  [field: string]: unknown;
}

/** A message, a call of a function, its result, reasoning … */
export interface ResponsesItem {
  type?: Open<"message" | "function_call" | "function_call_output" | "reasoning">;
  id?: string | null;
  role?: Open<"system" | "developer" | "user" | "assistant">;
  content?: string | { type: string; text?: string; annotations?: unknown[]; [field: string]: unknown }[] | null;
  status?: string | null;
  call_id?: string;
  name?: string;
  arguments?: string;
  output?: unknown;
  [field: string]: unknown;
}

/** The answer of `/responses`. */
export interface ResponsesResult {
  id: string;
  object: "response";
  status: Open<"completed" | "incomplete" | "in_progress" | "failed" | "cancelled" | "queued">;
  model: string;
  /** Seconds since 1970. */
  created_at: number;
  output: ResponsesItem[];
  /** Why it is `incomplete`. */
  incomplete_details?: { reason?: Open<"max_output_tokens" | "content_filter"> } | null;
  usage?: {
    input_tokens: number;
    output_tokens: number;
    total_tokens: number;
    input_tokens_details?: { cached_tokens?: number; cache_write_tokens?: number | null };
    output_tokens_details?: { reasoning_tokens?: number };
    /** USD. */
    cost?: number | null;
    is_byok?: boolean;
    [field: string]: unknown;
  } | null;
  openrouter_metadata?: RouterMetadata | null;
  [field: string]: unknown;
}

/** An event of `/responses`, as known in 2026-08: there may be others at run time, which a `switch` should pass over. */
export type ResponsesEvent = { sequence_number?: number } & (
  | { type: "response.created" | "response.in_progress" | "response.completed" | "response.incomplete"; response: ResponsesResult }
  | { type: "response.output_item.added" | "response.output_item.done"; output_index: number; item: ResponsesItem }
  | { type: "response.content_part.added" | "response.content_part.done"; part: { type: string; [field: string]: unknown }; output_index: number; content_index: number; item_id: string }
  | { type: "response.output_text.delta" | "response.refusal.delta" | "response.reasoning_text.delta"; delta: string; output_index: number; content_index: number; item_id: string }
  | { type: "response.output_text.done"; text: string; output_index: number; content_index: number; item_id: string; logprobs?: unknown[] }
  | { type: "response.output_text.annotation.added"; annotation: unknown; annotation_index?: number; output_index: number; content_index: number; item_id: string }
  | { type: "response.reasoning_summary_text.delta"; delta: string; output_index: number; summary_index: number; item_id: string }
  | { type: "response.function_call_arguments.delta"; delta: string; output_index: number; item_id: string }
  | { type: "response.function_call_arguments.done"; arguments: string; name?: string; output_index: number; item_id: string }
  | {
      type:
        | "response.apply_patch_call_operation_diff.delta"
        | "response.apply_patch_call_operation_diff.done"
        | "response.code_interpreter_call.completed"
        | "response.code_interpreter_call.in_progress"
        | "response.code_interpreter_call.interpreting"
        | "response.code_interpreter_call_code.delta"
        | "response.code_interpreter_call_code.done"
        | "response.custom_tool_call_input.delta"
        | "response.custom_tool_call_input.done"
        | "response.debug"
        | "response.fusion_call.analysis.completed"
        | "response.fusion_call.analysis.in_progress"
        | "response.fusion_call.completed"
        | "response.fusion_call.in_progress"
        | "response.fusion_call.panel.added"
        | "response.fusion_call.panel.completed"
        | "response.fusion_call.panel.delta"
        | "response.fusion_call.panel.failed"
        | "response.fusion_call.panel.reasoning.delta"
        | "response.image_generation_call.completed"
        | "response.image_generation_call.generating"
        | "response.image_generation_call.in_progress"
        | "response.image_generation_call.partial_image"
        | "response.reasoning_summary_part.added"
        | "response.reasoning_summary_part.done"
        | "response.reasoning_summary_text.done"
        | "response.reasoning_text.done"
        | "response.refusal.done"
        | "response.web_search_call.completed"
        | "response.web_search_call.in_progress"
        | "response.web_search_call.searching";
      [field: string]: unknown;
    }
);

/** Body of `POST /messages`, Anthropic's shape, for every model. */
export interface MessagesRequest {
  model?: string;
  models?: string[];
  /** At least one. */
  messages: { role: Open<"user" | "assistant" | "system">; content: string | ContentBlock[] }[];
  /** 1 or more. */
  max_tokens?: number;
  system?: string | ContentBlock[];
  temperature?: number;
  /** 0 to 1. */
  top_p?: number;
  /** 0 or more. */
  top_k?: number;
  stop_sequences?: string[];
  tools?: { name?: string; description?: string; input_schema?: Record<string, unknown>; type?: string; cache_control?: CacheControl; [field: string]: unknown }[];
  tool_choice?: { type: Open<"auto" | "any" | "none" | "tool">; name?: string; disable_parallel_tool_use?: boolean };
  thinking?: { type: "enabled"; budget_tokens: number; display?: string | null } | { type: "disabled" } | { type: "adaptive"; display?: string | null };
  /** Up to 3, tried in order; not together with `models`. */
  fallbacks?: unknown[] | null;
  output_config?: Record<string, unknown>;
  metadata?: { user_id?: string | null };
  context_management?: Record<string, unknown> | null;
  cache_control?: CacheControl;
  service_tier?: string;
  speed?: Open<"fast" | "standard"> | null;
  stop_server_tools_when?: StopCondition[];
  provider?: ProviderPreferences | null;
  plugins?: Plugin[];
  /** Up to 256 characters. */
  session_id?: string;
  /** Up to 256 characters. */
  user?: string;
  trace?: ChatRequest["trace"];
  [field: string]: unknown;
}

/** A part of a message of `/messages`, as known in 2026-08: there may be others at run time. */
export type ContentBlock =
  | { type: "text"; text: string; citations?: unknown[] | null; cache_control?: CacheControl }
  | { type: "thinking"; thinking: string; signature: string }
  | { type: "redacted_thinking"; data: string }
  /** Of a stream that was cut off, `partial_json` is the input as far as it came: do not run it. */
  | { type: "tool_use"; id: string; name: string; input: unknown; partial_json?: string; [field: string]: unknown }
  | { type: "tool_result"; tool_use_id: string; content?: string | ContentBlock[]; is_error?: boolean; cache_control?: CacheControl }
  | {
      type:
        | "image"
        | "document"
        | "search_result"
        | "server_tool_use"
        | "web_search_tool_result"
        | "web_fetch_tool_result"
        | "code_execution_tool_result"
        | "bash_code_execution_tool_result"
        | "text_editor_code_execution_tool_result"
        | "tool_search_tool_result"
        | "advisor_tool_result"
        | "openrouter_bash_tool_result"
        | "openrouter_shell_tool_result"
        | "tool_addition"
        | "tool_removal"
        | "tool_reference"
        | "container_upload"
        | "compaction";
      [field: string]: unknown;
    };

/** The answer of `/messages`. */
export interface MessagesResult {
  id: string;
  type: "message";
  role: "assistant";
  model: string;
  provider?: string;
  content: ContentBlock[];
  stop_reason: Open<"end_turn" | "max_tokens" | "stop_sequence" | "tool_use" | "pause_turn" | "refusal" | "compaction" | "model_context_window_exceeded"> | null;
  stop_sequence?: string | null;
  usage: {
    input_tokens: number;
    output_tokens: number;
    cache_creation_input_tokens?: number | null;
    cache_read_input_tokens?: number | null;
    /** USD. */
    cost?: number | null;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** An event of `/messages`, as known in 2026-08: there may be others at run time. */
export type MessagesEvent =
  | { type: "message_start"; message: MessagesResult }
  | { type: "content_block_start"; index: number; content_block: ContentBlock }
  | {
      type: "content_block_delta";
      index: number;
      delta:
        | { type: "text_delta"; text: string }
        | { type: "input_json_delta"; partial_json: string }
        | { type: "thinking_delta"; thinking: string }
        | { type: "signature_delta"; signature: string }
        | { type: "citations_delta"; citation: unknown }
        | { type: "compaction_delta"; content?: string | null; [field: string]: unknown };
    }
  | { type: "content_block_stop"; index: number }
  | { type: "message_delta"; delta: { stop_reason?: string | null; stop_sequence?: string | null; [field: string]: unknown }; usage?: { [Field in keyof MessagesResult["usage"]]?: MessagesResult["usage"][Field] | null } }
  | { type: "message_stop"; [field: string]: unknown }
  | { type: "ping" };

/**
 * One streamed answer of an endpoint beside chat: a `ReadableStream` of the wire's own events. It ends, fails and is
 * cancelled as a `ChatCompletionStream` is.
 */
export type EventStream<Event> = AsyncIterableStream<Event> & {
  /** The answer's text, to append as it comes. Reads in place of the stream; call it first. */
  text(): AsyncIterableStream<string>;
  /** Resolves when the answer begins. */
  response(): Promise<{ status: number; requestId?: string; generationId?: string }>;
};

export type ResponsesStream = EventStream<ResponsesEvent> & {
  /** Resolves with the whole response. The stream can still be read. */
  finalResponse(): Promise<ResponsesResult>;
};

export type MessagesStream = EventStream<MessagesEvent> & {
  /** Resolves with the whole message, put together by Anthropic's rules. The stream can still be read. */
  finalMessage(): Promise<MessagesResult>;
};

/** What a key may do and has spent; amounts are in USD. */
export interface KeyInfo {
  label: string;
  /** Null: no limit. */
  limit: number | null;
  limit_remaining: number | null;
  limit_reset: Open<"daily" | "weekly" | "monthly"> | null;
  include_byok_in_limit?: boolean;
  usage: number;
  usage_daily?: number;
  usage_weekly?: number;
  usage_monthly?: number;
  byok_usage?: number;
  byok_usage_daily?: number;
  byok_usage_weekly?: number;
  byok_usage_monthly?: number;
  is_free_tier: boolean;
  is_management_key?: boolean;
  creator_user_id?: string | null;
  expires_at?: string | null;
  [field: string]: unknown;
}

/** What became of a generation; costs are in USD, times in ms. */
export interface Generation {
  id: string;
  model: string;
  provider_name: string | null;
  created_at: string;
  api_type?: Open<"completions" | "embeddings" | "rerank" | "tts" | "stt" | "video" | "image"> | null;
  total_cost: number;
  usage?: number;
  upstream_inference_cost?: number | null;
  cache_discount?: number | null;
  is_byok?: boolean;
  streamed: boolean | null;
  /** Whether it was ended before its end. */
  cancelled: boolean | null;
  finish_reason: string | null;
  native_finish_reason?: string | null;
  latency: number | null;
  generation_time?: number | null;
  moderation_latency?: number | null;
  tokens_prompt: number | null;
  tokens_completion: number | null;
  native_tokens_prompt?: number | null;
  native_tokens_completion?: number | null;
  native_tokens_reasoning?: number | null;
  native_tokens_cached?: number | null;
  provider_responses?: { provider_name?: string; status: number | null; latency?: number; is_byok?: boolean; [field: string]: unknown }[] | null;
  session_id?: string | null;
  external_user?: string | null;
  [field: string]: unknown;
}

/** All but `client`; fields that are not listed are fields of the requests. */
export interface ConversationOptions {
  model?: string;
  /** Becomes the first message. */
  system?: string | TextPart[];
  /** What has been said already. */
  messages?: Message[];
  /**
   * Tokens that prompt and answer may have together; `"auto"` looks it up in the model list once. Unless it is given,
   * nothing is left out. The oldest turns are, whole (a user's message with all up to the next one), until the rest has
   * `contextLength - reserve` tokens. System and developer messages and the newest turn always stay.
   *
   * Tokens are estimated: 4 for each message and 1 for 4 bytes, 1,500 for an image, more for larger media; what the last
   * answer's `usage.prompt_tokens` covered is counted by that.
   */
  contextLength?: number | "auto";
  /** Tokens to keep for the answer. Default: `max_completion_tokens`, `max_tokens`, or a quarter of the context, but at most 4,096. */
  reserve?: number;
  /** Told before a request is sent that leaves something out. */
  onTrim?: (notice: TrimNotice) => void;
  [field: string]: unknown;
}

export interface TrimNotice {
  /** What is left out, oldest first. */
  dropped: Message[];
  /** How many tokens the rest has, by estimate. */
  tokens: number;
}

/** A conversation as it is saved. */
export interface SavedConversation {
  version: 1;
  model?: string;
  messages: Message[];
  contextLength?: number | "auto";
  reserve?: number;
  request?: Record<string, unknown>;
  usage?: Partial<Usage>;
  /** What the last answer told of the prompt's tokens. */
  known?: { messages: number; tokens: number; estimate: number };
}

export interface ContentPartOptions {
  /** Media type, where it is not the blob's own, or a URL's name does not end with it. */
  type?: string;
  /** File name, where it is not the file's own. */
  name?: string;
  /** For images. */
  detail?: Open<"auto" | "low" | "high" | "original">;
  /** Largest size in bytes. */
  maxBytes?: number;
}
