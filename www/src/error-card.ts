// A failure in the thread: what happened, what can be done, and in small print what a helper needs to know.
import { OpenRouterError } from "openrouter-wasm";
import { button, h } from "./dom.ts";
import { explain, type Circumstances, type Explanation, type Remedy } from "./errors.ts";
import { wait } from "./format.ts";

const TICK_MS = 250;

const LABELS: Record<Remedy, string> = {
  retry: "Try again",
  model: "Choose another model",
  edit: "Edit the message",
  new: "New chat",
};

/** Not the API's doing. */
const PAGE_ERROR: Explanation = {
  title: "This page made a mistake",
  advice: "Try again; if that does not help, reload the page.",
  remedies: ["retry"],
};

export class ErrorCard {
  readonly element: HTMLElement;
  #waitEnds = 0;
  #tick: (() => void) | undefined;

  constructor(error: unknown, circumstances: Circumstances, act: (remedy: Remedy) => void) {
    const failure = error instanceof OpenRouterError ? error : undefined;
    const { title, advice, remedies } = failure ? explain(failure, circumstances) : PAGE_ERROR;
    const code = failure?.code ?? "page_error";
    const buttons = remedies.map((remedy) => {
      const element = button(LABELS[remedy], { "data-remedy": remedy }, () => act(remedy));
      if (remedy === "retry" && failure?.retryAfter) this.#disableFor(failure.retryAfter, element);
      return element;
    });
    this.element = h(
      "div",
      { class: "error", role: "alert", "data-code": code },
      h("strong", {}, title),
      h("p", {}, advice),
      // Counting down is not worth an announcement each second.
      h("div", { class: "remedies", "aria-live": "off" }, ...buttons),
      h("div", { class: "small" }, ...smallPrint(error, code)),
    );
  }

  /** What had to wait no longer has to, e.g. because another model is chosen. */
  endWait(): void {
    this.#waitEnds = 0;
    this.#tick?.();
  }

  /** Counts down on the button, which works again at the end. */
  #disableFor(seconds: number, element: HTMLButtonElement): void {
    this.#waitEnds = Date.now() + seconds * 1000;
    const tick = () => {
      const left = (this.#waitEnds - Date.now()) / 1000;
      element.disabled = left > 0;
      element.textContent = left > 0 ? `${LABELS.retry} ${wait(left)}` : LABELS.retry;
    };
    this.#tick = tick;
    tick();
    const timer = setInterval(() => {
      if (element.disabled && element.isConnected) tick();
      else clearInterval(timer);
    }, TICK_MS);
  }
}

function smallPrint(error: unknown, code: string): HTMLElement[] {
  const failure = error instanceof OpenRouterError ? error : undefined;
  const words = failure?.upstreamMessage ?? (isTechnical(error) ? messageOf(error) : "");
  const facts = [code, failure?.status, failure?.requestId && `request ${failure.requestId}`].filter(Boolean).join(" · ");
  return [h("p", {}, words), h("p", {}, facts)];
}

/** Whether the error's own message says more than ours, to the one who can mend the page or its server. */
const isTechnical = (error: unknown) =>
  !(error instanceof OpenRouterError) || ["configuration", "invalid_request", "malformed_response"].includes(error.code);

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
