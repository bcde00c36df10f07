// Who may call: the built Worker in real workerd, with siteverify and lists of keys on this machine.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compact, curveKeys, es256, hs256, listed, rs256, rsaKeys, seconds, startIdentityServices } from "./support/identity.mjs";
import { answerBeforeEnd, closeAll } from "./support/loopback.mjs";
import { OPEN, startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
const ORIGIN = "https://app.example";
const NEW = "new-secret-0123456789abcdef0123456789abcdef";
const OLD = "old-secret-fedcba9876543210fedcba9876543210";
const GONE = "gone-secret-0123456789abcdeffedcba9876543210";
const SERVICE = "service-secret-0123456789abcdef0123456789abcdef";
const TURNSTILE = "turnstile-secret-of-any-length";
const PSEUDONYM = "pseudonym-secret-0123456789abcdef0123456789";
const ADDRESS = "192.0.2.7";

let upstream;
let services;
/** Takes session tokens and those of a provider. */
let tokens;
const provider = rsaKeys();
const curve = curveKeys();
const stranger = rsaKeys();
const workers = [];
/** All that came back: no secret may be in it. */
const seen = [];

async function start(variables, bindings) {
  const common = { OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl, ALLOWED_ORIGINS: `self ${ORIGIN}`, ...OPEN };
  const worker = await startWorker({ ...common, ...variables }, bindings);
  workers.push(worker);
  return worker;
}

const session = () => ({
  AUTH_MODE: "session",
  SESSION_SECRETS: `new:${NEW} old:${OLD}`,
  SERVICE_SECRET: SERVICE,
  TURNSTILE_SECRET: TURNSTILE,
  TURNSTILE_VERIFY_URL: `${services.url}/siteverify`,
  TURNSTILE_HOSTNAMES: "app.example",
  TURNSTILE_ACTION: "chat",
  TURNSTILE_SITE_KEY: "the-site-key",
  PSEUDONYM_SECRET: PSEUDONYM,
  ANONYMOUS_PLAN: "visitor",
});

const jwt = () => ({
  AUTH_MODE: "jwt",
  JWT_JWKS_URL: `${services.url}/keys`,
  JWT_ISSUER: "https://issuer.example/",
  JWT_AUDIENCE: "the-app",
  JWT_LEEWAY_SECONDS: "30",
});

before(async () => {
  upstream = await startUpstream({ apiKey: KEY });
  services = await startIdentityServices();
  services.keys = [listed(provider, "rsa"), listed(curve, "curve"), listed(rsaKeys(1024), "weak")];
  tokens = await start({ ...session(), ...jwt(), AUTH_MODE: "session jwt" });
});

after(() => closeAll(...workers, services, upstream));

async function call(worker, path, { token, ...options } = {}) {
  const headers = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...options.headers };
  const response = await fetch(worker.url + path, { redirect: "manual", ...options, headers });
  const text = await response.text();
  seen.push(JSON.stringify([...response.headers]), text);
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

/** A chat as a backend asks for it: without an origin. */
function chat(worker, token, headers) {
  const body = JSON.stringify({ model: "sim/text", messages: [{ role: "user", content: "hi" }] });
  return call(worker, "/api/v1/chat/completions", { method: "POST", token, headers: { "content-type": "application/json", ...headers }, body });
}

/** A `POST /session`. */
function open(worker, body, { token, ...headers } = {}) {
  const json = typeof body === "string" ? body : JSON.stringify(body);
  return call(worker, "/session", { method: "POST", token, headers: { "content-type": "application/json", ...headers }, body: json });
}

const byPage = { origin: ORIGIN, "cf-connecting-ip": ADDRESS };
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

function assertRefused(response, status, errorType, message) {
  assert.equal(response.status, status, response.text);
  const { error } = response.json();
  assert.equal(error.code, status);
  assert.equal(error.metadata?.error_type, errorType);
  if (message) assert.match(error.message, message);
  assert.equal(response.headers.get("www-authenticate"), status === 401 ? 'Bearer error="invalid_token"' : null);
  assert.equal(response.headers.get("cache-control"), "no-store");
}

const sessionHeader = { alg: "HS256", typ: "JWT", kid: "new" };
const sessionClaims = (more) => ({ sub: "u", scope: "chat models", aud: "openrouter-wasm", iat: seconds(), nbf: seconds(), exp: seconds(60), ...more });
const providerClaims = (more) => ({ sub: "auth0|1", iss: "https://issuer.example/", aud: ["the-app"], exp: seconds(60), ...more });
const rsaHeader = { alg: "RS256", kid: "rsa" };

test("a backend with the service secret gets a token for its user, and the token lets the user in", async () => {
  const response = await open(tokens, { user: "user-7", plan: "pro", expiresIn: 60, scopes: ["chat"] }, { token: SERVICE });
  assert.equal(response.status, 200, response.text);
  assert.equal(response.headers.get("cache-control"), "no-store");
  const { token, expiresAt, ...rest } = response.json();
  assert.deepEqual(rest, {});
  const { sub, plan, scope, aud, iat, nbf, exp } = claimsOf(token);
  assert.deepEqual({ sub, plan, scope, aud }, { sub: "user-7", plan: "pro", scope: "chat", aud: "openrouter-wasm" });
  assert.deepEqual([nbf, exp, expiresAt], [iat, iat + 60, (iat + 60) * 1000]);
  assert.ok(Math.abs(iat - seconds()) <= 2);

  const answer = await chat(tokens, token);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json().object, "chat.completion");
  const { headers } = upstream.requests.at(-1);
  assert.equal(headers.authorization, `Bearer ${KEY}`, "the token stays here");
});

