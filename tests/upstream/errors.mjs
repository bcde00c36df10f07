// The errors OpenRouter answers with, by status, and the envelopes that its endpoints put them in.
import { json } from "./exchange.mjs";

/** On error bodies the real server names the account that owns the key; a proxy must not pass this on. */
export const OWNER = "user_sim_owner";

/** The model that errors speak of; a slug such as `sim/404` would be no example of one. */
const EXAMPLE_MODEL = "openai/gpt-5.2";
const DOCS_URL = "https://openrouter.ai/docs/api_reference/errors-and-debugging";

export const availability = (code, requested, more = {}) => ({
  code,
  retryable: ["capacity_exhausted", "temporarily_unavailable"].includes(code),
  requested_models: [requested],
  ...more,
  docs_url: DOCS_URL,
});

/**
 * As the documentation prints availability errors: the status is `http_status`, and there is no `code`.
 * Source: API reference, "Errors and debugging" (2026-08).
 */
const availabilityError = (http_status, message, about) => ({
  message,
  error_type: { 400: "invalid_request", 404: "not_found", 503: "provider_overloaded" }[http_status],
  http_status,
  availability: about,
});

export const modelNotFound = (model) => ({
  status: 400,
  error: availabilityError(
    400,
    `${model} is not a valid model ID`,
    availability("model_not_found", model, { fallback_models: [EXAMPLE_MODEL] }),
  ),
});

export const invalidRequest = (message) => ({
  status: 400,
  error: { code: 400, message, metadata: { error_type: "invalid_request" } },
});

export const notFound = (message) => ({ status: 404, error: { code: 404, message } });

export const missingAuthentication = {
  status: 401,
  error: { message: "Missing Authentication header", code: 401 },
};
export const managementOnly = {
  status: 403,
  error: { code: 403, message: "Only management keys can perform this operation" },
};
export const managementKey = {
  status: 403,
  error: { code: 403, message: "Management keys cannot be used for inference" },
};
export const unknownKey = { status: 401, error: { message: "User not found.", code: 401 } };

const typed = (code, message, error_type, more = {}) => ({
  status: code,
  error: { code, message, metadata: { error_type, ...more } },
});

const providerReturned = (code, raw) => ({
  status: code,
  error: { code, message: "Provider returned error", metadata: { provider_name: "Simulator", raw } },
});

/** A platform limit: the same numbers in headers and body, Reset in epoch milliseconds. */
const platformLimit = (message, limit, limit_source, resetMs) => () => {
  const headers = {
    "X-RateLimit-Limit": String(limit),
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": String(Date.now() + resetMs),
  };
  return { status: 429, headers, error: { code: 429, message, metadata: { headers, limit_source } } };
};

const raw = (status, contentType, body) => ({ status, raw: { contentType, body } });

const CLOUDFLARE_PAGE = `<!DOCTYPE html>
<html lang="en-US">
<head><title>openrouter.ai | 502: Bad gateway</title></head>
<body><h1>Bad gateway <span>Error code 502</span></h1><p>The web server reported a bad gateway error.</p></body>
</html>
`;

/**
 * `sim/<key>` answers with the error, streaming or not. A function is called for each request: those few depend on
 * the clock, because Retry-After dates and resets do.
 */
