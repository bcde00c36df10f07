// What each case does with the package: asks for a chat, streamed, and puts the answer together.

/** `given` is a query: the simulator's address, and which of its models to ask. */
export async function ask({ OpenRouter, compare, proxySession, beginSignIn }, given) {
  const parameters = new URLSearchParams(given);
  const [simulator, model] = ["simulator", "model"].map((name) => parameters.get(name));
  const client = new OpenRouter({ baseURL: `${simulator}/api/v1`, apiKey: "sk-or-v1-matrix" });
  let text = "";
  for await (const piece of client.stream({ model, messages: [{ role: "user", content: "Hello" }] }).text()) {
    // The rest is not sent before: the stream is one.
    if (text === "") await fetch(`${simulator}/__sim/step`, { method: "POST", body: JSON.stringify({ model }) });
    text += piece;
  }
  const others = [compare, proxySession, beginSignIn].map((entry) => typeof entry);
  return JSON.stringify({ text, others });
}
