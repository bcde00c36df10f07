// What the three apps have in common: what a page is asked to show, and what a test sees from outside of the framework.
import { OpenRouter } from "openrouter-wasm";

const asked = new URLSearchParams(location.search);

/** The models that the app goes through, one for each press. */
export const MODELS = asked.get("models")?.split(" ") ?? ["test/one", "test/two"];
export const PERSIST = asked.get("persist") ?? undefined;
export const hasClient = asked.has("client");
export const isList = asked.has("list");
export const KEYS = ["a", "b", "c"];
export const SUGGESTIONS = [["Tell me a joke"], ["Tell me a story", "Tell me the time"]];

export const next = (list, at) => list[(list.indexOf(at) + 1) % list.length];

export const newClient = () => new OpenRouter({ baseURL: "/api/v1", headers: { "x-app": "its own" } });

/** A tool whose work is the app's. */
export const weather = (run) => ({ name: "get_weather", description: "The weather", parameters: { type: "object", properties: { city: { type: "string" } } }, run });

// Bubbling and composed: heard at the document, once for each time that it happened.
window.happened = [];
for (const type of ["or-submit", "or-response-start", "or-response-end", "or-error", "or-model-change"]) {
  document.addEventListener(type, ({ detail, target }) => window.happened.push({ type, id: target.id, ...JSON.parse(JSON.stringify(detail)) }));
}
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => window.happened.push({ type: "violation", violatedDirective, blockedURI }));
for (const type of ["error", "unhandledrejection"]) {
  addEventListener(type, ({ message, reason }) => window.happened.push({ type: "fault", message: message ?? String(reason) }));
}
// Frameworks say there what they do not like.
for (const level of ["error", "warn"]) {
  const say = console[level];
  console[level] = (...words) => {
    window.happened.push({ type: "fault", message: words.map(String).join(" ") });
    say.apply(console, words);
  };
}

/** The chat that a test looks at. */
window.chosen = "openrouter-chat";
Object.defineProperty(window, "chat", { get: () => document.querySelector(window.chosen) });
// Not what a script says at its end: React renders later.
Object.defineProperty(window, "isReady", { get: () => Boolean(window.chat?.shadowRoot) });
