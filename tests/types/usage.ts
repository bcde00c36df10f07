// Compiles, or does not where it says so: what a TypeScript user writes against the package as published.
import {
  type AssistantMessage,
  type AuthFunction,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatRequest,
  Conversation,
  type ContentPart,
  type Cost,
  type Message,
  type Model,
  OpenRouter,
  OpenRouterError,
  type SavedConversation,
  type StandardSchema,
  type StreamEvent,
  type ToolRunEvent,
  contentPart,
  init,
  parseMessage,
  pricePerMillion,
  tokensPerSecond,
  tool,
  type ContentBlock,
  type Generation,
  type ImageEvent,
  type KeyInfo,
  type MessagesEvent,
  type ResponsesEvent,
  type Tool,
} from "openrouter-wasm";
import { beginSignIn, completeSignIn } from "openrouter-wasm/oauth";
import { type ProxySession, proxySession } from "openrouter-wasm/session";
import { type ComparisonResult, compare } from "openrouter-wasm/compare";

const client = new OpenRouter();
new OpenRouter({ baseURL: "/llm/v1", apiKey: "sk-or-v1-…", headers: { "X-A": "b" } });
const auth: AuthFunction = async ({ reason, signal }) => (await fetch(`/token?fresh=${reason !== "first"}`, { signal })).text();
new OpenRouter({ auth });
new OpenRouter({ auth: "token" }).models({}, { auth: () => "own" });
// @ts-expect-error: a token is a text
new OpenRouter({ auth: async () => undefined });
// @ts-expect-error: there is no such reason
new OpenRouter({ auth: ({ reason }) => (reason === "again" ? "a" : "b") });
const session: ProxySession = proxySession({ turnstileToken: ({ signal }) => (signal?.aborted ? "" : "challenge") });
new OpenRouter({ auth: session });
export const usage = async () => fetch("/usage", { headers: { authorization: `Bearer ${await session()}` } });
// @ts-expect-error: Turnstile's token is asked for by a function
proxySession({ turnstileToken: "challenge" });
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
  const speed: number | undefined = tokensPerSecond(100, 250, 2250);
  void speed;
  const price: string | undefined = pricePerMillion(models[0]?.pricing.prompt ?? "-1");
  console.log(price);
  await chooseModel();
}

async function chooseModel(): Promise<void> {
  const found: Model[] = await client.findModels({ search: "mini", parameters: ["tools"], maxPromptPrice: 0.5, sort: "price-low-to-high" });
  const cheap: Model | undefined = await client.cheapestModel({ promptTokens: 5000, completionTokens: 200, free: false }, { cache: "reload" });
  const { endpoints } = await client.endpoints("openai/gpt-5.2");
  const cost: Cost | undefined = await client.cost(cheap ?? "openai/gpt-5.2", { prompt_tokens: 10, completion_tokens: 5 }, { images: 1 });
  const last: ChatCompletion = await client.chat(request);
  if (last.usage && endpoints[0]) console.log((await client.cost(endpoints[0], last.usage))?.parts.prompt);
  const count: number = await client.countModels({ output_modalities: "all" });
  const names: string[] = (await client.providers()).map(({ slug }) => slug);
  const mine: Model[] = (await client.userModels()).data;
  console.log(found.length, cost?.usd, count, names, mine, (await client.model("openai/gpt-5.2")).reasoning?.mandatory);
  // @ts-expect-error: it is spelt maxPromptPrice
  await client.findModels({ maxPrice: 1 });
  // @ts-expect-error: the cheapest is not sorted
  await client.cheapestModel({ sort: "newest" });
  // @ts-expect-error: no word of fetch that is known here
  await client.models({}, { cache: "force-cache" });
  // @ts-expect-error: a usage has tokens
  await client.cost("openai/gpt-5.2", {});
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
    case "invalid_output":
      return error.issues?.map(({ path }) => path?.length).join() ?? "";
    case "step_limit":
      return String(error.messages?.length);
    // @ts-expect-error: no such code
    case "no_such_code":
      return "";
    default:
      return error.message;
  }
}

declare const person: StandardSchema<{ name: string }, { name: string; seen: true }>;

export async function structured(signal: AbortSignal): Promise<void> {
  const { data, completion, message } = await client.parse(request, person, { signal });
  const seen: true = data.seen;
  console.log(seen, data.name.length, completion.usage?.cost, message.role);
  // @ts-expect-error: no such property
  console.log(data.age);
  const named = await client.parse(request, { schema: person, jsonSchema: { type: "object" }, name: "person", strict: true });
  console.log(named.data.name);
  const typed = await client.parse<{ age: number }>(request, { type: "object", properties: { age: { type: "integer" } } });
  console.log(typed.data.age.toFixed());
  const untyped: unknown = (await client.parse(request, { jsonSchema: { type: "object" } })).data;
  console.log(untyped);
  // @ts-expect-error: parse() does not stream
  client.parse({ messages, stream: true }, person);
  // @ts-expect-error: no schema at all
  client.parse(request, "object");
  const streamed = client.stream(request);
  console.log((await parseMessage(await streamed.finalMessage(), person)).seen, (await parseMessage<number>(await streamed.finalCompletion(), {})).toFixed());
}

