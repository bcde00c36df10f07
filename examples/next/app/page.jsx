import { OpenRouter, pricePerMillion } from "openrouter-wasm";
import { Chat } from "./chat";

export const dynamic = "force-dynamic"; // prices as they are now

export default async function Page() {
  const { name, pricing } = await new OpenRouter().model("openai/gpt-5.2");
  return (
    <main>
      <h1>Ask {name}</h1>
      <p>{pricePerMillion(pricing.completion)} USD per million tokens of answers</p>
      <Chat />
    </main>
  );
}
