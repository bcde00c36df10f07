// The names that the documents use without saying where they come from. It is loaded before each snippet; a snippet that
// says what one of them is has its own. What is imported is never here: a snippet says so itself.
import { OpenRouter } from "openrouter-wasm";
import type { ChatRequest, JsonSchema, Message } from "openrouter-wasm";

/** A PNG of one pixel. */
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const messages: Message[] = [{ role: "user", content: "Why is the sky blue?" }];

const model: string = "openai/gpt-5.2";

const request: ChatRequest = { model, messages };

const schema: JsonSchema = { type: "object", properties: { age: { type: "integer" } }, required: ["age"] };

const free = {
  client: new OpenRouter(),
  messages,
  model,
  request,
  schema,
  /** What a user has chosen. */
  file: new File([Uint8Array.from(atob(pixel), (character) => character.charCodeAt(0))], "pixel.png", { type: "image/png" }),
  /** What the caller's own tools do. */
  forecast: async (city: string, signal?: AbortSignal) => ({ city, celsius: signal?.aborted ? 0 : 21 }),
  /** An identity provider's client. */
  identity: { getToken: async (_: { skipCache: boolean; signal: AbortSignal }) => "the-token" },
  /** The proxy's address, as a backend knows it. */
  proxy: String((globalThis as any).process?.env.PROXY_URL ?? location.origin),
  serviceSecret: String((globalThis as any).process?.env.SERVICE_SECRET ?? ""),
  /** What Turnstile gives, and its script. */
  turnstileToken: `good-${Math.random()}`,
  turnstile: {
    render(_: string, { callback }: { callback: (token: string) => void; [setting: string]: unknown }) {
      queueMicrotask(() => callback(`good-${Math.random()}`));
      return "widget";
    },
    remove(_: string) {},
  },
};

type Free = typeof free;

declare global {
  var client: Free["client"];
  var messages: Free["messages"];
  var model: Free["model"];
  var request: Free["request"];
  var schema: Free["schema"];
  var file: Free["file"];
  var forecast: Free["forecast"];
  var identity: Free["identity"];
  var proxy: Free["proxy"];
  var serviceSecret: Free["serviceSecret"];
  var turnstileToken: Free["turnstileToken"];
  var turnstile: Free["turnstile"];
}

Object.assign(globalThis, free);

// Whoever asks OpenRouter asks the simulator.
const { fetch } = globalThis;
const simulator = (globalThis as any).process?.env?.OPENROUTER_BASE_URL ?? new URL("/api/v1", location.href).href;
globalThis.fetch = (input, init) => {
  const asked = input instanceof Request ? input.url : String(input);
  const url = asked.replace("https://openrouter.ai/api/v1", simulator);
  return fetch(input instanceof Request ? new Request(url, input) : url, init);
};
