// A failure in the thread: what it means to the person in front of the page, and the way out of it. Loaded with the
// first one; until it is there, or where it cannot be had, messages.ts shows a plain card.
// Seam: `createErrorCard()` is given the error and `act(remedy)`; a code's words are `error_<code>` and `advice_<code>` of
// WORDS, its remedies stand in REMEDIES, the most helpful first. A new remedy is a case of `#remedy()` in messages.ts.
import type { OpenRouterErrorCode, OpenRouterErrorProperties } from "../index.js";
import { button, h } from "./dom.ts";
import type { Words } from "./words.ts";

export const WORDS = {
  theProvider: "Its provider",

  error_invalid_request: "The message was not accepted",
  advice_invalid_request: "The model cannot use the request as it is. Other words, or another model, may work.",
  error_context_length_exceeded: "This chat is too long for the model",
  advice_context_length_exceeded: "Start a new chat, or choose a model with a longer context.",
  error_model_not_found: "This model does not exist",
  advice_model_not_found: "OpenRouter knows no model “{model}”. Choose another one.",
  error_model_unavailable: "This model is not available",
  advice_model_unavailable: "At the moment nobody offers “{model}” on this site’s terms. Choose another model, or try again later.",
  error_authentication: "You were not let in",
  advice_authentication: "Your session, or this site’s key, was not accepted. Try again, or reload the page; if that does not help, only its owner can fix it.",
  error_payment_required: "This site is out of credit",
  advice_payment_required: "Its owner has to add some at OpenRouter, or to raise the limit of its key. Until then, free models may still answer.",
  error_permission_denied: "This is not allowed here",
  advice_permission_denied: "This site’s key, or its settings, do not permit the request. Another model may be allowed.",
  error_content_refused: "The message was refused",
  advice_content_refused: "A content filter did not let it through. Put it in other words, or choose another model.",
  error_not_found: "There is no chat service here",
  advice_not_found: "This page is served without its connection to OpenRouter. Only the owner of this site can fix that.",
  error_payload_too_large: "The message is too large",
  advice_payload_too_large: "Shorten it, or start a new chat.",
  error_rate_limited: "Too many requests",
  advice_rate_limited: "Wait a moment, then try again, or choose another model.",
  advice_rate_limited_until: "You can try again {when}. Another model may answer sooner.",
  error_timeout: "The model took too long",
  advice_timeout: "No answer came in time. Try again, or choose a faster model.",
  error_server_error: "OpenRouter has a problem",
  advice_server_error: "It is not your doing. Try again in a moment.",
  error_provider_unavailable: "The model is out of order",
  advice_provider_unavailable: "{provider} did not give a proper answer. Try again, or choose another model.",
  error_overloaded: "The model is busy",
  advice_overloaded: "It has no room for the request at the moment. Try again soon, or choose another model.",
  error_offline: "You are offline",
  advice_offline: "Try again when there is a connection.",
  error_stream_cut: "The answer was cut off",
  advice_stream_cut: "The connection ended too early. What came before that is kept.",
  error_malformed_response: "The answer cannot be read",
  advice_malformed_response: "Something on the way garbled it. Try again, or choose another model.",
  error_configuration: "This site is not set up correctly",
  advice_configuration: "Only the owner of this site can fix that.",
  error_upstream_error: "The model stopped with an error",
  advice_upstream_error: "Try again, or choose another model.",
  error_invalid_output: "The answer has the wrong form",
  advice_invalid_output: "Try again, or choose another model.",
  error_step_limit: "The model did not come to an end",
  advice_step_limit: "It kept calling tools. Try again, or choose another model.",
  error_page_error: "This page made a mistake",
  advice_page_error: "Try again; if that does not help, reload the page.",
  tryAgainAt: "Try again {when}",
  chooseAnother: "Choose another model",
  requestId: "request {id}",
};

const TICK_MS = 250;

export type Remedy =
  /** Ask the same again. */
  | "retry"
  /** Choose another model. */
  | "model"
  /** Put the message back into the composer. */
  | "edit"
  /** Start a new chat. */
  | "new";

