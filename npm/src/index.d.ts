import type {
  AssistantMessage,
  CallOptions,
  CatalogueOptions,
  ChatCompletion,
  ChatCompletionStream,
  ChatRequest,
  ContentPart,
  ContentPartOptions,
  ConversationOptions,
  Cost,
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
  Message,
  MessagesRequest,
  MessagesResult,
  MessagesStream,
  Model,
  ModelEndpoints,
  ModelList,
  ModelNeeds,
  ModelPricing,
  ModelsQuery,
  OpenRouterOptions,
  Parsed,
  Provider,
  RerankRequest,
  Reranking,
  ResponsesRequest,
  ResponsesResult,
  ResponsesStream,
  RunnableTool,
  SavedConversation,
  SpeechRequest,
  StandardSchema,
  ToolDefinition,
  ToolRun,
  ToolRunOptions,
  Transcription,
  TranscriptionRequest,
  TrimNotice,
  Usage,
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
  models(query?: ModelsQuery, options?: CatalogueOptions): Promise<ModelList>;
  /** One model, by slug, alias or variant. */
  model(id: string, options?: CatalogueOptions): Promise<Model>;
  /** Where a model runs: providers with their prices, limits and state. */
  endpoints(id: string, options?: CallOptions): Promise<ModelEndpoints>;
  providers(options?: CatalogueOptions): Promise<Provider[]>;
  /** How many models there are; without `output_modalities`, of those that write text. */
  countModels(query?: Pick<ModelsQuery, "output_modalities">, options?: CatalogueOptions): Promise<number>;
  /** The models that the key may use. */
  userModels(query?: ModelsQuery, options?: CallOptions): Promise<ModelList>;
  /** The models that meet needs, looked through here, in the list that is kept. */
  findModels(needs?: ModelNeeds, options?: CatalogueOptions): Promise<Model[]>;
  /**
   * The model that meets needs and answers the expected request (`promptTokens`, `completionTokens`) for least at this time
   * of the day, the fee for a request included. It may be a free one: `free: false` leaves these out.
   */
  cheapestModel(needs?: Omit<ModelNeeds, "sort" | "limit">, options?: CatalogueOptions): Promise<Model | undefined>;
  /**
   * What a usage costs by the prices of a model (or endpoint), or of the model of this slug; `undefined` where the price is
   * not fixed. `images`: how many were sent, where they are priced one by one.
   */
  cost(
    model: string | { pricing: ModelPricing },
    usage: Pick<Usage, "prompt_tokens"> & Partial<Usage>,
    options?: CatalogueOptions & { images?: number },
  ): Promise<Cost | undefined>;
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
export function init(source?: URL | string | Request | Response | ArrayBuffer | ArrayBufferView | WasmModule | Promise<unknown>): Promise<void>;

/** A `WebAssembly.Module`, which has no field by which TypeScript could know it, and no name where neither DOM nor Node's types are. */
type WasmModule = object;

/**
 * A price per unit (`pricing.prompt`, USD as decimal text) per million units, exactly: `"0.00000015"` is `"0.15"`.
 * `undefined` where there is no fixed price, as on routers. Needs the module: after any call, or `init()`.
 */
export function pricePerMillion(price: string): string | undefined;

/**
 * Tokens per second: those of the answer, reasoning included, over the time from its first token to its end, in ms on one
 * clock. `undefined` where no tokens were told or the answer came in one piece. Needs the module: after any call, or `init()`.
 */
export function tokensPerSecond(completionTokens: number, firstTokenMs: number, endMs: number): number | undefined;

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

/**
 * A history and who is asked. The user's message is in `messages` as soon as it is sent, the answer once it is complete.
 * If that fails, is cut or cancelled, the user's message stays and `pending` is true: `retry()` asks again,
 * `truncate(messages.length - 1)` takes it back. What had come until then is the error's `partialText`, and not kept.
 * One answer at a time: while one is under way, another call is refused as `invalid_request`.
 *
 * If `contextLength` is known, the oldest turns are left out of a request that would not fit: see {@link ConversationOptions}.
 * `messages` itself keeps them.
 *
 * The model may be changed at any time. What another author's model thought goes to the new one as text only, without
 * `reasoning.encrypted` items and signatures, which only their author can read; `messages` keeps them. A message's
 * `model` says who wrote it.
 */
export class Conversation {
  constructor(options: ConversationOptions & { client: OpenRouter });
  /**
   * A conversation that `toJSON()` (or `JSON.stringify`) has saved, as text or parsed. Rejects with `OpenRouterError` of
   * code `invalid_request` and the `field` if it is none.
   */
  static from(saved: string | SavedConversation, client: OpenRouter, onTrim?: (notice: TrimNotice) => void): Promise<Conversation>;
  /** Who is asked next. */
  model?: string;
  /** Oldest first. A plain array, yours to change while no answer is under way. */
  messages: Message[];
  contextLength?: number | "auto";
  reserve?: number;
  /** The other fields of the requests. */
  request: Record<string, unknown>;
  /** How many messages the last request left out. */
  readonly dropped: number;
  /** All that was billed, failed answers included where they told it: each number the exact sum. */
  readonly usage: Partial<Usage>;
  /** Whether the last message has no answer (yet). */
  readonly pending: boolean;
  /**
   * Adds a user's text or parts, or messages such as tools' results, and resolves with the answer. It is streamed, so
   * that aborting it ends what is billed. Without content, the messages are sent as they are.
   */
  send(content?: string | ContentPart[] | Message | Message[], options?: CallOptions): Promise<AssistantMessage>;
  /** The same as a stream. `messages` has the answer when the stream has ended. */
  stream(content?: string | ContentPart[] | Message | Message[], options?: CallOptions): ChatCompletionStream;
  /** Asks again: for an answer that failed, or for another one in place of the last. */
  retry(options?: CallOptions): ChatCompletionStream;
  /** Says something else in place of the message at `index`, and forgets what came after. */
  edit(index: number, content: string | ContentPart[], options?: CallOptions): ChatCompletionStream;
  /** Keeps the first `length` messages, and returns the others. */
  truncate(length: number): Message[];
  toJSON(): SavedConversation;
}

/**
 * The content part for a file, a blob or a URL (`https:`, or `data:` in base64): PNG, JPEG, WebP and GIF as `image_url`,
 * PDF as `file`, audio as `input_audio`, video as `video_url`, any UTF-8 text as `text`, which begins with the file's name.
 * The media type decides, or else what the name ends with. Of audio and text the API takes no URL.
 *
 * Rejects with `OpenRouterError` of code `invalid_request` where the API does not take it, or it is larger than 5 MB
 * (images: Anthropic takes no more), 1 MB (text: some 250,000 tokens) or 7.5 MB (others: as base64 they just pass a
 * proxy that takes 10 MiB); `maxBytes` changes that.
 */
export function contentPart(source: Blob | URL | string, options?: ContentPartOptions): Promise<ContentPart>;
