// A failure in the thread: what it means to the person in front of the page, and the way out of it. Loaded with the
// first one, or before, so that it is there without a connection; where it cannot be had, messages.ts shows a plain card.
// Seam: a code's words are `error_<code>` and `advice_<code>` of WORDS, its remedies stand in REMEDIES, the most helpful
// first; `limit_<source>` says which limit it was. A new remedy is a case of `#act()`.
import type { ContentPart, OpenRouterErrorCode, OpenRouterErrorProperties } from "../index.js";
import { adopt, button, h } from "./dom.ts";
import css from "./errors.css";
import type { Host } from "./host.ts";
import { isTextFile, textOf, type Entry } from "./thread.ts";
import { wait } from "./waiting.ts";

export const WORDS = {
  theProvider: "Its provider",

  error_invalid_request: "The message was not accepted",
  advice_invalid_request: "The model cannot use the request as it is. Other words, or another model, may work.",
  error_context_length_exceeded: "This chat is too long for the model",
  advice_context_length_exceeded: "Leave out its older half, take the question into a new chat, or choose a model with a longer context.",
  advice_context_length_exceeded_alone: "Shorten the message, or choose a model with a longer context.",
  error_model_not_found: "This model does not exist",
  advice_model_not_found: "OpenRouter knows no model “{model}”. Choose another one.",
  error_model_unavailable: "This model is not available",
  advice_model_unavailable: "At the moment nobody offers “{model}” on this site’s terms. Choose another model, or try again later.",
  error_authentication: "You are not signed in",
  advice_authentication: "Your session is over, or this site’s key was not accepted. Try again; if that does not help, reload the page.",
  advice_authentication_sign_in: "Your session is over, or the key was not accepted. Sign in, and the question is asked again.",
  error_payment_required: "There is no credit left",
  advice_payment_required: "Credits have to be added at OpenRouter, or the key’s limit raised. Until then, free models may still answer.",
  error_permission_denied: "This is not allowed here",
  advice_permission_denied: "This site’s key, or its settings, do not permit the request. Another model may be allowed.",
  error_content_refused: "The message was refused",
  advice_content_refused: "A content filter did not let it through. Put it in other words, or choose a model with other rules.",
  error_not_found: "There is no chat service here",
  advice_not_found: "This page is served without its connection to OpenRouter. Only the owner of this site can change that.",
  error_payload_too_large: "The message is too large",
  advice_payload_too_large: "Shorten it, send fewer or smaller files, or start a new chat.",
  error_rate_limited: "Too many requests",
  advice_rate_limited: "Wait a moment, then try again. Another model may answer at once.",
  advice_rate_limited_until: "You can try again {when}. Another model may answer sooner.",
  error_timeout: "The model took too long",
  advice_timeout: "No answer came in time. Try again, or choose a faster model.",
  error_server_error: "OpenRouter has a problem",
  advice_server_error: "It is not your doing. Try again in a moment.",
  error_provider_unavailable: "The model is out of order",
  advice_provider_unavailable: "{provider} did not give a proper answer. Try again, or choose another model.",
  error_overloaded: "The model is busy",
  advice_overloaded: "It has no room for the request at the moment. Try again soon, or choose a model that is less in demand.",
  error_offline: "You are offline",
  advice_offline: "The question is kept. Ask again when there is a connection.",
  error_stream_cut: "The answer was cut off",
  advice_stream_cut: "The connection ended too early. What came before that is kept, and the model can go on from there.",
  advice_stream_cut_empty: "The connection ended before the answer began. Ask again.",
  error_malformed_response: "The answer cannot be read",
  advice_malformed_response: "Something on the way garbled it. Try again; if it happens with every model, a proxy is the reason.",
  error_configuration: "This site is not set up correctly",
  advice_configuration: "Only its owner can fix that, with what is below.",
  error_upstream_error: "The model stopped with an error",
  advice_upstream_error: "It did not say more than stands below. Another model may do better.",
  error_invalid_output: "The answer has the wrong form",
  advice_invalid_output: "The model did not keep to the form that this page asked for. Another try, or another model, may.",
  error_step_limit: "The model did not come to an end",
  advice_step_limit: "It kept calling tools. Let it go on from here, or choose another model.",
  error_page_error: "This page made a mistake",
  advice_page_error: "It is not the model’s. Try again; if that does not help, reload the page.",

  limit_user_requests: "The limit: how many questions you may ask in a short time on this site.",
  limit_user_streams: "The limit: how many of your answers may be under way at once. One has to end first.",
  limit_user_tokens_daily: "The limit: your tokens for today on this site.",
  limit_user_reservations: "The limit: your budget on this site, of which unfinished answers hold a part.",
  limit_user_usd_daily: "The limit: your budget for today on this site.",
  limit_user_usd_monthly: "The limit: your budget for this month on this site.",
  limit_site_usd: "The limit: what this site may spend for all of its readers.",
  limit_address_requests: "The limit: requests from your network address to this site.",
  limit_openrouter_free_tier_per_minute: "The limit: OpenRouter’s, on requests to free models in a minute.",
  limit_openrouter_free_tier_daily: "The limit: OpenRouter’s, on requests to free models in a day.",

  tryAgainAt: "Try again {when}",
  canTryAgain: "You can try again now.",
  chooseAnother: "Choose another model",
  trim: "Leave out older messages",
  takeToNewChat: "Ask in a new chat",
  shorten: "Edit the message",
  signIn: "Sign in",
  addCredits: "Add credits",
  requestId: "request {id}",
  copyRequestId: "Copy request id",
  trimmedNote: { one: "{count} older message was left out.", other: "{count} older messages were left out." },
};