export async function tools(signal: AbortSignal): Promise<void> {
  const greet = tool({
    name: "greet",
    parameters: person,
    run: async ({ name, seen }, { signal, callId, step }) => [name.trim(), seen, signal.aborted, callId.length, step],
  });
  const add = tool({ name: "add", parameters: { type: "object" }, run: ({ a, b }: { a: number; b: number }) => a + b });
  const now = tool({ name: "now", run: () => new Date() });
  // @ts-expect-error: arguments are what the validator gives
  tool({ name: "greet", parameters: person, run: ({ age }) => age });
  // @ts-expect-error: a name is required
  tool({ run: () => "" });
  await client.chat({ messages, tools: [greet] });
  const run = client.runTools({ messages, tools: [greet, add, now, { type: "openrouter:web_search" }] }, { signal, maxSteps: 5, onStep: ({ step, messages }) => console.log(step, messages.length) });
  for await (const event of run) console.log(follow(event));
  const reply: AssistantMessage = await run.finalMessage();
  const all: Message[] = [...run.messages, reply];
  console.log(all.length, (await run.usage())?.cost);
  run.cancel();
  // @ts-expect-error: a number
  client.runTools({ messages }, { maxSteps: "5" });
}

function follow(event: ToolRunEvent): string {
  switch (event.type) {
    case "tool_result":
      return event.isError ? "failed" : event.name;
    case "step":
      return String(event.usage?.total_tokens ?? event.messages.length);
    default:
      return describe(event);
  }
}
const every: Tool[] = [
  { type: "function", function: { name: "f", parameters: { type: "object" } } },
  { type: "openrouter:web_search", parameters: { engine: "exa", max_results: 3, allowed_domains: ["a.example"] } },
  { type: "web_search", search_context_size: "low" },
  { type: "openrouter:subagent", parameters: { model: "a/b", max_tool_calls: 5 } },
  { type: "openrouter:brand_new", parameters: { any: 1 } },
];
// @ts-expect-error: a function has a name
const nameless: Tool = { type: "function", function: {} };
// @ts-expect-error: a tool of OpenRouter's begins with openrouter:
const foreign: Tool = { type: "my:tool" };

const full: ChatRequest = {
  model: "~openai/gpt-latest",
  messages,
  tools: [...every, nameless, foreign],
  tool_choice: { type: "openrouter:web_search" },
  plugins: [
    { id: "auto-router", cost_tier: "low", allowed_models: ["anthropic/*"] },
    { id: "file-parser", pdf: { engine: "native" } },
    { id: "fusion", analysis_models: ["a/b"] },
    { id: "brand-new", any: 1 },
  ],
  provider: { sort: { by: "price", partition: "none" }, max_price: { prompt: 1 }, preferred_max_latency: { p90: 2 }, zdr: true },
  reasoning: { effort: "high", exclude: true },
  prediction: { type: "content", content: "x" },
  image_config: { aspect_ratio: "16:9" },
  web_search_options: { search_context_size: "low" },
  stop_server_tools_when: [{ type: "max_cost", max_cost_in_dollars: 0.1 }],
  response_format: { type: "json_schema", json_schema: { name: "x", schema: {} } },
  cache_control: { type: "ephemeral", ttl: "1h" },
  trace: { trace_id: "t", mine: 1 },
  debug: { echo_upstream_body: true },
};
// @ts-expect-error: no such direction
full.provider = { data_collection: "perhaps" };
// @ts-expect-error: not a number of them
full.plugins = [{ id: 5 }];
// @ts-expect-error: text, not a number
full.metadata = { a: 1 };

