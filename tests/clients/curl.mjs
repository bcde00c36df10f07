// curl, as guides show it.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { z } from "zod";
import { which } from "../../scripts/toolchain.mjs";
import { FORECAST, PERSON, SOUND, ask } from "./words.mjs";

export const why = () => which("curl") === undefined && "there is no curl";

/** The version of this machine's. */
export const version = async () => (await promisify(execFile)("curl", ["--version"])).stdout.split(" ")[1];

export function connect({ baseURL, token, retries = 0 }) {
  /** Runs curl; `onBytes` has the body as it comes. */
  async function curl(path, args, { input = "", onBytes, signal } = {}) {
    // With --fail, the answer to the first try does not stand before that to the second.
    const retry = retries > 0 ? ["--fail", "--retry", String(retries)] : [];
    const told = ["-w", "%{stderr}\n%{http_code} %header{retry-after}"];
    const child = spawn("curl", ["-sS", "-N", ...told, ...retry, "-H", `Authorization: Bearer ${token}`, ...args, `${baseURL}${path}`], { signal });
    child.stdin.end(input);
    let said = "";
    const body = [];
    child.stderr.on("data", (data) => (said += data));
    child.stdout.on("data", (data) => {
      body.push(data);
      onBytes?.(data);
    });
    const [code] = await once(child, "close");
    const [, status, retryAfter] = /\n(\d+) (.*)$/.exec(said);
    const bytes = Buffer.concat(body);
    if (Number(status) >= 400) {
      const { error } = JSON.parse(bytes.toString());
      throw Object.assign(new Error(error.message), { told: { status: Number(status), message: error.message, retryAfter } });
    }
    if (code !== 0) throw Object.assign(new Error(said), { told: { message: said.split("\n")[0] } });
    return bytes;
  }
  const send = (path, fields, more) => curl(path, ["-H", "Content-Type: application/json", "-d", "@-"], { input: JSON.stringify(fields), ...more });
  const post = async (path, fields) => JSON.parse(await send(path, fields));
  const chat = async (fields) => (await post("/chat/completions", { messages: ask(), ...fields })).choices[0].message;
  const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  return {
    async chat(model) {
      const { choices, usage } = await post("/chat/completions", { model, messages: ask() });
      return { text: choices[0].message.content, finish: choices[0].finish_reason, tokens: usage.total_tokens };
    },
    async stream(model, { onText, signal }) {
      let rest = "";
      let tokens;
      let failure;
      const decoder = new TextDecoder();
      const onBytes = (bytes) => {
        const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (!line.startsWith("data: {")) continue;
          const { choices, usage, error } = JSON.parse(line.slice("data: ".length));
          if (choices?.[0]?.delta.content) onText(choices[0].delta.content);
          tokens ??= usage?.total_tokens;
          failure ??= error;
        }
      };
      await send("/chat/completions", { model, messages: ask(), stream: true }, { onBytes, signal });
      if (failure) throw Object.assign(new Error(failure.message), { told: { status: failure.code, message: failure.message } });
      return { tokens };
    },
    async tools(model) {
      const tools = [{ type: "function", function: { name: "forecast", parameters } }];
      const message = await chat({ model, tools });
      const [call] = message.tool_calls;
      const result = { role: "tool", tool_call_id: call.id, content: FORECAST };
      const { content } = await chat({ model, tools, messages: [...ask(), message, result] });
      return { given: JSON.parse(call.function.arguments).city, text: content };
    },
    async structured(model) {
      const response_format = { type: "json_schema", json_schema: { name: "person", strict: true, schema: z.toJSONSchema(PERSON) } };
      return PERSON.parse(JSON.parse((await chat({ model, response_format })).content));
    },
    models: async () => JSON.parse(await curl("/models", [])).data.map(({ id }) => id),
    model: async (id) => JSON.parse(await curl(`/model/${id}`, [])).data.id,
    async responses(model) {
      const { output, usage } = await post("/responses", { model, input: ask() });
      return { text: output[0].content[0].text, tokens: usage.total_tokens };
    },
    embeddings: async (model, input) => (await post("/embeddings", { model, input })).data.map(({ embedding }) => embedding.length),
    speech: async (model) => (await send("/audio/speech", { model, input: "two words", voice: "alloy", response_format: "mp3" })).length,
    transcription: async (model) => JSON.parse(await curl("/audio/transcriptions", ["-F", `model=${model}`, "-F", "file=@-;filename=sound.wav"], { input: SOUND })).text,
    images: async (model) => (await post("/images", { model, prompt: "a red dot", n: 1 })).data.map(({ b64_json }) => b64_json.length),
  };
}

export const isAborted = (error) => error.name === "AbortError";

export const readError = ({ told }) => told;
