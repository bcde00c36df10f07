// Two or three models answer the same question side by side, in a dialog, for columns need more room than the chat may
// have. Loaded when models are compared.
// Seam: `openComparison(host, models)`. The package's `compare()` asks and measures; what somebody goes on with becomes a
// branch of the thread, and the other answers stand beside it.
import { compare, type Comparison, type ComparisonEvent, type ComparisonResult } from "../compare.js";
import { adopt, button, h, hasTouchKeyboard, icon, iconButton } from "./dom.ts";
import css from "./comparison.css";
import type { Host } from "./host.ts";
import { MarkdownView } from "./markdown.ts";
import type { Choice } from "./models.ts";
import type { Entry } from "./thread.ts";
import type { Phrase } from "./words.ts";

/** How long events may be taken without a pause for the page, in ms. */
const SLICE_MS = 8;

export const WORDS = {
  compareTitle: "Compare models",
  compareOthers: "Other models",
  compareEmpty: "Ask one question; each model answers here, and nothing of it is in the chat until you go on with one.",
  compareQuestion: "Question to all",
  compareSend: "Ask all",
  compareStopAll: "Stop all",
  compareStop: "Stop {name}",
  compareWaiting: "Waiting…",
  compareAnswering: "Answering…",
  compareStopped: "Stopped",
  compareFailed: "Failed",
  compareDone: "Done",
  compareOver: "All answers are here.",
  compareGoOn: "Go on with this one",
  compareGoOnWith: "Go on with this one: {name}",
  statFirst: "First token",
  statSpeed: "Speed",
  statTokens: "Tokens",
  statCost: "Cost",
  statBest: "best",
  statNone: "–",
  statSeconds: "{seconds} s",
} satisfies Record<string, Phrase>;

type Key = keyof typeof WORDS;

/** What answers are measured by, and whether more of it is better. */
const STATS = [
  { key: "statFirst", of: (result: ComparisonResult) => result.timeToFirstTokenMs, best: Math.min },
  { key: "statSpeed", of: (result: ComparisonResult) => result.tokensPerSecond, best: Math.max },
  { key: "statTokens", of: () => undefined, best: undefined },
  { key: "statCost", of: (result: ComparisonResult) => result.cost, best: Math.min },
] as const;

export function openComparison(host: Host, models: Choice[]): void {
  adopt(host.root, css);
  host.root.querySelector(".comparison")?.remove();
  const comparison = new ComparisonView(host, models.slice(0, 3));
  host.root.querySelector(".chat")!.append(comparison.element);
  comparison.open();
}

class ComparisonView {
  readonly element: HTMLDialogElement;
  readonly #host: Host;
  readonly #columns: Column[];
  readonly #text: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #status = h("div", { class: "hidden", role: "status" });
  #comparison: Comparison | undefined;
  #question = "";
  /** As it was typed. */
  #said = "";
  #frame = 0;