test("with a token an origin is not needed, and another's is refused all the same", async () => {
  const token = compact(sessionHeader, sessionClaims(), hs256(NEW));
  assert.equal((await chat(tokens, token)).status, 200);
  const page = await chat(tokens, token, { origin: ORIGIN });
  assert.equal(page.status, 200);
  assert.equal(page.headers.get("access-control-allow-origin"), ORIGIN);
  assertRefused(await chat(tokens, token, { origin: "https://evil.example" }), 403, "permission_denied", /origin/);
  assert.equal((await call(tokens, "/api/v1/models?limit=1", { token })).status, 200);
  assertRefused(await call(tokens, "/api/v1/models"), 401, "authentication", /asks for a token/);
});

test("a browser that passed Turnstile gets a session under a name that its address has", async () => {
  const response = await open(tokens, { turnstileToken: "good-1" }, byPage);
  assert.equal(response.status, 200, response.text);
  assert.equal(response.headers.get("access-control-allow-origin"), ORIGIN);
  assert.equal(response.headers.get("cache-control"), "no-store");
  const { method, type, body } = services.asked.at(-1);
  assert.deepEqual([method, type], ["POST", "application/json"]);
  assert.deepEqual(body, { secret: TURNSTILE, response: "good-1", remoteip: ADDRESS });

  const { token } = response.json();
  const { sub, plan, scope, iat, exp } = claimsOf(token);
  assert.match(sub, /^ip:[\w-]{22}$/);
  assert.deepEqual([plan, scope, exp - iat], ["visitor", "chat models usage", 900]);
  assert.ok(!sub.includes(ADDRESS));
  assert.equal((await chat(tokens, token, { origin: ORIGIN })).status, 200);

  const again = await open(tokens, { turnstileToken: "good-2" }, byPage);
  assert.equal(claimsOf(again.json().token).sub, sub);
  const other = await open(tokens, { turnstileToken: "good-3" }, { ...byPage, "cf-connecting-ip": "192.0.2.8" });
  assert.notEqual(claimsOf(other.json().token).sub, sub);
});

