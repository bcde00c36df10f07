// What answers used and cost, in a line. The rest is in costs.ts, which is loaded when somebody asks for it, or when a
// chat is long enough to wonder how much of it still fits.
// Seam: the message view puts `usageLine(entry, host)` under each answer that is over; the header has what all cost.
import type { Usage } from "../index.js";
import { button, h } from "./dom.ts";
import type { Host } from "./host.ts";
import type { Entry } from "./thread.ts";
import type { Words } from "./words.ts";

/** Tokens of a chat that any model takes: below it nobody is told how full its context is. */
export const LONG = 4000;

/** What answers have cost in all, as far as they say so; where none does that is not nothing. */
export function costOf(used: Usage[], words: Words): string {
  const told = used.flatMap(({ cost }) => cost ?? []);
  return told.length > 0 ? words.dollars(told.reduce((sum, cost) => sum + cost, 0)) : "–";
}

export function usageLine(entry: Entry, host: Host): HTMLElement {
  const { model, usage, firstTokenMs, tokensPerSecond } = entry;
  const { words } = host;
  const facts = [model];
  if (usage) facts.push(words.say("tokens", { input: usage.prompt_tokens, output: usage.completion_tokens }));
  if (typeof usage?.cost === "number") facts.push(words.dollars(usage.cost));
  if (firstTokenMs) facts.push(words.say("firstToken", { seconds: words.short(firstTokenMs / 1000) }));
  if (tokensPerSecond) facts.push(words.say("speed", { tokens: words.short(tokensPerSecond) }));
  const element = button("", { class: "usage", part: "usage", "aria-expanded": "false" }, async () => {
    const costs = await host.load(() => import("./costs.ts"));
    costs?.toggleDetails(entry, host, element);
  });
  // Each by itself: from right to left, a number would join the name before it.
  for (const fact of facts) if (fact) element.append(element.textContent && " · ", h("bdi", {}, fact));
  return element;
}
