import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, askRaw, complete, contentIn, deltasIn, eventsIn, eventsOf, finishIn } from "./client.mjs";
import { TEXT } from "./scenario.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());


test("a stream is text in words, the finish reason, the usage with the finish reason again, and DONE", async () => {
  const events = await eventsOf(upstream, "sim/text");
  assert.equal(contentIn(events), TEXT);
  assert.equal(events.at(-1), "[DONE]");
  const [finish, usage] = events.slice(-3);
  assert.equal(finish.choices[0].finish_reason, "stop");
  assert.equal(finish.choices[0].native_finish_reason, "end_turn");
  assert.equal(finish.usage, undefined);
  assert.equal(usage.choices[0].finish_reason, "stop");
  assert.ok(usage.usage.cost > 0);
  assert.equal(usage.usage.total_tokens, usage.usage.prompt_tokens + usage.usage.completion_tokens);
});

test("every delta names the role, and the chunks carry the id of the headers", async () => {
  const response = await ask(upstream, { model: "sim/text", stream: true });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(response.headers.get("cache-control"), "no-cache");
  const id = response.headers.get("x-generation-id");
  assert.match(id, /^gen-\d{10}-\w{20}$/);
  for (const chunk of eventsIn(await response.text()).filter((event) => event !== "[DONE]")) {
    assert.equal(chunk.id, id);
    assert.equal(chunk.choices[0].delta.role, "assistant");
  }
});

test("two simulators give the same bytes for the same request", async () => {
  const other = await startUpstream();
  const [first, second] = [await startUpstream(), other];
  const body = { model: "openai/gpt-5.2", stream: true };
  assert.deepEqual((await askRaw(first, body)).body, (await askRaw(second, body)).body);
  await Promise.all([first.close(), second.close()]);
});