test("a challenge counts once, and only a clear yes is one", async () => {
  assert.equal((await open(tokens, { turnstileToken: "good-once" }, byPage)).status, 200);
  assertRefused(await open(tokens, { turnstileToken: "good-once" }, byPage), 401, "authentication", /used before/);
  assertRefused(await open(tokens, { turnstileToken: "bad" }, byPage), 401, "authentication");
  const { siteverify } = services;
  try {
    for (const [answer, status, errorType] of [
      [{ success: true, hostname: "evil.example", action: "chat" }, 401, "authentication"],
      [{ success: true, hostname: "app.example", action: "login" }, 401, "authentication"],
      [{ success: false, "error-codes": ["invalid-input-secret"] }, 500, "proxy_configuration"],
      [{ success: false, "error-codes": ["internal-error"] }, 503, "temporarily_unavailable"],
      ["<html>", 503, "temporarily_unavailable"],
      [null, 503, "temporarily_unavailable"],
      [new Promise(() => {}), 503, "temporarily_unavailable"],
    ]) {
      services.siteverify = () => answer;
      assertRefused(await open(tokens, { turnstileToken: "good" }, byPage), status, errorType);
    }
  } finally {
    services.siteverify = siteverify;
  }
});

test("nobody else begins a session", async () => {
  const asked = services.asked.length;
  assertRefused(await open(tokens, { turnstileToken: "good-9" }, { "cf-connecting-ip": ADDRESS }), 403, "permission_denied", /Origin/);
  assertRefused(await open(tokens, { turnstileToken: "good-9" }, { ...byPage, origin: "https://evil.example" }), 403, "permission_denied");
  for (const token of ["", "x", SERVICE.slice(1), `${SERVICE}x`, NEW, KEY, TURNSTILE]) {
    // An empty one is trimmed away on its way, so that nothing is presented.
    const response = await open(tokens, { user: "u" }, { token, origin: ORIGIN });
    assertRefused(response, token === "" ? 400 : 401, token === "" ? "invalid_request" : "authentication");
  }
  assertRefused(await open(tokens, { user: "u", expiresIn: 86_401 }, { token: SERVICE }), 400, "invalid_request", /expiresIn: .* 1 to 86400/);
  assertRefused(await open(tokens, { user: "u", scopes: ["admin"] }, { token: SERVICE }), 400, "invalid_request", /scopes:/);
  assertRefused(await open(tokens, { user: "ip:abc" }, { token: SERVICE }), 400, "invalid_request", /user:/);
  assertRefused(await open(tokens, '{"user":"u","user":"v"}', { token: SERVICE }), 400, "invalid_request", /once/);
  assertRefused(await open(tokens, { turnstileToken: "good-9", user: "u" }, byPage), 400, "invalid_request");
  assertRefused(await open(tokens, "{}", { token: SERVICE, "content-type": "text/plain" }), 415, "invalid_request");
  assertRefused(await call(tokens, "/session"), 405, "invalid_request");
  assert.equal(services.asked.length, asked, "none of it was worth a question");
});

test("the body of a request for a session is bounded, whether it says its length or not", async () => {
  for (const [headers, sent] of [[{ "content-length": 10_000 }, ""], [{ "transfer-encoding": "chunked" }, "x".repeat(20_000)]]) {
    const request = { headers: { origin: ORIGIN, "content-type": "application/json", ...headers }, sent };
    assert.equal(await answerBeforeEnd(`${tokens.url}/session`, request), 413, JSON.stringify(headers));
  }
});

