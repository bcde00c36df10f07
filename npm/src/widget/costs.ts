// What an answer used and cost in full, and what the chat did, beside how much of it still fits. Loaded when somebody
// asks, or when a chat is long.
// Seam: `toggleDetails(entry, host, button)` below an answer; `createMeter(host, button)` for the button in the header.
import { adopt, button, h } from "./dom.ts";
import css from "./costs.css";
import type { Host } from "./host.ts";
import { costOf } from "./money.ts";
import { textOf, type Entry } from "./thread.ts";
import type { Phrase, Words } from "./words.ts";

/** Share of the context from which on somebody should know. */
const NEAR = 0.8;
/** Of text in most languages and models. */
const CHARACTERS_PER_TOKEN = 4;

export const WORDS = {
  detailModel: "Model",
  detailProvider: "Provider",
  detailInput: "Read",
  detailOutput: "Written",
  detailCost: "Cost",
  detailFirst: "First token",
  detailTotal: "Whole answer",
  detailSpeed: "Speed",
  tokenCount: { one: "{count} token", other: "{count} tokens" },
  cached: ", {count} of them from the cache",
  reasoned: ", {count} of them for reasoning",
  seconds: "{seconds} s",
  costUnknown: "not told",
  thisChat: "This chat",
  context: "Context",
  contextUsed: "{share} of {tokens} used",
  contextUnknown: "{count} tokens; how many {name} takes is not known",
  contextCounted: "Counted by the provider with the last answer: all that was sent, and what came.",
  contextEstimated: "An estimate: one token for four characters, without files.",
  contextNear: "This chat fills {share} of what {name} can take.",
  answerCount: { one: "{count} answer", other: "{count} answers" },
  unpriced: { one: "{count} answer has no price", other: "{count} answers have no price" },
  costNote: "With all versions of answers, as billed by OpenRouter.",
} satisfies Record<string, Phrase>;

const say = (words: Words, key: keyof typeof WORDS, values?: Record<string, string | number>) => words.of(WORDS as Record<string, Phrase>, key, values);

/** Names and what stands for them; those without are left out. */
const list = (rows: [name: string, value: string | undefined][]): HTMLElement =>
  h("dl", {}, ...rows.flatMap(([name, value]) => (value ? [h("div", {}, h("dt", {}, name), h("dd", {}, value))] : [])));

/** Shows all that is known of an answer below it, or hides it again. */
export function toggleDetails({ model, provider, usage, firstTokenMs, totalMs, tokensPerSecond }: Entry, { root, words }: Host, shownBy: HTMLElement): void {
  adopt(root, css);
  const isOpen = shownBy.getAttribute("aria-expanded") === "true";
  shownBy.setAttribute("aria-expanded", String(!isOpen));
  if (isOpen) return shownBy.nextElementSibling?.remove();
  const seconds = (ms?: number) => (ms === undefined ? undefined : say(words, "seconds", { seconds: words.short(ms / 1000) }));
  const [cached, reasoned] = [usage?.prompt_tokens_details?.cached_tokens, usage?.completion_tokens_details?.reasoning_tokens];
  const count = (tokens: number, key: "cached" | "reasoned", some?: number | null) => say(words, "tokenCount", { count: tokens }) + (some ? say(words, key, { count: some }) : "");
  const shown = list([
    [say(words, "detailModel"), model],
    [say(words, "detailProvider"), provider],
    [say(words, "detailInput"), usage && count(usage.prompt_tokens, "cached", cached)],
    [say(words, "detailOutput"), usage && count(usage.completion_tokens, "reasoned", reasoned)],
    [say(words, "detailCost"), typeof usage?.cost === "number" ? words.dollars(usage.cost) : say(words, "costUnknown")],
    [say(words, "detailFirst"), seconds(firstTokenMs)],
    [say(words, "detailTotal"), seconds(totalMs)],
    [say(words, "detailSpeed"), tokensPerSecond === undefined ? undefined : words.say("speed", { tokens: words.short(tokensPerSecond) })],
  ]);
  shownBy.after(h("div", { class: "details", part: "usage-details" }, shown));
}

export interface Meter {
  /** Shows how things are now; with `isAsked` all of it, or no more. */
  update(isAsked?: boolean): void;
}

export function createMeter(host: Host, shownBy: HTMLElement): Meter {
  adopt(host.root, css);
  return new ChatMeter(host, shownBy);
}

interface Context {
  tokens: number;
  isCounted: boolean;
  /** Most tokens of the model. */
  length?: number;
}

class ChatMeter implements Meter {
  readonly #host: Host;
  readonly #button: HTMLElement;
  readonly #panel = h("section", { class: "costs", part: "costs", hidden: true });
  readonly #warning = h("p", { class: "near", part: "context-warning", hidden: true });
  /** Counts the updates. */
  #run = 0;
  readonly #lengths = new Map<string, Promise<number | undefined>>();

