// What both chat models of LangChain have in common.
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { CITY, FORECAST, PERSON, PROMPT } from "./words.mjs";

async function streamed(bound, messages) {
  let whole;
  for await (const chunk of await bound.stream(messages)) whole = whole?.concat(chunk) ?? chunk;
  return whole;
}

async function runTools(model, ask) {
  const forecast = tool(() => FORECAST, { name: "forecast", description: "The weather of a city.", schema: CITY });
  const bound = model.bindTools([forecast]);
  const first = await ask(bound, [new HumanMessage(PROMPT)]);
  const [call] = first.tool_calls;
  const result = await forecast.invoke(call);
  const { text } = await ask(bound, [new HumanMessage(PROMPT), first, result]);
  return { given: call.args.city, text: result instanceof ToolMessage && text };
}

/** The calls, with the chat model that `chat` makes of a slug. */
export const calls = (chat) => ({
  async chat(model) {
    const { text, response_metadata, usage_metadata } = await chat(model).invoke(PROMPT);
    return { text, finish: response_metadata.finish_reason, tokens: usage_metadata.total_tokens };
  },
  async stream(model, { onText, signal }) {
    let whole;
    for await (const chunk of await chat(model).stream(PROMPT, { signal })) {
      if (chunk.text) onText(chunk.text);
      whole = whole?.concat(chunk) ?? chunk;
    }
    return { tokens: whole?.usage_metadata?.total_tokens };
  },
  tools: (model) => runTools(chat(model), (bound, messages) => bound.invoke(messages)),
  toolsStream: (model) => runTools(chat(model), streamed),
  structured: (model) => chat(model).withStructuredOutput(PERSON, { name: "person" }).invoke(PROMPT),
});

export const isAborted = (error) => error.name === "AbortError" || error.message === "Aborted" || error.name === "APIUserAbortError";
