// Sessions of the proxy in worker/: what a page that passed Turnstile is given. The page loads Turnstile.

import "./index.js"; // says where the wasm is
import { OpenRouter, OpenRouterError } from "./client.js";

/** A token is not given any more so long before its end, in ms. */
const MARGIN_MS = 30_000;

const refuse = (code, field, problem) =>
  new OpenRouterError({ code, message: `${field}: ${problem}`, field, retryable: false });

export function proxySession({ url = "/session", turnstileToken, ...options } = {}) {
  if (typeof turnstileToken !== "function") throw refuse("configuration", "turnstileToken", "expected a function");
  let address;
  try {
    address = new URL(url, globalThis.location?.href);
  } catch {
    throw refuse("configuration", "url", "expected a URL, or a path on a page");
  }
  const { origin, pathname, search } = address;
  // A key in the environment is none of the proxy's business.
  const headers = globalThis.location ? undefined : { Authorization: "" };
  // What Turnstile gave is good for one try.
  const client = new OpenRouter({ timeout: 30_000, headers, ...options, baseURL: origin, maxRetries: 0 });
  let session;
  return async ({ reason = "first", signal } = {}) => {
    if (reason === "first" && session && Date.now() < session.expiresAt - MARGIN_MS) return session.token;
    const given = await turnstileToken({ reason, signal });
    if (typeof given !== "string" || given === "") throw refuse("authentication", "turnstileToken", "the function gave no token");
    const opened = await client.request("POST", pathname + search, { turnstileToken: given }, { signal });
    if (typeof opened?.token !== "string") throw refuse("malformed_response", "url", "the answer holds no session");
    session = opened;
    return session.token;
  };
}