const TICK_MS = 250;
/** When the wait of each failure ends, in ms since 1970: its card may be made anew meanwhile. */
const waits = new WeakMap<object, number>();
const CREDITS = "https://openrouter.ai/settings/credits";

export type Remedy =
  /** Ask the same again. */
  | "retry"
  /** Go on with the answer where it ended. */
  | "continue"
  /** Choose another model. */
  | "model"
  /** Put the message back into the composer. */
  | "edit"
  /** Ask again without the older half of the chat. */
  | "trim"
  /** Take the question into a new chat. */
  | "new"
  /** Have the page sign its reader in, then ask again. */
  | "sign-in"
  /** Where credits are bought. */
  | "credits";

const REMEDIES: Record<OpenRouterErrorCode | "page_error", Remedy[]> = {
  invalid_request: ["edit", "model"],
  context_length_exceeded: ["trim", "new", "edit", "model"],
  model_not_found: ["model", "retry"],
  model_unavailable: ["model", "retry"],
  authentication: ["sign-in", "retry"],
  payment_required: ["credits", "model", "retry"],
  permission_denied: ["model", "retry"],
  content_refused: ["edit", "model"],
  not_found: ["retry"],
  payload_too_large: ["edit", "new"],
  rate_limited: ["retry", "model"],
  timeout: ["continue", "retry", "model"],
  server_error: ["continue", "retry"],
  provider_unavailable: ["continue", "retry", "model"],
  overloaded: ["continue", "retry", "model"],
  network: ["continue", "retry"],
  stream_cut: ["continue", "retry"],
  malformed_response: ["retry", "model"],
  configuration: ["retry"],
  upstream_error: ["continue", "retry", "model"],
  invalid_output: ["retry", "model"],
  step_limit: ["continue", "model"],
  page_error: ["retry"],
};

/** Codes of which the error's own message says more than ours, to the one who can mend the page or its server. */
const TECHNICAL = ["configuration", "invalid_request", "malformed_response", "page_error"];

