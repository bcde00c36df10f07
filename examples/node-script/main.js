import { OpenRouter, OpenRouterError } from "openrouter-wasm";

const question = process.argv.slice(2).join(" ") || "Why is the sky blue?";
const client = new OpenRouter(); // reads OPENROUTER_API_KEY

try {
  const stream = client.stream({ model: "openai/gpt-5.2", messages: [{ role: "user", content: question }] });
  for await (const text of stream.text()) process.stdout.write(text);
  const usage = await stream.usage();
  console.error(`\n${usage?.total_tokens} tokens, ${usage?.cost} USD`);
} catch (error) {
  if (!(error instanceof OpenRouterError)) throw error;
  console.error(`\n${error.code}: ${error.message}`);
  process.exitCode = 1;
}
