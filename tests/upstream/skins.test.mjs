import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, eventsIn, get } from "./client.mjs";
import { TEXT } from "./scenario.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const at = (path, body, more) => ask(upstream, { messages: undefined, ...body }, { path, ...more });
const respond = (model, more) => at("/responses", { model, input: "Hi", ...more });
const message = (model, more) =>
  at("/messages", { model, max_tokens: 100, messages: [{ role: "user", content: "Hi" }], ...more });
const completion = (model, more) => at("/completions", { model, prompt: "Hi", ...more });

const typesOf = (events) => events.map((event) => event.type);
const joined = (events, type, field) =>
  events
    .filter((event) => event.type === type)
    .map((event) => event[field])
    .join("");

/** The events of a stream of `/responses`, without the end. */
async function responseEvents(model, more) {
  const events = eventsIn(await (await respond(model, { stream: true, ...more })).text());
  assert.equal(events.pop(), "[DONE]");
  assert.deepEqual(
    events.map((event) => event.sequence_number),
    [...events.keys()],
  );
  return events;
}

/** The events of a stream of `/messages`; each says its type in its name, too. */
async function messageEvents(model, more) {
  const blocks = (await (await message(model, { stream: true, ...more })).text()).split("\n\n").slice(0, -1);
  return blocks.map((block) => {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block);
    assert.equal(JSON.parse(data).type, name);
    return JSON.parse(data);
  });
}

test("responses stream typed events in sequence, and whole without", async () => {
  const response = await respond("sim/text", { stream: true });
  assert.match(response.headers.get("x-generation-id"), /^gen-/);
  assert.match(await response.text(), /^: \n\ndata: /);
  const events = await responseEvents("sim/text");
  assert.deepEqual(
    typesOf(events).filter((type) => type !== "response.output_text.delta"),
    [
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ],
  );
  assert.equal(joined(events, "response.output_text.delta", "delta"), TEXT);
  const whole = await (await respond("sim/text")).json();
  assert.equal(whole.output[0].content[0].text, TEXT);
  const last = events.at(-1).response;
  assert.deepEqual(
    { ...whole, id: 0, created_at: 0, completed_at: 0, output: [] },
    { ...last, id: 0, created_at: 0, completed_at: 0, output: [] },
  );
  assert.deepEqual([last.usage.output_tokens, last.usage.total_tokens], [8, last.usage.input_tokens + 8]);
  assert.ok(last.usage.cost > 0);
});

test("responses call tools, and quote their results", async () => {
  const tools = [{ type: "function", name: "weather", parameters: {} }];
  const events = await responseEvents("sim/tools-parallel", { tools });
  const calls = events.filter((event) => event.type === "response.output_item.done").map((event) => event.item);
  assert.deepEqual(
    calls.map((call) => [call.type, call.call_id, call.name]),
    [
      ["function_call", "call_sim_1", "weather"],
      ["function_call", "call_sim_2", "weather"],
    ],
  );
  assert.equal(
    joined(events, "response.function_call_arguments.delta", "delta"),
    calls[0].arguments + calls[1].arguments,
  );
  assert.deepEqual(events.at(-1).response.output, calls);

  const results = calls.map(({ call_id }, i) => ({ type: "function_call_output", call_id, output: `result ${i}` }));
  const input = [{ role: "user", content: [{ type: "input_text", text: "Hi" }] }, ...calls, ...results];
  const whole = await (await respond("sim/tools-parallel", { tools, input })).json();
  assert.equal(whole.output[0].content[0].text, "The tool said: result 0 | result 1");
  const short = await respond("sim/tools-parallel", { tools, input: input.slice(0, -1) });
  assert.deepEqual([short.status, (await short.json()).error_type], [400, "invalid_request"]);
});

