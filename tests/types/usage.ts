// Compiles, or does not where it says so: what a TypeScript user writes against the package as published.
import {
  type AssistantMessage,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatRequest,
  type Message,
  type Model,
  OpenRouter,
  OpenRouterError,
  type StreamEvent,
  init,
  pricePerMillion,
} from "openrouter-wasm";

const client = new OpenRouter();
new OpenRouter({ baseURL: "/llm/v1", apiKey: "sk-or-v1-…", headers: { "X-A": "b" } });
// @ts-expect-error: it is spelt baseURL
new OpenRouter({ baseUrl: "/llm/v1" });

const messages: Message[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: [{ type: "text", text: "What is this?" }, { type: "image_url", image_url: { url: "https://a.example/b.png" } }] },
];
const request: ChatRequest = { model: "openai/gpt-5.2", messages, temperature: 0.5, brand_new_field: true };

// @ts-expect-error: messages are required
client.chat({ model: "openai/gpt-5.2" });
// @ts-expect-error: a part of another type
client.chat({ messages: [{ role: "user", content: [{ type: "text", image_url: { url: "" } }] }] });
// @ts-expect-error: chat() does not stream
client.chat({ messages, stream: true });
// @ts-expect-error: a number, not a text
client.chat({ messages, temperature: "hot" });
// @ts-expect-error: no such role
client.chat({ messages: [{ role: "robot", content: "" }] });

export async function use(signal: AbortSignal): Promise<void> {
  await init();
  const answer: ChatCompletion = await client.chat(request, { signal });
  const reply: AssistantMessage | undefined = answer.choices[0]?.message;
  if (reply) messages.push(reply);
  // @ts-expect-error: the answer may have no choice
  answer.choices[0].message;

  const stream = client.stream(request, { signal, headers: [["X-A", "b"]] });
  const native: ReadableStream<ChatCompletionChunk> = stream;
  for await (const chunk of stream) {
    const text: string = chunk.choices[0]?.delta?.content ?? "";
    console.log(text, chunk.usage?.cost, native.locked);
  }
  for await (const text of client.stream(request).text()) console.log(text.length);
  for await (const event of client.stream(request).events()) console.log(describe(event));
  const reader = client.stream(request).getReader();
  const { value } = await reader.read();
  console.log(value?.choices.length);

  const final: AssistantMessage = await stream.finalMessage();
  messages.push(final, { role: "tool", tool_call_id: final.tool_calls?.[0]?.id ?? "", content: "42" });
  const { usage } = await stream.finalCompletion();
  console.log(usage?.total_tokens);

  const models: Model[] = (await client.models({ sort: "newest", output_modalities: ["text"] })).data;
  const price: string | undefined = pricePerMillion(models[0]?.pricing.prompt ?? "-1");
  console.log(price);
}

function describe(event: StreamEvent): string {
  switch (event.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return event.text;
    case "tool_call":
      return event.isComplete ? `${event.name}(${event.arguments})` : "cut off";
    case "usage":
      return String(event.usage.cost);
    case "finish":
      return event.finishReason ?? "?";
    case "tool_call_delta":
    case "image":
    case "annotation":
    case "audio":
      return event.type;
    default: {
      const never: never = event;
      return never;
    }
  }
}

export function explain(error: unknown): string {
  if (!(error instanceof OpenRouterError)) throw error;
  switch (error.code) {
    case "rate_limited":
      return `wait ${error.retryAfter ?? 1} s`;
    case "stream_cut":
      return error.partialText ?? "";
    // @ts-expect-error: no such code
    case "no_such_code":
      return "";
    default:
      return error.message;
  }
}
