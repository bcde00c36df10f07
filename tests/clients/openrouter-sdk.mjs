// The `@openrouter/sdk` package.
import { OpenRouter } from "@openrouter/sdk";
import { OpenRouterError, RequestAbortedError } from "@openrouter/sdk/models/errors";
import { z } from "zod";
import { FORECAST, PERSON, SOUND, ask } from "./words.mjs";

export function connect({ baseURL, token, retries = 0 }) {
  const backoff = { initialInterval: 100, maxInterval: 5000, exponent: 1, maxElapsedTime: 20_000 };
  const client = new OpenRouter({ serverURL: baseURL, apiKey: token, retryConfig: retries > 0 ? { strategy: "backoff", backoff } : { strategy: "none" } });
  const options = retries > 0 ? { retryCodes: ["429", "5XX"] } : {};
  const send = (fields, more) => client.chat.send({ chatRequest: { messages: ask(), ...fields } }, { ...options, ...more });
  const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const tools = [{ type: "function", function: { name: "forecast", parameters } }];
  return {
    async chat(model) {
      const { choices, usage } = await send({ model });
      return { text: choices[0].message.content, finish: choices[0].finishReason, tokens: usage.totalTokens };
    },
    async stream(model, { onText, signal }) {
      let tokens;
      for await (const { choices, usage, error } of await send({ model, stream: true }, { signal })) {
        if (error) throw Object.assign(new Error(error.message), { told: error });
        if (choices[0]?.delta.content) onText(choices[0].delta.content);
        tokens ??= usage?.totalTokens;
      }
      return { tokens };
    },
    async tools(model) {
      const [{ message }] = (await send({ model, tools })).choices;
      const [call] = message.toolCalls;
      const result = { role: "tool", toolCallId: call.id, content: FORECAST };
      const second = await send({ model, tools, messages: [...ask(), message, result] });
      return { given: JSON.parse(call.function.arguments).city, text: second.choices[0].message.content };
    },
    async toolsStream(model) {
      const call = { type: "function", function: { arguments: "" } };
      for await (const { choices } of await send({ model, tools, stream: true })) {
        const part = choices[0]?.delta.toolCalls?.[0];
        if (part?.id) Object.assign(call, { id: part.id, function: { ...call.function, name: part.function.name } });
        call.function.arguments += part?.function?.arguments ?? "";
      }
      const messages = [...ask(), { role: "assistant", toolCalls: [call] }, { role: "tool", toolCallId: call.id, content: FORECAST }];
      let text = "";
      for await (const { choices } of await send({ model, tools, messages, stream: true })) text += choices[0]?.delta.content ?? "";
      return { given: JSON.parse(call.function.arguments).city, text };
    },
    async structured(model) {
      const responseFormat = { type: "json_schema", jsonSchema: { name: "person", strict: true, schema: z.toJSONSchema(PERSON) } };
      const { choices } = await send({ model, responseFormat });
      return PERSON.parse(JSON.parse(choices[0].message.content));
    },
    async models() {
      const ids = [];
      for await (const { result } of await client.models.list()) ids.push(...result.data.map(({ id }) => id));
      return ids;
    },
    async model(id) {
      const [author, slug] = id.split("/");
      return (await client.models.get({ author, slug })).data.id;
    },
    async responses(model) {
      const { output, usage } = await client.responses.send({ responsesRequest: { model, input: ask() } });
      return { text: output[0].content[0].text, tokens: usage.totalTokens };
    },
    async responsesStream(model) {
      let text = "";
      let pieces = 0;
      for await (const event of await client.responses.send({ responsesRequest: { model, input: ask(), stream: true } })) {
        if (event.type !== "response.output_text.delta") continue;
        text += event.delta;
        pieces += 1;
      }
      return { text, pieces };
    },
    async embeddings(model, input) {
      const { data } = await client.embeddings.generate({ requestBody: { model, input } });
      return data.map(({ embedding }) => embedding.length);
    },
    async speech(model) {
      const stream = await client.tts.createSpeech({ speechRequest: { model, input: "two words", voice: "alloy", responseFormat: "mp3" } });
      return (await new Response(stream).arrayBuffer()).byteLength;
    },
    async transcription(model) {
      const file = { fileName: "sound.wav", content: SOUND };
      return (await client.stt.createTranscriptionMultipart({ requestBody: { model, file } })).text;
    },
    async images(model) {
      const { data } = await client.images.generate({ imageGenerationRequest: { model, prompt: "a red dot", n: 1 } });
      return data.map(({ b64Json }) => b64Json.length);
    },
    async rerank(model) {
      const { results } = await client.rerank.rerank({ requestBody: { model, query: "red", documents: ["blue", "red"] } });
      return results.map(({ index }) => index);
    },
  };
}

export const isAborted = (error) => error instanceof RequestAbortedError || error.name === "AbortError";

export function readError(error) {
  if (error.told) return { status: error.told.code, message: error.message };
  if (!(error instanceof OpenRouterError)) return { message: error.message };
  return { status: error.statusCode, message: error.message, retryAfter: error.headers.get("retry-after") };
}
