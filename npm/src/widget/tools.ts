// Answers for which the model may call tools: of the host's, those without `run` are answered by an event. Loaded with the
// first question for which there are tools.
import { tool } from "../index.js";
import type { RunnableTool, ToolContext } from "../index.js";
import type { AnswerEvent, Question } from "./ask.ts";

export async function* askWithTools({ client, model, tools, request, signal, emit }: Question): AsyncGenerator<AnswerEvent> {
  const runnable = tools.map((given) => {
    const made = "type" in given ? (given as RunnableTool) : tool(given as Parameters<typeof tool>[0]);
    return made.run ? made : { ...made, run: (args: unknown, context: ToolContext) => askPage(emit, made.function.name, args, context) };
  });
  const run = client.runTools({ ...request, model, tools: runnable }, { signal });
  try {
    for await (const event of run) {
      // What is used so far is told with each step, so that it is known of a run that is stopped.
      if (event.type !== "usage") yield event;
      if (event.type === "step" && event.usage) yield { type: "usage", usage: event.usage };
    }
  } catch (error) {
    // A failure knows what its own step has used, the run what all of them have.
    const usage = await run.usage();
    if (usage && error instanceof Error) Object.assign(error, { usage });
    throw error;
  }
  yield { type: "end", messages: run.messages.slice(request.messages.length), usage: await run.usage() };
}

/** Has the page answer a call of a tool. */
function askPage(emit: Question["emit"], name: string, args: unknown, { callId, signal }: ToolContext): unknown {
  let isAnswered = false;
  let answer: unknown;
  const respondWith = (result: unknown) => {
    isAnswered = true;
    answer = result;
  };
  emit("or-tool-call", { id: callId, name, arguments: args, signal, respondWith });
  if (!isAnswered) throw new Error("nobody answers calls of this tool");
  return answer;
}
