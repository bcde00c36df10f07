// Where messages are written. One button sends or stops; the cursor stays in the text.
import { byId } from "./dom.ts";

/** A touch keyboard has no Shift+Enter, so there Enter starts a new line, and the button sends. */
const hasTouchKeyboard = () => matchMedia("(pointer: coarse) and (not (any-pointer: fine))").matches;

export interface ComposerActions {
  send(text: string): void;
  stop(): void;
}

export class Composer {
  readonly #text = byId("composer", HTMLTextAreaElement);
  readonly #button = byId("send", HTMLButtonElement);
  readonly #actions: ComposerActions;
  #isBusy = false;

  constructor(actions: ComposerActions) {
    this.#actions = actions;
    this.#text.enterKeyHint = hasTouchKeyboard() ? "enter" : "send";
    this.#text.addEventListener("input", () => this.#update());
    this.#text.addEventListener("keydown", (event) => this.#onKey(event));
    // The button does not take the focus, or a touch keyboard would close and open again.
    this.#button.addEventListener("mousedown", (event) => event.preventDefault());
    byId("form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#isBusy) this.#actions.stop();
      else this.#send();
      this.focus();
    });
    this.#update();
    this.focus();
  }

  set isBusy(isBusy: boolean) {
    this.#isBusy = isBusy;
    this.#update();
  }

  /** Puts the cursor into the text, except where that would open a keyboard over the page. */
  focus(): void {
    if (!hasTouchKeyboard()) this.#text.focus();
  }

  /** Gives a text to be edited, before what is there already. */
  fill(text: string): void {
    const draft = this.#text.value.trim();
    this.#text.value = draft && draft !== text ? `${text}\n\n${draft}` : text;
    this.#update();
    this.#text.focus();
  }

  #onKey(event: KeyboardEvent): void {
    // In Safari the Enter that ends a composition comes after it, with the key code of one.
    const isComposing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || isComposing || hasTouchKeyboard()) return;
    event.preventDefault();
    if (!this.#isBusy) this.#send();
  }

  #send(): void {
    const text = this.#text.value.trim();
    if (text === "") return;
    this.#text.value = "";
    this.#update();
    this.#actions.send(text);
  }

  #update(): void {
    this.#button.dataset.mode = this.#isBusy ? "stop" : "send";
    this.#button.setAttribute("aria-label", this.#isBusy ? "Stop" : "Send");
    this.#button.setAttribute("aria-disabled", String(!this.#isBusy && this.#text.value.trim() === ""));
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
