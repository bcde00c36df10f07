import { OpenRouter, OpenRouterError } from "openrouter-wasm";

export default {
  // Files of public/ are served before this is asked. Who may call it, and how often, is yours to check here.
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/api/chat" || request.method !== "POST") return new Response("not found", { status: 404 });
    const { question } = await request.json();
    const client = new OpenRouter({ apiKey: env.OPENROUTER_API_KEY, baseURL: env.OPENROUTER_BASE_URL });
    const messages = [{ role: "user", content: String(question) }];
    const stream = client.stream({ model: "openai/gpt-5.2", messages, max_completion_tokens: 1000 }, { signal: request.signal });
    const text = stream.text().pipeThrough(new TextEncoderStream());
    try {
      await stream.response(); // it has begun, or it says why not
    } catch (error) {
      if (!(error instanceof OpenRouterError)) throw error;
      return new Response(error.message, { status: 502 });
    }
    // Compressed, text would be held back until there is more of it.
    return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8", "content-encoding": "identity" } });
  },
};