test("a page of another origin may ask whether it may begin a session", async () => {
  const preflight = (origin) =>
    call(tokens, "/session", { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" } });
  const response = await preflight(ORIGIN);
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("access-control-allow-origin"), ORIGIN);
  assert.equal(response.headers.get("access-control-allow-methods"), "POST");
  assert.equal((await preflight("https://evil.example")).status, 403);
});

test("a token that is not right in every respect is refused, and costs no upstream request", async () => {
  const before = upstream.requests.length;
  const good = compact(sessionHeader, sessionClaims(), hs256(NEW));
  const [header, claims, signature] = good.split(".");
  const pem = provider.publicKey.export({ type: "spki", format: "pem" });
  const flipped = `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`;
  const unsigned = () => Buffer.alloc(0);
  const by = (header, more, sign = hs256(NEW)) => compact({ ...sessionHeader, ...header }, sessionClaims(more), sign);
  const fromProvider = (header, more, sign = rs256(provider)) => compact({ ...rsaHeader, ...header }, providerClaims(more), sign);
  const ownKey = stranger.publicKey.export({ format: "jwk" });
  const refused = {
    "no token": undefined,
    "not a token": "hello",
    "two tokens": `${good}, ${good}`,
    "alg none, not signed": by({ alg: "none" }, {}, unsigned),
    "alg None, signed": by({ alg: "None" }),
    "no alg": by({ alg: undefined }),
    "alg HS384": by({ alg: "HS384" }),
    "a session's secret for RS256": by({ alg: "RS256" }),
    "the provider's public key as a secret": compact({ alg: "HS256", kid: "rsa" }, providerClaims(), hs256(pem)),
    "the provider's modulus as a secret": compact({ alg: "HS256", kid: "rsa" }, providerClaims(), hs256(listed(provider).n)),
    "RS256 under a session's name": compact({ alg: "RS256", kid: "new" }, sessionClaims(), rs256(provider)),
    "a key that comes along": fromProvider({ kid: "own", jwk: ownKey }, {}, rs256(stranger)),
    "a list that comes along": fromProvider({ kid: "own", jku: `${services.url}/own` }, {}, rs256(stranger)),
    "expired": by({}, { exp: seconds(-10) }),
    "without an end": by({}, { exp: undefined }),
    "an end in words": by({}, { exp: "tomorrow" }),
    "not valid yet": by({}, { nbf: seconds(60) }),
    "made tomorrow": by({}, { iat: seconds(86_400), nbf: undefined }),
    "another audience": by({}, { aud: "elsewhere" }),
    "without an audience": by({}, { aud: undefined }),
    "without a user": by({}, { sub: undefined }),
    "without scopes": by({}, { scope: undefined }),
    "another kid": by({ kid: "other" }),
    "no kid": by({ kid: undefined }),
    "a secret that is no longer valid": by({ kid: "gone" }, {}, hs256(GONE)),
    "the other secret": by({}, {}, hs256(OLD)),
    "an empty secret": by({}, {}, hs256("")),
    "no signature": `${header}.${claims}.`,
    "no third part": `${header}.${claims}`,
    "a changed signature": `${header}.${claims}.${flipped}`,
    "changed claims": `${header}.${Buffer.from(JSON.stringify(sessionClaims({ sub: "admin" }))).toString("base64url")}.${signature}`,
    "padding": `${good}=`,
    "a header that is no base64": `!${header}.${claims}.${signature}`,
    "claims that are no JSON": compact(sessionHeader, "{", hs256(NEW)),
    "claims that are no object": compact(sessionHeader, "[]", hs256(NEW)),
    "a claim twice": compact(sessionHeader, `{"sub":"u","sub":"v",${JSON.stringify(sessionClaims({ sub: undefined })).slice(1)}`, hs256(NEW)),
    "a critical extension": by({ crit: ["b64"], b64: true }),
    "too long": by({}, { more: "x".repeat(9000) }),
    "provider: expired, beyond the leeway": fromProvider({}, { exp: seconds(-40) }),
    "provider: not valid yet, beyond the leeway": fromProvider({}, { nbf: seconds(60) }),
    "provider: another audience": fromProvider({}, { aud: "another-app" }),
    "provider: another issuer": fromProvider({}, { iss: "https://evil.example/" }),
    "provider: signed by somebody else": fromProvider({}, {}, rs256(stranger)),
    "provider: a changed signature": `${fromProvider().slice(0, -10)}AAAAAAAAAA`,
    "provider: not signed": fromProvider({}, {}, unsigned),
    "provider: another kid": fromProvider({ kid: "other" }),
    "provider: the other kind of key": fromProvider({ kid: "curve" }),
    "provider: a key that is too short": fromProvider({ kid: "weak" }),
    "provider: a claim twice": compact(rsaHeader, `{"aud":"x",${JSON.stringify(providerClaims()).slice(1)}`, rs256(provider)),
    "provider: alg none": fromProvider({ alg: "none" }, {}, unsigned),
    "provider: a user with an address's name": fromProvider({}, { sub: "ip:abc" }),
  };
  for (const [what, token] of Object.entries(refused)) {
    const response = await chat(tokens, token);
    assert.equal(response.status, 401, what);
    assertRefused(response, 401, "authentication");
    for (const part of (token ?? "").split(".").filter((part) => part.length > 20)) {
      assert.ok(!response.text.includes(part) && !tokens.log().includes(part), what);
    }
  }
  assert.equal(upstream.requests.length, before);
  assert.equal((await chat(tokens, good)).status, 200, "what they were made from is good");
  assert.equal((await chat(tokens, fromProvider())).status, 200);
});

test("a token is refused what is beyond its scopes, by their name", async () => {
  const models = compact(sessionHeader, sessionClaims({ scope: "models" }), hs256(NEW));
  assertRefused(await chat(tokens, models), 403, "permission_denied", /scope chat/);
  assert.equal((await call(tokens, "/api/v1/models?limit=1", { token: models })).status, 200);
  const nothing = compact(sessionHeader, sessionClaims({ scope: "" }), hs256(NEW));
  assertRefused(await call(tokens, "/api/v1/models", { token: nothing }), 403, "permission_denied", /scope models/);
});

test("while secrets change, the new one signs and both are valid; afterwards the old one is not", async () => {
  const byOld = compact({ ...sessionHeader, kid: "old" }, sessionClaims(), hs256(OLD));
  assert.equal((await chat(tokens, byOld)).status, 200);
  const { token } = (await open(tokens, { user: "u" }, { token: SERVICE })).json();
  assert.equal(JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid, "new");
  const later = await start({ ...session(), SESSION_SECRETS: `new:${NEW}` });
  assert.equal((await chat(later, token)).status, 200);
  assertRefused(await chat(later, byOld), 401, "authentication", /key that is not known/);
});

test("a provider's tokens are taken by both algorithms, and its keys are fetched once", async () => {
  const worker = await start({ ...jwt(), JWT_USER_CLAIM: "uid", JWT_SCOPE_CLAIM: "/app/scopes" });
  const fetched = services.keysFetched;
  const claims = providerClaims({ uid: 7, app: { scopes: ["chat"] }, exp: seconds(-10) });
  for (let round = 0; round < 3; round++) {
    assert.equal((await chat(worker, compact(rsaHeader, claims, rs256(provider)))).status, 200, "within the leeway");
    assert.equal((await chat(worker, compact({ alg: "ES256", kid: "curve" }, claims, es256(curve)))).status, 200);
  }
  assertRefused(await call(worker, "/api/v1/models", { token: compact(rsaHeader, claims, rs256(provider)) }), 403, "permission_denied", /scope models/);
  for (let round = 0; round < 3; round++) {
    const unknown = compact({ ...rsaHeader, kid: `unknown-${round}` }, claims, rs256(provider));
    assertRefused(await chat(worker, unknown), 401, "authentication", /key that is not known/);
  }
  assert.equal(services.keysFetched - fetched, 1, "who names unknown keys has them fetched once a minute at most");
  assertRefused(await open(worker, { user: "u" }, { token: SERVICE }), 404, "not_found");
  assertRefused(await chat(worker, compact(sessionHeader, sessionClaims(), hs256(NEW))), 401, "authentication");
});

test("without the provider's keys nobody can be let in: 503, and no upstream request", async () => {
  const before = upstream.requests.length;
  const token = compact(rsaHeader, providerClaims(), rs256(provider));
  const unreachable = await start({ ...jwt(), JWT_JWKS_URL: "http://127.0.0.1:1/keys" });
  assertRefused(await chat(unreachable, token), 503, "temporarily_unavailable", /keys/);
  assertRefused(await chat(unreachable, "x.y.z"), 401, "authentication");
  const moved = await start({ ...jwt(), JWT_JWKS_URL: `${services.url}/moved/keys` });
  assertRefused(await chat(moved, token), 503, "temporarily_unavailable", /keys/);
  const failing = await start(jwt());
  const fetched = services.keysFetched;
  services.keysStatus = 500;
  try {
    assertRefused(await chat(failing, token), 503, "temporarily_unavailable", /keys/);
    assertRefused(await chat(failing, token), 503, "temporarily_unavailable", /keys/);
  } finally {
    services.keysStatus = 200;
  }
  assert.equal(services.keysFetched - fetched, 1, "a failure is believed for some seconds");
  assert.match(failing.log(), /keys cannot be fetched/);
  assert.equal(upstream.requests.length, before);
});

test("Cloudflare Access vouches by its header or its cookie", async () => {
  const worker = await start({ AUTH_MODE: "access", ACCESS_TEAM_DOMAIN: services.url, ACCESS_AUD: "the-tag" });
  const token = (more, sign = rs256(provider)) => compact(rsaHeader, { sub: "7335d417", iss: services.url, aud: ["the-tag"], exp: seconds(60), ...more }, sign);
  const by = (headers) => chat(worker, undefined, headers);
  assert.equal((await by({ "cf-access-jwt-assertion": token() })).status, 200);
  assert.equal((await by({ cookie: `a=b; CF_Authorization=${token()}; c=d` })).status, 200);
  assert.equal((await by({ "cf-access-jwt-assertion": token({ sub: "", common_name: "backend.access" }) })).status, 200);
  assert.equal(upstream.requests.at(-1).headers.cookie, undefined);
  assert.equal((await by({ "cf-access-jwt-assertion": token(), authorization: "Bearer any-key" })).status, 200, "other makers' clients send a key");
  for (const headers of [
    {},
    { authorization: `Bearer ${token()}` },
    { "cf-access-jwt-assertion": token({ aud: ["another-tag"] }) },
    { "cf-access-jwt-assertion": token({ iss: "https://evil.cloudflareaccess.com" }) },
    { "cf-access-jwt-assertion": token({}, rs256(stranger)) },
    { "cf-access-jwt-assertion": token({ sub: "" }) },
    { "cf-access-jwt-assertion": "x", cookie: `CF_Authorization=${token()}` },
    { cookie: `CF_Authorization=${token({ exp: seconds(-100) })}` },
    { cookie: `CF_Authorization=${compact(sessionHeader, sessionClaims(), hs256(NEW))}` },
  ]) {
    assertRefused(await by(headers), 401, "authentication");
  }
  assertRefused(await by({ "cf-access-jwt-assertion": token(), origin: "https://evil.example" }), 403, "permission_denied");
});

test("an open proxy starts with its limits only, and lets pages in by their origin", async () => {
  const limits = { SITE_USD_PER_DAY: "5", PSEUDONYM_SECRET: PSEUDONYM, RATE_LIMITER: 100 };
  const storage = mkdtempSync(join(tmpdir(), "openrouter-auth-"));
  const openMode = ({ RATE_LIMITER: rateLimit, ...variables }) =>
    start({ AUTH_MODE: "open", PRICES: "bound", MAX_PRICE: '{"prompt": 1, "completion": 1}', MAX_OUTPUT_TOKENS: "100", ...variables }, { storage, rateLimit });
  for (const name of Object.keys(limits)) {
    const { [name]: _, ...others } = limits;
    const worker = await openMode(others);
    const health = await call(worker, "/healthz");
    assert.equal(health.status, 500);
    assert.deepEqual(health.json().problems.map((problem) => problem.split(" ")[0]), [name]);
    assertRefused(await chat(worker, undefined, byPage), 500, "proxy_configuration", new RegExp(name));
    await worker.close();
  }
  const worker = await openMode(limits);
  assert.equal((await call(worker, "/healthz")).status, 200);
  assert.equal((await chat(worker, undefined, byPage)).status, 200);
  assertRefused(await chat(worker, undefined, { "cf-connecting-ip": ADDRESS }), 403, "permission_denied", /Origin/);
  assertRefused(await chat(worker, "any-token", { "cf-connecting-ip": ADDRESS }), 403, "permission_denied", /Origin/);
  assertRefused(await chat(worker, undefined, { ...byPage, origin: "https://evil.example" }), 403, "permission_denied");
  assertRefused(await chat(worker, undefined, { origin: ORIGIN }), 500, "proxy_configuration", /CF-Connecting-IP/);
  assertRefused(await open(worker, {}, byPage), 404, "not_found");
  await worker.close();
  rmSync(storage, { recursive: true, force: true });
});

test("a local proxy lets its own machine in without a token, and no name that was made to point here", async () => {
  const worker = await start({ AUTH_MODE: "local", ALLOWED_ORIGINS: "self" });
  const { port } = new URL(worker.url);
  /** A request to this name, as a browser that takes it for this machine's makes it. */
  async function status(host, { method = "POST", path = "/api/v1/chat/completions", origin = `http://${host}` } = {}) {
    const headers = { host, ...(origin && { origin }), "content-type": "application/json" };
    const request = httpRequest({ host: "127.0.0.1", port, method, path, agent: false, headers });
    request.end(method === "POST" ? '{"model":"sim/text","messages":[{"role":"user","content":"hi"}]}' : undefined);
    const [response] = await once(request, "response");
    response.resume();
    return response.statusCode;
  }
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
    assert.equal(await status(host), 200, host);
    assert.equal(await status(host, { method: "GET", path: "/api/v1/models?limit=1", origin: null }), 200, host);
    assert.equal(await status(host, { origin: null }), 403, host);
    assert.equal(await status(host, { origin: "https://evil.example" }), 403, host);
  }
  for (const host of [`rebound.example:${port}`, `localhost.evil.example:${port}`, `127.0.0.1.nip.example:${port}`]) {
    assert.equal(await status(host), 403, host);
    assert.equal(await status(host, { method: "OPTIONS" }), 403, host);
    assert.equal(await status(host, { method: "GET", path: "/api/v1/models", origin: null }), 403, host);
  }
});

