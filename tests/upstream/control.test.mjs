import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { ask, askRaw, eventsIn } from "./client.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
afterEach(() => upstream.reset());
after(() => upstream.close());

const control = async (path, body) => {
  const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${upstream.url}/__sim/${path}`, request);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  return { status: response.status, body: await response.json() };
};

test("a scripted body is written in pieces, cut as said", async () => {
  const body = "data: é\n\n";
  await control("scenarios", { model: "test/cut me: anywhere", body, cutAt: [7, 9] });
  const { head, pieces, isWhole } = await askRaw(upstream, { model: "test/cut me: anywhere", stream: true });
  assert.match(head, /content-type: text\/event-stream/i);
  assert.match(head, /x-generation-id: gen-/i);
  assert.deepEqual(pieces, [Buffer.from("data: \xc3", "latin1"), Buffer.from("\xa9\n", "latin1"), Buffer.from("\n")]);
  assert.ok(isWhole);
});

test("scripted events are JSON, data as given, or comments, each in its own piece", async () => {
  upstream.define({ model: "m", events: [": hello", { choices: [] }, "[DONE]"] });
  const { pieces } = await askRaw(upstream, { model: "m", stream: true });
  assert.deepEqual(pieces.map(String), [": hello\n\n", 'data: {"choices":[]}\n\n', "data: [DONE]\n\n"]);
});

test("a script sets status and headers, and takes headers away", async () => {
  const headers = { "x-extra": "1", "Content-Type": "text/plain", "set-cookie": null };
  upstream.define({ model: "m", status: 418, headers, bodyBase64: Buffer.from("\xff", "latin1").toString("base64") });
  const response = await ask(upstream, { model: "m" });
  assert.equal(response.status, 418);
  assert.deepEqual(
    ["x-extra", "content-type", "set-cookie", "x-generation-id"].map((name) => response.headers.get(name)),
    ["1", "text/plain", null, null],
  );
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from([0xff]));
});

test("a script can end by destroying the connection, or hold it", async () => {
  upstream.define({ model: "m", body: "data: x", end: "destroy" });
  const { body, isWhole } = await askRaw(upstream, { model: "m", stream: true });
  assert.deepEqual([body.toString(), isWhole], ["data: x", false]);
  const destroyed = await upstream.waitFor({ model: "m", event: "finished" });
  assert.equal(destroyed.clientGone, null);

  upstream.define({ model: "held", events: ["1"], end: "hold" });
  const abort = new AbortController();
  await ask(upstream, { model: "held", stream: true }, { signal: abort.signal });
  abort.abort();
  assert.equal((await upstream.waitFor({ model: "held", event: "client-gone" })).finished, false);
});

test("a stepped script sends one piece per step, and its headers before any", async () => {
  await control("scenarios", { model: "m", events: ["1", "2"], stepped: true });
  const reader = (await ask(upstream, { model: "m", stream: true })).body.getReader();
  const [record] = upstream.requests;
  for (const [i, expected] of ["data: 1\n\n", "data: 2\n\n"].entries()) {
    assert.equal(record.chunksSent, i);
    assert.equal((await control("step", { model: "m" })).status, 200);
    assert.equal(Buffer.from((await reader.read()).value).toString(), expected);
  }
  assert.equal((await reader.read()).done, true);
});

test("a step given before the request is not lost, and serves one request only", async () => {
  upstream.define({ model: "m", events: ["1"], stepped: true });
  upstream.step("m");
  assert.deepEqual(eventsIn(await (await ask(upstream, { model: "m", stream: true })).text()), [1]);
  const second = await ask(upstream, { model: "m", stream: true });
  upstream.step("m");
  assert.deepEqual(eventsIn(await second.text()), [1]);
});

test("a client that goes away leaves its step to the next", async () => {
  upstream.define({ model: "m", events: ["1"], stepped: true });
  const abort = new AbortController();
  await ask(upstream, { model: "m", stream: true }, { signal: abort.signal });
  abort.abort();
  await upstream.waitFor({ model: "m", event: "client-gone" });
  upstream.step("m");
  assert.deepEqual(eventsIn(await (await ask(upstream, { model: "m", stream: true })).text()), [1]);
});

test("an empty last piece takes a step of its own, before the end", async () => {
  upstream.define({ model: "m", body: "data: 1\n\n", cutAt: [9], stepped: true });
  const reader = (await ask(upstream, { model: "m", stream: true })).body.getReader();
  upstream.step("m");
  await reader.read();
  assert.equal(upstream.requests[0].finished, false);
  upstream.step("m");
  assert.equal((await reader.read()).done, true);
});

test("pieces can be delayed", async () => {
  upstream.define({ model: "m", events: ["1", "2"], delaysMs: [0, 30] });
  const begun = performance.now();
  await (await ask(upstream, { model: "m", stream: true })).text();
  assert.ok(performance.now() - begun >= 29);
});

test("a script serves every endpoint that takes a model, and comes before built-in scenarios", async () => {
  upstream.define({ model: "sim/text", body: "{}" });
  for (const path of ["/chat/completions", "/embeddings"]) {
    const response = await ask(upstream, { model: "sim/text", input: "x" }, { path });
    assert.equal(await response.text(), "{}");
  }
});

test("a script that makes no sense is refused", async () => {
  for (const spec of [
    null,
    {},
    { model: "m", body: "x", events: [] },
    { model: "m", end: "explode" },
    { model: "m", cutAt: [-1] },
    { model: "m", body: "x", cutAt: [2] },
    { model: "m", status: 99 },
    { model: "m", replay: "missing.sse" },
    { model: "m", delays: [1] },
  ]) {
    const { status, body } = await control("scenarios", spec);
    assert.equal(status, 400, JSON.stringify(spec));
    assert.equal(typeof body.error, "string");
  }
  assert.equal((await control("step", { model: "undefined" })).status, 400);
});

test("requests are recorded with all that a proxy sent", async () => {
  const request = { model: "sim/text", stream: true };
  await (await ask(upstream, request, { headers: { "x-title": "Test" } })).text();
  await upstream.waitFor({ model: "sim/text", event: "finished" });
  const [record] = (await control("requests?model=sim/text")).body;
  assert.deepEqual([record.method, record.path], ["POST", "/api/v1/chat/completions"]);
  assert.equal(record.headers["x-title"], "Test");
  assert.match(record.headers.authorization, /^Bearer /);
  assert.deepEqual(record.body, { ...request, messages: record.body.messages });
  assert.deepEqual([record.responseStatus, record.finished, record.clientGone], [200, true, null]);
  assert.ok(record.bytesSent > 1000 && record.chunksSent === 12);
});

test("requests without a model are recorded too, with query and raw path", async () => {
  await (await fetch(`${upstream.baseUrl}/models?limit=2`)).text();
  await (await fetch(`${upstream.baseUrl}/model/a%2Fb`)).text();
  const [list, model] = upstream.requests;
  assert.deepEqual([list.query, list.model, list.body], [{ limit: "2" }, null, null]);
  assert.equal(model.path, "/api/v1/model/a%2Fb");
  assert.ok(model.receivedAt > list.receivedAt);
});

test("waiting ends with the event, or with 408", async () => {
  const waiting = control("wait?model=sim/text&for=finished&timeoutMs=5000");
  await (await ask(upstream, { model: "sim/text" })).text();
  assert.equal((await waiting).body.model, "sim/text");
  assert.equal((await control("wait?model=sim/text&for=headers-sent")).status, 200);
  assert.equal((await control("wait?model=sim/text&for=client-gone&timeoutMs=10")).status, 408);
  assert.equal((await control("wait?model=sim/text&for=luck")).status, 400);
});

test("one can wait for the second request", async () => {
  await ask(upstream, { model: "sim/429" });
  assert.equal((await control("wait?model=sim/429&count=2&timeoutMs=10")).status, 408);
  await ask(upstream, { model: "sim/429" });
  assert.equal((await control("wait?model=sim/429&count=2")).body.id, upstream.requests[1].id);
});

test("reset forgets scenarios and records", async () => {
  upstream.define({ model: "sim/text", status: 500 });
  await ask(upstream, { model: "sim/text" });
  await control("reset", {});
  assert.deepEqual(upstream.requests, []);
  assert.equal((await ask(upstream, { model: "sim/text" })).status, 200);
});

test("a browser may use the control endpoints", async () => {
  const response = await fetch(`${upstream.url}/__sim/scenarios`, {
    method: "OPTIONS",
    headers: { "access-control-request-headers": "content-type" },
  });
  assert.deepEqual([response.status, response.headers.get("access-control-allow-headers")], [204, "content-type"]);
  assert.deepEqual(upstream.requests, []);
});

test("a simulator can be started without control endpoints", async () => {
  const closed = await startUpstream({ isControllable: false });
  assert.equal((await fetch(`${closed.url}/__sim/requests`)).status, 404);
  await closed.close();
});