test("responses reason, stop early, and fail", async () => {
  const reasoning = await responseEvents("sim/reasoning");
  const [thought, text] = reasoning.at(-1).response.output;
  assert.equal(joined(reasoning, "response.reasoning_summary_text.delta", "delta"), thought.summary[0].text);
  assert.deepEqual([thought.type, text.type], ["reasoning", "message"]);

  const { type, response } = (await responseEvents("sim/length")).at(-1);
  assert.deepEqual([type, response.incomplete_details], ["response.incomplete", { reason: "max_output_tokens" }]);

  const failing = await responseEvents("sim/midstream-error");
  const failed = failing.at(-1);
  assert.equal(typesOf(failing).filter((each) => each === "response.output_text.delta").length, 2);
  assert.equal(failed.type, "response.failed");
  for (const body of [failed.response, await (await respond("sim/midstream-error")).json()]) {
    assert.deepEqual(
      [body.status, body.error.code, body.error_type],
      ["failed", "server_error", "provider_unavailable"],
    );
  }
});

test("responses take no state and no nonsense", async () => {
  const state = [{ store: true }, { previous_response_id: "x" }];
  for (const more of [...state, { input: "" }, { input: [] }, { input: [5] }, { tools: [null] }]) {
    assert.equal((await respond("sim/text", more)).status, 400, JSON.stringify(more));
  }
});

test("messages stream named events", async () => {
  const events = await messageEvents("sim/text");
  assert.deepEqual(
    typesOf(events).filter((type) => type !== "content_block_delta"),
    ["message_start", "content_block_start", "ping", "content_block_stop", "message_delta", "message_stop"],
  );
  const deltas = events.filter(({ type }) => type === "content_block_delta").map(({ delta }) => delta);
  assert.equal(deltas.map(({ text }) => text).join(""), TEXT);
  const { delta, usage } = events.at(-2);
  assert.deepEqual([delta.stop_reason, usage.output_tokens], ["end_turn", 8]);
  assert.ok(usage.input_tokens > 0 && usage.cost > 0);
  const whole = await (await message("sim/text")).json();
  assert.deepEqual([whole.type, whole.role, whole.content[0].text], ["message", "assistant", TEXT]);
  const user = { role: "user", content: "Hi" };
  for (const messages of [[], [null], [{ role: "user" }], [user, { role: "user", content: [null] }]]) {
    assert.equal((await message("sim/text", { messages })).status, 400, JSON.stringify(messages));
  }
  assert.equal((await message("sim/text", { max_tokens: undefined })).status, 400);
});

test("messages call tools, and quote their results", async () => {
  const tools = [{ name: "weather", input_schema: { type: "object" } }];
  const events = await messageEvents("sim/tools", { tools });
  const parts = events.filter(({ type }) => type === "content_block_delta").map(({ delta }) => delta.partial_json);
  assert.deepEqual(JSON.parse(parts.join("")), { city: "Berlin", unit: "°C" });
  const { content, stop_reason } = await (await message("sim/tools", { tools })).json();
  assert.deepEqual([content[0].name, content[0].input.city, stop_reason], ["weather", "Berlin", "tool_use"]);

  const results = [{ type: "tool_result", tool_use_id: content[0].id, content: [{ type: "text", text: "15" }] }];
  const list = [
    { role: "user", content: "Hi" },
    { role: "assistant", content },
    { role: "user", content: results },
  ];
  const answer = await (await message("sim/tools-loop-1", { tools, messages: list })).json();
  assert.equal(answer.content[0].text, "The tool said: 15");
  const unanswered = await message("sim/tools-loop-1", { tools, messages: list.slice(0, 2) });
  assert.deepEqual([unanswered.status, (await unanswered.json()).error.type], [400, "invalid_request_error"]);
});

