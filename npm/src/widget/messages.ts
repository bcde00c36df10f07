// The thread on the page: one article for each entry of its path.
import { button, h, iconButton } from "./dom.ts";
import type { ErrorCard } from "./errors.ts";
import type { Host } from "./host.ts";
import { MarkdownView, link } from "./markdown.ts";
import { usageLine } from "./money.ts";
import { textOf, type Change, type Entry, type Part } from "./thread.ts";

export class MessageList {
  readonly element: HTMLElement;
  readonly #host: Host;
  readonly #views = new Map<string, MessageView>();
  #frame = 0;
  /** The answer that is still coming. */
  #live: MessageView | undefined;

  constructor(host: Host) {
    this.#host = host;
    const label = host.words.say("messages");
    this.element = h("div", { role: "log", "aria-live": "off", "aria-label": label, class: "messages", part: "messages" });
    this.#place();
    const live = host.thread.path.find(({ state }) => state === "streaming");
    if (live) this.#live = this.#views.get(live.id);
    this.#schedule();
  }

  onChange(change: Change): void {
    if (change.type === "path") return this.#place();
    const view = this.#views.get(change.entry.id);
    if (change.type === "start") this.#live = view;
    else if (change.type === "event") this.#schedule();
    else {
      view?.finish(true);
      if (this.#live === view) this.#live = undefined;
    }
  }

  /** What is read out of an answer: its text, without the buttons. */
  spoken(entry: Entry): string {
    return this.#views.get(entry.id)?.spoken ?? "";
  }

  /** Lets the last question be edited in its place. */
  editLast(): void {
    const last = this.#host.thread.path.findLast(({ role }) => role === "user");
    if (last) void this.#views.get(last.id)?.edit();
  }

  /** Another model need not wait for the one that asked for patience. */
  endWaits(): void {
    for (const view of this.#views.values()) view.card?.endWait();
  }

  #place(): void {
    const path = this.#host.thread.path;
    const kept = new Set(path);
    for (const [id, view] of this.#views) {
      if (kept.has(view.entry)) continue;
      view.element.remove();
      this.#views.delete(id);
    }
    let before: Element | null = null;
    for (const entry of path) {
      const known = this.#views.get(entry.id);
      // An answer that is gone on with is drawn anew.
      const isResumed = entry.state === "streaming" && known?.element.dataset.state !== "streaming";
      if (isResumed) known?.element.remove();
      const view = (!isResumed && known) || new MessageView(entry, this.#host, (step) => this.#turn(entry, step));
      this.#views.set(entry.id, view);
      const place: Element | null = before ? before.nextElementSibling : this.element.firstElementChild;
      if (place !== view.element) this.element.insertBefore(view.element, place);
      // It stands there now, maybe beside alternatives that it did not have.
      view.showBranch();
      before = view.element;
    }
  }

  /** Shows another branch, and keeps the focus at the arrows of what stands there then. */
  #turn(entry: Entry, step: -1 | 1): void {
    const { thread } = this.#host;
    const place = thread.path.indexOf(entry);
    thread.turn(entry, step);
    const arrows = [step, -step].map((each) => this.element.children[place]?.querySelector<HTMLElement>(`[data-turn="${each}"]`));
    arrows.find((arrow) => arrow?.getAttribute("aria-disabled") === "false")?.focus();
  }

  /** However often words come, they are shown once for each frame. */
  #schedule(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#live?.update() === false) this.#schedule();
    });
  }
}

export interface PartView<Shown extends Part = Part> {
  element: HTMLElement;
  /** Shows what there is of the part; false if some of it has to wait for a later frame. */
  update(part: Shown, isOver: boolean): boolean;
}

class MessageView {
  readonly element: HTMLElement;
  card: ErrorCard | undefined;
  readonly #entry: Entry;
  readonly #host: Host;
  readonly #content = h("div", { class: "content", part: "content" });
  readonly #footer = h("footer", { part: "actions" });
  readonly #turned: (step: -1 | 1) => void;
  readonly #parts: PartView[] = [];
  #branch: HTMLElement | undefined;

  /** `turned`: the reader wants the alternative that is `step` further. */
  constructor(entry: Entry, host: Host, turned: (step: -1 | 1) => void) {
    this.#entry = entry;
    this.#host = host;
    this.#turned = turned;
    const { words } = host;
    const who = words.say(entry.role === "user" ? "you" : "assistant");
    this.element = h(
      "article",
      { part: `message message-${entry.role}`, "data-role": entry.role, "aria-label": words.say("by", { who, time: words.time(entry.createdAt) }) },
      this.#content,
      this.#footer,
    );
    if (entry.state === "streaming") this.#begin();
    else this.finish(false);
  }

  get entry(): Entry {
    return this.#entry;
  }