export async function useEndpoints(file: File): Promise<void> {
  const { data } = await client.embeddings({ model: "a/b", input: ["x", "y"] });
  console.log(data[0]?.embedding.length);
  // @ts-expect-error: there is something to embed
  client.embeddings({ model: "a/b" });
  const { results } = await client.rerank({ model: "a/b", query: "q", documents: ["a", { text: "b" }] });
  console.log(results[0]?.relevance_score.toFixed(2));
  const drawn = await client.images({ model: "a/b", prompt: "p", n: 2 });
  console.log(drawn.data.map(({ b64_json, media_type }) => `data:${media_type};base64,${b64_json}`));
  for await (const event of client.streamImages({ model: "a/b", prompt: "p" })) console.log(drawing(event));
  const sound: Blob = await (await client.speech({ model: "a/b", input: "hi", response_format: "mp3" })).blob();
  const { text } = await client.transcription({ model: "a/b", file });
  await client.transcription({ model: "a/b", input_audio: { data: "", format: "wav" } });
  console.log(sound.size, text);

  const response = await client.responses({ model: "a/b", input: "hi" });
  console.log(response.output[0]?.type, response.usage?.cost);
  const responses = client.streamResponses({ model: "a/b", input: [{ role: "user", content: "hi" }] });
  const native: ReadableStream<ResponsesEvent> = responses;
  for await (const event of responses) if (event.type === "response.output_text.delta") console.log(event.delta, native.locked);
  console.log((await responses.finalResponse()).status);
  for await (const piece of client.streamResponses({ input: "hi" }).text()) console.log(piece.length);

  const stream = client.streamMessages({ model: "a/b", max_tokens: 10, messages: [{ role: "user", content: "hi" }] });
  for await (const event of stream) console.log(said(event));
  const message = await stream.finalMessage();
  const blocks: ContentBlock[] = message.content;
  await client.messages({ messages: [{ role: "assistant", content: blocks }] });
  // @ts-expect-error: of responses
  stream.finalResponse();
  // @ts-expect-error: messages() does not stream
  client.messages({ messages: [], stream: true });

  const key: KeyInfo = await client.key();
  const remaining: number = key.limit_remaining ?? Infinity;
  const { generationId } = await stream.response();
  const generation: Generation = await client.generation(generationId ?? "");
  console.log(remaining, generation.total_cost);
  const credits = await client.request<{ data: { total_credits: number } }>("GET", "/credits");
  console.log(credits.data.total_credits);
  // @ts-expect-error: whose shape was not told
  (await client.request("POST", "/x", { a: 1 })).data;

  const { url } = await beginSignIn({ keyLabel: "My page", limit: 5, storage: sessionStorage });
  location.assign(url);
  const { key: own, userId, cleanURL } = await completeSignIn({ replaceURL: true, client });
  new OpenRouter({ apiKey: own, headers: { "x-user": userId ?? cleanURL } });
}

function drawing(event: ImageEvent): string {
  switch (event.type) {
    case "image_generation.partial_image":
    case "image_generation.completed":
      return event.b64_json;
    case "image_generation.text_chunk":
      return event.text;
    default: {
      const never: never = event;
      return never;
    }
  }
}

const said = (event: MessagesEvent): unknown => (event.type === "content_block_delta" ? event.delta : event.type);
export async function converse(file: File, signal: AbortSignal): Promise<string> {
  const part: ContentPart = await contentPart(file, { detail: "low", maxBytes: 20_000_000 });
  const video = await contentPart(new URL("https://v.example/watch"), { type: "video/mp4" });
  // @ts-expect-error: not a path
  await contentPart(5);

  const conversation = new Conversation({
    client,
    model: "openai/gpt-5.2",
    system: "Be brief.",
    contextLength: "auto",
    temperature: 0.5,
    onTrim: ({ dropped, tokens }) => console.log(dropped.length, tokens),
  });
  // @ts-expect-error: it needs a client
  new Conversation({ model: "openai/gpt-5.2" });
  const answer: AssistantMessage = await conversation.send([{ type: "text", text: "What is this?" }, part, video], { signal });
  for await (const text of conversation.stream("And now?").text()) console.log(text);
  conversation.model = "anthropic/claude-sonnet-4.5";
  await conversation.retry().finalMessage();
  await conversation.edit(1, "Something else").finalMessage();
  await conversation.send({ role: "tool", tool_call_id: answer.tool_calls?.[0]?.id ?? "", content: "42" });
  // @ts-expect-error: no such role
  await conversation.send({ role: "robot", content: "42" });
  conversation.truncate(1);
  const { cost, total_tokens } = conversation.usage;
  console.log(cost, total_tokens, conversation.pending, conversation.dropped);
  const saved: SavedConversation = conversation.toJSON();
  return JSON.stringify(await Conversation.from(saved, client));
}

export async function race(): Promise<ComparisonResult[]> {
  const comparison = compare(client, { messages }, ["openai/gpt-5.2", "anthropic/claude-sonnet-4.5"], { concurrency: 2 });
  for await (const event of comparison) {
    if (event.type === "text") console.log(event.model, event.text);
    if (event.type === "done") console.log(event.result.tokensPerSecond, event.result.timeToFirstTokenMs, event.result.cost);
  }
  // @ts-expect-error: models are a list
  compare(client, { messages }, "openai/gpt-5.2");
  return comparison.results();
}
