import type { AssistantMessage, CallOptions, ChatRequest, FinishReason, OpenRouter, StreamEvent, Usage } from "./index.js";

export interface CompareOptions extends CallOptions {
  /** How many are asked at the same time; 1 or more. Default: all. What waits for its turn has not begun to be measured. */
  concurrency?: number;
}

/** How one model did. Times in ms by `performance.now()`, from the moment its request was made. */
export interface ComparisonResult {
  model: string;
  /** The text of the answer, also of one that failed later. */
  text: string;
  reasoning: string;
  /** Absent if the answer is not complete. */
  message?: AssistantMessage;
  finishReason?: FinishReason | null;
  usage?: Usage;
  /** USD, as OpenRouter says; absent if it does not. */
  cost?: number;
  /** Until the first text, reasoning, tool call or image. */
  timeToFirstTokenMs?: number;
  totalMs: number;
  /** Tokens of the answer, reasoning included, by the time from the first one to the end. */
  tokensPerSecond?: number;
  /** Why there is no answer, or only a part of one: an `OpenRouterError`, or the reason of a cancel. */
  error?: unknown;
}

/** What a model says, as it comes; `done` or `error` is its last. `index` is its place in the list. */
export type ComparisonEvent = (
  | StreamEvent
  | { type: "done"; result: ComparisonResult }
  | { type: "error"; error: unknown; result: ComparisonResult }
) & { model: string; index: number };

export interface ComparedStream {
  model: string;
  index: number;
  /** Its text as it comes, for one reader; throws its error after that. Leaving it early cancels this model. */
  stream: AsyncIterable<string>;
  /** Never rejects: see its `error`. */
  result: Promise<ComparisonResult>;
  /** Ends this model's request. */
  cancel(reason?: unknown): void;
}

/** All answers side by side. Iterate it for what all of them say, in the order in which it comes; leaving that cancels all. */
export interface Comparison extends AsyncIterable<ComparisonEvent> {
  /** In the order of the list. */
  streams: ComparedStream[];
  /** In the order of the list, once all are over. Never rejects. */
  results(): Promise<ComparisonResult[]>;
  /** Ends all requests. */
  cancel(reason?: unknown): void;
}

/**
 * Asks each model the same at once. They are read as they answer, whoever listens, so that times are right; what
 * happens to one does not touch the others. A `model` or `models` in the request does not count.
 * Throws `OpenRouterError` of code `invalid_request` without a model.
 */
export function compare(
  client: OpenRouter,
  request: Omit<ChatRequest, "model" | "models"> & { messages: ChatRequest["messages"] },
  models: string[],
  options?: CompareOptions,
): Comparison;
