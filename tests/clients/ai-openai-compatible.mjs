// The `ai` package with `@ai-sdk/openai-compatible`.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { calls } from "./ai.mjs";

export { isAborted, readError } from "./ai.mjs";

export function connect({ baseURL, token, retries = 0 }) {
  const provider = createOpenAICompatible({ name: "proxy", baseURL, apiKey: token, includeUsage: true, supportsStructuredOutputs: true });
  return calls({
    chat: (model) => provider(model),
    embedding: (model) => provider.embeddingModel(model),
    image: (model) => provider.imageModel(model),
    retries,
  });
}
