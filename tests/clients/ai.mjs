// What both providers of the AI SDK have in common.
import { APICallError, Output, embed, embedMany, generateImage, generateText, isStepCount, streamText, tool } from "ai";
import { CITY, FORECAST, PERSON, PROMPT } from "./words.mjs";

/** The calls, with the models that `chat`, `embedding` and `image` make of a slug. */
export function calls({ chat, embedding, image, retries }) {
  const common = (model) => ({ model: chat(model), prompt: PROMPT, maxRetries: retries });
  const runTools = async (model, run) => {
    let given;
    const execute = ({ city }) => ((given = city), FORECAST);
    const tools = { forecast: tool({ description: "The weather of a city.", inputSchema: CITY, execute }) };
    const result = await run({ ...common(model), tools, stopWhen: isStepCount(3) });
    return { text: await result.text, given };
  };
  return {
    async chat(model) {
      const { text, finishReason, usage } = await generateText(common(model));
      return { text, finish: finishReason, tokens: usage.totalTokens };
    },
    async stream(model, { onText, signal }) {
      const result = streamText({ ...common(model), abortSignal: signal, onError() {} });
      let failure;
      for await (const part of result.fullStream) {
        if (part.type === "text-delta") onText(part.text);
        if (part.type === "error") failure ??= part.error;
        if (part.type === "abort") throw signal.reason;
      }
      if (failure) throw failure;
      return { tokens: (await result.usage).totalTokens };
    },
    tools: (model) => runTools(model, generateText),
    toolsStream: (model) => runTools(model, streamText),
    async structured(model) {
      return (await generateText({ ...common(model), output: Output.object({ schema: PERSON }) })).output;
    },
    async embeddings(model, input) {
      const { embeddings } = await embedMany({ model: embedding(model), values: input, maxRetries: retries });
      const first = await embed({ model: embedding(model), value: input[0], maxRetries: retries });
      return [...embeddings.map(({ length }) => length), first.embedding.length].slice(0, input.length);
    },
    async images(model) {
      const { images } = await generateImage({ model: image(model), prompt: "a red dot", maxRetries: retries });
      return images.map(({ base64 }) => base64.length);
    },
  };
}

export const isAborted = (error) => error.name === "AbortError";

export function readError(error) {
  const last = error.lastError ?? error;
  if (APICallError.isInstance(last)) return { status: last.statusCode, message: last.message, retryAfter: last.responseHeaders?.["retry-after"] };
  return { status: last.code, message: typeof last === "string" ? last : last.message };
}