const REMEDIES: Record<OpenRouterErrorCode | "page_error", Remedy[]> = {
  invalid_request: ["edit", "model"],
  context_length_exceeded: ["model", "new", "retry"],
  model_not_found: ["model", "retry"],
  model_unavailable: ["model", "retry"],
  authentication: ["retry"],
  payment_required: ["model", "retry"],
  permission_denied: ["model", "retry"],
  content_refused: ["edit", "model"],
  not_found: ["retry"],
  payload_too_large: ["edit", "new"],
  rate_limited: ["retry", "model"],
  timeout: ["retry", "model"],
  server_error: ["retry"],
  provider_unavailable: ["retry", "model"],
  overloaded: ["retry", "model"],
  network: ["retry"],
  stream_cut: ["retry"],
  malformed_response: ["retry", "model"],
  configuration: ["retry"],
  upstream_error: ["retry", "model"],
  invalid_output: ["retry", "model"],
  step_limit: ["retry", "model"],
  page_error: ["retry"],
};


/** Codes of which the error's own message says more than ours, to the one who can mend the page or its server. */
const TECHNICAL = ["configuration", "invalid_request", "malformed_response", "page_error"];

export interface ErrorCard {
  readonly element: HTMLElement;
  /** What had to wait no longer has to, e.g. because another model is chosen. */
  endWait(): void;
}

export const createErrorCard = (error: unknown, model: string, words: Words, act: (remedy: Remedy) => void): ErrorCard => new Card(error, model, words, act);

class Card implements ErrorCard {
  readonly element: HTMLElement;
  #waitEnds = 0;
  #tick: (() => void) | undefined;

  constructor(error: unknown, model: string, words: Words, act: (remedy: Remedy) => void) {
    const failure = (error ?? {}) as Partial<OpenRouterErrorProperties>;
    const code = codeOf(failure);
    const key = code === "network" && !navigator.onLine ? "offline" : code;
    const values = { model, provider: failure.provider ?? words.of(WORDS, "theProvider"), when: words.wait(failure.retryAfter ?? 0) };
    const until = failure.retryAfter !== undefined && code === "rate_limited";
    const [title, advice] =
      key === "network"
        ? [words.say("error_network"), words.say("advice_network")]
        : [words.of(WORDS, `error_${key}`), words.of(WORDS, until ? "advice_rate_limited_until" : `advice_${key}`, values)];
    const labels = { retry: words.say("tryAgain"), model: words.of(WORDS, "chooseAnother"), edit: words.say("editMessage"), new: words.say("newChat") };
    const buttons = REMEDIES[code].map((remedy) => {
      const element = button(labels[remedy], { "data-remedy": remedy }, () => act(remedy));
      if (remedy === "retry" && failure.retryAfter) this.#disableFor(failure.retryAfter, element, words);
      return element;
    });
    const small = failure.upstreamMessage ?? (TECHNICAL.includes(code) ? failure.message : undefined);
    const facts = [code, failure.status, failure.requestId && words.of(WORDS, "requestId", { id: failure.requestId })].filter(Boolean).join(" · ");
    this.element = h(
      "div",
      { class: "error", part: "error", role: "alert", "data-code": code },
      h("strong", {}, title),
      h("p", {}, advice),
      // Counting down is not worth an announcement each second.
      h("div", { class: "remedies", "aria-live": "off" }, ...buttons),
      h("div", { class: "small" }, ...[small, facts].flatMap((line) => (line ? [h("p", {}, line)] : []))),
    );
  }

  endWait(): void {
    this.#waitEnds = 0;
    this.#tick?.();
  }

  /** Counts down on the button, which works again at the end. */
  #disableFor(seconds: number, element: HTMLButtonElement, words: Words): void {
    this.#waitEnds = Date.now() + seconds * 1000;
    const tick = () => {
      const left = (this.#waitEnds - Date.now()) / 1000;
      element.disabled = left > 0;
      element.textContent = left > 0 ? words.of(WORDS, "tryAgainAt", { when: words.wait(left) }) : words.say("tryAgain");
    };
    this.#tick = tick;
    tick();
    const timer = setInterval(() => {
      if (element.disabled && element.isConnected) tick();
      else clearInterval(timer);
    }, TICK_MS);
  }
}

/** Codes from the future are errors of unknown kind; what has no code is not the API's doing. */
function codeOf({ code }: Partial<OpenRouterErrorProperties>): keyof typeof REMEDIES {
  if (typeof code !== "string") return "page_error";
  return Object.hasOwn(REMEDIES, code) ? code : "upstream_error";
}