  constructor(host: Host, shownBy: HTMLElement) {
    this.#host = host;
    this.#button = shownBy;
    this.#panel.setAttribute("aria-label", say(host.words, "thisChat"));
    shownBy.closest(".header")!.after(this.#panel);
    host.root.querySelector(".foot")!.prepend(this.#warning);
    for (const element of [shownBy, this.#panel]) element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  async update(isAsked = false): Promise<void> {
    const isOpen = this.#button.getAttribute("aria-expanded") !== "true";
    const run = ++this.#run;
    const context = await this.#context();
    const share = context.length ? context.tokens / context.length : 0;
    // How long a context is may be found out late, when another model is chosen already.
    if (run === this.#run) {
      this.#draw(context, share);
      this.#warn(share);
    }
    if (isAsked) this.#toggle(isOpen);
    else if (this.#button.matches("[hidden]")) this.#toggle(false);
  }

  #toggle(isOpen: boolean): void {
    this.#panel.hidden = !isOpen;
    this.#button.setAttribute("aria-expanded", String(isOpen));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || this.#panel.hidden) return;
    event.preventDefault(); // it would stop an answer too
    this.#toggle(false);
    this.#button.focus();
  }

  /** What the next question is sent after. */
  async #context(): Promise<Context> {
    const { thread, model } = this.#host;
    const { path } = thread;
    const last = path.findLast(({ role, state }) => role === "assistant" && state !== "streaming");
    // With tools, and where an answer was gone on with, several requests were counted together.
    const isCounted = last?.usage !== undefined && last.state === "done" && last === path.at(-1) && !last.usedBefore && !last.parts.some(({ type }) => type === "tool");
    const characters = path.reduce((sum, entry) => sum + textOf(entry).length, 0);
    const tokens = isCounted ? last.usage!.total_tokens : Math.ceil(characters / CHARACTERS_PER_TOKEN);
    return { tokens, isCounted, length: await this.#length(model.id) };
  }

  #length(id: string): Promise<number | undefined> {
    let length = this.#lengths.get(id);
    const ask = () => this.#host.client.model(id).then(({ context_length }) => context_length ?? undefined, () => void this.#lengths.delete(id)) as Promise<number | undefined>;
    if (!length) this.#lengths.set(id, (length = ask()));
    return length;
  }

  #percent(share: number): string {
    return this.#host.words.number(share, { style: "percent", maximumFractionDigits: share < 0.1 ? 1 : 0 });
  }

  #draw({ tokens, isCounted, length }: Context, share: number): void {
    const { words, model, thread } = this.#host;
    const { answers } = thread;
    const used = answers.flatMap(({ usage }) => usage ?? []);
    const sum = (each: (usage: (typeof used)[number]) => number | null | undefined) => used.reduce((all, usage) => all + (each(usage) ?? 0), 0);
    const unpriced = answers.filter(({ usage, state }) => state !== "streaming" && typeof usage?.cost !== "number").length;
    const cost = costOf(used, words);
    const percent = this.#percent(share);

    const ring = h("span", { class: "ring", "aria-hidden": "true" });
    ring.style.setProperty("--share", String(Math.min(share, 1)));
    const label = h("span", { class: "hidden" }, words.say("spent"));
    this.#button.replaceChildren(...(length ? [ring] : []), label, cost, ...(share >= NEAR ? [` · ${percent}`] : []));
    this.#button.toggleAttribute("data-near", share >= NEAR);

    const bar = h("div", { class: "bar", part: "context-meter", role: "meter", "aria-label": say(words, "context"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.min(100, Math.round(share * 100)), "aria-valuetext": percent }, h("div"));
    bar.style.setProperty("--share", String(Math.min(share, 1)));
    bar.toggleAttribute("data-near", share >= NEAR);
    const fill = length ? say(words, "contextUsed", { share: percent, tokens: words.tokens(length) }) : say(words, "contextUnknown", { count: tokens, name: model.name });
    this.#panel.replaceChildren(
      h("h2", {}, say(words, "thisChat")),
      h("p", { class: "fill" }, h("span", {}, say(words, "context")), h("span", {}, fill)),
      ...(length ? [bar] : []),
      h("p", { class: "small" }, `${length ? `${say(words, "tokenCount", { count: tokens })}. ` : ""}${say(words, isCounted ? "contextCounted" : "contextEstimated")}`),
      list([
        [say(words, "detailInput"), say(words, "tokenCount", { count: sum((usage) => usage.prompt_tokens) })],
        [say(words, "detailOutput"), say(words, "tokenCount", { count: sum((usage) => usage.completion_tokens) })],
        [say(words, "detailCost"), `${cost} · ${say(words, "answerCount", { count: answers.length })}`],
      ]),
      h("p", { class: "small" }, [say(words, "costNote"), ...(unpriced > 0 ? [`${say(words, "unpriced", { count: unpriced })}.`] : [])].join(" ")),
    );
  }

  #warn(share: number): void {
    const { words, model } = this.#host;
    const isNear = share >= NEAR;
    if (isNear) {
      const text = say(words, "contextNear", { share: this.#percent(share), name: model.name });
      if (this.#warning.hidden) this.#host.announce(text);
      const fresh = button(words.say("newChat"), { class: "quiet" }, () => {
        this.#host.newChat();
        this.#host.focusComposer();
      });
      const other = button(words.say("chooseModel"), { class: "quiet" }, () => this.#host.openPicker());
      this.#warning.replaceChildren(text, " ", fresh, ...(this.#host.models.length === 1 ? [] : [other]));
    }
    this.#warning.hidden = !isNear;
  }
}
