import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask } from "./client.mjs";
import { ERROR_SLUGS } from "./errors.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const errorOf = async (model, stream = false) => {
  const response = await ask(upstream, { model, stream });
  return { response, body: await response.json() };
};

test("each error slug answers with its status, streaming or not, without a generation", async () => {
  for (const slug of ERROR_SLUGS) {
    const expected = Number(/\d{3}/.exec(slug)[0]);
    for (const stream of [true, false]) {
      const response = await ask(upstream, { model: slug, stream });
      assert.equal(response.status, expected, slug);
      assert.equal(response.headers.get("x-generation-id"), null);
      await response.arrayBuffer();
    }
  }
});

test("each JSON error names the key's owner, except the one for a missing or unknown key", async () => {
  for (const slug of ERROR_SLUGS.filter((each) => !/html|empty/.test(each))) {
    const { response, body } = await errorOf(slug, true);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(typeof body.error.message, "string");
    assert.equal(body.user_id, slug === "sim/401" ? undefined : "user_sim_owner", slug);
  }
});

test("availability errors have an http_status and no code", async () => {
  const { error } = (await errorOf("sim/404")).body;
  assert.deepEqual([error.code, error.http_status, error.availability.code], [undefined, 404, "no_endpoints"]);
  assert.equal((await errorOf("sim/503")).body.error.availability.retryable, true);
});

test("refusals say what was refused", async () => {
  const moderation = (await errorOf("sim/403")).body.error.metadata;
  assert.deepEqual(Object.keys(moderation), ["reasons", "flagged_input", "provider_name", "model_slug"]);
  assert.equal((await errorOf("sim/403-guardrail")).body.error.metadata.patterns.length, 1);
});

test("a provider's own error is in raw, as text or as an object, without a Retry-After", async () => {
  const { response, body } = await errorOf("sim/429");
  assert.equal(response.headers.get("retry-after"), null);
  assert.equal(typeof body.error.metadata.raw, "string");
  assert.equal(typeof (await errorOf("sim/529")).body.error.metadata.raw, "object");
});

test("Retry-After comes in seconds or as a date", async () => {
  assert.equal((await errorOf("sim/429-retry-after")).response.headers.get("retry-after"), "7");
  assert.equal((await errorOf("sim/503-retry-after")).response.headers.get("retry-after"), "3");
  const { headers } = (await errorOf("sim/429-date")).response;
  const seconds = (Date.parse(headers.get("retry-after")) - Date.parse(headers.get("date"))) / 1000;
  assert.ok(seconds >= 6 && seconds <= 8, `${seconds} s`);
});

test("platform limits are in the headers and again in the body", async () => {
  for (const [slug, source] of [
    ["sim/429-platform", "openrouter_free_tier_per_minute"],
    ["sim/429-daily", "openrouter_free_tier_daily"],
  ]) {
    const { response, body } = await errorOf(slug);
    const { headers, limit_source } = body.error.metadata;
    assert.equal(limit_source, source);
    for (const [name, value] of Object.entries(headers)) assert.equal(response.headers.get(name), value);
    assert.ok(Number(headers["X-RateLimit-Reset"]) > Date.now());
  }
});

test("an error can be a page of HTML, or nothing at all", async () => {
  const html = await ask(upstream, { model: "sim/html-502" });
  assert.equal(html.headers.get("content-type"), "text/html; charset=UTF-8");
  assert.match(await html.text(), /Bad gateway/);
  const empty = await ask(upstream, { model: "sim/empty-500" });
  assert.equal(empty.headers.get("content-type"), null);
  assert.equal(await empty.text(), "");
});

test("a request that is too long for the model says so", async () => {
  const { error } = (await errorOf("sim/400-context")).body;
  assert.equal(error.metadata.error_type, "context_length_exceeded");
  assert.equal(error.metadata.previous_errors.length, 1);
});

test("responses and messages have envelopes of their own", async () => {
  const bodyAt = async (path, body) => (await ask(upstream, { model: "sim/402", ...body }, { path })).json();
  const responses = await bodyAt("/responses", { input: "hi" });
  assert.deepEqual([responses.error.code, responses.metadata], ["payment_required", null]);
  const messages = await bodyAt("/messages", { max_tokens: 5 });
  assert.deepEqual([messages.type, messages.error.error_type], ["error", "payment_required"]);
});