  constructor(host: Host, models: Choice[]) {
    const say = (key: Key) => host.words.of(WORDS, key);
    this.#host = host;
    this.#columns = models.map((model, index) => new Column(host, model, { stop: () => this.#comparison?.streams[index]?.cancel(), goOn: () => this.#goOn(index) }));
    const others = button(say("compareOthers"), { class: "quiet", part: "compare-others" }, () => {
      this.element.close();
      host.openPicker(true);
    });
    const close = iconButton("close", host.words.say("close"), { class: "action" }, () => this.element.close());
    const head = h("div", { class: "comparison-head" }, h("h2", {}, say("compareTitle")), ...(host.models.length === 1 ? [] : [others]), close);
    const columns = h("div", { class: "columns", part: "columns" }, ...this.#columns.map(({ element }) => element));
    columns.style.setProperty("--columns", String(models.length));
    this.#text = h("textarea", { rows: 1, part: "input", "aria-label": say("compareQuestion"), placeholder: say("compareQuestion"), dir: "auto", enterkeyhint: hasTouchKeyboard() ? "enter" : "send", autocomplete: "off" });
    this.#send = h("button", { type: "submit", class: "send", part: "send-button" });
    const form = h("form", { class: "composer", part: "composer" }, this.#text, this.#send);
    this.element = h("dialog", { class: "comparison", part: "comparison", "aria-label": say("compareTitle") }, head, columns, form, this.#status);

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#comparison) this.#comparison.cancel();
      else void this.#ask(this.#text.value.trim());
      this.#text.focus();
    });
    this.#text.addEventListener("input", () => this.#update());
    this.#text.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229 || event.key !== "Enter" || event.shiftKey || hasTouchKeyboard()) return;
      event.preventDefault();
      if (!this.#comparison) form.requestSubmit();
    });
    this.element.addEventListener("close", () => {
      this.#comparison?.cancel();
      // What has not been asked yet can still be asked.
      if (this.#text.value.trim()) host.draft = this.#text.value;
      this.element.remove();
    });
  }

  open(): void {
    // What was about to be sent to one is asked of all.
    this.#text.value = this.#host.root.querySelector<HTMLTextAreaElement>(".foot textarea")?.value ?? "";
    this.element.showModal();
    this.#text.focus();
    this.#update();
  }

  async #ask(content: string): Promise<void> {
    const { client, thread, emit, words } = this.#host;
    const detail = { content, request: {} };
    if (content === "" || !emit("or-submit", detail, { cancelable: true }) || typeof detail.content !== "string") return;
    this.#question = detail.content;
    this.#said = content;
    const request = this.#host.request([...thread.messages, { role: "user", content: detail.content }], detail.request);
    const comparison = compare(client, request, this.#columns.map(({ model }) => model.id));
    this.#comparison = comparison;
    for (const column of this.#columns) column.begin();
    this.#text.value = "";
    this.#update();
    let pauseAt = performance.now() + SLICE_MS;
    for await (const event of comparison) {
      // The chat was taken out of the page, or built anew: nobody looks at it any more.
      if (!this.element.isConnected) comparison.cancel();
      this.#columns[event.index]!.take(event);
      this.#frame ||= requestAnimationFrame(() => this.#draw());
      if (performance.now() > pauseAt) {
        await new Promise((resolve) => setTimeout(resolve));
        pauseAt = performance.now() + SLICE_MS;
      }
    }
    this.#comparison = undefined;
    const results = await comparison.results();
    this.#rate(results);
    this.#status.textContent = words.of(WORDS, "compareOver");
    this.#update();
    emit("or-compare-end", { content: this.#question, results });
  }

  #draw(): void {
    this.#frame = 0;
    const isAllShown = this.#columns.map((column) => column.draw()).every(Boolean);
    if (!isAllShown) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** Says which one is best in what, where there is a difference. */
  #rate(results: ComparisonResult[]): void {
    const whole = results.filter(({ message }) => message);
    for (const { key, of, best } of STATS) {
      const values = whole.map(of).filter((value) => value !== undefined);
      const top = best && values.length > 1 && new Set(values).size > 1 ? best(...values) : undefined;
      for (const [i, column] of this.#columns.entries()) column.rate(key, top !== undefined && of(results[i]!) === top);
    }
  }

  #goOn(index: number): void {
    const { thread } = this.#host;
    this.#comparison?.cancel();
    const answers = this.#columns.map((column) => column.answer());
    const chosen = answers[index];
    if (!chosen) return;
    const given = answers.filter((answer) => answer !== undefined);
    thread.graft(this.#question, given, given.indexOf(chosen));
    this.#host.choose(this.#columns[index]!.model);
    // It stood there before it was asked here.
    if (this.#host.draft.trim() === this.#said) this.#host.draft = "";
    this.element.close();
    this.#host.focusComposer();
  }

  #update(): void {
    const isBusy = this.#comparison !== undefined;
    const label = this.#host.words.of(WORDS, isBusy ? "compareStopAll" : "compareSend");
    const isIdle = !isBusy && this.#text.value.trim() === "";
    this.#send.replaceChildren(icon(isBusy ? "stop" : "send"));
    this.#send.dataset.mode = isBusy ? "stop" : "send";
    this.#send.setAttribute("aria-label", label);
    this.#send.title = label;
    this.#send.setAttribute("aria-disabled", String(isIdle));
  }
}

class Column {
  readonly element: HTMLElement;
  readonly model: Choice;
  readonly #host: Host;
  readonly #state = h("span", { class: "column-state" });
  readonly #body = h("div", { class: "column-body", tabindex: 0, role: "region" });
  readonly #stats = h("dl", { class: "stats", part: "column-stats" });
  readonly #stop: HTMLButtonElement;
  readonly #goOn: HTMLButtonElement;
  #view: MarkdownView | undefined;
  #text = "";
  #result: ComparisonResult | undefined;

  constructor(host: Host, model: Choice, actions: { stop(): void; goOn(): void }) {
    const { words } = host;
    this.#host = host;
    this.model = model;
    const { name } = model;
    this.#stop = iconButton("stop", words.of(WORDS, "compareStop", { name }), { class: "action", part: "column-stop", hidden: true }, actions.stop);
    this.#goOn = button(words.of(WORDS, "compareGoOn"), { class: "go-on", part: "go-on", "aria-label": words.of(WORDS, "compareGoOnWith", { name }), hidden: true }, actions.goOn);
    this.#body.setAttribute("aria-label", name);
    this.#body.append(h("p", { class: "note" }, words.of(WORDS, "compareEmpty")));
    const head = h("div", { class: "column-head" }, h("h3", { title: model.id }, name), this.#state, this.#stop);
    this.element = h("div", { class: "column", part: "column", role: "group", "aria-label": name, "data-model": model.id }, head, this.#body, this.#stats, this.#goOn);
  }

  begin(): void {
    const text = h("div", { class: "body", dir: "auto" });
    this.#text = "";
    this.#result = undefined;
    this.#body.replaceChildren(text);
    this.#view = new MarkdownView(text, this.#host);
    this.#stats.replaceChildren();
    this.#goOn.hidden = true;
    this.#stop.hidden = false;
    this.#body.setAttribute("aria-busy", "true");
    this.#say("compareWaiting");
  }

  take(event: ComparisonEvent): void {
    if (event.type === "done" || event.type === "error") return this.#end(event.result);
    if (event.type === "text" || event.type === "refusal") {
      this.#text += event.text;
      this.#say("compareAnswering");
    } else if (event.type === "reasoning") this.#state.textContent = this.#host.words.say("thinking");
  }

  /** Shows what there is; false if some of it has to wait for a later frame. */
  draw(): boolean {
    if (!this.#view || this.#result) return true;
    const { scrollTop, scrollHeight, clientHeight } = this.#body;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < 32;
    const isAllShown = this.#view.show(this.#text);
    if (isAtEnd) this.#body.scrollTop = this.#body.scrollHeight;
    return isAllShown;
  }

  /** The answer as the thread holds it; nothing if nothing came. */
  answer(): Partial<Entry> | undefined {
    const result = this.#result;
    const message = result?.message ?? (this.#text ? { role: "assistant" as const, content: this.#text } : undefined);
    if (!message || (result && !result.message && !result.text)) return undefined;
    return {
      messages: [message],
      state: result?.message ? "done" : "stopped",
      model: this.model.id,
      usage: result?.usage,
      finishReason: result?.finishReason,
      firstTokenMs: result?.timeToFirstTokenMs,
      totalMs: result?.totalMs,
      tokensPerSecond: result?.tokensPerSecond,
    };
  }

  rate(key: string, isBest: boolean): void {
    const row = this.#stats.querySelector<HTMLElement>(`[data-stat=${key}]`);
    if (!row || !isBest) return;
    row.toggleAttribute("data-best", true);
    row.lastElementChild!.append(h("span", { class: "best" }, this.#host.words.of(WORDS, "statBest")));
  }

  #end(result: ComparisonResult): void {
    this.#result = result;
    this.#view?.finish(this.#text);
    this.#stop.hidden = true;
    this.#body.removeAttribute("aria-busy");
    const { error, message } = result;
    const isStopped = (error as Error | undefined)?.name === "AbortError";
    this.#say(message ? "compareDone" : isStopped ? "compareStopped" : "compareFailed");
    if (!message && !isStopped) {
      void this.#showError(result);
    }
    this.#goOn.hidden = !this.answer();
    this.#show(result);
  }

  async #showError(result: ComparisonResult): Promise<void> {
    const { error } = result;
    const errors = await this.#host.load(() => import("./errors.ts"));
    const card = errors?.createErrorCard({ error, model: this.model.id, messages: [] } as unknown as Entry, true, this.#host);
    // Meanwhile something else may have been asked.
    if (card && this.#result === result) this.#body.append(card.element);
  }

  #show({ usage, cost, timeToFirstTokenMs, tokensPerSecond }: ComparisonResult): void {
    const { words } = this.#host;
    const values = {
      statFirst: timeToFirstTokenMs === undefined ? undefined : words.of(WORDS, "statSeconds", { seconds: words.short(timeToFirstTokenMs / 1000) }),
      statSpeed: tokensPerSecond === undefined ? undefined : words.say("speed", { tokens: words.short(tokensPerSecond) }),
      statTokens: usage && words.say("tokens", { input: usage.prompt_tokens, output: usage.completion_tokens }),
      statCost: cost === undefined ? undefined : words.dollars(cost),
    };
    const rows = STATS.map(({ key }) => h("div", { "data-stat": key }, h("dt", {}, words.of(WORDS, key)), h("dd", {}, values[key] ?? words.of(WORDS, "statNone"))));
    this.#stats.replaceChildren(...rows);
  }

  #say(key: Key): void {
    const text = this.#host.words.of(WORDS, key);
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }
}
