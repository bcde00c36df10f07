// The standalone functions, which its own documentation names for browsers: bundlers leave out the rest.
import { OpenRouterCore } from "@openrouter/sdk/core.js";
import { chatSend } from "@openrouter/sdk/funcs/chatSend.js";
import { modelsList } from "@openrouter/sdk/funcs/modelsList.js";

const valueOf = ({ ok, value, error }) => {
  if (!ok) throw error;
  return value;
};

export default ({ baseURL, apiKey }) => {
  const core = new OpenRouterCore({ serverURL: baseURL, apiKey });
  return {
    async read(request) {
      const total = { events: 0, text: "", reasoning: "", tools: [], tokens: 0 };
      const chunks = valueOf(await chatSend(core, { chatRequest: { ...request, stream: true } }));
      for await (const chunk of chunks) {
        total.events++;
        for (const { delta } of chunk.choices) {
          if (delta.content) total.text += delta.content;
          if (delta.reasoning) total.reasoning += delta.reasoning;
          if (delta.toolCalls) {
            for (const { index, function: part } of delta.toolCalls) total.tools[index] = (total.tools[index] ?? "") + part.arguments;
          }
        }
        if (chunk.usage) total.tokens = chunk.usage.totalTokens;
      }
      return total;
    },
    async chat(request) {
      const completion = valueOf(await chatSend(core, { chatRequest: request }));
      return completion.choices[0].message.content;
    },
    async models() {
      const { result } = valueOf(await modelsList(core));
      return result.data.map(({ id }) => id);
    },
  };
};
