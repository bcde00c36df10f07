// The cache of whole answers that a caller asks for with `X-OpenRouter-Cache: true`.
import { createHash } from "node:crypto";

const ENDPOINTS = ["/chat/completions", "/responses", "/messages", "/embeddings"];
const DEFAULT_TTL_SECONDS = 300;
const MAX_TTL_SECONDS = 86_400;

const isTrue = (header) => header?.toLowerCase() === "true";

function ttlOf(headers) {
  const seconds = Number.parseInt(headers["x-openrouter-cache-ttl"], 10);
  return Number.isNaN(seconds) ? DEFAULT_TTL_SECONDS : Math.min(Math.max(seconds, 1), MAX_TTL_SECONDS);
}

export class AnswerCache {
  #clock;
  #entries = new Map();

  constructor({ clock }) {
    this.#clock = clock;
  }

  /**
   * How the cache stands to a request; undefined if it has no part in it. `hit` is what was kept, or undefined;
   * `headers` tell the caller; `keep(value, { id, isWhole })` remembers an answer, which hits once `isWhole()`.
   */
  look({ key, path, body, headers }) {
    if (!isTrue(headers["x-openrouter-cache"]) || !ENDPOINTS.includes(path)) return undefined;
    // As in the real one, the order of properties counts and white space does not.
    const name = createHash("sha256")
      .update(JSON.stringify([key, path, body]))
      .digest("hex");
    if (isTrue(headers["x-openrouter-cache-clear"])) this.#entries.delete(name);
    const now = this.#clock.now();
    const entry = this.#entries.get(name);
    if (entry?.isWhole() && now < entry.expiresAt) {
      return {
        hit: entry.value,
        headers: {
          "x-openrouter-cache-status": "HIT",
          "x-openrouter-cache-age": String(Math.floor((now - entry.keptAt) / 1000)),
          "x-openrouter-cache-ttl": String(Math.ceil((entry.expiresAt - now) / 1000)),
          "x-openrouter-cache-source-id": entry.id,
        },
      };
    }
    const ttl = ttlOf(headers);
    return {
      headers: { "x-openrouter-cache-status": "MISS", "x-openrouter-cache-ttl": String(ttl) },
      keep: (value, { id, isWhole }) =>
        this.#entries.set(name, { value, id, isWhole, keptAt: now, expiresAt: now + ttl * 1000 }),
    };
  }

  clear() {
    this.#entries.clear();
  }
}
