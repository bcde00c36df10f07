// What a program on a server writes, where there is no DOM and so none of its types.
import { type ChatRequest, OpenRouter, OpenRouterError, init } from "openrouter-wasm";
import { compare } from "openrouter-wasm/compare";

const client = new OpenRouter({ apiKey: process.env["KEY"] ?? "", headers: { "x-title": "a" } });
const request: ChatRequest = { messages: [{ role: "user", content: "Hello" }] };
await init(new Uint8Array());
for await (const text of client.stream(request).text()) console.log(text.length);
const { results } = compare(client, request, ["a/b"]);
console.log((await results()).length, await (await client.speech({ model: "a/b", input: "c" })).arrayBuffer());
// @ts-expect-error: headers are texts
new OpenRouter({ headers: 5 });
console.log(new OpenRouterError({ code: "network", message: "", retryable: true }).retryable);
