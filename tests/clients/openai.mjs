// The `openai` package.
import OpenAI, { APIError, toFile } from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { FORECAST, PERSON, SOUND, ask, isPage } from "./words.mjs";

export function connect({ baseURL, token, retries = 0 }) {
  const client = new OpenAI({ baseURL, apiKey: token, maxRetries: retries, dangerouslyAllowBrowser: isPage });
  const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const runTools = async (fields) => {
    let given;
    const run = ({ city }) => ((given = city), FORECAST);
    const tool = { type: "function", function: { name: "forecast", description: "The weather of a city.", parameters: city, parse: JSON.parse, function: run } };
    const text = await client.chat.completions.runTools({ ...fields, messages: ask(), tools: [tool] }).finalContent();
    return { given, text };
  };
  return {
    async chat(model) {
      const { choices, usage } = await client.chat.completions.create({ model, messages: ask() });
      return { text: choices[0].message.content, finish: choices[0].finish_reason, tokens: usage.total_tokens };
    },
    async stream(model, { onText, signal }) {
      const body = { model, messages: ask(), stream: true, stream_options: { include_usage: true } };
      let tokens;
      for await (const { choices, usage } of await client.chat.completions.create(body, { signal })) {
        if (choices[0]?.delta.content) onText(choices[0].delta.content);
        tokens ??= usage?.total_tokens;
      }
      return { tokens };
    },
    tools: (model) => runTools({ model }),
    toolsStream: (model) => runTools({ model, stream: true }),
    async structured(model) {
      const { choices } = await client.chat.completions.parse({ model, messages: ask(), response_format: zodResponseFormat(PERSON, "person") });
      return choices[0].message.parsed;
    },
    async models() {
      const ids = [];
      for await (const { id } of client.models.list()) ids.push(id);
      return ids;
    },
    model: async (id) => (await client.models.retrieve(id)).id,
    async responses(model) {
      const { output_text, usage } = await client.responses.create({ model, input: ask() });
      return { text: output_text, tokens: usage.total_tokens };
    },
    async responsesStream(model) {
      const stream = client.responses.stream({ model, input: ask() });
      let pieces = 0;
      stream.on("response.output_text.delta", () => (pieces += 1));
      return { text: (await stream.finalResponse()).output_text, pieces };
    },
    async responsesTools(model) {
      const tools = [{ type: "function", name: "forecast", parameters: { ...city, additionalProperties: false }, strict: true }];
      const first = await client.responses.create({ model, input: ask(), tools });
      const { call_id, name, arguments: given } = first.output.find(({ type }) => type === "function_call");
      const input = [...ask(), { type: "function_call", call_id, name, arguments: given }, { type: "function_call_output", call_id, output: FORECAST }];
      return { given: JSON.parse(given).city, text: (await client.responses.create({ model, input, tools })).output_text };
    },
    async responsesStructured(model) {
      const { output_parsed } = await client.responses.parse({ model, input: ask(), text: { format: zodTextFormat(PERSON, "person") } });
      return output_parsed;
    },
    async embeddings(model, input) {
      const { data } = await client.embeddings.create({ model, input });
      return data.map(({ embedding }) => embedding.length);
    },
    async speech(model) {
      const answer = await client.audio.speech.create({ model, input: "two words", voice: "alloy", response_format: "mp3" });
      return (await answer.arrayBuffer()).byteLength;
    },
    async transcription(model) {
      const { text } = await client.audio.transcriptions.create({ model, file: await toFile(SOUND, "sound.wav") });
      return text;
    },
    async images(model) {
      const { data } = await client.images.generate({ model, prompt: "a red dot", n: 1, response_format: "b64_json" });
      return data.map(({ b64_json }) => b64_json.length);
    },
  };
}

export const isAborted = (error) => error instanceof OpenAI.APIUserAbortError;

/** What breaks below it, the client hands on as it came. */
export const readError = (error) =>
  error instanceof APIError ? { status: error.status ?? error.code, message: error.message, retryAfter: error.headers?.get("retry-after") } : { message: error.message };
