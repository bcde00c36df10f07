import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { ask, contentIn, eventsIn } from "./client.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
afterEach(() => upstream.reset());
after(() => upstream.close());

const CACHED = { "x-openrouter-cache": "true" };
const TOLD = { "x-openrouter-metadata": "Enabled" };

const send = (body, headers, path) => ask(upstream, body, { headers, path });
const cacheOf = ({ headers }) => ["status", "age", "ttl"].map((name) => headers.get(`x-openrouter-cache-${name}`));

/** Asks, reads to the end, and waits until the simulator knows that all was read. */
async function whole(body, headers, path) {
  const response = await send(body, headers, path);
  const text = await response.text();
  await upstream.waitFor({ model: body.model, event: "finished", count: upstream.requests.length });
  return { response, text };
}

test("the same request again is answered from the cache, for nothing, under a new id", async () => {
  const body = { model: "sim/text", messages: [{ role: "user", content: "Hi" }] };
  const first = await whole(body, CACHED);
  assert.deepEqual(cacheOf(first.response), ["MISS", null, "300"]);
  upstream.advanceClock(12_000);
  const second = await whole(body, CACHED);
  assert.deepEqual(cacheOf(second.response), ["HIT", "12", "288"]);
  const [one, two] = [JSON.parse(first.text), JSON.parse(second.text)];
  assert.equal(second.response.headers.get("x-openrouter-cache-source-id"), one.id);
  assert.equal(second.response.headers.get("x-generation-id"), two.id);
  assert.notEqual(one.id, two.id);
  assert.deepEqual(two.choices, one.choices);
  const { prompt_tokens, completion_tokens, total_tokens, cost } = two.usage;
  assert.deepEqual([prompt_tokens, completion_tokens, total_tokens, cost], [0, 0, 0, 0]);
  assert.ok(one.usage.cost > 0);
});

test("streams, other shapes and embeddings are cached each for itself", async () => {
  for (const [path, body, usageOf] of [
    ["/chat/completions", { stream: true }, (text) => eventsIn(text).at(-2).usage.total_tokens],
    ["/responses", { input: "Hi" }, (text) => JSON.parse(text).usage.total_tokens],
    ["/messages", { max_tokens: 9 }, (text) => JSON.parse(text).usage.output_tokens],
    ["/embeddings", { input: "Hi" }, (text) => JSON.parse(text).usage.total_tokens],
  ]) {
    const seen = [];
    for (let i = 0; i < 2; i += 1) {
      const { response, text } = await whole({ model: "sim/text", ...body }, CACHED, path);
      seen.push([cacheOf(response)[0], usageOf(text) > 0]);
    }
    assert.deepEqual(
      seen,
      [
        ["MISS", true],
        ["HIT", false],
      ],
      path,
    );
  }
});

test("another key, body, order or time is another answer; a fresh one can be had", async () => {
  const status = async (body, headers) => cacheOf((await whole({ model: "sim/text", ...body }, headers)).response)[0];
  assert.equal(await status({}, CACHED), "MISS");
  assert.equal(await status({}, CACHED), "HIT");
  assert.equal(await status({}, { ...CACHED, authorization: "Bearer other" }), "MISS");
  assert.equal(await status({ seed: 1, user: "u" }, CACHED), "MISS");
  assert.equal(await status({ user: "u", seed: 1 }, CACHED), "MISS");
  assert.equal(await status({}, {}), null);
  assert.equal(await status({}, { "x-openrouter-cache": "false" }), null);
  assert.equal(await status({}, { ...CACHED, "x-openrouter-cache-clear": "true" }), "MISS");
  assert.equal(await status({}, CACHED), "HIT");
  upstream.advanceClock(300_000);
  assert.equal(await status({}, CACHED), "MISS");
});

test("how long an answer is kept can be said, within bounds", async () => {
  for (const [asked, ttl] of [
    ["60", "60"],
    ["1.5", "1"],
    ["60abc", "60"],
    ["0", "1"],
    ["99999", "86400"],
    ["soon", "300"],
  ]) {
    const { response } = await whole(
      { model: "sim/text", user: asked },
      { ...CACHED, "x-openrouter-cache-ttl": asked },
    );
    assert.deepEqual(cacheOf(response), ["MISS", null, ttl]);
  }
});

