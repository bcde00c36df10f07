import type {
  AssistantMessage,
  CallOptions,
  ChatCompletion,
  ChatCompletionStream,
  ChatRequest,
  InferOutput,
  JsonOutput,
  JsonSchema,
  ModelList,
  ModelsQuery,
  OpenRouterOptions,
  Parsed,
  RunnableTool,
  StandardSchema,
  ToolDefinition,
  ToolRun,
  ToolRunOptions,
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
