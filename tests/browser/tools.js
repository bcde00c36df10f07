// Structured output and the tool loop, as scenarios.js tells the rest of the surface.
import { NOWHERE, collect, connect, equal, fresh, hi, ok, rejection } from "./support.js";

const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer", minimum: 18 } },
  required: ["name", "age"],
};
const CLOSED = { ...PERSON, additionalProperties: false };
const MODEL = "openai/gpt-5.2";

/** A validator as the Standard Schema specification has it; `more` goes into `~standard`. */
const person = (more, validate = (value) => (typeof value?.name === "string" ? { value: { ...value, seen: true } } : { issues: [{ message: "no name", path: [{ key: "name" }, 0] }] })) => ({
  "~standard": { version: 1, vendor: "test", validate, ...more },
});
const jsonSchema = { input: ({ target }) => (target === "draft-2020-12" ? PERSON : undefined), output: () => ({ type: "null" }) };

/** The answer to a scripted request, streamed or not. */
const call = (id, name, args, index = 0) => ({ index, id, type: "function", function: { name, arguments: args } });
const step = (delta, finish_reason, usage) => ({ events: [{ id: "gen-1", choices: [{ index: 0, delta, finish_reason }], usage }, "[DONE]"] });
const answered = (content, more) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify({ id: "gen-7", choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content }, ...more }], usage: { cost: 2 } }) });

export const alone = {
  async an_output_that_is_none_is_refused_before_anything_is_sent({ OpenRouter, OpenRouterError, parseMessage, tool }) {
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    for (const output of [undefined, null, 5, "object", [], { jsonSchema: true }, { schema: {}, jsonSchema: [] }]) {
      const error = await rejection(client.parse(hi("a/b"), output));
      equal([error instanceof OpenRouterError, error.code, error.field], [true, "invalid_request", "output"], JSON.stringify(output));
      equal((await rejection(parseMessage({ role: "assistant" }, output))).field, "output");
    }
    const cause = new Error("no dates");
    const input = () => {
      throw cause;
    };
    const error = await rejection(client.parse(hi("a/b"), person({ jsonSchema: { input } })));
    ok(error.code === "invalid_request" && error.cause === cause, "the validator's own words as the cause");
    equal((await rejection(client.parse(hi("a/b", { response_format: { type: "text" } }), PERSON))).field, "response_format");
    equal((await rejection(client.parse(undefined, PERSON))).code, "invalid_request");
    equal((await rejection((async () => tool({ name: "f", parameters: person() }))())).field, "parameters");
  },

  async wrong_options_of_a_tool_run_are_refused_before_anything_is_sent({ OpenRouter }) {
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    const problem = async (request, options) => {
      const { code, field } = await rejection(client.runTools(request, options).finalMessage());
      return [code, field];
    };
    for (const maxSteps of [0, 1.5, "3", null]) equal(await problem(hi("a/b"), { maxSteps }), ["invalid_request", "maxSteps"]);
    equal(await problem(hi("a/b"), { onStep: 5 }), ["invalid_request", "onStep"]);
    equal(await problem(hi("a/b"), { signal: "now" }), ["invalid_request", "signal"]);
    equal(await problem(hi("a/b"), { timeOut: 5 }), ["invalid_request", "timeOut"]);
    equal(await problem(undefined), ["invalid_request", undefined]);
    equal(await problem({ messages: [] }), ["invalid_request", "messages"]);
    equal(await problem(hi("a/b", { tools: [{ type: "function", function: {} }] })), ["invalid_request", "tools[0].function.name"]);
    equal(await problem(hi("a/b", { extra: 10n })), ["invalid_request", undefined]);
    equal(await rejection(client.runTools(hi("a/b"), { signal: AbortSignal.abort("why") }).finalMessage()), "why");
  },
};