  get spoken(): string {
    let text = "";
    for (const block of this.#content.querySelectorAll(".body, .note")) {
      if (block.closest("details")) continue;
      // An answer that ended at a limit says so.
      for (const node of block.className === "note" ? [block] : block.childNodes) {
        text += spokenOf(node);
        if (text.length > MOST_SPOKEN && node !== block) {
          text = `${text.slice(0, MOST_SPOKEN)}…`;
          break;
        }
      }
    }
    return text.trim();
  }

  update(): boolean {
    const { parts, state } = this.#entry;
    let isAllShown = true;
    for (const [i, part] of parts.entries()) {
      // All but the last two are as they were.
      if (i < this.#parts.length - 2 && state === "streaming" && part.type !== "tool") continue;
      let view = this.#parts[i];
      if (!view) {
        view = partView(part, this.#host, this.#entry.role);
        this.#parts.push(view);
        this.#content.append(view.element);
      }
      const isOver = state !== "streaming" || i < parts.length - 1;
      isAllShown = view.update(part, isOver) && isAllShown;
    }
    return isAllShown;
  }

  /** Lets a question be said in other words, in its place. */
  async edit(): Promise<void> {
    const editing = await this.#host.load(() => import("./editing.ts"));
    editing?.edit(this.#entry, this.#host, this.element);
  }

  #begin(): void {
    this.element.ariaBusy = "true";
    this.element.dataset.state = "streaming";
    // It came while somebody looked: there is room for it below its question.
    this.element.dataset.fresh = "";
    this.element.append(h("p", { class: "pulse", "aria-hidden": "true" }));
    this.update();
  }

  /** `isNew`: the answer has just ended. */
  finish(isNew: boolean): void {
    const { state, role } = this.#entry;
    this.element.ariaBusy = null;
    this.element.dataset.state = state;
    this.element.querySelector(":scope > .pulse")?.remove();
    this.update();
    if (role === "user") return this.#showUserActions();
    this.#showNotes(isNew);
    this.#showSources();
    this.#showAnswerActions();
  }

  #showNotes(isNew: boolean): void {
    const { state, finishReason, messages, parts, parent } = this.#entry;
    const { words } = this.#host;
    const show = (text: string, ...more: Node[]) => this.#content.append(h("p", { class: "note", part: "note" }, text, ...more));
    const note = (key: Parameters<typeof words.say>[0], ...more: Node[]) => show(words.say(key), ...more);
    const goOn = () =>
      button(words.say("continue"), { class: "quiet continue", part: "continue-button", "data-action": "continue" }, () => {
        this.#host.focusComposer();
        this.#host.thread.resume(this.#entry);
      });
    if (parent?.forgets) void import("./errors.ts").then(({ trimmedNote }) => show(trimmedNote(this.#host, parent.forgets!)), () => {});
    if (state === "stopped") note(parts.length > 0 ? "stoppedNote" : "stoppedEmpty", ...(messages.length > 0 ? [goOn()] : []));
    else if (state === "failed") {
      if (messages.length > 0) note("incompleteNote");
      void this.#showError(isNew);
    } else if (finishReason === "length") note("lengthNote", goOn());
    else if (finishReason === "content_filter") note("filterNote");
    else if (parts.length === 0) note("emptyNote");
  }

  async #showError(isNew: boolean): Promise<void> {
    const { words, thread } = this.#host;
    try {
      const { createErrorCard } = await import("./errors.ts");
      this.card = createErrorCard(this.#entry, isNew, this.#host);
      this.#content.append(this.card.element);
    } catch {
      const retry = button(words.say("tryAgain"), { "data-remedy": "retry" }, () => thread.retry(this.#entry));
      const card = h("div", { class: "error", part: "error", role: "alert" }, h("strong", {}, words.say("error_network")), h("p", {}, words.say("advice_network")), h("div", { class: "remedies" }, retry));
      this.#content.append(card);
    }
  }

  #showSources(): void {
    const { sources } = this.#entry;
    if (sources.length === 0) return;
    const items = sources.map(({ url, title }) => h("li", {}, ...link(url, [title])));
    this.#content.append(h("ol", { class: "sources", part: "citations", "aria-label": this.#host.words.say("sources") }, ...items));
  }

  #showUserActions(): void {
    const { words } = this.#host;
    this.#footer.append(
      iconButton("edit", words.say("editMessage"), { class: "action", part: "action", "data-action": "edit" }, () => void this.edit()),
      this.#copyButton(),
    );
  }

  #showAnswerActions(): void {
    const { words, thread } = this.#host;
    const again = iconButton("retry", words.say("regenerate"), { class: "action", part: "action", "data-action": "regenerate" }, () => {
      this.#host.focusComposer();
      thread.regenerate(this.#entry);
    });
    const more = h("slot", { name: `message-actions:${this.#entry.id}` });
    if (textOf(this.#entry)) this.#footer.append(this.#copyButton());
    if (this.#entry.state !== "failed") this.#footer.append(again);
    this.#footer.append(more);
    this.showBranch();
    if (this.#entry.state !== "failed" || this.#entry.usage) this.#footer.append(usageLine(this.#entry, this.#host));
  }

  #copyButton(): HTMLElement {
    const attributes = { class: "action", part: "action", "data-action": "copy" };
    const element = iconButton("copy", this.#host.words.say("copyMessage"), attributes, () => this.#host.copy(textOf(this.#entry), element));
    return element;
  }

  /** “‹ 2/3 ›”, where there are alternatives. */
  showBranch(): void {
    const { words, thread } = this.#host;
    const { index, count } = thread.branch(this.#entry);
    if (count < 2 || this.#entry.state === "streaming") {
      this.#branch?.remove();
      this.#branch = undefined;
      return;
    }
    const values = { index: index + 1, count };
    const arrow = (step: -1 | 1) => {
      const label = words.say(step < 0 ? "previousBranch" : "nextBranch");
      const isLast = index + step < 0 || index + step >= count;
      const attributes = { class: "action", part: "action", "data-turn": step, "aria-disabled": String(isLast) };
      return iconButton(step < 0 ? "previous" : "next", label, attributes, () => this.#turned(step));
    };
    const shown = h("span", { class: "branch", part: "branch", role: "group", "aria-label": words.say("branchLabel", values) }, arrow(-1), h("span", {}, words.say("branch", values)), arrow(1));
    if (this.#branch) this.#branch.replaceWith(shown);
    else this.#footer.prepend(shown);
    this.#branch = shown;
  }
}

/** Letters, some minutes of speech: the rest of an answer is there to be read. All of a long one is work for whoever lays it out. */
const MOST_SPOKEN = 4000;

/** Text without buttons; what stands below or beside something else does not run into it. */
function spokenOf(node: Node): string {
  if (/^(code-head|quiet)/.test((node as Element).className)) return "";
  const text = node.firstChild ? [...node.childNodes].map(spokenOf).join("") : node.textContent!;
  return /^([HPT]|LI)/.test(node.nodeName) ? `\n${text}` : text;
}

function partView(part: Part, host: Host, role: Entry["role"]): PartView {
  switch (part.type) {
    case "text":
      // A question is shown as it was typed.
      return role === "user" ? still(h("div", { class: "body", dir: "auto" }, part.text)) : (new TextView(host) as PartView);
    case "reasoning":
      return new ReasoningView(host) as PartView;
    default:
      return new LaterView(host, role);
  }
}

/** What does not change any more. */
const still = (element: HTMLElement): PartView => ({ element, update: () => true });

/** A view that has to be loaded first. */
class LaterView implements PartView {
  readonly element = h("div");
  readonly #host: Host;
  readonly #role: Entry["role"];
  #view: PartView | undefined;
  #part: Part | undefined;

  constructor(host: Host, role: Entry["role"]) {
    this.#host = host;
    this.#role = role;
  }

  update(part: Part): boolean {
    if (!this.#part) void this.#load(part);
    this.#part = part;
    return this.#view?.update(part, true) ?? true;
  }

  async #load(part: Part): Promise<void> {
    const views = await this.#host.load(() => import("./views.ts"));
    if (!views) return;
    this.#view = views.viewOf(part, this.#host, this.#role);
    this.#view.update(this.#part!, true);
    this.element.replaceChildren(this.#view.element);
  }
}

class TextView implements PartView<Extract<Part, { type: "text" }>> {
  readonly element = h("div", { class: "body", dir: "auto" });
  readonly #view: MarkdownView;
  #isOver = false;

  constructor(host: Host) {
    this.#view = new MarkdownView(this.element, host);
  }

  update({ text }: { text: string }, isOver: boolean): boolean {
    if (this.#isOver) return true;
    if (!isOver) return this.#view.show(text);
    this.#isOver = true;
    this.#view.finish(text);
    return true;
  }
}

/** What the model thought before it answered, folded away. */
class ReasoningView implements PartView<Extract<Part, { type: "reasoning" }>> {
  readonly element: HTMLDetailsElement;
  readonly #summary = h("summary", {});
  readonly #body: TextView;
  readonly #host: Host;
  #last: [part: Extract<Part, { type: "reasoning" }>, isOver: boolean] | undefined;

  constructor(host: Host) {
    this.#host = host;
    this.#body = new TextView(host);
    this.element = h("details", { class: "reasoning", part: "reasoning" }, this.#summary, this.#body.element);
    // What nobody looks at is not drawn.
    this.element.addEventListener("toggle", () => this.#last && this.#draw(...this.#last));
  }

  update(part: Extract<Part, { type: "reasoning" }>, isOver: boolean): boolean {
    const { words } = this.#host;
    const seconds = Math.round(part.seconds ?? 0);
    const label = part.seconds === undefined ? words.say("thinking") : seconds > 0 ? words.say("thought", { count: seconds }) : words.say("thoughtShort");
    if (this.#summary.textContent !== label) this.#summary.textContent = label;
    this.#last = [part, isOver];
    return this.#draw(part, isOver);
  }

  #draw(part: Extract<Part, { type: "reasoning" }>, isOver: boolean): boolean {
    return !this.element.open || this.#body.update(part, isOver);
  }
}
