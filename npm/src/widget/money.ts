// What an answer used and cost.
// Seam: the message view puts `usageLine(entry, words)` under each answer that is over, and again when it changes; the
// entry has `usage` (tokens, cost), `model`, `firstTokenMs` and `totalMs`. Totals come from `thread.path`.
import { h } from "./dom.ts";
import type { Entry } from "./thread.ts";
import type { Words } from "./words.ts";

export function usageLine({ model, usage }: Entry, words: Words): HTMLElement {
  const facts = [model];
  if (usage) facts.push(words.say("tokens", { input: usage.prompt_tokens, output: usage.completion_tokens }));
  if (typeof usage?.cost === "number") facts.push(words.dollars(usage.cost));
  return h("span", { class: "usage", part: "usage" }, facts.filter(Boolean).join(" · "));
}