export const withSimulator = {
  async an_output_is_asked_for_by_its_schema_and_comes_checked(context) {
    const { client, sent } = connect(context);
    const format = async (output) => {
      await client.parse(hi(MODEL), output);
      return (await sent(MODEL)).at(-1).response_format;
    };
    const { data, completion, message } = await client.parse(hi(MODEL), PERSON);
    equal(data, { name: "text", age: 18 });
    equal([completion.object, message.role, completion.choices[0].message === message], ["chat.completion", "assistant", true]);
    const json_schema = { name: "output", strict: false, schema: PERSON };
    equal(await format(PERSON), { type: "json_schema", json_schema });
    equal((await format(CLOSED)).json_schema, { ...json_schema, strict: true, schema: CLOSED });
    equal((await format({ jsonSchema: CLOSED, name: "mine", description: "d", strict: false })).json_schema, { name: "mine", description: "d", strict: false, schema: CLOSED });
    equal((await format(person({ jsonSchema }))).json_schema, { ...json_schema, strict: true, schema: CLOSED }, "the schema of what a validator reads, closed:");
    equal((await format(Object.assign(() => {}, person(), { toJsonSchema: () => CLOSED }))).json_schema.strict, true);
    equal((await format({ schema: person(), jsonSchema: PERSON })).json_schema, json_schema);
    equal((await format({ schema: person({ jsonSchema }), strict: false })).json_schema, json_schema);
    equal((await format({ jsonSchema: PERSON, strict: true })).json_schema, { ...json_schema, strict: true });
    equal(await rejection(format(person())).then(({ code }) => code), "invalid_output");
    equal((await sent(MODEL)).at(-1).response_format, { type: "json_object" });
  },

  async an_answer_is_checked_by_the_callers_validator(context) {
    const { client, define } = connect(context);
    const model = fresh();
    await define({ model, ...answered('Here:\n```json\n{"name":"a"}\n```') });
    equal((await client.parse(hi(model), person())).data, { name: "a", seen: true });
    const later = person({}, async (value) => ({ value: Object.keys(value) }));
    equal((await client.parse(hi(model), later)).data, ["name"]);
    equal((await client.parse(hi(model), { schema: later, jsonSchema: { type: "array" } })).data, ["name"], "by it alone:");
    await define({ model, ...answered('{"name":5}') });
    const error = await rejection(client.parse(hi(model), person()));
    equal([error.code, error.retryable, error.partialText, error.usage, error.generationId], ["invalid_output", false, '{"name":5}', { cost: 2 }, "gen-7"]);
    equal(error.issues, [{ message: "no name", path: [{ key: "name" }, 0] }]);
    ok(/name\.0/.test(error.message) && !/no name|5/.test(error.message), "the path, not the value");
    const nothing = await rejection(client.parse(hi(model), person({}, () => ({ issues: [{ message: "x" }] }))));
    equal(nothing.message, "the answer does not fit its schema: the top, see issues");
    const broken = new Error("a bug");
    ok((await rejection(client.parse(hi(model), person({}, () => Promise.reject(broken))))) === broken, "a validator's own error as it is");
  },

  async an_answer_that_is_no_output_says_why_and_keeps_the_text(context) {
    const { client } = connect(context);
    const problem = async (model, output = PERSON) => {
      const { code, message, partialText, upstreamMessage } = await rejection(client.parse(hi(model), output));
      return { code, message, partialText, upstreamMessage };
    };
    equal((await client.parse(hi("sim/json-fenced"), PERSON)).data, { name: "text", age: 18 });
    const invalid = await problem("sim/json-invalid");
    equal(invalid, { code: "invalid_output", message: "the answer does not fit its schema: required at name", partialText: '{"unexpected":true}' });
    const cut = await problem("sim/json-broken");
    equal([cut.code, cut.message], ["invalid_output", "the answer was cut off by the limit of tokens"]);
    ok(cut.partialText.length > 0, "what came");
    equal((await problem("sim/text")).code, "invalid_output");
    const refused = await problem("sim/refusal");
    ok(refused.code === "content_refused" && refused.upstreamMessage.length > 0, "the refusal");
    equal((await problem("sim/content-filter")).code, "content_refused");
    equal((await problem("sim/500")).code, "server_error");
  },

  async a_streamed_message_holds_an_output_too(context) {
    const { client } = connect(context);
    const { parseMessage } = context;
    const response_format = { type: "json_schema", json_schema: { name: "x", schema: CLOSED } };
    const stream = client.stream(hi(MODEL, { response_format }));
    equal(await parseMessage(await stream.finalMessage(), PERSON), { name: "text", age: 18 });
    equal(await parseMessage(await stream.finalCompletion(), person()), { name: "text", age: 18, seen: true });
    const cut = await client.stream(hi("sim/json-broken")).finalCompletion();
    equal((await rejection(parseMessage(cut, PERSON))).message, "the answer was cut off by the limit of tokens");
    equal((await rejection(parseMessage(null, PERSON))).code, "invalid_output");
  },

  async tools_are_run_until_the_model_answers(context) {
    const { client, waitFor, sent } = connect(context);
    const model = "sim/tools-loop-2";
    const seen = [];
    const weather = context.tool({
      name: "weather",
      description: "d",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      strict: false,
      run: ({ city }, { callId, step, signal }) => {
        seen.push([city, callId, step, signal instanceof AbortSignal]);
        return { city, degrees: 20 + step };
      },
    });
    const steps = [];
    const request = hi(model, { tools: [weather], tool_choice: "required" });
    const run = client.runTools(request, { onStep: (step) => steps.push(step) });
    const message = await run.finalMessage();
    equal(seen, [["Berlin", "call_sim_1", 1, true], ["Berlin", "call_sim_2", 2, true]]);
    equal(message.content, 'The tool said: {"city":"Berlin","degrees":21} | {"city":"Berlin","degrees":22}');
    equal(run.messages.map(({ role }) => role), ["user", "assistant", "tool", "assistant", "tool", "assistant"]);
    equal(run.messages.at(-1), message);
    equal(request.messages.length, 1, "the caller's own list");
    equal(steps.map(({ type, step, messages }) => [type, step, messages.length]), [["step", 1, 2], ["step", 2, 2], ["step", 3, 1]]);
    await waitFor(model, "finished", 3);
    const bodies = (await sent(model)).slice(-3);
    equal(bodies[0].tools, [{ type: "function", function: { name: "weather", description: "d", parameters: weather.function.parameters, strict: false } }]);
    equal(bodies.map(({ tool_choice, tools }) => [tool_choice ?? null, tools.length]), [["required", 1], [null, 1], [null, 1]]);
    const { total_tokens, cost } = await run.usage();
    ok(total_tokens > steps[0].usage.total_tokens && cost > steps[0].usage.cost, "the sum of the steps");
    equal((await run.usage()), steps[2].usage);
  },

  async a_run_tells_all_that_happens_to_each_who_asks(context) {
    const { client } = connect(context);
    const weather = context.tool({ name: "weather", run: () => "20 °C" });
    const run = client.runTools(hi("sim/tools-loop-1", { tools: [weather] }));
    const [events, again] = await Promise.all([collect(run), collect(run)]);
    equal(events, again);
    const types = events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
    equal(types, ["tool_call_delta", "usage", "tool_call", "finish", "tool_result", "step", "text", "usage", "finish", "step"]);
    equal(events.find(({ type }) => type === "tool_result"), { type: "tool_result", id: "call_sim_1", name: "weather", content: "20 °C", isError: false });
    equal(events.flatMap(({ type, text }) => (type === "text" ? [text] : [])).join(""), (await run.finalMessage()).content);
    equal(await collect(run), events, "once it is over:");
  },

  async parallel_calls_run_together_unless_told_otherwise(context) {
    const { client } = connect(context);
    for (const parallel_tool_calls of [undefined, false]) {
      let running = 0;
      let most = 0;
      const run = async ({ city }) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, city === "Berlin" ? 20 : 5));
        running -= 1;
        return city;
      };
      const tools = ["a", "b"].map((name) => context.tool({ name, run }));
      const message = await client.runTools(hi("sim/tools-parallel", { tools, parallel_tool_calls })).finalMessage();
      equal([most, message.content], [parallel_tool_calls === false ? 1 : 2, "The tool said: Berlin | Oslo"], "in the calls' order:");
    }
    const ids = client.runTools(hi("sim/tools-duplicate-ids", { tools: [context.tool({ name: "a", run: () => "x" })] }));
    await ids.finalMessage();
    equal(new Set(ids.messages.filter(({ role }) => role === "tool").map(({ tool_call_id }) => tool_call_id)).size, 2);
  },

  async what_goes_wrong_with_a_call_is_told_to_the_model(context) {
    const { client, define } = connect(context);
    const { tool } = context;
    const told = async (model, tools) => {
      const run = client.runTools(hi(model, { tools }));
      const results = (await collect(run)).filter(({ type }) => type === "tool_result");
      return [...new Set(results.map(({ content, isError }) => `${isError} ${content}`))];
    };
    const ran = [];
    const run = (args) => ran.push(args);
    equal(await told("sim/tools", [tool({ name: "f", run: () => Promise.reject(new RangeError("too far")) })]), ['true {"error":"too far"}']);
    equal(await told("sim/tools", [tool({ name: "f", run: () => { throw "a text"; } })]), ['true {"error":"a text"}']);
    const strict = { type: "object", properties: { city: { enum: ["Oslo"] } } };
    equal(await told("sim/tools", [tool({ name: "f", parameters: strict, run })]), ['true {"error":"the arguments do not fit their schema: enum at city"}']);
    const validator = { schema: person(), jsonSchema: PERSON };
    equal(await told("sim/tools", [tool({ name: "f", parameters: validator, run })]), ['true {"error":"the arguments do not fit their schema: name.0: no name"}']);
    equal(await told("sim/tools-unknown", [tool({ name: "f", run })]), ['true {"error":"there is no tool of this name"}']);
    const model = fresh();
    await define({ model, sequence: [step({ tool_calls: [call("1", "f", '{"city": "Ber')] }, "length"), step({ content: "ok" }, "stop")] });
    const cut = client.runTools(hi(model, { tools: [tool({ name: "f", run })] }));
    equal((await cut.finalMessage()).content, "ok");
    equal(cut.messages[1].tool_calls[0].function.arguments, "{}", "no half JSON goes back:");
    equal(cut.messages[2].content, '{"error":"the arguments are not JSON, or were cut off"}');
    equal(ran, [], "never run:");
    equal(await told("sim/tools-missing-arguments", [tool({ name: "f", run: (args) => args })]), ["false {}"]);
  },

  async a_result_is_sent_as_text_json_or_parts(context) {
    const { client, define } = connect(context);
    const image = [{ type: "text", text: "a map" }, { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }];
    const results = [["text", "text"], [undefined, "null"], [{ a: 1 }, '{"a":1}'], [[1], "[1]"], [[], "[]"], [[{ type: "text" }], '[{"type":"text"}]'], [image, image]];
    for (const [result, content] of results) {
      const model = fresh();
      await define({ model, sequence: [step({ tool_calls: [call("1", "f", "{}")] }, "tool_calls"), step({ content: "ok" }, "stop")] });
      const run = client.runTools(hi(model, { tools: [context.tool({ name: "f", run: () => result })] }));
      await run.finalMessage();
      equal(run.messages[2], { role: "tool", tool_call_id: "1", content });
    }
  },

  async arguments_come_as_the_validator_gives_them(context) {
    const { client } = connect(context);
    let given;
    const validator = person({ jsonSchema: { input: () => ({ type: "object" }) } }, async ({ city }) => ({ value: city.length }));
    const tools = [context.tool({ name: "f", parameters: validator, run: (args) => { given = args; } })];
    await client.runTools(hi("sim/tools", { tools })).finalMessage();
    equal(given, 6);
    equal(tools[0].function.parameters, { type: "object" });
  },

  async a_run_ends_at_its_last_step_and_can_go_on_from_there(context) {
    const { client } = connect(context);
    let count = 0;
    const tools = [context.tool({ name: "f", run: () => String(++count) })];
    const run = client.runTools(hi("sim/tools-loop-3", { tools }), { maxSteps: 2 });
    const error = await rejection(run.finalMessage());
    equal([error.name, error.code, error.retryable], ["OpenRouterError", "step_limit", false]);
    equal(error.messages, run.messages);
    equal(error.usage, await run.usage());
    const more = client.runTools({ model: "sim/tools-loop-3", messages: error.messages, tools });
    equal((await more.finalMessage()).content, "The tool said: 1 | 2 | 3");
  },

  async a_tool_without_a_handler_is_the_callers_to_answer(context) {
    const { client } = connect(context);
    const mine = { type: "function", function: { name: "ask_me" } };
    const run = client.runTools(hi("sim/tools-parallel", { tools: [context.tool({ name: "f", run: () => "done" }), mine] }));
    const message = await run.finalMessage();
    equal(message.tool_calls.map(({ function: { name } }) => name), ["f", "ask_me"]);
    equal(run.messages.map(({ role }) => role), ["user", "assistant", "tool"], "what has a handler was run:");
    const messages = [...run.messages, { role: "tool", tool_call_id: message.tool_calls[1].id, content: "yes" }];
    equal((await client.runTools({ model: "sim/tools-parallel", messages, tools: [mine] }).finalMessage()).content, "The tool said: done | yes");
  },

  async reasoning_goes_back_as_it_came_and_costs_are_added_exactly(context) {
    const { client, define, sent } = connect(context);
    const model = fresh();
    const reasoning_details = [{ type: "reasoning.encrypted", data: "x=", index: 0, brand_new: 1 }];
    await define({
      model,
      sequence: [
        step({ reasoning_details, tool_calls: [call("1", "f", "{}")] }, "tool_calls", { total_tokens: 1, cost: 0.1 }),
        step({ content: "ok" }, "stop", { total_tokens: 2, cost: 0.2 }),
      ],
    });
    const run = client.runTools(hi(model, { tools: [context.tool({ name: "f", run: () => "" }), { type: "openrouter:datetime" }] }));
    await run.finalMessage();
    equal(await run.usage(), { total_tokens: 3, cost: 0.3 });
    const [, body] = await sent(model);
    equal(body.messages[1].reasoning_details, reasoning_details);
    equal(body.tools.map(({ type }) => type), ["function", "openrouter:datetime"]);
  },

  async a_run_can_be_ended_while_it_asks_and_while_a_tool_runs(context) {
    const { client, define, waitFor } = connect(context);
    const ways = { signal: (run, controller) => controller.abort("enough"), cancel: (run) => run.cancel("enough") };
    for (const [way, end] of Object.entries(ways)) {
      const controller = new AbortController();
      const model = fresh();
      await define({ model, events: [{ choices: [{ index: 0, delta: { content: "one" } }] }], end: "hold" });
      const asking = client.runTools(hi(model), { signal: controller.signal });
      const iterator = asking[Symbol.asyncIterator]();
      await iterator.next();
      end(asking, controller);
      equal(await rejection(iterator.next()), "enough", way);
      equal(await rejection(asking.finalMessage()), "enough", way);
      await waitFor(model, "client-gone");
      equal(await asking.usage(), undefined);

      const inner = new AbortController();
      let started;
      const running = new Promise((resolve) => (started = resolve));
      const run = (_, { signal }) => {
        started();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      };
      const calling = client.runTools(hi("sim/tools", { tools: [context.tool({ name: "f", run })] }), { signal: inner.signal });
      await running;
      end(calling, inner);
      equal(await rejection(calling.finalMessage()), "enough", `${way} while a tool runs`);
      equal(calling.messages.map(({ role }) => role), ["user", "assistant"], "its end is no result:");

      const stop = new AbortController();
      const ran = [];
      const last = ({ city }) => {
        ran.push(city);
        end(serial, stop);
      };
      const tools = ["a", "b"].map((name) => context.tool({ name, run: last }));
      const serial = client.runTools(hi("sim/tools-parallel", { tools, parallel_tool_calls: false }), { signal: stop.signal });
      equal([await rejection(serial.finalMessage()), ran], ["enough", ["Berlin"]], "no further tool is run:");
    }
    const model = fresh();
    await define({ model, events: [{ choices: [{ index: 0, delta: { content: "one" } }] }], end: "hold" });
    const left = client.runTools(hi(model));
    for await (const event of left) if (event.type === "text") break;
    await waitFor(model, "client-gone");
    equal((await rejection(left.finalMessage())).name, "AbortError");
  },

  async a_run_that_fails_says_so_and_lets_go_of_the_signal(context) {
    const { client } = connect(context);
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    signal.addEventListener = function (...given) {
      listeners += 1;
      return addEventListener.apply(this, given);
    };
    signal.removeEventListener = function (...given) {
      listeners -= 1;
      return removeEventListener.apply(this, given);
    };
    equal((await rejection(collect(client.runTools(hi("sim/cut"), { signal })))).code, "stream_cut");
    equal((await rejection(client.runTools(hi("sim/500"), { signal }).finalMessage())).code, "server_error");
    const bug = new Error("a bug");
    const failing = client.runTools(hi("sim/text"), { signal, onStep: () => Promise.reject(bug) });
    ok((await rejection(failing.finalMessage())) === bug, "the callback's own error");
    equal(listeners, 0, "listeners left");
  },

  async a_run_reads_its_request_when_it_is_made(context) {
    const { client, sent, waitFor } = connect(context);
    await client.models({ limit: 1 });
    const model = "sim/tools-loop-4";
    const request = hi(model, { tools: [context.tool({ name: "f", run: () => "x" })], temperature: 1 });
    const run = client.runTools(request);
    request.temperature = 0;
    request.messages[0].content = "changed";
    request.messages.push({ role: "user", content: "more" });
    await run.finalMessage();
    await waitFor(model, "finished", 5);
    for (const body of await sent(model)) equal([body.temperature, body.messages[0].content, body.messages[1]?.role ?? "assistant"], [1, "hi", "assistant"]);
  },
};
