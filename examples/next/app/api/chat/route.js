import { OpenRouter, OpenRouterError } from "openrouter-wasm";

const client = new OpenRouter(); // reads OPENROUTER_API_KEY, which stays on the server

// Who may call this, and how often, is yours to check here: each call is billed.
export async function POST(request) {
  const { question } = await request.json();
  const messages = [{ role: "user", content: String(question) }];
  const stream = client.stream({ model: "openai/gpt-5.2", messages, max_completion_tokens: 1000 }, { signal: request.signal });
  const text = stream.text().pipeThrough(new TextEncoderStream());
  try {
    await stream.response(); // it has begun, or it says why not
  } catch (error) {
    if (!(error instanceof OpenRouterError)) throw error;
    return new Response(error.message, { status: 502 });
  }
  return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } });
}
