// What tests of limits and budgets share: a Worker's settings with sessions and a price for everything, who asks, and
// what the user's own numbers say.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { compact, hs256, seconds } from "./identity.mjs";

export const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
export const ORIGIN = "https://app.example";
const SECRET = "the-secret-that-signs-sessions-of-these-tests";

/** The simulator's records come at the third time that they are asked for. */
const SOON = "0.02 0.04 0.06 0.1 0.2 0.5 1 2 4 8";

export const settings = (upstream) => ({
  OPENROUTER_API_KEY: KEY,
  OPENROUTER_BASE_URL: upstream.baseUrl,
  ALLOWED_ORIGINS: ORIGIN,
  AUTH_MODE: "session",
  SESSION_SECRETS: `one:${SECRET}`,
  SERVICE_SECRET: SECRET.toUpperCase(),
  ALLOWED_MODELS: "*",
  MAX_PRICE: '{"prompt": 1, "completion": 1}',
  SETTLE_SECONDS: SOON,
});

/** Who asks where a test does not say. */
export const USER = "192.0.2.1";

/** The headers that say who asks. */
export function by(user = USER) {
  const claims = { sub: user, scope: "chat models usage", aud: "openrouter-wasm", iat: seconds(), exp: seconds(3600) };
  const token = compact({ alg: "HS256", typ: "JWT", kid: "one" }, claims, hs256(SECRET));
  return { origin: ORIGIN, authorization: `Bearer ${token}` };
}

/** The numbers of who sends these headers. */
export async function usage(worker, headers = by()) {
  const response = await fetch(`${worker.url}/usage`, { headers });
  assert.equal(response.status, 200);
  return (await response.json()).data;
}

/** The same as soon as they are so. */
export async function usageWhen(worker, holds, headers = by()) {
  for (const deadline = Date.now() + 20_000; ; await sleep(20)) {
    const numbers = await usage(worker, headers);
    if (holds(numbers)) return numbers;
    assert.ok(Date.now() < deadline, `it did not become so: ${JSON.stringify(numbers)}`);
  }
}

export const isSettled = ({ open_requests }) => open_requests === 0;

/** OpenRouter's own record of a generation, which comes some time after its end. */
export async function recordOf(upstream, id) {
  for (;;) {
    const response = await fetch(`${upstream.baseUrl}/generation?id=${id}`, { headers: { authorization: `Bearer ${KEY}` } });
    if (response.ok) return (await response.json()).data;
    await response.body.cancel();
  }
}

/** Equal in USD, as far as what is whole in nano-USD can be. */
export const isClose = (a, b) => Math.abs(a - b) < 1.5e-9;
