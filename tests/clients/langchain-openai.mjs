// The `@langchain/openai` package.
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { calls } from "./langchain.mjs";
import { PERSON, PROMPT, isPage } from "./words.mjs";

export { isAborted } from "./langchain.mjs";

export function connect({ baseURL, token, retries = 0 }) {
  const common = { apiKey: token, configuration: { baseURL, dangerouslyAllowBrowser: isPage }, maxRetries: retries };
  const responses = (model) => new ChatOpenAI({ ...common, model, useResponsesApi: true });
  return {
    ...calls((model) => new ChatOpenAI({ ...common, model })),
    async responses(model) {
      const { text, usage_metadata } = await responses(model).invoke(PROMPT);
      return { text, tokens: usage_metadata.total_tokens };
    },
    async responsesStream(model) {
      let text = "";
      let pieces = 0;
      for await (const chunk of await responses(model).stream(PROMPT)) {
        text += chunk.text;
        pieces += chunk.text ? 1 : 0;
      }
      return { text, pieces };
    },
    responsesTools: (model) => calls(responses).tools(model),
    responsesStructured: (model) => responses(model).withStructuredOutput(PERSON, { name: "person" }).invoke(PROMPT),
    async embeddings(model, input) {
      const embeddings = new OpenAIEmbeddings({ ...common, model });
      return (await embeddings.embedDocuments(input)).map(({ length }) => length);
    },
  };
}

export const readError = ({ status, message, code, headers }) => ({ status: status ?? code, message, retryAfter: headers?.get?.("retry-after") });
