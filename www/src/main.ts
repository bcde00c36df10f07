// Puts the page together.
import { OpenRouter, OpenRouterError, init } from "openrouter-wasm";
import { proxySession } from "openrouter-wasm/session";
import { askHealth, showHealth, showNotice, widgetOf } from "./banners.ts";
import { Chat } from "./chat.ts";
import { Composer } from "./composer.ts";
import { button, byId, h } from "./dom.ts";
import { Follower } from "./follow.ts";
import { Picker } from "./picker.ts";
import { challenge } from "./turnstile.ts";

const SUGGESTIONS = [
  "Explain how a browser runs WebAssembly, in five sentences.",
  "Compare SQLite and PostgreSQL in a table.",
  "Plan three easy vegetarian dinners for this week.",
  "Write a haiku about the sea at night.",
];

// While the server says what it wants, what will be needed anyway is loaded.
void init().catch(() => {});
const health = await askHealth();
const widget = widgetOf(health);

const banners = byId("banners", HTMLElement);
const log = byId("log", HTMLElement);
const modelName = byId("model-name", HTMLElement);
const status = byId("status", HTMLElement);
const welcome = byId("welcome", HTMLElement);

const session = (site: NonNullable<typeof widget>) => {
  const page = {
    box: byId("challenge", HTMLElement),
    announce: (words: string) => {
      status.textContent = words;
    },
    failure: (message: string) => new OpenRouterError({ code: "authentication", message, upstreamMessage: message, retryable: false }),
  };
  return proxySession({ turnstileToken: ({ signal }) => challenge(site, page, signal) });
};

// The card of an error counts down to the next try, and the reader decides: nobody should look at an empty page meanwhile.
const client = new OpenRouter({ maxRetries: 0, auth: widget && session(widget) });

const follower = new Follower(byId("scroller", HTMLElement), byId("content", HTMLElement), byId("jump", HTMLElement));

const picker = new Picker(client, (choice, lost) => {
  if (modelName.textContent !== choice.name) modelName.textContent = choice.name;
  chat.modelChanged();
  if (lost) showNotice(banners, `${lost.name} is no longer offered. ${choice.name} is chosen instead.`);
});

const composer = new Composer({
  send: (text) => {
    welcome.hidden = true;
    chat.send(text);
  },
  stop: () => chat.stop(),
});

const chat = new Chat(client, log, {
  model: () => picker.choice.id,
  chooseModel: () => picker.open(),
  edit: (text) => {
    welcome.hidden = log.childElementCount > 0;
    composer.fill(text);
  },
  busy: (isBusy) => {
    composer.isBusy = isBusy;
    if (isBusy) composer.focus();
  },
  announce: (words) => {
    status.textContent = words;
  },
  showEnd: () => follower.showEnd(),
});

for (const text of SUGGESTIONS) {
  const suggestion = button(text, {}, () => {
    welcome.hidden = true;
    chat.send(text);
  });
  byId("suggestions", HTMLElement).append(h("li", {}, suggestion));
}

byId("model", HTMLButtonElement).addEventListener("click", () => picker.open());
byId("new-chat", HTMLButtonElement).addEventListener("click", () => {
  chat.clear();
  welcome.hidden = false;
  status.textContent = "New chat.";
  composer.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !picker.isOpen) chat.stop();
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    picker.open();
  }
});

void picker.load();
showHealth(banners, health);
