// The `ai` package with `@openrouter/ai-sdk-provider`.
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { calls } from "./ai.mjs";

export { isAborted, readError } from "./ai.mjs";

export function connect({ baseURL, token, retries = 0 }) {
  const openrouter = createOpenRouter({ baseURL, apiKey: token });
  return calls({
    chat: (model) => openrouter(model),
    embedding: (model) => openrouter.textEmbeddingModel(model),
    image: (model) => openrouter.imageModel(model),
    retries,
  });
}
