// Where messages are written. One button sends or stops; the cursor stays in the text.
import type { Attachments } from "./attachments.ts";
import { h, hasTouchKeyboard, icon, iconButton } from "./dom.ts";
import type { Host } from "./host.ts";
import type { ContentPart } from "../index.js";

export interface ComposerActions {
  /** Whether it was taken: if not, the text stays. */
  send(content: string | ContentPart[]): boolean;
  stop(): void;
  /** Whether it had better stay here for now. */
  isHeld(): boolean;
  editLast(): void;
}

export class Composer {
  readonly element: HTMLFormElement;
  readonly #host: Host;
  readonly #actions: ComposerActions;
  readonly #text: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #box: HTMLElement;
  readonly #file: HTMLButtonElement;
  #attachments: Attachments | undefined;
  /** How often files were given that wait for what takes them. */
  #coming = 0;
  #isBusy = false;
  #isDisabled = false;

  constructor(host: Host, actions: ComposerActions) {
    this.#host = host;
    this.#actions = actions;
    this.#text = h("textarea", { rows: 1, part: "input", dir: "auto", autocomplete: "off" });
    this.#send = h("button", { type: "submit", class: "send", part: "send-button" }, h("slot", { name: "send-icon" }, icon("send")), h("slot", { name: "stop-icon" }, icon("stop")));
    const file = h("input", { type: "file", multiple: true, hidden: true, tabindex: -1 });
    this.#file = iconButton("attach", "", { class: "attach", part: "attach-button" }, () => file.click());
    this.#box = h("div", { class: "composer", part: "composer" }, this.#file, this.#text, this.#send);
    this.element = h("form", { novalidate: true, part: "form" }, h("slot", { name: "before-input" }), this.#box, file);

    file.addEventListener("change", () => {
      void this.#attach(file.files!);
      file.value = "";
    });
    this.#text.addEventListener("input", () => this.#update());
    this.#text.addEventListener("keydown", (event) => this.#onKey(event));
    this.#text.addEventListener("paste", (event) => {
      const { files, types } = event.clipboardData!;
      // Who copies from a text or a table has a picture of it too, and means the text.
      if (files.length === 0 || types.includes("text/rtf")) return;
      event.preventDefault();
      void this.#attach(files);
    });
    // The button does not take the focus, or a touch keyboard would close and open again.
    this.#send.addEventListener("mousedown", (event) => event.preventDefault());
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#isBusy) this.#actions.stop();
      else this.submit();
      this.focus();
    });
  }

  /** Says everything in the words that there are now. */
  label(placeholder: string): void {
    const { words } = this.#host;
    this.#text.placeholder = this.#text.ariaLabel = placeholder || words.say("message");
    this.#text.setAttribute("enterkeyhint", hasTouchKeyboard() ? "enter" : "send");
    this.#file.ariaLabel = this.#file.title = words.say("attach");
  }

  get value(): string {
    return this.#text.value;
  }

  set value(text: string) {
    this.#text.value = text;
    this.#update();
  }

  set isBusy(isBusy: boolean) {
    this.#isBusy = isBusy;
    this.#update();
  }

  set isDisabled(isDisabled: boolean) {
    this.#isDisabled = isDisabled;
    this.#text.disabled = this.#file.disabled = isDisabled;
    this.#update();
  }

  /** Puts the cursor into the text, except where that would open a keyboard over the page, or close it. */
  focus(): void {
    const isTouched = hasTouchKeyboard();
    if (!isTouched || !this.element.matches(":focus-within")) (isTouched ? this.#send : this.#text).focus({ preventScroll: true });
  }

  /** Gives a text to be edited, before what is there already, and files. */
  fill(text: string, files: File[] = []): void {
    void this.#attach(files);
    const draft = this.#text.value.trim();
    this.value = draft && draft !== text ? `${text}\n\n${draft}` : text;
    this.#text.focus();
  }

  #onKey(event: KeyboardEvent): void {
    // In Safari the Enter that ends a composition comes after it, with the key code of one.
    const isComposing = event.isComposing || event.keyCode === 229;
    if (isComposing) return;
    if (event.key === "ArrowUp" && this.#text.value === "") this.#actions.editLast();
    else if (event.key === "Enter" && !event.shiftKey && !hasTouchKeyboard()) {
      if (!this.#isBusy) this.submit();
    } else return;
    event.preventDefault();
  }

  /** Sends what there is; false if it stays here. */
  submit(): boolean {
    // Files are on their way here: they go along.
    if (this.#coming) void this.#tray().then((tray) => tray && this.submit());
    const text = this.#text.value.trim();
    if (this.#coming || this.#isDisabled || this.#isEmpty || this.#actions.isHeld() || this.#attachments?.mayBeSent() === false) return false;
    const files = this.#attachments?.parts ?? [];
    const said: ContentPart[] = text ? [{ type: "text", text }] : [];
    // The text is gone before listeners hear of it, so that what they put there stays.
    this.value = "";
    const isSent = this.#actions.send(files.length > 0 ? [...said, ...files] : text);
    if (isSent) this.#attachments?.clear();
    else this.value ||= text;
    return isSent;
  }

  /** Files are dragged over the chat, or dropped there. */
  onDrag(event: DragEvent): void {
    const { types, files } = event.dataTransfer!;
    if (!types.includes("Files") || this.#isDisabled) return;
    event.preventDefault();
    if (event.type === "drop") void this.#attach(files);
    else void this.#tray();
    this.#attachments?.onDrag(event);
  }

  async #attach(given: Iterable<File>): Promise<void> {
    const files = [...given];
    if (files.length === 0) return;
    this.#coming++;
    const tray = await this.#tray();
    this.#coming--;
    await tray?.add(files);
    if (tray) this.focus();
  }

  async #tray(): Promise<Attachments | undefined> {
    const loaded = await this.#host.load(() => import("./attachments.ts"));
    if (loaded && !this.#attachments) {
      this.#attachments = loaded.createAttachments(this.#host, () => this.#update());
      this.#box.before(this.#attachments.element);
    }
    return this.#attachments;
  }

  get #isEmpty(): boolean {
    return this.#text.value.trim() === "" && this.#attachments?.isEmpty !== false;
  }

  #update(): void {
    const mode = this.#isBusy ? "stop" : "send";
    this.#send.dataset.mode = mode;
    this.#send.ariaLabel = this.#send.title = this.#host.words.say(mode);
    this.#send.ariaDisabled = String(!this.#isBusy && (this.#isEmpty || this.#isDisabled));
    this.#text.style.height = "auto";
    if (this.#text.scrollHeight > 0) this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