test("messages think, stop early, and fail", async () => {
  const { content } = await (await message("sim/reasoning")).json();
  assert.deepEqual(
    content.map(({ type }) => type),
    ["thinking", "text"],
  );
  const thinking = await messageEvents("sim/reasoning");
  assert.deepEqual(
    thinking.filter(({ delta }) => delta?.signature).map(({ delta }) => delta.signature),
    [content[0].signature],
  );
  assert.equal((await messageEvents("sim/length")).at(-2).delta.stop_reason, "max_tokens");

  const failing = await messageEvents("sim/midstream-error");
  assert.deepEqual([failing.at(-1).type, failing.at(-1).error.error_type], ["error", "provider_unavailable"]);
  assert.equal(failing.filter(({ type }) => type === "content_block_delta").length, 2);
  const whole = await (await message("sim/midstream-error")).json();
  assert.deepEqual([whole.type, whole.error.type], ["error", "api_error"]);
});

test("errors of messages have Anthropic's types", async () => {
  for (const [slug, type] of [
    ["sim/401", "authentication_error"],
    ["sim/402", "billing_error"],
    ["sim/403", "permission_error"],
    ["sim/404", "not_found_error"],
    ["sim/413", "invalid_request_error"],
    ["sim/429", "rate_limit_error"],
    ["sim/500", "api_error"],
    ["sim/504", "timeout_error"],
    ["sim/529", "overloaded_error"],
  ]) {
    assert.equal((await (await message(slug)).json()).error.type, type, slug);
  }
});

test("completions are the text of the answer to a prompt", async () => {
  const events = eventsIn(await (await completion("sim/text", { stream: true })).text());
  assert.equal(events.pop(), "[DONE]");
  assert.equal(events.map((event) => event.choices[0].text).join(""), TEXT);
  assert.equal(events[0].object, "text_completion");
  const { choices, usage } = events.at(-1);
  assert.deepEqual([choices[0].finish_reason, usage.completion_tokens], ["stop", 8]);
  const whole = await completion("openai/gpt-3.5-turbo-instruct", { prompt: "Once upon a time" });
  assert.match(whole.headers.get("x-generation-id"), /^gen-/);
  assert.match((await whole.json()).choices[0].text, /> Once upon a time/);
  const failing = eventsIn(await (await completion("sim/midstream-error", { stream: true })).text());
  assert.deepEqual([failing.at(-2).error.code, failing.at(-2).choices[0].finish_reason], [502, "error"]);
  assert.equal((await completion("sim/text", { prompt: undefined })).status, 400);
});

test("each shape can be cut, whole or not", async () => {
  for (const send of [respond, message, completion]) {
    for (const stream of [true, false]) {
      await assert.rejects((await send("sim/cut", { stream })).text(), TypeError);
      const clean = await (await send("sim/cut-clean", { stream })).text();
      if (!stream) assert.throws(() => JSON.parse(clean), SyntaxError);
      else assert.doesNotMatch(clean, /\[DONE\]|_stop"|completed"/);
    }
  }
});

test("each shape can echo, and answer in JSON that fits a schema", async () => {
  const schema = { type: "object", required: ["a"], properties: { a: { const: 1 } } };
  const format = { type: "json_schema", name: "x", schema };
  const model = "openai/gpt-5.2";
  const response = await (await respond(model, { text: { format } })).json();
  assert.deepEqual(JSON.parse(response.output[0].content[0].text), { a: 1 });
  const { content } = await (await message(model, { output_config: { format } })).json();
  assert.deepEqual(JSON.parse(content[0].text), { a: 1 });
  const echo = await (await respond("sim/echo", { zeta: 1 })).json();
  assert.deepEqual(JSON.parse(echo.output[0].content[0].text), { model: "sim/echo", input: "Hi", zeta: 1 });
});

test("the record of a generation is there for every shape", async () => {
  for (const send of [respond, message, completion]) {
    const response = await send("sim/text", { user: "u1" });
    await response.text();
    const path = `/generation?id=${response.headers.get("x-generation-id")}`;
    for (let i = 0; i < 2; i += 1) await get(upstream, path);
    assert.equal((await (await get(upstream, path)).json()).data.tokens_completion, 8);
  }
});
