// Signing in with OpenRouter (OAuth PKCE): a consent page that agrees at once, and the exchange of its code for a key.
import { createHash } from "node:crypto";
import { OWNER, errorAnswer, invalidRequest } from "./errors.mjs";
import { json } from "./exchange.mjs";

/** At the server's root: people go there, not programs. */
export const CONSENT_PATH = "/auth";
export const EXCHANGE_PATH = "/auth/keys";

const CODE_LIFETIME_MS = 10 * 60_000;
const METHODS = ["S256", "plain"];

const sha256 = (text) => createHash("sha256").update(text);

/** How a verifier is turned into the challenge: base64url without padding, whatever the documentation's text says. */
const challengeOf = (verifier, method) => (method === "plain" ? verifier : sha256(verifier).digest("base64url"));

function isCallback(text) {
  try {
    return ["http:", "https:"].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** Why nobody can be asked for consent with these parameters, or null. */
function faultOfConsent({ callback_url, code_challenge, code_challenge_method, limit }) {
  if (callback_url !== undefined && !isCallback(callback_url)) return "callback_url: expected an absolute http(s) URL";
  if (code_challenge_method !== undefined && !METHODS.includes(code_challenge_method)) {
    return `code_challenge_method: expected one of ${METHODS.join(", ")}`;
  }
  if (code_challenge === undefined) {
    if (callback_url === undefined) return "code_challenge: Required when the code is shown on the screen";
    return code_challenge_method === undefined ? null : "code_challenge: Required with code_challenge_method";
  }
  if (code_challenge_method === "S256" && !/^[\w-]{43}$/.test(code_challenge)) {
    return "code_challenge: expected the SHA-256 of the verifier in base64url without padding";
  }
  if (limit !== undefined && !(Number(limit) >= 0)) return "limit: expected US dollars";
  return code_challenge === "" ? "code_challenge: expected characters" : null;
}

const page = (status, text) => ({
  status,
  headers: { "content-type": "text/html; charset=UTF-8" },
  *pieces() {
    yield `<!DOCTYPE html>\n<title>Simulated consent</title>\n<p>${text}</p>\n`;
  },
});

const forbidden = (message) => ({ status: 403, error: { code: 403, message } });

export class OAuth {
  #clock;
  #grants = new Map();
  #keys = new Map();
  #issued = 0;

  constructor({ clock }) {
    this.#clock = clock;
  }

  /** The answer to `GET /auth`: back to where the user came from, with a code; without a callback, the code as text. */
  consent(query) {
    const asked = Object.fromEntries(query);
    const fault = faultOfConsent(asked);
    if (fault) return page(400, fault);
    const { callback_url, code_challenge, code_challenge_method = "plain", key_label, limit } = asked;
    const code = `auth_code_${this.#next("code").slice(0, 32)}`;
    this.#grants.set(code, {
      challenge: code_challenge,
      method: code_challenge_method,
      expiresAt: this.#clock.now() + CODE_LIFETIME_MS,
      key: { label: key_label, limit: limit === undefined ? null : Number(limit) },
    });
    if (callback_url === undefined) return page(200, `Your code: <code>${code}</code>`);
    const back = new URL(callback_url);
    // Not through searchParams, which would write the caller's own parameters anew.
    back.search += `${back.search ? "&" : "?"}code=${code}`;
    return { status: 302, headers: { location: back.href }, pieces: () => [].values() };
  }

  /** The answer to `POST /auth/keys`. A code is used up by the first exchange that names it, be it a failed one. */
  exchange({ body, bodyFault }) {
    const { code, code_verifier, code_challenge_method: method } = body ?? {};
    const fault = bodyFault ?? (typeof code === "string" ? null : "code: Required");
    if (fault) return errorAnswer(invalidRequest(fault), EXCHANGE_PATH);

    const grant = this.#grants.get(code);
    const isMethod = method === undefined || method === null || METHODS.includes(method);
    if (!isMethod || (method && grant?.challenge && method !== grant.method)) {
      return errorAnswer(invalidRequest("Invalid code_challenge_method"), EXCHANGE_PATH);
    }
    this.#grants.delete(code);
    if (grant && this.#clock.now() >= grant.expiresAt) {
      return errorAnswer(forbidden("Authorization code expired"), EXCHANGE_PATH);
    }
    const isProved =
      grant && (!grant.challenge || challengeOf(String(code_verifier ?? ""), grant.method) === grant.challenge);
    if (!isProved) return errorAnswer(forbidden("Invalid code or code_verifier"), EXCHANGE_PATH);

    const key = `sk-or-v1-${this.#next("key")}`;
    this.#keys.set(key, grant.key);
    return json(200, { key, user_id: OWNER });
  }

  /** What is known of a key that was given out here, `{ label, limit }`; undefined for others. */
  find(key) {
    return this.#keys.get(key);
  }

  /** Nobody could guess the real ones; these are the same in every run. */
  #next(what) {
    this.#issued += 1;
    return sha256(`${what} ${this.#issued}`).digest("hex");
  }
}