test("the page learns how to begin a session, and nothing that is secret", async () => {
  const health = await call(tokens, "/healthz");
  assert.deepEqual(health.json(), { status: "ok", demo: false, turnstile: { siteKey: "the-site-key", action: "chat" } });
  const local = await start({ AUTH_MODE: "local" });
  assert.deepEqual((await call(local, "/healthz")).json(), { status: "ok", demo: false });
});

test("what is missing is named, and a mode that is not set lets nobody in", async () => {
  const worker = await start({ AUTH_MODE: "" });
  assertRefused(await chat(worker, undefined, byPage), 500, "proxy_configuration", /AUTH_MODE is not set/);
  const broken = await start({ AUTH_MODE: "session", SESSION_SECRETS: "new:hidden", SERVICE_SECRET: "hidden", PSEUDONYM_SECRET: "hidden", TURNSTILE_SECRET: "hidden" });
  const { problems } = (await call(broken, "/healthz")).json();
  for (const name of ["SESSION_SECRETS", "SERVICE_SECRET", "PSEUDONYM_SECRET"]) {
    assert.ok(problems.some((problem) => problem.startsWith(name)), name);
  }
  assert.ok(!problems.join().includes("hidden"));
});

test("no secret is in anything that left", () => {
  const left = [...seen, ...workers.map((worker) => worker.log())].join("\n");
  for (const secret of [KEY, NEW, OLD, SERVICE, TURNSTILE, PSEUDONYM]) assert.ok(!left.includes(secret));
  assert.ok(seen.length > 150);
});
