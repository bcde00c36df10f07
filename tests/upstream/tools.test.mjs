import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, complete, contentIn, deltasIn, eventsOf, finishIn } from "./client.mjs";
import { TEXT } from "./scenario.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const toolDeltas = (events) => deltasIn(events).flatMap((delta) => delta.tool_calls ?? []);
const argumentsOf = (events, index) =>
  toolDeltas(events)
    .filter((call) => call.index === index)
    .map((call) => call.function.arguments)
    .join("");

test("a tool call comes in fragments that join to JSON with multi-byte characters", async () => {
  const events = await eventsOf(upstream, "sim/tools");
  const [first, ...rest] = toolDeltas(events);
  assert.deepEqual([first.id, first.type, first.function.name], ["call_sim_1", "function", "get_weather"]);
  assert.ok(rest.length >= 3 && rest.every((call) => call.id === undefined && call.function.name === undefined));
  assert.deepEqual(JSON.parse(argumentsOf(events, 0)), { city: "Berlin", unit: "°C" });
  assert.equal(finishIn(events), "tool_calls");
});

test("a tool call can come whole", async () => {
  const calls = toolDeltas(await eventsOf(upstream, "sim/tools-single"));
  assert.equal(calls.length, 1);
  assert.deepEqual(JSON.parse(calls[0].function.arguments), { city: "Berlin", unit: "°C" });
});

test("the caller's own tools are the ones that are called", async () => {
  const tools = ["one", "two"].map((name) => ({ type: "function", function: { name } }));
  const result = await complete(upstream, "sim/tools-parallel", { tools });
  assert.deepEqual(
    result.choices[0].message.tool_calls.map((call) => call.function.name),
    ["one", "two"],
  );
});

test("once the tools have answered, the answer is text", async () => {
  const messages = [
    { role: "user", content: "Weather?" },
    { role: "assistant", content: null, tool_calls: [{ id: "call_sim_1", type: "function", function: {} }] },
    { role: "tool", tool_call_id: "call_sim_1", content: "15°C" },
  ];
  const events = await eventsOf(upstream, "sim/tools", { messages });
  assert.equal(contentIn(events), "The tool said: 15°C");
  assert.equal(finishIn(events), "stop");
  const result = await complete(upstream, "sim/tools", { messages });
  assert.equal(result.choices[0].message.content, "The tool said: 15°C");
});

test("parallel tool calls interleave", async () => {
  const events = await eventsOf(upstream, "sim/tools-parallel");
  assert.deepEqual(JSON.parse(argumentsOf(events, 0)), { city: "Berlin", unit: "°C" });
  assert.deepEqual(JSON.parse(argumentsOf(events, 1)), { city: "Oslo" });
  const indexes = toolDeltas(events).map((call) => call.index);
  assert.ok(indexes.lastIndexOf(0) > indexes.indexOf(1));
});

test("tool calls can have the same id, an empty id, or no index", async () => {
  const idsOf = async (model) => toolDeltas(await eventsOf(upstream, model)).map((call) => call.id);
  assert.deepEqual(await idsOf("sim/tools-duplicate-ids"), ["call_sim_1", "call_sim_1"]);
  assert.deepEqual(await idsOf("sim/tools-empty-ids"), ["", ""]);
  const withoutIndex = toolDeltas(await eventsOf(upstream, "sim/tools-no-index"));
  assert.ok(withoutIndex.length === 2 && withoutIndex.every((call) => !("index" in call)));
});

test("tool arguments can be followed by white space, be missing, or be cut", async () => {
  assert.match(argumentsOf(await eventsOf(upstream, "sim/tools-trailing-space"), 0), /\} \n$/);
  const missing = await complete(upstream, "sim/tools-missing-arguments");
  assert.deepEqual(missing.choices[0].message.tool_calls[0].function, { name: "get_weather" });
  const cut = await eventsOf(upstream, "sim/tools-cut-arguments");
  assert.throws(() => JSON.parse(argumentsOf(cut, 0)), SyntaxError);
  assert.equal(finishIn(cut), "length");
});

test("the finish reason can be stop although tools are called", async () => {
  const events = await eventsOf(upstream, "sim/tools-finish-stop");
  assert.ok(toolDeltas(events).length > 0);
  assert.equal(finishIn(events), "stop");
});

const LISTED = [{ type: "function", function: { name: "get_weather" } }];

/** Asks as an agent does: calls are answered by `run(call)` and sent back, until the answer is text. */
async function converse(model, run, tools = LISTED) {
  const messages = [{ role: "user", content: "Weather?" }];
  for (let rounds = 0; rounds < 10; rounds += 1) {
    const response = await ask(upstream, { model, messages, tools });
    const { choices, error } = await response.json();
    if (error) return { error, rounds };
    const { message, finish_reason } = choices[0];
    if (finish_reason === "stop") return { text: message.content, rounds, messages };
    messages.push(message);
    for (const call of message.tool_calls) {
      const content = run(call);
      if (content !== undefined) messages.push({ role: "tool", tool_call_id: call.id, content });
    }
  }
  throw new Error("the loop does not end");
}

test("a loop calls until it has as many results as the slug says, and then quotes them all", async () => {
  let n = 0;
  const { text, rounds, messages } = await converse("sim/tools-loop-4", () => `result ${++n}`);
  assert.deepEqual([text, rounds], ["The tool said: result 1 | result 2 | result 3 | result 4", 4]);
  const ids = messages.flatMap((message) => message.tool_calls ?? []).map((call) => call.id);
  assert.equal(new Set(ids).size, 4);
  assert.equal((await converse("sim/tools-loop", () => "x")).rounds, 3);
  assert.equal((await converse("sim/tools-loop-0", () => "x")).text, TEXT);
});

test("a tool that is not listed is called, whatever is listed, and its error quoted", async () => {
  const names = [];
  const run = (call) => {
    names.push(call.function.name);
    return '{"error":"unknown tool"}';
  };
  const { text } = await converse("sim/tools-unknown", run);
  assert.equal(text, 'The tool said: {"error":"unknown tool"}');
  await converse("sim/tools-unknown", run, [{ type: "function", function: { name: "no_such_tool" } }]);
  assert.deepEqual(names, ["no_such_tool", "no_such_tool_either"]);
});

test("parallel calls want one result each, from the tools listed again", async () => {
  const both = await converse("sim/tools-parallel", (call) => JSON.parse(call.function.arguments).city);
  assert.equal(both.text, "The tool said: Berlin | Oslo");
  const one = await converse("sim/tools-parallel", (call) => (call.id === "call_sim_1" ? "15" : undefined));
  assert.deepEqual([one.error.code, one.rounds], [400, 1]);
  assert.match(one.error.message, /no tool message answers the call call_sim_2/);
  const unlisted = await converse("sim/tools-parallel", () => "15", []);
  assert.match(unlisted.error.message, /^tools: must be sent again/);
  const stray = { role: "tool", tool_call_id: "call_other", content: "x" };
  const response = await ask(upstream, { model: "sim/tools-parallel", messages: [stray], tools: LISTED });
  assert.match((await response.json()).error.message, /there was no call call_other/);
});

test("no tool is called where the caller wants none", async () => {
  const result = await complete(upstream, "sim/tools", { tools: LISTED, tool_choice: "none" });
  assert.equal(result.choices[0].message.content, TEXT);
});