test("errors and parts of answers are not kept", async () => {
  for (const model of ["sim/429", "sim/midstream-error", "sim/cut", "sim/choice-error"]) {
    for (let i = 0; i < 2; i += 1) {
      const response = await send({ model, stream: true }, CACHED);
      await response.text().catch(() => {});
      assert.notEqual(cacheOf(response)[0], "HIT", model);
    }
  }
});

const metadataIn = async (body, headers = TOLD, path = undefined) =>
  (await (await send(body, headers, path)).json()).openrouter_metadata;

test("who asks is told how the request was routed", async () => {
  const metadata = await metadataIn({ model: "openai/gpt-5.2" });
  assert.deepEqual(metadata, {
    requested: "openai/gpt-5.2",
    strategy: "direct",
    region: "iad",
    summary: "available=2, selected=OpenAI",
    attempt: 1,
    is_byok: false,
    endpoints: {
      total: 2,
      available: [
        { provider: "OpenAI", model: "openai/gpt-5.2", selected: true },
        { provider: "Azure", model: "openai/gpt-5.2", selected: false },
      ],
    },
    attempts: [{ provider: "OpenAI", model: "openai/gpt-5.2", status: 200 }],
  });
  assert.equal(await metadataIn({ model: "openai/gpt-5.2" }, {}), undefined);
  assert.equal(await metadataIn({ model: "openai/gpt-5.2" }, { "x-openrouter-metadata": "yes" }), undefined);
  assert.ok(await metadataIn({ model: "sim/text" }, { "x-openrouter-experimental-metadata": "enabled" }));
});

test("the strategy follows from the slug, or from what failed before", async () => {
  const strategy = async (body) => (await metadataIn(body)).strategy;
  assert.equal(await strategy({ model: "openrouter/auto" }), "auto");
  assert.equal(await strategy({}), "auto");
  assert.equal(await strategy({ model: "openrouter/pareto-code" }), "pareto");
  assert.equal(await strategy({ model: "~openai/gpt-latest" }), "latest");
  const { strategy: last, attempt, attempts } = await metadataIn({ model: "sim/502", models: ["sim/text"] });
  assert.deepEqual([last, attempt, attempts.map(({ status }) => status)], ["fallback", 2, [502, 200]]);
});

test("in a stream the last chunk tells, in the other shapes the last event", async () => {
  const events = eventsIn(await (await send({ model: "sim/text", stream: true }, TOLD)).text());
  assert.deepEqual(
    events.filter((event) => event.openrouter_metadata),
    [events.at(-2)],
  );
  assert.ok(contentIn(events).length > 0);
  const text = (path, body) =>
    send({ model: "sim/text", stream: true, ...body }, TOLD, path).then((each) => each.text());
  const response = eventsIn(await text("/responses", { input: "Hi" })).at(-2);
  assert.equal(response.response.openrouter_metadata.requested, "sim/text");
  assert.match(await text("/messages", { max_tokens: 9 }), /"type":"message_stop","openrouter_metadata":\{/);
  assert.ok(eventsIn(await text("/completions", { prompt: "Hi" })).at(-2).openrouter_metadata);
});

test("errors tell too, unless they come before the router or hide what happened", async () => {
  const blocked = await metadataIn({ model: "sim/403-guardrail" });
  assert.deepEqual([blocked.attempt, blocked.endpoints.available[0].selected], [1, false]);
  const nowhere = await metadataIn({ model: "sim/404" });
  assert.deepEqual([nowhere.attempt, nowhere.attempts], [0, undefined]);
  assert.ok(await metadataIn({ model: "sim/529", max_tokens: 9 }, TOLD, "/messages"));
  for (const model of ["sim/401", "sim/429", "sim/500", "no/such-model"]) {
    assert.equal(await metadataIn({ model }), undefined, model);
  }
});

test("what comes from the cache does not tell how it was routed", async () => {
  const headers = { ...TOLD, ...CACHED };
  const first = await whole({ model: "sim/text" }, headers);
  assert.ok(JSON.parse(first.text).openrouter_metadata);
  const second = await whole({ model: "sim/text" }, headers);
  assert.equal(JSON.parse(second.text).openrouter_metadata, undefined);
});
