import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { generateText, jsonSchema, streamText, tool } from "ai";

// Without an `execute` the calls are handed out and not run.
const tools = {
  write_file: tool({
    inputSchema: jsonSchema({ type: "object", properties: { path: { type: "string" }, text: { type: "string" } } }),
  }),
};

export default ({ baseURL, apiKey }) => {
  const openRouter = createOpenRouter({ baseURL, apiKey });
  return {
    /** It makes parts of its own out of chunks, so there is no number of events to compare. */
    async read({ model, messages }) {
      const total = { text: "", reasoning: "", tools: [], tokens: 0 };
      const at = new Map();
      for await (const part of streamText({ model: openRouter.chat(model), messages, tools, maxRetries: 0 }).stream) {
        if (part.type === "text-delta") total.text += part.text;
        else if (part.type === "reasoning-delta") total.reasoning += part.text;
        else if (part.type === "tool-input-start") at.set(part.id, total.tools.push("") - 1);
        else if (part.type === "tool-input-delta") total.tools[at.get(part.id)] += part.delta;
        else if (part.type === "finish") total.tokens = part.totalUsage.totalTokens;
        else if (part.type === "error") throw part.error;
      }
      return total;
    },
    async chat({ model, messages }) {
      const { text } = await generateText({ model: openRouter.chat(model), messages, maxRetries: 0 });
      return text;
    },
    /** It has no call for this: what its users write. */
    async models() {
      const response = await fetch(`${baseURL}/models`);
      const { data } = await response.json();
      return data.map(({ id }) => id);
    },
  };
};
