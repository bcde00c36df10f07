// Compiles, or does not where it says so: what a page's author writes against the widget's types.
import type { JSX } from "react";
import { OpenRouter, tool } from "openrouter-wasm";
import { ENGLISH, OpenRouterChat, define, type Keeping } from "openrouter-wasm/widget";
import "openrouter-wasm/widget/define";
import type {} from "openrouter-wasm/widget/react";

define();
define("my-chat");

const chat: OpenRouterChat = document.createElement("openrouter-chat");
const found: OpenRouterChat | null = document.querySelector("openrouter-chat");
chat.client = new OpenRouter({ baseURL: "/llm/v1" });
chat.models = ["openai/gpt-5.2", "anthropic/claude-sonnet-4.5"];
const models: string[] = chat.models;
chat.theme = "dark";
// @ts-expect-error: no such theme
chat.theme = "sepia";
// @ts-expect-error: whether it is busy is the element's to say
chat.isBusy = true;
chat.tools = [tool({ name: "clock", description: "The time", run: () => new Date().toISOString() })];
chat.strings = { send: "Senden", thought: { one: "{count} s", other: "{count} s" } };
chat.options = { temperature: 0.2 };
chat.highlight = async (code) => document.createTextNode(code);
chat.imageHosts = ["img.example.com", "*.example.org"];
const keeping: Keeping = { load: async () => undefined, save: async ({ version }) => console.log(version), clear: async () => {} };
chat.keeping = keeping;
chat.messages = [{ role: "user", content: "Hi" }];

chat.addEventListener("or-submit", (event) => {
  event.detail.content = "Other words";
  event.detail.request.temperature = 0;
  event.preventDefault();
});
chat.addEventListener("or-response-end", ({ detail: { state, usage, messages } }) => console.log(state === "done", usage?.cost, messages.at(-1)?.content));
chat.addEventListener("or-tool-call", ({ detail }) => detail.respondWith(Promise.resolve({ name: detail.name })));
chat.addEventListener("click", ({ clientX }) => console.log(clientX));
// @ts-expect-error: there is no such field
chat.addEventListener("or-error", ({ detail }) => console.log(detail.message));

const sent: boolean = chat.send("Hello");
chat.importJSON(chat.exportJSON());
console.log(sent, found?.exportMarkdown(), models, ENGLISH.send);

export const inReact: JSX.IntrinsicElements["openrouter-chat"] = {
  "base-url": "/api/v1",
  model: "openai/gpt-5.2",
  theme: "light",
  suggestions: ["Hello"],
  signIn: () => "in",
  "onor-error": ({ detail }) => console.log(detail.error),
  ref: (element) => element?.focus(),
};
// @ts-expect-error: a number of tokens
export const wrong: JSX.IntrinsicElements["openrouter-chat"] = { "max-tokens": "many" };