/** What looks like a key, a session or an account: nothing of ours holds one, but the upstream's words may. */
const SECRET = /\b(?:sk|user|org|acct)[-_][\w-]{6,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

export interface ErrorCard {
  readonly element: HTMLElement;
  /** What had to wait no longer has to, e.g. because another model is chosen. */
  endWait(): void;
}

/**
 * `isNew`: it has just happened, and is to be announced. An answer that stands in no thread has no ways out: there one asks
 * again, or another model.
 */
export const createErrorCard = (answer: Entry, isNew: boolean, host: Host): ErrorCard => new Card(answer, isNew, host);

/** Under an answer that was asked for without the older part of the chat. */
export const trimmedNote = (host: Host, count: number): string => host.words.of(WORDS, "trimmedNote", { count });

class Card implements ErrorCard {
  readonly element: HTMLElement;
  readonly #host: Host;
  readonly #answer: Entry;
  readonly #failure: Partial<OpenRouterErrorProperties>;
  /** How many older messages could be left out. */
  readonly #older: number;
  #tick: (() => void) | undefined;

  constructor(answer: Entry, isNew: boolean, host: Host) {
    const { error, model = "", parent } = answer;
    const { words, root, thread } = host;
    this.#host = host;
    this.#answer = answer;
    const before = thread.path.slice(0, thread.path.findIndex((entry) => entry === parent));
    this.#older = before.length - Math.max(...[parent, ...before].map((entry) => entry?.forgets ?? 0));
    adopt(root, css);
    const failure = Object(error ?? {}) as Partial<OpenRouterErrorProperties>;
    if (!waits.has(failure)) waits.set(failure, Date.now() + (failure.retryAfter ?? 0) * 1000);
    this.#failure = failure;
    const code = codeOf(failure);
    const key = code === "network" && !navigator.onLine ? "offline" : code;
    const values = { model, provider: failure.provider ?? words.of(WORDS, "theProvider"), when: wait(words, this.#left) };
    const [title, advice] =
      key === "network"
        ? [words.say("error_network"), words.say("advice_network")]
        : [words.of(WORDS, `error_${key}`), words.of(WORDS, this.#adviceOf(key), values)];
    const limit = `limit_${failure.limitSource}`;
    const which = Object.hasOwn(WORDS, limit) ? [h("p", { class: "limit" }, words.of(WORDS, limit as "limit_site_usd"))] : [];
    const said = failure.upstreamMessage ?? (TECHNICAL.includes(code) ? failure.message : undefined);
    const facts = [code, failure.status, failure.requestId && words.of(WORDS, "requestId", { id: failure.requestId })].filter(Boolean).join(" · ");
    this.element = h(
      "div",
      { class: "error", part: "error", role: "group", "aria-label": title, "data-code": code },
      // What changes later, such as a countdown, stands outside, so that this is announced once.
      h("div", { role: isNew ? "alert" : undefined }, h("strong", {}, title), h("p", {}, advice), ...which),
      h("div", { class: "remedies" }, ...(parent ? this.#buttons(REMEDIES[code], failure) : [])),
      h("div", { class: "small" }, ...(said ? [h("p", { dir: "auto" }, said.replace(SECRET, "…"))] : []), h("p", {}, facts, ...this.#copy(failure.requestId))),
    );
  }

  endWait(): void {
    waits.set(this.#failure, 0);
    this.#tick?.();
  }

  /** How long one still has to wait, in seconds. */
  get #left(): number {
    return (waits.get(this.#failure)! - Date.now()) / 1000;
  }

  /** Whether there is something to go on with. */
  get #isBegun(): boolean {
    return this.#answer.messages.length > 0;
  }

  #adviceOf(key: keyof typeof REMEDIES | "offline") {
    if (key === "rate_limited" && this.#left > 0) return "advice_rate_limited_until";
    if (key === "context_length_exceeded" && this.#older <= 0) return "advice_context_length_exceeded_alone";
    if (key === "authentication" && this.#host.signIn) return "advice_authentication_sign_in";
    if (key === "stream_cut" && !this.#isBegun) return "advice_stream_cut_empty";
    return key === "network" ? "advice_offline" : (`advice_${key}` as const);
  }

  #buttons(remedies: Remedy[], { limitSource }: Partial<OpenRouterErrorProperties>): HTMLElement[] {
    const { words, signIn } = this.#host;
    const labels: Record<Remedy, string> = {
      retry: words.say("tryAgain"),
      continue: words.say("continue"),
      model: words.of(WORDS, "chooseAnother"),
      edit: words.of(WORDS, "shorten"),
      trim: words.of(WORDS, "trim"),
      new: words.of(WORDS, "takeToNewChat"),
      "sign-in": words.of(WORDS, "signIn"),
      credits: words.of(WORDS, "addCredits"),
    };
    const canHelp = (remedy: Remedy) => {
      if (remedy === "continue") return this.#isBegun;
      if (remedy === "trim" || remedy === "new") return this.#older > 0;
      if (remedy === "sign-in") return signIn !== undefined;
      // A budget of this site is not OpenRouter's to fill.
      if (remedy === "credits") return !/^(user|site)_/.test(limitSource ?? "");
      return remedy !== "model" || this.#host.models.length !== 1;
    };
    return remedies.filter(canHelp).map((remedy) => {
      if (remedy === "credits") return h("a", { href: CREDITS, target: "_blank", rel: "noopener noreferrer", "data-remedy": remedy }, labels[remedy]);
      const element = button(labels[remedy], { "data-remedy": remedy }, () => void this.#act(remedy));
      if (this.#left > 0 && (remedy === "retry" || remedy === "continue")) this.#disable(element, labels[remedy]);
      return element;
    });
  }

  async #act(remedy: Remedy): Promise<void> {
    const { thread, signIn } = this.#host;
    const question = this.#answer.parent;
    if (remedy === "model") return this.#host.openPicker();
    this.#host.focusComposer();
    if (remedy === "continue") return thread.resume(this.#answer);
    if (remedy === "sign-in") {
      const last = thread.path.at(-1);
      try {
        await signIn?.();
      } catch (error) {
        this.#host.emit("or-error", { id: this.#answer.id, error });
        return;
      }
      // That took its time: what was said or opened meanwhile is not taken away.
      if (thread.isBusy || thread.path.at(-1) !== last) return;
    }
    if (!question) return;
    if (remedy === "edit" || remedy === "new") {
      const text = textOf(question);
      const files = filesOf(question);
      // Other answers, what was said since, and what only its address is known of, stay.
      const isAlone = question.children.length === 1 && this.#answer.children.length === 0 && files !== undefined;
      // A message that did not fit any more may open the new chat.
      if (remedy === "new") this.#host.newChat();
      else if (isAlone) thread.remove(question);
      return this.#host.fill(text, files);
    }
    if (remedy === "trim") question.forgets = thread.path.indexOf(question) - this.#older + evenHalf(this.#older);
    thread.retry(this.#answer);
  }

  #copy(id: string | undefined): Node[] {
    if (!id) return [];
    const element = button(this.#host.words.of(WORDS, "copyRequestId"), { class: "quiet", "data-action": "copy-request-id" }, () => this.#host.copy(id, element));
    return [document.createTextNode(" "), element];
  }

  /** Counts down on the button, which works again at the end. */
  #disable(element: HTMLButtonElement, label: string): void {
    const { words, announce, root } = this.#host;
    const tick = () => {
      const left = this.#left;
      element.disabled = left > 0;
      element.textContent = left > 0 ? words.of(WORDS, "tryAgainAt", { when: wait(words, left) }) : label;
    };
    const before = this.#tick;
    this.#tick = () => {
      before?.();
      tick();
    };
    tick();
    const timer = setInterval(() => {
      // The whole chat may be away from the page for a while.
      const isWaiting = element.disabled && root.contains(element);
      if (isWaiting) tick();
      // Counting down is not worth an announcement each second, but its end is.
      if (isWaiting && !element.disabled) announce(words.of(WORDS, "canTryAgain"));
      if (!isWaiting || !element.disabled) clearInterval(timer);
    }, TICK_MS);
  }
}

/** What was sent along with a question, to be sent again; nothing if some of it cannot be had. */
function filesOf({ messages }: Entry): File[] | undefined {
  const { content } = messages[0] ?? {};
  const parts = Array.isArray(content) ? content.filter((part) => part.type !== "text" || isTextFile(part)) : [];
  const files = parts.flatMap((part) => fileOf(part) ?? []);
  return files.length === parts.length ? files : undefined;
}

function fileOf(part: ContentPart): File | undefined {
  if (part.type === "text") {
    const [name] = part.text.split(":\n\n", 1);
    return new File([part.text.slice(name!.length + 3)], name!, { type: "text/plain" });
  }
  const { url, file_data, filename, data, format } = Object.values(part).find((value) => typeof value === "object") ?? {};
  const [, type, base64] = /^data:([^;,]+);base64,(.*)$/s.exec(url ?? file_data ?? `data:audio/${format};base64,${data ?? ""}`) ?? [];
  if (!type || !base64) return undefined;
  return new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], filename ?? type.replace("/", "."), { type });
}

/** At least half, and whole turns: what is left begins with a question. */
const evenHalf = (count: number): number => Math.min(count, 2 * Math.ceil(count / 4));

/** Codes from the future are errors of unknown kind; what has no code is not the API's doing, nor the page's if it could not be loaded. */
function codeOf({ code }: Partial<OpenRouterErrorProperties>): keyof typeof REMEDIES {
  if (typeof code !== "string") return navigator.onLine ? "page_error" : "network";
  return Object.hasOwn(REMEDIES, code) ? code : "upstream_error";
}
