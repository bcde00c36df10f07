import { Conversation, OpenRouter, OpenRouterError } from "openrouter-wasm";

const client = new OpenRouter(); // the page's own /api/v1
const conversation = new Conversation({ client, model: "openai/gpt-5.2", system: "Answer briefly." });

const form = document.querySelector("form");
const stop = document.querySelector("#stop");
const output = document.querySelector("output");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = form.elements.question.value;
  form.reset();
  output.append(`${output.textContent && "\n\n"}> ${question}\n\n`);
  const stream = conversation.stream(question);
  stop.onclick = () => stream.cancel();
  stop.disabled = false;
  try {
    for await (const text of stream.text()) output.append(text);
  } catch (error) {
    if (error instanceof OpenRouterError) output.append(`\n${error.message}`);
    else if (error.name !== "AbortError") throw error;
  } finally {
    stop.disabled = true;
  }
});
