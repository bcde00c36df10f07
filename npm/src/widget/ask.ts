// One question to a model: the client's own conversation or tool run, as one sequence of events.
// Seam: whoever wants an answer (the thread, a comparison) asks here; what goes on the wire is the client's to say.
import { Conversation, tokensPerSecond } from "../index.js";
import type { FinishReason, Message, OpenRouter, StreamEvent, ToolRunEvent, Usage } from "../index.js";
import type { Host } from "./host.ts";
import type { OpenRouterChat } from "./index.d.ts";

export type AnswerEvent =
  | ToolRunEvent
  /** The last one: what the answer adds to the history. */
  | { type: "end"; messages: Message[]; model?: string; usage?: Usage; provider?: string; tokensPerSecond?: number };

/** How a thread asks. */
export type Ask = (question: { messages: Message[]; signal: AbortSignal; request: Record<string, unknown> }) => {
  model: string;
  events: AsyncIterable<AnswerEvent>;
};

export interface Question {
  client: OpenRouter;
  model: string;
  tools: OpenRouterChat["tools"];
  /** The messages and the other fields of the request. */
  request: { messages: Message[] } & Record<string, unknown>;
  signal: AbortSignal;
  emit: Host["emit"];
}

export async function* ask(question: Question): AsyncGenerator<AnswerEvent> {
  const { client, model, request, signal } = question;
  const { messages } = request;
  if (question.tools.length > 0) {
    const { askWithTools } = await import("./tools.ts");
    return yield* askWithTools(question);
  }
  // It knows what of another model's reasoning may be sent to this one.
  const conversation = new Conversation({ ...request, client, model });
  const stream = conversation.stream(undefined, { signal });
  let firstAt = NaN;
  for await (const event of stream.events() as AsyncIterable<StreamEvent>) {
    if (event.type !== "usage" && !(firstAt > 0)) firstAt = performance.now();
    yield event;
  }
  const endAt = performance.now();
  const { model: writer, usage, provider } = await stream.finalCompletion();
  const speed = usage && tokensPerSecond(usage.completion_tokens, firstAt, endAt);
  yield { type: "end", messages: conversation.messages.slice(messages.length), model: writer, usage, provider, tokensPerSecond: speed };
}

export type { FinishReason };
