import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, askRaw, complete, contentIn, eventsIn, eventsOf, finishIn } from "./client.mjs";
import { TEXT } from "./scenario.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const stream = (model) => askRaw(upstream, { model, stream: true });
const textOf = async (model) => (await stream(model)).body.toString();

test("keep-alive comments come before the first token and between events, each with a blank line", async () => {
  const text = await textOf("sim/comments");
  assert.match(text, /^(: OPENROUTER PROCESSING\n\n){30}data: /);
  assert.match(text, /\n\n(: OPENROUTER PROCESSING\n\n){2}data: /);
  assert.equal(contentIn(eventsIn(text)), TEXT);
  assert.doesNotMatch(await textOf("sim/no-comments"), /^:/m);
});

test("an error in the middle comes with finish reason error, and then DONE", async () => {
  const events = await eventsOf(upstream, "sim/midstream-error");
  const { error, choices } = events.at(-2);
  assert.equal(contentIn(events), "Hello there");
  assert.deepEqual([error.code, error.metadata.error_type], [502, "provider_unavailable"]);
  assert.equal(choices[0].finish_reason, "error");
  assert.equal(events.at(-1), "[DONE]");
});

test("an error in the middle can lack DONE, choices, a finish reason, or a numeric code", async () => {
  const { body, isWhole } = await stream("sim/midstream-error-no-done");
  assert.ok(isWhole && eventsIn(body.toString()).at(-1).error);

  const bare = (await eventsOf(upstream, "sim/midstream-error-no-choices")).at(-2);
  assert.deepEqual([Object.keys(bare), bare.error.code], [["error"], null]);

  const events = await eventsOf(upstream, "sim/midstream-error-null-finish");
  const last = events.at(-2);
  assert.equal(last.choices[0].finish_reason, null);
  assert.ok(last.error && last.usage);
  assert.equal(finishIn(events), "length");

  assert.equal((await eventsOf(upstream, "sim/midstream-error-string-code")).at(-2).error.code, "server_error");
});

test("an error in the middle can say whether to try again", async () => {
  const { availability } = (await eventsOf(upstream, "sim/midstream-availability")).at(-2).error;
  assert.deepEqual(
    [availability.code, availability.retryable, availability.retry_after],
    ["capacity_exhausted", true, 5],
  );
});

test("an error can be in a choice, with the partial answer", async () => {
  const choice = (await eventsOf(upstream, "sim/choice-error")).at(-2).choices[0];
  assert.ok(choice.error && choice.finish_reason === "error");
  const whole = (await complete(upstream, "sim/choice-error")).choices[0];
  assert.equal(whole.message.content, "Hello there");
  assert.ok(whole.error && whole.finish_reason === "error");
});

test("an error can be in a 200, as JSON even if a stream was asked for", async () => {
  for (const stream of [true, false]) {
    const response = await ask(upstream, { model: "sim/error-in-200", stream });
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "application/json"]);
    const body = await response.json();
    assert.equal(body.error.code, 502);
    assert.equal(body.user_id, "user_sim_owner");
  }
});

test("a stream can be cut by the connection, between events or inside a character", async () => {
  const between = await stream("sim/cut");
  assert.equal(between.isWhole, false);
  assert.match(between.body.toString(), / there.*\n\n$/);
  const inside = await stream("sim/cut-in-event");
  assert.equal(inside.isWhole, false);
  assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(inside.body), TypeError);
});

test("a stream can end as HTTP wants it, but without DONE", async () => {
  for (const [model, finish] of [
    ["sim/cut-clean", null],
    ["sim/finish-no-done", "stop"],
  ]) {
    const { body, isWhole } = await stream(model);
    const events = eventsIn(body.toString());
    assert.ok(isWhole && !events.includes("[DONE]"));
    assert.equal(finishIn(events), finish);
  }
});

test("a non-streaming body can be cut, by the connection or not", async () => {
  for (const [model, isWhole] of [
    ["sim/cut", false],
    ["sim/cut-clean", true],
  ]) {
    const answer = await askRaw(upstream, { model });
    assert.equal(answer.isWhole, isWhole);
    assert.throws(() => JSON.parse(answer.body), SyntaxError);
  }
});

test("headers or the first token can be late", async () => {
  const delayed = async (model, read) => {
    const begun = performance.now();
    await read(await ask(upstream, { model, stream: true }));
    return performance.now() - begun;
  };
  assert.ok((await delayed("sim/slow-headers-60", () => {})) >= 59);
  const text = await textOf("sim/slow-first-token-250");
  assert.match(text, /^(: OPENROUTER PROCESSING\n\n){4}data: /);
});

