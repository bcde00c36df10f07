// Between the Rust tests, which hold a client, and the scenarios, which want the classes.
import { scenarios } from "./scenarios.js";

export async function run(name, client, pricePerMillion, simulator) {
  const OpenRouter = client.constructor;
  const error = await client.chat({}).catch((error) => error);
  const OpenRouterError = error.constructor;
  await scenarios[name]({ OpenRouter, OpenRouterError, pricePerMillion, simulator, ready: async () => {} });
}

/** The bytes of a stream, and what the client makes of the very same bytes. */
export async function bodyAndCompletion(client, simulator, name) {
  const body = await fetch(`${simulator}/api/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-test" },
    body: JSON.stringify({ model: `sim/${name}`, stream: true, messages: [{ role: "user", content: "hi" }] }),
  }).then((response) => response.arrayBuffer());
  const model = `test/same-bytes-${name}`;
  const bodyBase64 = btoa(Array.from(new Uint8Array(body), (byte) => String.fromCharCode(byte)).join(""));
  await fetch(`${simulator}/__sim/scenarios`, { method: "POST", body: JSON.stringify({ model, bodyBase64, headers: { "content-type": "text/event-stream" } }) });
  const OpenRouter = client.constructor;
  const replayed = new OpenRouter({ baseURL: `${simulator}/api/v1`, apiKey: "sk-test" });
  const completion = await replayed.stream({ model, messages: [{ role: "user", content: "hi" }] }).finalCompletion();
  return { body, completion: JSON.stringify(completion) };
}
