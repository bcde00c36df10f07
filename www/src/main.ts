// Puts the page together: the chat, its code, its themes, and what the models cost.
import { OpenRouter, OpenRouterError } from "openrouter-wasm";
import { proxySession } from "openrouter-wasm/session";
import "openrouter-wasm/widget/define";
import type { OpenRouterChat } from "openrouter-wasm/widget";
import { askHealth, showHealth, widgetOf, type Health } from "./banners.ts";
import { byId } from "./dom.ts";
import { showModels } from "./prices.ts";
import { showSamples } from "./samples.ts";
import { showThemes } from "./themes.ts";
import { challenge } from "./turnstile.ts";

const SUGGESTIONS = [
  "Explain how a browser runs WebAssembly, in five sentences.",
  "Compare SQLite and PostgreSQL in a table.",
  "Plan three easy vegetarian dinners for this week.",
  "Write a haiku about the sea at night.",
];

/** Under which the chosen model is kept in this browser. */
const MODEL = "openrouter-wasm.model";

const chat = byId("chat", HTMLElement) as OpenRouterChat;
const status = byId("status", HTMLElement);
const announce = (words: string) => {
  status.textContent = words;
};

const session = (site: NonNullable<ReturnType<typeof widgetOf>>) => {
  const page = {
    box: byId("challenge", HTMLElement),
    announce,
    failure: (message: string) => new OpenRouterError({ code: "authentication", message, upstreamMessage: message, retryable: false }),
  };
  return proxySession({ turnstileToken: ({ signal }) => challenge(site, page, signal) });
};

// The card of an error counts down to the next try, and the reader decides: nobody should look at an empty page meanwhile.
const clientFor = (health: Health) => {
  const site = widgetOf(health);
  return new OpenRouter({ maxRetries: 0, auth: site && session(site) });
};

const ask = (model: string) => {
  chat.model = model;
  remember(model);
  chat.scrollIntoView({ block: "center" });
  chat.focus();
};

function remember(model: string): void {
  try {
    localStorage.setItem(MODEL, model);
  } catch {
    // It is chosen again the next time.
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(MODEL);
  } catch {
    return null;
  }
}

showSamples(announce);

// Before the server has answered: the suggestions build the chat anew, and a choice is a choice.
chat.model = remembered() ?? chat.model;
chat.suggestions = SUGGESTIONS;
chat.addEventListener("or-model-change", ({ detail }) => remember(detail.model));

// Who may ask, and how, is the server's to say.
const health = await askHealth();
const client = clientFor(health);
chat.client = client;
chat.toggleAttribute("data-ready", true);

showHealth(byId("banners", HTMLElement), health);
showThemes(client);
showModels(client, ask);
