import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { KEY, ask, get } from "./client.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream({ apiKey: KEY })));
after(() => upstream.close());

const VERIFIER = "a-verifier-of-at-least-43-characters-as-RFC-7636-wants";
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");
const CALLBACK = "http://localhost:5173/back?state=s%201&list=a+b#top";
const S256 = { callback_url: CALLBACK, code_challenge: CHALLENGE, code_challenge_method: "S256" };

const visit = (parameters) => fetch(`${upstream.url}/auth?${new URLSearchParams(parameters)}`, { redirect: "manual" });

async function codeFor(parameters = S256) {
  const response = await visit(parameters);
  assert.equal(response.status, 302);
  return new URL(response.headers.get("location")).searchParams.get("code");
}

const exchange = (body, headers = { "content-type": "application/json" }) =>
  fetch(`${upstream.baseUrl}/auth/keys`, { method: "POST", headers, body: JSON.stringify(body) });

const refusal = async (body) => {
  const response = await exchange(body);
  const { error, user_id } = await response.json();
  assert.deepEqual([error.code, user_id], [response.status, undefined]);
  return `${error.code} ${error.message}`;
};

const proof = { code_verifier: VERIFIER, code_challenge_method: "S256" };

test("consent leads back to the callback, whose own query and fragment stay as they were", async () => {
  const location = (await visit(S256)).headers.get("location");
  assert.match(location, /^http:\/\/localhost:5173\/back\?state=s%201&list=a\+b&code=auth_code_[0-9a-f]{32}#top$/);
  const bare = (await visit({ ...S256, callback_url: "https://example.com/" })).headers.get("location");
  assert.match(bare, /^https:\/\/example\.com\/\?code=auth_code_/);
});

test("a code buys a key, which works although another one is set", async () => {
  const response = await exchange({ code: await codeFor(), ...proof });
  assert.deepEqual([response.status, response.headers.get("access-control-allow-origin")], [200, "*"]);
  const { key, user_id } = await response.json();
  assert.match(key, /^sk-or-v1-[0-9a-f]{64}$/);
  assert.equal(user_id, "user_sim_owner");
  const authorization = `Bearer ${key}`;
  assert.equal((await ask(upstream, { model: "sim/text" }, { headers: { authorization } })).status, 200);
  assert.equal(
    (await ask(upstream, { model: "sim/text" }, { headers: { authorization: "Bearer other" } })).status,
    401,
  );
  assert.equal((await ask(upstream, { model: "sim/text" })).status, 200);
});

test("a key that was given out has the label and the limit that were asked for, or no limit", async () => {
  const keyData = async (parameters) => {
    const { key } = await (await exchange({ code: await codeFor({ ...S256, ...parameters }), ...proof })).json();
    const headers = { authorization: `Bearer ${key}` };
    return (await (await fetch(`${upstream.baseUrl}/key`, { headers })).json()).data;
  };
  const limited = await keyData({ key_label: "My app", limit: "5" });
  assert.deepEqual([limited.label, limited.limit, limited.limit_remaining], ["My app", 5, 5]);
  const { label, limit, limit_remaining } = await keyData({});
  assert.match(label, /^sk-or-v1-...\.\.\....$/);
  assert.deepEqual([limit, limit_remaining], [null, null]);
});

test("a code is used up by its first exchange, be it a failed one", async () => {
  const wrong = "403 Invalid code or code_verifier";
  const code = await codeFor();
  assert.equal((await exchange({ code, ...proof })).status, 200);
  assert.equal(await refusal({ code, ...proof }), wrong);
  const second = await codeFor();
  assert.equal(await refusal({ ...proof, code: second, code_verifier: `${VERIFIER}x` }), wrong);
  assert.equal(await refusal({ code: second, ...proof }), wrong);
  assert.equal(await refusal({ code: await codeFor() }), wrong);
  assert.equal(await refusal({ code: "auth_code_unknown", ...proof }), wrong);
});

test("the challenge is checked: plain is the verifier itself, S256 its hash", async () => {
  const plain = { callback_url: CALLBACK, code_challenge: "abc", code_challenge_method: "plain" };
  const { status } = await exchange({
    code: await codeFor(plain),
    code_verifier: "abc",
    code_challenge_method: "plain",
  });
  assert.equal(status, 200);
  assert.equal((await exchange({ code: await codeFor(), code_verifier: VERIFIER })).status, 200);
  assert.equal((await exchange({ code: await codeFor({ callback_url: CALLBACK }) })).status, 200);
  assert.equal((await exchange({ code: await codeFor(), code_verifier: CHALLENGE })).status, 403);
});

test("a code expires after ten minutes", async () => {
  const [first, second] = [await codeFor(), await codeFor()];
  upstream.advanceClock(9.9 * 60_000);
  assert.equal((await exchange({ code: first, ...proof })).status, 200);
  await fetch(`${upstream.url}/__sim/clock`, { method: "POST", body: '{"advanceMs":6000}' });
  assert.equal(await refusal({ code: second, ...proof }), "403 Authorization code expired");
  const wrong = await fetch(`${upstream.url}/__sim/clock`, { method: "POST", body: "{}" });
  assert.equal(wrong.status, 400);
});

test("another method than in the first step, or an unknown one, is refused, and the code stays good", async () => {
  const code = await codeFor();
  const wrong = "400 Invalid code_challenge_method";
  assert.equal(await refusal({ ...proof, code, code_challenge_method: "plain" }), wrong);
  assert.equal(await refusal({ ...proof, code, code_challenge_method: "S512" }), wrong);
  assert.equal((await exchange({ code, ...proof })).status, 200);
});

test("an exchange is a POST of JSON with a code", async () => {
  assert.equal(await refusal({}), "400 code: Required");
  assert.equal((await exchange({ code: await codeFor(), ...proof }, {})).status, 400);
  const { status, headers } = await get(upstream, "/auth/keys");
  assert.deepEqual([status, headers.get("allow")], [405, "POST"]);
});

test("consent cannot be asked for with parameters that make no sense", async () => {
  for (const [change, field] of [
    [{ callback_url: "/back" }, "callback_url"],
    [{ callback_url: "javascript:alert(1)" }, "callback_url"],
    [{ code_challenge_method: "S512" }, "code_challenge_method"],
    [{ code_challenge: `${CHALLENGE}=` }, "code_challenge"],
    [{ code_challenge: createHash("sha256").update("?>").digest("base64").slice(0, 42) }, "code_challenge"],
    [{ limit: "much" }, "limit"],
  ]) {
    const response = await visit({ ...S256, ...change });
    assert.equal(response.status, 400, JSON.stringify(change));
    assert.match(response.headers.get("content-type"), /^text\/html/);
    assert.ok((await response.text()).includes(`${field}: expected`), JSON.stringify(change));
  }
  assert.equal((await visit({ code_challenge_method: "S256", callback_url: CALLBACK })).status, 400);
  assert.equal((await fetch(`${upstream.url}/auth`, { method: "POST" })).status, 404);
});

test("without a callback the code is shown, and then a challenge is needed", async () => {
  const text = await (await visit({ code_challenge: CHALLENGE, code_challenge_method: "S256" })).text();
  const [, code] = /<code>(auth_code_\w+)<\/code>/.exec(text);
  assert.equal((await exchange({ code, ...proof })).status, 200);
  assert.equal((await visit({})).status, 400);
});

test("what was asked for is recorded, and codes and keys are the same in every run", async () => {
  const other = await startUpstream();
  const runs = [];
  for (const simulator of [await startUpstream(), other]) {
    const response = await fetch(`${simulator.url}/auth?${new URLSearchParams(S256)}`, { redirect: "manual" });
    runs.push(response.headers.get("location"));
    assert.deepEqual([simulator.requests[0].path, simulator.requests[0].query], ["/auth", S256]);
    await simulator.close();
  }
  assert.equal(runs[0], runs[1]);
});