test("a non-streaming body is padded with blank lines before the JSON and has no length", async () => {
  const { head, body, pieces } = await askRaw(upstream, { model: "sim/text" });
  assert.doesNotMatch(head, /content-length/i);
  assert.match(body.toString(), /^(\n {9}\n){7}\{"id":"gen-/);
  assert.equal(pieces.length, 8);
  const result = JSON.parse(body);
  assert.equal(result.object, "chat.completion");
  assert.equal(result.choices[0].message.content, TEXT);
  assert.equal(result.usage.completion_tokens, 8);
});

test("reasoning comes in fragments, its signature last and without text", async () => {
  const events = await eventsOf(upstream, "sim/reasoning");
  const details = deltasIn(events).flatMap((delta) => delta.reasoning_details ?? []);
  assert.equal(details[0].signature, "");
  assert.ok(details.at(-1).signature.length > 0 && !("text" in details.at(-1)));
  const whole = (await complete(upstream, "sim/reasoning")).choices[0].message;
  assert.equal(details.map((detail) => detail.text ?? "").join(""), whole.reasoning_details[0].text);
  assert.equal(details.at(-1).signature, whole.reasoning_details[0].signature);
  assert.equal(contentIn(events), TEXT);
});

test("a signature can come after the text has begun", async () => {
  const deltas = deltasIn(await eventsOf(upstream, "sim/reasoning-late-signature"));
  const signed = deltas.findIndex((delta) => delta.reasoning_details?.[0].signature);
  const firstText = deltas.findIndex((delta) => delta.content);
  assert.ok(firstText > 0 && signed > firstText);
});

test("a summary and encrypted reasoning can share an index", async () => {
  const { reasoning_details } = (await complete(upstream, "sim/reasoning-encrypted")).choices[0].message;
  assert.deepEqual(
    reasoning_details.map(({ type, index }) => [type, index]),
    [
      ["reasoning.summary", 0],
      ["reasoning.encrypted", 0],
    ],
  );
});

test("reasoning can come without details", async () => {
  const deltas = deltasIn(await eventsOf(upstream, "sim/reasoning-plain"));
  assert.ok(deltas.some((delta) => delta.reasoning) && deltas.every((delta) => !delta.reasoning_details));
});

test("images, audio, annotations and refusals stream and come whole alike", async () => {
  const message = async (model) => (await complete(upstream, model)).choices[0].message;
  const deltas = async (model) => deltasIn(await eventsOf(upstream, model));

  const images = (await deltas("sim/images")).flatMap((delta) => delta.images ?? []);
  assert.deepEqual(images, (await message("sim/images")).images);
  assert.match(images[0].image_url.url, /^data:image\/png;base64,iVBOR/);

  const audio = (await deltas("sim/audio")).flatMap((delta) => delta.audio ?? []);
  const joined = (field) => audio.map((part) => part[field] ?? "").join("");
  const whole = (await message("sim/audio")).audio;
  assert.equal(joined("transcript"), whole.transcript);
  assert.deepEqual(Buffer.from(joined("data"), "base64"), Buffer.from(whole.data, "base64"));

  const annotations = (await deltas("sim/annotations")).flatMap((delta) => delta.annotations ?? []);
  assert.equal(annotations.length, 2);
  assert.deepEqual(annotations, (await message("sim/annotations")).annotations);

  const refusal = (await deltas("sim/refusal")).map((delta) => delta.refusal ?? "").join("");
  assert.equal(refusal, (await message("sim/refusal")).refusal);
});

test("two choices interleave, and come in one result", async () => {
  const events = await eventsOf(upstream, "sim/two-choices");
  assert.deepEqual(
    events.slice(0, 3).map((event) => event.choices[0].index),
    [0, 1, 1],
  );
  const result = await complete(upstream, "sim/two-choices");
  assert.deepEqual(
    result.choices.map((choice) => choice.message.content),
    ["first choice", "second choice"],
  );
});

test("a character can be half, or in two halves", async () => {
  const { body } = await askRaw(upstream, { model: "sim/lone-surrogate", stream: true });
  assert.match(body.toString(), /\\ud83d,/);
  assert.equal(contentIn(await eventsOf(upstream, "sim/split-surrogates")), "a wave: 👋");
});

test("answers can end early, be filtered, or be empty", async () => {
  assert.equal(finishIn(await eventsOf(upstream, "sim/length")), "length");
  assert.equal(finishIn(await eventsOf(upstream, "sim/content-filter")), "content_filter");
  const empty = await eventsOf(upstream, "sim/empty");
  assert.deepEqual([contentIn(empty), finishIn(empty)], ["", null]);
});

test("usage can come with empty choices, after a null finish reason, twice, or not at all", async () => {
  const usages = (events) => events.filter((event) => event.usage);
  const [alone] = usages(await eventsOf(upstream, "sim/usage-empty-choices"));
  assert.deepEqual(alone.choices, []);

  const withNull = await eventsOf(upstream, "sim/usage-null-finish");
  assert.equal(usages(withNull)[0].choices[0].finish_reason, null);
  assert.equal(finishIn(withNull), "stop");

  const [early, last] = usages(await eventsOf(upstream, "sim/usage-twice"));
  assert.ok(early.usage.completion_tokens < last.usage.completion_tokens);

  assert.deepEqual(usages(await eventsOf(upstream, "sim/no-usage")), []);
  assert.equal((await complete(upstream, "sim/no-usage")).usage, undefined);
});

test("there can be data after DONE", async () => {
  const events = await eventsOf(upstream, "sim/after-done");
  assert.ok(events.indexOf("[DONE]") < events.length - 1);
});

test("an ordinary model gives the demo answer, which says what it is and quotes the question", async () => {
  const messages = [{ role: "user", content: [{ type: "text", text: "How\n\nare you?" }] }];
  const events = await eventsOf(upstream, "openai/gpt-5.2", { messages });
  const answer = contentIn(events);
  assert.match(answer, /demo answer.*simulator/);
  assert.match(answer, /> How are you\?\n/);
  assert.equal(events[0].model, "openai/gpt-5.2");
  assert.equal(events[0].provider, "OpenAI");
  const result = await complete(upstream, "openai/gpt-5.2", { messages });
  assert.equal(result.choices[0].message.content, answer);
});

test("the demo answer is no longer than asked for", async () => {
  const events = await eventsOf(upstream, "openai/gpt-5.2", { max_completion_tokens: 5 });
  assert.equal(contentIn(events), "**This is a demo answer.**");
  assert.equal(finishIn(events), "length");
  assert.equal(events.at(-2).usage.completion_tokens, 5);
});

test("routers, aliases, variants and models too new for the list answer, unknown ones do not", async () => {
  const servedBy = async (model) => (await complete(upstream, model)).model;
  assert.equal(await servedBy("openrouter/auto"), "anthropic/claude-sonnet-4.6");
  assert.equal(await servedBy("~openai/gpt-latest"), "openai/gpt-5.2");
  assert.equal(await servedBy("openai/gpt-5.2:nitro"), "openai/gpt-5.2");
  assert.equal(await servedBy("qwen/qwen3-8b:free"), "qwen/qwen3-8b:free");
  assert.equal(await servedBy("openai/gpt-9"), "openai/gpt-9");
  assert.equal(await servedBy(undefined), "anthropic/claude-sonnet-4.6");
  for (const model of ["no/such-model", "gpt-4o", "sim/no-such-scenario"]) {
    const response = await ask(upstream, { model });
    assert.equal(response.status, 400);
    const { error } = await response.json();
    assert.deepEqual([error.availability.code, error.availability.requested_models], ["model_not_found", [model]]);
  }
});

test("the first model that does not fail answers; if all fail, the last one's error is returned", async () => {
  assert.equal((await complete(upstream, "sim/429", { models: ["sim/502", "sim/text"] })).model, "sim/text");
  assert.equal((await ask(upstream, { model: "sim/429", models: ["sim/502"] })).status, 502);
  assert.equal((await complete(upstream, undefined, { models: ["sim/text"] })).model, "sim/text");
});

test("words are delayed as asked", async () => {
  const slow = await startUpstream({ wordDelayMs: 5 });
  const begun = performance.now();
  await eventsOf(slow, "sim/text");
  assert.ok(performance.now() - begun >= 8 * 5 - 8);
  await slow.close();
});

test("an echo is the request's body, byte by byte", async () => {
  const body = '{ "model":"sim/echo", "messages":[{"role":"user","content":"\\ud83d é"}],\n "unknown": [1.0, {}] }';
  const { choices } = await (await ask(upstream, body)).json();
  assert.equal(choices[0].message.content, body);
  const events = await eventsOf(upstream, "sim/echo", { zeta: 1 });
  assert.deepEqual(Object.keys(JSON.parse(contentIn(events))), ["messages", "model", "stream", "zeta"]);
});

test("an echo of the headers tells no secret", async () => {
  const headers = { "x-title": "Test", authorization: "Bearer sk-or-v1-secret", cookie: "session=secret" };
  const response = await ask(upstream, { model: "sim/echo-headers" }, { headers });
  const text = (await response.json()).choices[0].message.content;
  const echoed = JSON.parse(text);
  assert.deepEqual([echoed["x-title"], echoed["content-type"]], ["Test", "application/json"]);
  assert.deepEqual(echoed.authorization, { scheme: "Bearer", length: 22 });
  assert.ok(!text.includes("secret"));
});
