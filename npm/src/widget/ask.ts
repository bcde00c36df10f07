// One question to a model: the client's own conversation or tool run, as one sequence of events.
// Seam: whoever wants an answer (the thread, a comparison) asks here; what goes on the wire is the client's to say.
import { Conversation } from "../index.js";
import type { FinishReason, Message, OpenRouter, RunnableTool, StreamEvent, ToolRunEvent, Usage } from "../index.js";

export type AnswerEvent =
  | ToolRunEvent
  /** The last one: what the answer adds to the history. */
  | { type: "end"; messages: Message[]; model?: string; usage?: Usage };

/** How a thread asks. */
export type Ask = (question: { messages: Message[]; signal: AbortSignal; request: Record<string, unknown> }) => {
  model: string;
  events: AsyncIterable<AnswerEvent>;
};

export interface Question {
  client: OpenRouter;
  model: string;
  messages: Message[];
  tools: RunnableTool[];
  /** The other fields of the request. */
  request: Record<string, unknown>;
  signal: AbortSignal;
}

export async function* ask({ client, model, messages, tools, request, signal }: Question): AsyncGenerator<AnswerEvent> {
  if (tools.length > 0) {
    const run = client.runTools({ ...request, model, messages, tools }, { signal });
    yield* run;
    yield { type: "end", messages: run.messages.slice(messages.length), usage: await run.usage() };
    return;
  }
  // It knows what of another model's reasoning may be sent to this one.
  const conversation = new Conversation({ ...request, client, model, messages });
  const stream = conversation.stream(undefined, { signal });
  yield* stream.events() as AsyncIterable<StreamEvent>;
  const { model: writer, usage } = await stream.finalCompletion();
  yield { type: "end", messages: conversation.messages.slice(messages.length), model: writer, usage };
}

export type { FinishReason };