test("an idle stream sends two chunks, and notices at once when the client goes", async () => {
  const abort = new AbortController();
  const response = await ask(upstream, { model: "sim/idle", stream: true }, { signal: abort.signal });
  const reader = response.body.getReader();
  let text = "";
  while (!text.includes(" there")) text += Buffer.from((await reader.read()).value);
  await assert.rejects(upstream.waitFor({ model: "sim/idle", event: "client-gone", timeoutMs: 20 }), /did not come/);
  abort.abort();
  const { clientGone, finished, bytesSent } = await upstream.waitFor({ model: "sim/idle", event: "client-gone" });
  assert.deepEqual([clientGone.afterBytes, finished], [bytesSent, false]);
});

test("comments can go on without a first token, for ever or until silence, and after tokens", async () => {
  /** Lets so many pieces come, waits longer than there is between two, and leaves. Tells how many were sent. */
  const sentAfter = async (pieces, model, isStream = true) => {
    const abort = new AbortController();
    await ask(upstream, { model, stream: isStream }, { signal: abort.signal });
    const record = upstream.requests.at(-1);
    while (record.chunksSent < pieces) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 250));
    abort.abort();
    await upstream.waitFor({ model, event: "client-gone" });
    upstream.reset();
    return record.chunksSent;
  };
  assert.ok((await sentAfter(3, "sim/keepalive")) > 3);
  assert.equal(await sentAfter(2, "sim/keepalive-then-idle-150"), 2);
  assert.equal(await sentAfter(2, "sim/keepalive-then-idle-150", false), 2);
  assert.equal(await sentAfter(5, "sim/idle-after-comments-150"), 5);
});

test("a hanging request gets no headers", async () => {
  const abort = new AbortController();
  const pending = ask(upstream, { model: "sim/hang" }, { signal: abort.signal });
  const record = await upstream.waitFor({ model: "sim/hang" });
  assert.equal(record.responseStatus, null);
  abort.abort();
  await assert.rejects(pending, { name: "AbortError" });
  assert.equal((await upstream.waitFor({ model: "sim/hang", event: "client-gone" })).clientGone.afterBytes, 0);
});

test("an endless stream waits for a client that does not read, and stops when it goes", async () => {
  const abort = new AbortController();
  await ask(upstream, { model: "sim/endless", stream: true }, { signal: abort.signal });
  const record = await upstream.waitFor({ model: "sim/endless", event: "headers-sent" });
  let before;
  do {
    before = record.bytesSent;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (record.bytesSent > before);
  assert.ok(record.bytesSent < 64 * 1024 * 1024);
  abort.abort();
  await upstream.waitFor({ model: "sim/endless", event: "client-gone" });
});

test("a benchmark stream has as many chunks as the slug says", async () => {
  const events = await eventsOf(upstream, "sim/bench-500");
  assert.equal(events.length, 500 + 3);
  assert.equal(events.at(-2).usage.completion_tokens, 500);
});

test("an event can be larger than most buffers", async () => {
  const [event] = await eventsOf(upstream, "sim/large-event");
  assert.equal(event.choices[0].delta.content.length, 2 * 1024 * 1024);
  assert.equal((await eventsOf(upstream, "sim/large-event-100"))[0].choices[0].delta.content.length, 100);
});

test("an event can be no JSON, or no UTF-8", async () => {
  const datas = (await textOf("sim/bad-json")).split("\n\n").filter((event) => event.startsWith("data: {"));
  assert.throws(() => JSON.parse(datas[2].slice("data: ".length)), SyntaxError);
  const { body } = await stream("sim/bad-utf8");
  assert.ok(body.includes(Buffer.from([0x20, 0x63, 0x61, 0x66, 0xff, 0x20])));
});

test("lines can end in CRLF, a byte order mark can come first, bytes can come one at a time", async () => {
  const plain = (text) => text.replaceAll(/gen-\d+-\w+|"created":\d+|sim\/\w+/g, "");
  const ordinary = plain(await textOf("sim/text"));
  assert.equal(plain(await textOf("sim/crlf")).replaceAll("\r\n", "\n"), ordinary);
  assert.doesNotMatch(await textOf("sim/crlf"), /[^\r]\n/);
  const { body } = await stream("sim/bom");
  assert.deepEqual([...body.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  const single = await stream("sim/bytes");
  assert.ok(single.pieces.every((piece) => piece.length === 1));
  assert.equal(plain(single.body.toString()), ordinary);
});

test("a 200 can be a page of HTML", async () => {
  const response = await ask(upstream, { model: "sim/html-200", stream: true });
  assert.equal(response.headers.get("content-type"), "text/html; charset=UTF-8");
  assert.match(await response.text(), /^<!DOCTYPE html>/);
});

test("a non-streaming body can come without padding", async () => {
  const { body } = await askRaw(upstream, { model: "sim/no-padding" });
  assert.equal(body[0], "{".charCodeAt(0));
});
