import type {
  AssistantMessage,
  CallOptions,
  ChatCompletion,
  ChatCompletionStream,
  ChatRequest,
  Embeddings,
  EmbeddingsRequest,
  EventStream,
  Generation,
  ImageEvent,
  Images,
  ImagesRequest,
  InferOutput,
  JsonOutput,
  JsonSchema,
  KeyInfo,
  MessagesRequest,
  MessagesResult,
  MessagesStream,
  ModelList,
  ModelsQuery,
  OpenRouterOptions,
  Parsed,
  Reranking,
  RerankRequest,
  ResponsesRequest,
  ResponsesResult,
  ResponsesStream,
  RunnableTool,
  SpeechRequest,
  StandardSchema,
  ToolDefinition,
  ToolRun,
  ToolRunOptions,
  Transcription,
  TranscriptionRequest,
  ValidatedOutput,
} from "./types.js";

export * from "./types.js";

/**
 * A client of the OpenRouter API. On a page it talks to the page's own `/api/v1`, where a proxy holds the key.
 * Nothing is loaded or sent before the first call.
 */
export class OpenRouter {
  constructor(options?: OpenRouterOptions);
  /** Asks for one answer and resolves when it is complete. Rejects with `OpenRouterError`, or the signal's reason. */
  chat(request: ChatRequest & { stream?: false }, options?: CallOptions): Promise<ChatCompletion>;
  /** Streams one answer. The request is on its way when this returns. */
  stream(request: ChatRequest & { stream?: true }, options?: CallOptions): ChatCompletionStream;
  /**
   * Asks for one answer in JSON: checked and typed by a validator, or checked by a JSON Schema. Rejects with
   * `invalid_output` where it does not fit, and with `content_refused` where the model refused.
   */
  parse<Schema extends StandardSchema>(
    request: ChatRequest & { stream?: false },
    output: ValidatedOutput<Schema>,
    options?: CallOptions,
  ): Promise<Parsed<InferOutput<Schema>>>;
  parse<T = unknown>(
    request: ChatRequest & { stream?: false },
    output: JsonOutput,
    options?: CallOptions,
  ): Promise<Parsed<T>>;
  /**
   * Asks, runs the tools that the model calls, and asks again until it answers. Calls of one answer run together, or one
   * by one with `parallel_tool_calls: false`. A `tool_choice` that forces a call is for the first step only.
   */
  runTools(request: ChatRequest & { stream?: true }, options?: ToolRunOptions): ToolRun;
  /** The model list, as OpenRouter sends it. */
  models(query?: ModelsQuery, options?: CallOptions): Promise<ModelList>;
  embeddings(request: EmbeddingsRequest, options?: CallOptions): Promise<Embeddings>;
  rerank(request: RerankRequest, options?: CallOptions): Promise<Reranking>;
  /** Draws images from a prompt. */
  images(request: ImagesRequest & { stream?: false }, options?: CallOptions): Promise<Images>;
  /** The same, as they come. The request is on its way when this returns. */
  streamImages(request: ImagesRequest & { stream?: true }, options?: CallOptions): EventStream<ImageEvent>;
  /** Speaks a text. What comes is the `Response`, whose `body` may still be under way. */
  speech(request: SpeechRequest, options?: CallOptions): Promise<Response>;
  /** Writes down what is said in a `Blob`, or in base64. */
  transcription(request: TranscriptionRequest, options?: CallOptions): Promise<Transcription>;
  /** Asks for one answer in OpenAI's shape. */
  responses(request: ResponsesRequest & { stream?: false }, options?: CallOptions): Promise<ResponsesResult>;
  streamResponses(request: ResponsesRequest & { stream?: true }, options?: CallOptions): ResponsesStream;
  /** Asks for one answer in Anthropic's shape. */
  messages(request: MessagesRequest & { stream?: false }, options?: CallOptions): Promise<MessagesResult>;
  streamMessages(request: MessagesRequest & { stream?: true }, options?: CallOptions): MessagesStream;
  /** What the key may do and has spent. */
  key(options?: CallOptions): Promise<KeyInfo>;
  /**
   * What became of a generation. Its record comes late: for some 10 s, a 404 means that it is asked for again (not with
   * `maxRetries: 0`, and not beyond `timeout`).
   */
  generation(id: string, options?: CallOptions): Promise<Generation>;
  /** Exchanges a code for a key, without a key; `completeSignIn()` of `openrouter-wasm/oauth` does it. */
  exchangeCode(
    request: { code: string; code_verifier?: string; code_challenge_method?: "S256" | "plain" },
    options?: CallOptions,
  ): Promise<{ key: string; user_id: string | null }>;
  /**
   * Sends JSON, or nothing, to a path below the base URL (its query included), and resolves with the JSON that comes.
   * The older `/auth/key` goes to `/key`.
   */
  request<Answer = unknown>(method: "GET" | "POST", path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
}

/**
 * Loads the WebAssembly module. Calls do this by themselves; call it to do so earlier, or with `openrouter-wasm/slim`
 * to say what to load. Rejects with `OpenRouterError` of code `configuration`; the next call tries again.
 */
export function init(source?: URL | string | Request | Response | BufferSource | WebAssembly.Module | Promise<unknown>): Promise<void>;

/**
 * A price per unit (`pricing.prompt`, USD as decimal text) per million units, exactly: `"0.00000015"` is `"0.15"`.
 * `undefined` where there is no fixed price, as on routers. Needs the module: after any call, or `init()`.
 */
export function pricePerMillion(price: string): string | undefined;

/**
 * The value that a message holds, as `parse()` gives it: for streamed answers, with `stream.finalMessage()`, or better
 * with `stream.finalCompletion()`, which also says whether the answer was cut off.
 */
export function parseMessage<Schema extends StandardSchema>(
  message: AssistantMessage | ChatCompletion,
  output: ValidatedOutput<Schema>,
): Promise<InferOutput<Schema>>;
export function parseMessage<T = unknown>(message: AssistantMessage | ChatCompletion, output: JsonOutput): Promise<T>;

/** A tool for `runTools()`. Arguments are typed and checked by a validator, or checked by a JSON Schema. */
export function tool<Schema extends StandardSchema>(
  definition: ToolDefinition<Schema | { schema: Schema; jsonSchema: JsonSchema }, InferOutput<Schema>> & { parameters: unknown },
): RunnableTool;
export function tool<Args = Record<string, any>>(definition: ToolDefinition<JsonSchema, Args>): RunnableTool;
