import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { ask, contentIn, eventsIn, get } from "./client.mjs";
import { TEXT } from "./scenario.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
afterEach(() => upstream.reset());
after(() => upstream.close());

const unavailable = { status: 503, body: '{"error":{"code":503,"message":"Try again"}}' };
const limited = { status: 429, headers: { "retry-after": "1" }, body: '{"error":{"code":429,"message":"Slow down"}}' };

const statuses = async (count, send) => {
  const seen = [];
  for (let i = 0; i < count; i += 1) {
    const response = await send();
    seen.push(response.status);
    await response.arrayBuffer();
  }
  return seen;
};

test("a sequence gives each request the next answer, and repeats the last", async () => {
  upstream.define({ model: "test/retry", sequence: [unavailable, limited, { events: ["[DONE]"] }] });
  const send = () => ask(upstream, { model: "test/retry", stream: true });
  assert.deepEqual(await statuses(5, send), [503, 429, 200, 200, 200]);
  assert.equal(upstream.requests.length, 5);
});

test("a sequence can end in the answer of another slug", async () => {
  const sequence = [limited, { builtin: "sim/text" }];
  upstream.define({ model: "test/retry", sequence });
  const first = await ask(upstream, { model: "test/retry", stream: true });
  assert.deepEqual([first.status, first.headers.get("retry-after")], [429, "1"]);
  const second = await ask(upstream, { model: "test/retry", stream: true });
  const events = eventsIn(await second.text());
  assert.deepEqual([contentIn(events), events[0].model], [TEXT, "sim/text"]);
  assert.equal(upstream.requests[1].model, "test/retry");
});

test("a slug can fail first and then answer as ever", async () => {
  upstream.define({ model: "openai/gpt-5.2", sequence: [unavailable, { builtin: true }] });
  assert.deepEqual(await statuses(2, () => ask(upstream, { model: "openai/gpt-5.2" })), [503, 200]);
});

test("each answer of a sequence has its own pieces, steps and end", async () => {
  const cut = { events: [{ choices: [] }], end: "destroy" };
  upstream.define({ model: "m", sequence: [cut, { events: ["1", "[DONE]"], stepped: true }] });
  const send = () => ask(upstream, { model: "m", stream: true });
  await assert.rejects((await send()).text(), TypeError);
  const reader = (await send()).body.getReader();
  assert.equal(upstream.requests[1].chunksSent, 0);
  upstream.step("m");
  assert.equal(Buffer.from((await reader.read()).value).toString(), "data: 1\n\n");
  upstream.step({ model: "m" });
  await reader.read();
  assert.equal((await reader.read()).done, true);
});

test("a model that another one makes unnecessary keeps its answers", async () => {
  upstream.define({ model: "first", sequence: [{ body: "{}" }, limited] });
  upstream.define({ model: "second", sequence: [{ body: "{}" }, unavailable] });
  const send = () => ask(upstream, { model: "first", models: ["second"] });
  assert.deepEqual(await statuses(3, send), [200, 200, 503]);
});

test("requests that come together take one answer each", async () => {
  upstream.define({ model: "m", sequence: [unavailable, { body: "{}" }] });
  const answers = await Promise.all([1, 2].map(() => ask(upstream, { model: "m" })));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 503]);
});

test("a path can be scripted, for calls that carry no model", async () => {
  const body = JSON.stringify({ data: [{ id: "a/b" }] });
  upstream.define({ path: "/models", sequence: [unavailable, { body, headers: { etag: '"1"' } }, { builtin: true }] });
  const list = () => fetch(`${upstream.baseUrl}/models?limit=1`);
  assert.equal((await list()).status, 503);
  const second = await list();
  assert.equal(second.headers.get("etag"), '"1"');
  assert.deepEqual(await second.json(), JSON.parse(body));
  assert.equal((await (await list()).json()).data.length, 1);
  assert.equal((await get(upstream, "/key")).status, 200);
});

test("a scripted path answers before any check, for one method or for all", async () => {
  upstream.define({ path: "/auth/keys", method: "POST", body: '{"key":"k","user_id":null}' });
  upstream.define({ path: "/key", status: 401, body: "{}" });
  upstream.define({ path: "/key", method: "GET", status: 402, body: "{}" });
  const at = async (path, method) => (await fetch(upstream.baseUrl + path, { method })).status;
  assert.equal(await at("/auth/keys", "POST"), 200);
  assert.equal(await at("/auth/keys", "GET"), 405);
  assert.deepEqual([await at("/key", "GET"), await at("/key", "DELETE")], [402, 401]);
  assert.equal(await at("/key", "OPTIONS"), 204);
});

test("a scripted path hides every model, and can stream and step", async () => {
  upstream.define({ model: "sim/text", status: 500 });
  upstream.define({ path: "/chat/completions", sequence: [{ events: ["1"], stepped: true }, { builtin: true }] });
  const stream = await ask(upstream, { model: "sim/text", stream: true });
  upstream.step({ path: "/chat/completions" });
  assert.deepEqual(eventsIn(await stream.text()), [1]);
  assert.equal((await ask(upstream, { model: "sim/text" })).status, 500);
});

test("scripts with sequences and paths can be defined from outside", async () => {
  const define = async (spec) => {
    const response = await fetch(`${upstream.url}/__sim/scenarios`, { method: "POST", body: JSON.stringify(spec) });
    return { status: response.status, body: await response.json() };
  };
  const spec = { path: "/providers", method: "GET", sequence: [limited, { builtin: true }] };
  assert.deepEqual(await define(spec), { status: 200, body: { path: "/providers", method: "GET" } });
  assert.deepEqual(await statuses(2, () => get(upstream, "/providers")), [429, 200]);
  for (const wrong of [
    { body: "x" },
    { model: "m", path: "/models" },
    { path: "models" },
    { path: "/models", method: "get" },
    { model: "m", method: "POST" },
    { model: "m", sequence: [] },
    { model: "m", sequence: {} },
    { model: "m", sequence: [null] },
    { model: "m", sequence: [{ model: "n" }] },
    { model: "m", sequence: [{ body: "x" }], status: 200 },
    { model: "m", builtin: false },
    { model: "m", builtin: true, status: 200 },
    { path: "/models", builtin: "sim/text" },
    { model: "m", cutAt: 5 },
  ]) {
    const { status, body } = await define(wrong);
    assert.equal(status, 400, JSON.stringify(wrong));
    assert.equal(typeof body.error, "string");
  }
});
