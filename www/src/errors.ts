// What a failure means to the person in front of the page, and what can be done about it.
import type { OpenRouterErrorCode, OpenRouterErrorProperties } from "openrouter-wasm";
import { wait } from "./format.ts";

export type Remedy =
  /** Ask the same again. */
  | "retry"
  /** Choose another model. */
  | "model"
  /** Put the message back into the composer. */
  | "edit"
  /** Start a new chat. */
  | "new";

export interface Explanation {
  title: string;
  advice: string;
  /** The most helpful first. */
  remedies: Remedy[];
}

/** What the failed request was about. */
export interface Circumstances {
  model: string;
  isOffline: boolean;
}

type Failure = Pick<OpenRouterErrorProperties, "code" | "retryAfter" | "provider">;
type Explain = (failure: Failure, circumstances: Circumstances) => [title: string, advice: string, ...Remedy[]];

const OWNER = "Only the owner of this site can fix that.";

const EXPLANATIONS: Record<OpenRouterErrorCode, Explain> = {
  invalid_request: () => [
    "The message was not accepted",
    "The model cannot use the request as it is. Other words, or another model, may work.",
    "edit",
    "model",
  ],
  context_length_exceeded: () => [
    "This chat is too long for the model",
    "Start a new chat, or choose a model with a longer context.",
    "model",
    "new",
    "retry",
  ],
  model_not_found: (_, { model }) => [
    "This model does not exist",
    `OpenRouter knows no model “${model}”. Choose another one.`,
    "model",
    "retry",
  ],
  model_unavailable: (_, { model }) => [
    "This model is not available",
    `At the moment nobody offers “${model}” on this site’s terms. Choose another model, or try again later.`,
    "model",
    "retry",
  ],
  authentication: () => [
    "You were not let in",
    "Your session, or this site’s key, was not accepted. Try again, or reload the page; if that does not help, only its owner can fix it.",
    "retry",
  ],
  payment_required: () => [
    "This site is out of credit",
    "Its owner has to add some at OpenRouter, or to raise the limit of its key. Until then, free models may still answer.",
    "model",
    "retry",
  ],
  permission_denied: () => [
    "This is not allowed here",
    "This site’s key, or its settings, do not permit the request. Another model may be allowed.",
    "model",
    "retry",
  ],
  content_refused: () => [
    "The message was refused",
    "A content filter did not let it through. Put it in other words, or choose another model.",
    "edit",
    "model",
  ],
  not_found: () => ["There is no chat service here", `This page is served without its connection to OpenRouter. ${OWNER}`, "retry"],
  payload_too_large: () => ["The message is too large", "Shorten it, or start a new chat.", "edit", "new"],
  rate_limited: ({ retryAfter }) => [
    "Too many requests",
    retryAfter === undefined
      ? "Wait a moment, then try again, or choose another model."
      : `You can try again ${wait(retryAfter)}. Another model may answer sooner.`,
    "retry",
    "model",
  ],
  timeout: () => ["The model took too long", "No answer came in time. Try again, or choose a faster model.", "retry", "model"],
  server_error: () => ["OpenRouter has a problem", "It is not your doing. Try again in a moment.", "retry"],
  provider_unavailable: ({ provider }) => [
    "The model is out of order",
    `${provider ?? "Its provider"} did not give a proper answer. Try again, or choose another model.`,
    "retry",
    "model",
  ],
  overloaded: () => [
    "The model is busy",
    "It has no room for the request at the moment. Try again soon, or choose another model.",
    "retry",
    "model",
  ],
  network: (_, { isOffline }) =>
    isOffline
      ? ["You are offline", "Try again when there is a connection.", "retry"]
      : ["The server cannot be reached", "Check your connection, then try again.", "retry"],
  stream_cut: () => ["The answer was cut off", "The connection ended too early. What came before that is kept.", "retry"],
  malformed_response: () => [
    "The answer cannot be read",
    "Something on the way garbled it. Try again, or choose another model.",
    "retry",
    "model",
  ],
  configuration: () => ["This site is not set up correctly", OWNER, "retry"],
  upstream_error: () => ["The model stopped with an error", "Try again, or choose another model.", "retry", "model"],
  // This page asks for neither; whoever builds on it may.
  invalid_output: () => ["The answer has the wrong form", "Try again, or choose another model.", "retry", "model"],
  step_limit: () => ["The model did not come to an end", "It kept calling tools. Try again, or choose another model.", "retry", "model"],
};

/** Explains a failure; codes from the future as an error of unknown kind. */
export function explain(failure: Failure, circumstances: Circumstances): Explanation {
  const known = Object.hasOwn(EXPLANATIONS, failure.code) ? EXPLANATIONS[failure.code] : EXPLANATIONS.upstream_error;
  const [title, advice, ...remedies] = known(failure, circumstances);
  return { title, advice, remedies };
}

const REFUSED: OpenRouterErrorCode[] = ["content_refused", "invalid_request", "payload_too_large", "context_length_exceeded"];

/** Whether the message itself is the trouble, so that it had better not be sent along with the next one. */
export const isRefusal = ({ code }: Failure): boolean => REFUSED.includes(code);