const ERRORS = {
  401: unknownKey,
  402: typed(402, "This account has no credits left.", "payment_required"),
  403: {
    status: 403,
    error: {
      code: 403,
      message: "The input was flagged by moderation",
      metadata: {
        reasons: ["violence"],
        flagged_input: "how do I hurt...a simulated neighbour",
        provider_name: "Simulator",
        model_slug: EXAMPLE_MODEL,
      },
    },
  },
  "403-guardrail": {
    status: 403,
    error: {
      code: 403,
      message: "Request blocked by a guardrail: this looks like prompt injection",
      metadata: { patterns: ["ignore the instructions above"] },
    },
  },
  404: {
    status: 404,
    error: availabilityError(
      404,
      `No endpoints found for ${EXAMPLE_MODEL}.`,
      availability("no_endpoints", EXAMPLE_MODEL, { fallback_models: ["openai/gpt-5.1"] }),
    ),
  },
  408: typed(408, "The operation timed out.", "timeout"),
  413: typed(413, "The request is too large.", "payload_too_large"),
  422: typed(422, "The request cannot be processed.", "unprocessable"),
  429: providerReturned(429, `The provider of ${EXAMPLE_MODEL} has had enough requests for now.`),
  "429-retry-after": {
    ...typed(429, "Rate limit exceeded", "rate_limit_exceeded"),
    headers: { "Retry-After": "7" },
  },
  "429-date": () => ({
    ...typed(429, "Rate limit exceeded", "rate_limit_exceeded"),
    headers: { "Retry-After": new Date(Date.now() + 7000).toUTCString() },
  }),
  "429-platform": platformLimit(
    "Rate limit exceeded: free-models-per-min.",
    20,
    "openrouter_free_tier_per_minute",
    30_000,
  ),
  "429-daily": platformLimit(
    "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
    50,
    "openrouter_free_tier_daily",
    6 * 3600_000,
  ),
  500: typed(500, "Internal Server Error", "server"),
  502: {
    status: 502,
    error: {
      code: 502,
      message: "Provider returned error",
      metadata: { error_type: "provider_unavailable", provider_code: "overloaded_error" },
    },
  },
  503: {
    status: 503,
    error: availabilityError(
      503,
      `${EXAMPLE_MODEL} is temporarily unavailable.`,
      availability("temporarily_unavailable", EXAMPLE_MODEL, { affected_providers: ["Simulator"] }),
    ),
  },
  "503-retry-after": {
    ...typed(503, "No provider can take the request at the moment.", "provider_overloaded"),
    headers: { "Retry-After": "3" },
  },
  504: typed(504, "The provider did not answer in time", "timeout"),
  524: typed(524, "The edge gave up waiting for the answer.", "timeout"),
  529: providerReturned(529, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }),
  "html-502": raw(502, "text/html; charset=UTF-8", CLOUDFLARE_PAGE),
  "empty-500": raw(500, null, ""),
  "400-context": {
    status: 400,
    error: {
      code: 400,
      message:
        "This endpoint's maximum context length is 8192 tokens. However, you requested about 9001 tokens. " +
        "Please reduce the length of the messages or use the context-compression plugin.",
      metadata: {
        error_type: "context_length_exceeded",
        provider_name: null,
        previous_errors: [{ code: 400, message: "prompt is too long" }],
      },
    },
  },
};

export const ERROR_SLUGS = Object.keys(ERRORS).map((key) => `sim/${key}`);

/** The error that a slug stands for, or undefined. */
export function errorOf(slug) {
  const key = slug.replace(/^sim\//, "");
  if (key === slug || !Object.hasOwn(ERRORS, key)) return undefined;
  return typeof ERRORS[key] === "function" ? ERRORS[key]() : ERRORS[key];
}

/** Every endpoint without an envelope of its own. A 401 knows no user, so it names none. */
function chatEnvelope({ status, error }) {
  return status === 401 ? { error } : { error, user_id: OWNER };
}

const errorTypeOf = ({ error }) => error.error_type ?? error.metadata?.error_type ?? null;

/** Anthropic's word for an error. Many kinds share one; ours is beside it. */
const MESSAGES_TYPES = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  408: "timeout_error",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
  524: "timeout_error",
  529: "overloaded_error",
};
const messagesType = (status) => MESSAGES_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");

/** An error as `/messages` reports it, in a body or in an event. */
export const messagesError = ({ status, error }) => ({
  type: messagesType(status),
  message: error.message,
  error_type: errorTypeOf({ error }),
});

const ENVELOPES = {
  "/auth/keys": ({ error }) => ({ error }),
  "/responses": ({ status, error }, type) => ({
    error: { code: type ?? String(status), message: error.message },
    metadata: null,
    error_type: type,
  }),
  "/messages": (failure) => ({ type: "error", error: messagesError(failure), request_id: "req_simulator" }),
};

/** The answer that reports an error, in the envelope of the endpoint at `path` (without the `/api/v1`). */
export function errorAnswer(failure, path) {
  if (failure.raw) {
    const { contentType, body } = failure.raw;
    return { status: failure.status, headers: { "content-type": contentType }, pieces: () => [body].values() };
  }
  const envelope = ENVELOPES[path] ?? chatEnvelope;
  const body = envelope(failure, errorTypeOf(failure));
  const told = failure.metadata && { openrouter_metadata: failure.metadata };
  return json(failure.status, { ...body, ...told }, failure.headers);
}
