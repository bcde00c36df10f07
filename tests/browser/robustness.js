// What goes wrong on the way, and what is done about it: retries, limits, fallbacks, hooks, and spellings of older guides.
import { NOWHERE, connect as connectWith, equal, fresh, hi, ok, rejection } from "./support.js";

/** A client that tries again as it does by itself. */
const connect = (context, options) => connectWith(context, { maxRetries: undefined, ...options });

const text = (completion) => completion.choices[0].message.content;

/** Runs with `console.warn` and Math.random replaced: no pause is long where chance is nil. */
const withoutChance = async (run) => {
  const warnings = [];
  const { warn } = console;
  const { random } = Math;
  console.warn = (...given) => warnings.push(given.join(" "));
  Math.random = () => 0;
  try {
    await run();
  } finally {
    console.warn = warn;
    Math.random = random;
  }
  return warnings;
};

export const robustAlone = {
  async an_option_that_is_none_is_named_for_a_call_too({ OpenRouter }) {
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    for (const [options, field] of [
      [{ maxRetries: -1 }, "maxRetries"],
      [{ timeout: "soon" }, "timeout"],
      [{ fetch: "global" }, "fetch"],
      [{ hooks: 5 }, "hooks"],
      [{ fallbackModels: "a/b" }, "fallbackModels"],
      [{ retries: 2 }, "retries"],
    ]) {
      equal((await rejection(client.chat(hi("a/b"), options))).field, field);
    }
  },

  async spellings_of_older_guides_are_brought_up_to_date_and_told_once({ OpenRouter }) {
    const bodies = [];
    const fetch = async (url, { body }) => {
      bodies.push(JSON.parse(body));
      return new Response('{"choices":[]}', { headers: { "content-type": "application/json" } });
    };
    const client = new OpenRouter({ baseURL: "https://openrouter.test/api/v1", apiKey: "k", fetch });
    const warnings = await withoutChance(async () => {
      for (let time = 0; time < 2; time++) {
        await client.chat(hi("a/b", { route: "fallback", models: ["c/d"] }));
        await client.chat(hi("a/b", { route: "cheapest" }));
        await client.chat(hi("a/b", { transforms: ["middle-out"] }));
        await client.chat(hi("a/b", { max_tokens: 5 }), { headers: { "X-Title": "mine" } });
      }
    });
    const [fallback, cheapest, transforms, silent] = bodies;
    equal([fallback.route, fallback.models], [undefined, ["c/d"]]);
    equal([cheapest.route, cheapest.provider], [undefined, { sort: "price" }]);
    equal([transforms.transforms, transforms.plugins], [undefined, [{ id: "context-compression", engine: "middle-out" }]]);
    equal(silent.max_tokens, 5);
    equal(warnings.length, 3, "warnings, each once:");
    for (const word of ["models", "provider", "plugins"]) ok(warnings.some((warning) => warning.includes(word)), `a warning that names ${word}`);
    const error = await rejection(client.chat(hi("a/b", { max_price: { prompt: 0.01 } })));
    equal([error.code, error.field], ["invalid_request", "max_price"]);
    ok(error.message.includes("prompt: 10 ") && error.message.includes("prompt: 0.01 "), "both readings");
    equal(bodies.length, 8, "requests:");
  },

  async what_a_hook_throws_ends_the_call({ OpenRouter }) {
    const bug = new Error("a bug");
    for (const [name, status, asked] of [["onRequest", 200, 0], ["onResponse", 200, 1], ["onRetry", 503, 1]]) {
      let requests = 0;
      const fetch = async () => {
        requests += 1;
        return new Response("{}", { status });
      };
      const hooks = { [name]: () => { throw bug; } };
      const client = elsewhere(OpenRouter, fetch, { hooks });
      ok((await rejection(client.chat(hi("a/b")))) === bug, `what ${name} threw`);
      equal(requests, asked, `requests with ${name}:`);
    }
  },

  async a_body_that_is_deaf_to_its_signal_is_left({ OpenRouter }) {
    const left = async (options, ended, sent = [chunk({ content: "a" })]) => {
      const body = held(sent);
      const stream = elsewhere(OpenRouter, async () => body.response, options).stream(hi("a/b"), options);
      const error = rejection(stream.finalMessage());
      await body.waiting;
      ended?.(stream);
      // Whoever waited is told, and the body is.
      const told = await error;
      await body.cancelled;
      return told;
    };
    equal(await left({}, (stream) => stream.cancel("enough")), "enough");
    const controller = new AbortController();
    equal(await left({ signal: controller.signal }, () => controller.abort("enough")), "enough");
    for (const [limit, sent] of [["idleTimeout"], ["timeout"], ["firstTokenTimeout", []], ["timeout", []]]) {
      const { code, errorType } = await left({ [limit]: 200, maxRetries: 0 }, undefined, sent);
      equal([code, errorType], ["timeout", limit]);
    }
  },

  async an_abort_is_told_while_the_module_is_loaded() {
    // Of the package, or of the crate where there is no package.
    const { openRouterClass } = await import("../../pkg/dist/wasm/openrouter.js").catch(() => import("../../src/browser/openrouter.js"));
    const OpenRouter = openRouterClass({ loaded: () => undefined, load: () => new Promise(() => {}) });
    const client = new OpenRouter();
    const controller = new AbortController();
    const { signal } = controller;
    const stream = client.stream(hi("a/b"));
    const errors = [client.chat(hi("a/b"), { signal }), client.models({}, { signal }), stream.finalMessage()].map(rejection);
    controller.abort("enough");
    stream.cancel("enough");
    equal(await Promise.all(errors), ["enough", "enough", "enough"]);
  },

  async a_file_that_cannot_be_read_is_named({ OpenRouter }) {
    const client = elsewhere(OpenRouter, async () => new Response("{}"));
    let reads = 0;
    const read = async () => {
      reads += 1;
      throw new DOMException("it is gone", "NotReadableError");
    };
    const request = { model: "a/b", file: { type: "audio/wav", name: "a.wav", arrayBuffer: read } };
    const error = await rejection(client.transcription(request));
    equal([error.code, error.field, error.cause.name, reads], ["invalid_request", "file", "NotReadableError", 1]);
    // Nobody would wait for it.
    equal(await rejection(client.transcription(request, { signal: AbortSignal.abort("enough") })), "enough");
    equal(reads, 1, "reads:");
  },

  async text_is_the_text_wherever_the_stream_was_begun({ OpenRouter }) {
    const said = [{ content: "a" }, { content: "b" }, { reasoning: "c" }, { reasoning: "d" }, { reasoning: "e" }, { content: "f" }, { content: "g" }];
    const sent = [...said.map((delta) => chunk(delta)), chunk({}, "stop"), "[DONE]"];
    const client = elsewhere(OpenRouter, async () => streamed(sent));
    const rest = async (stream) => {
      const texts = [];
      for await (const text of stream.text()) texts.push(text);
      return texts;
    };
    const beside = client.stream(hi("a/b"));
    const message = beside.finalMessage();
    equal(await rest(beside), ["a", "b", "f", "g"], "beside finalMessage():");
    equal((await message).content, "abfg");
    for (let taken = 1; taken <= said.length; taken++) {
      const stream = client.stream(hi("a/b"));
      let chunks = 0;
      for await (const _ of stream.values({ preventCancel: true })) if (++chunks === taken) break;
      equal((await rest(stream)).join(""), said.slice(taken).map(({ content = "" }) => content).join(""), `after ${taken} chunks:`);
    }
  },

  async a_run_ends_though_its_tool_is_deaf({ OpenRouter, tool }) {
    const client = elsewhere(OpenRouter, async () => streamed(calling));
    const { signal, listeners } = counted();
    let finish;
    const started = new Promise((resolve) => {
      finish = { started: resolve };
    });
    const run = () => {
      finish.started();
      return new Promise((resolve) => (finish.tool = resolve));
    };
    const tools = client.runTools(hi("a/b", { tools: [tool({ name: "f", run })] }), { signal });
    await started;
    tools.cancel("enough");
    equal(await rejection(tools.finalMessage()), "enough");
    equal(listeners(), 0, "listeners left:");
    finish.tool("late");
    const events = [];
    await rejection((async () => { for await (const event of tools) events.push(event.type); })());
    ok(!events.includes("tool_result"), "no result after its end");
    equal(tools.messages.map(({ role }) => role), ["user", "assistant"]);
  },

  async a_run_counts_what_its_failed_step_cost({ OpenRouter, tool }) {
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, cost: 0.1 };
    const bodies = [
      [...calling.slice(0, -1), { ...chunk({}), usage }, "[DONE]"],
      [chunk({ content: "half" }), { ...chunk({}), usage }, { error: { code: 502, message: "lost" } }],
    ];
    const client = elsewhere(OpenRouter, async () => streamed(bodies.shift()));
    const run = client.runTools(hi("a/b", { tools: [tool({ name: "f", run: () => 1 })] }));
    equal((await rejection(run.finalMessage())).code, "provider_unavailable");
    equal(await run.usage(), { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4, cost: 0.2 });
  },

  async an_answer_without_data_is_malformed({ OpenRouter }) {
    for (const body of ["null", "{}", "5"]) {
      const client = elsewhere(OpenRouter, async () => new Response(body));
      for (const call of [client.key(), client.generation("gen-1")]) equal((await rejection(call)).code, "malformed_response", body);
    }
  },

  async an_output_that_is_no_json_is_refused({ OpenRouter, OpenRouterError }) {
    const client = elsewhere(OpenRouter, async () => new Response("{}"));
    const schema = { type: "object" };
    schema.properties = { self: schema };
    for (const output of [schema, { jsonSchema: schema, strict: false }, { type: "object", maxProperties: 1n }]) {
      const error = await rejection(client.parse(hi("a/b"), output));
      ok(error instanceof OpenRouterError, "an OpenRouterError");
      equal(error.code, "invalid_request");
    }
  },

  async a_conversation_goes_on_after_an_abort_that_nobody_reads({ OpenRouter, Conversation }) {
    const bodies = [held([chunk({ content: "a" })]), { response: streamed([chunk({ content: "b" }, "stop"), "[DONE]"]) }];
    const [{ cancelled }] = bodies;
    const conversation = new Conversation({ client: elsewhere(OpenRouter, async () => bodies.shift().response), model: "a/b" });
    const controller = new AbortController();
    const unread = conversation.stream("hi", { signal: controller.signal });
    await unread.response();
    controller.abort("enough");
    await cancelled;
    equal((await conversation.retry().finalMessage()).content, "b");
    equal(conversation.messages.map(({ role }) => role), ["user", "assistant"]);
    equal(await rejection(unread.finalMessage()), "enough");
  },

  async an_answer_without_a_choice_is_no_message({ OpenRouter, Conversation }) {
    const conversation = new Conversation({ client: elsewhere(OpenRouter, async () => streamed([{ ...chunk({}), choices: [] }, "[DONE]"])), model: "a/b" });
    await conversation.stream("hi").finalCompletion();
    equal([conversation.messages.length, conversation.pending], [1, true]);
  },

  async a_comparison_refuses_what_is_no_signal({ OpenRouter, OpenRouterError, compare }) {
    if (compare === undefined) return; // an entry of the package, which is not part of the crate
    const client = elsewhere(OpenRouter, async () => new Response("{}"));
    const error = await rejection((async () => compare(client, hi(), ["a/b"], { signal: "now" }))());
    ok(error instanceof OpenRouterError, "an OpenRouterError");
    equal([error.code, error.field], ["invalid_request", "signal"]);
  },

  async each_callers_own_fetch_and_hooks_are_his({ OpenRouter }) {
    const asked = [];
    const fetchOf = (name) => async () => {
      asked.push(name);
      return new Response('{"data":[]}');
    };
    const hooksOf = (name) => ({ onRequest: () => asked.push(name) });
    const client = elsewhere(OpenRouter, fetchOf("client's"));
    const [fetch, hooks] = [fetchOf("own"), hooksOf("hook")];
    await Promise.all([{}, {}, { fetch }, { fetch }, { hooks }].map((options) => client.models({}, options)));
    equal(asked.sort(), ["client's", "client's", "hook", "own"]);
  },

  async who_leaves_while_the_context_is_looked_up_is_told_at_once({ OpenRouter, Conversation }) {
    const models = { sent: later(), answer: later() };
    const fetch = async (url) => {
      if (!url.endsWith("/models")) return streamed([chunk({ content: "b" }, "stop"), "[DONE]"]);
      models.sent.resolve();
      return models.answer.promise;
    };
    const trims = [];
    const text = "long ".repeat(2000);
    const messages = ["user", "assistant", "user", "assistant"].map((role) => ({ role, content: text }));
    const options = { client: elsewhere(OpenRouter, fetch), model: "a/b", messages, contextLength: "auto", onTrim: (notice) => trims.push(notice) };
    const conversation = new Conversation(options);
    const stream = conversation.stream("hi");
    const error = rejection(stream.finalMessage());
    await models.sent.promise;
    stream.cancel("enough");
    equal(await error, "enough");
    models.answer.resolve(new Response('{"data":[{"id":"a/b","context_length":1000}]}'));
    await conversation.retry().finalMessage();
    equal(trims.length, 1, "notices, for one request:");
  },
};

export const robustWithSimulator = {
  async what_fails_for_a_moment_is_asked_again(context) {
    const retries = [];
    const { client, define, asked } = connect(context, { hooks: { onRetry: ({ error, delayMs }) => retries.push([error.code, delayMs]) } });
    const failures = [{ status: 503, body: "{}" }, { status: 429, headers: { "retry-after": "0" }, body: "{}" }];
    for (const call of [(model) => client.chat(hi(model)).then(text), (model) => client.stream(hi(model)).finalMessage().then(({ content }) => content)]) {
      const model = fresh();
      await define({ model, sequence: [...failures, { builtin: "sim/text" }] });
      await withoutChance(async () => ok((await call(model)).length > 0, "an answer"));
      const attempts = await asked(model);
      equal(attempts.length, 3, "requests:");
      equal(attempts[2].body, attempts[0].body, "the same body");
    }
    equal(retries, [["overloaded", 0], ["rate_limited", 0], ["overloaded", 0], ["rate_limited", 0]]);
  },

  async what_will_not_get_better_is_asked_once(context) {
    const { client, define, asked } = connect(context);
    for (const [slug, code] of [["sim/401", "authentication"], ["sim/402", "payment_required"], ["sim/429-daily", "rate_limited"], ["sim/400-context", "context_length_exceeded"]]) {
      const model = fresh();
      await define({ model, builtin: slug });
      const error = await rejection(client.chat(hi(model)));
      equal([error.code, error.attempts, (await asked(model)).length], [code, undefined, 1], slug);
    }
  },

  async the_error_says_how_often_it_was_tried(context) {
    const { client, define, asked } = connect(context, { maxRetries: 1 });
    const model = fresh();
    await define({ model, status: 503, body: "{}" });
    await withoutChance(async () => {
      equal((await rejection(client.chat(hi(model)))).attempts, 2);
      equal((await rejection(client.chat(hi(model), { maxRetries: 0 }))).attempts, undefined);
    });
    equal((await asked(model)).length, 3, "requests:");
  },

  async a_stream_is_asked_again_only_before_its_first_chunk(context) {
    const { client, define, asked } = connect(context);
    const error = { error: { code: 502, message: "lost" } };
    const chunk = { id: "gen-1", choices: [{ index: 0, delta: { content: "half" }, finish_reason: null }] };
    await withoutChance(async () => {
      const early = fresh();
      await define({ model: early, sequence: [{ events: [": OPENROUTER PROCESSING", error] }, { events: [": x"] }, { builtin: "sim/text" }] });
      ok((await client.stream(hi(early)).finalMessage()).content.length > 0, "an answer");
      equal((await asked(early)).length, 3, "requests:");
      const late = fresh();
      await define({ model: late, sequence: [{ events: [chunk, error, "[DONE]"] }, { builtin: "sim/text" }] });
      const failed = await rejection(client.stream(hi(late)).finalMessage());
      equal([failed.code, failed.partialText, (await asked(late)).length], ["provider_unavailable", "half", 1]);
    });
  },

  async another_model_is_asked_when_one_has_failed_for_good(context) {
    const { client, define, asked } = connect(context, { maxRetries: 0 });
    const [first, second, third] = [fresh(), fresh(), fresh()];
    await define({ model: first, builtin: "sim/404" });
    await define({ model: second, builtin: "sim/503" });
    await define({ model: third, builtin: "sim/text" });
    ok(text(await client.chat(hi(first, { models: [first] }), { fallbackModels: [second, third] })).length > 0, "an answer");
    equal([(await asked(second)).length, (await asked(third))[0].body.models], [1, undefined]);
    const refused = fresh();
    await define({ model: refused, builtin: "sim/401" });
    equal((await rejection(client.chat(hi(refused), { fallbackModels: [third] }))).code, "authentication");
    equal((await asked(third)).length, 1, "requests of the last:");
  },

  async each_limit_ends_what_takes_longer(context) {
    const { client, waitFor, define } = connect(context, { maxRetries: 0 });
    const run = async (slug, options, read) => {
      const model = fresh();
      await define({ model, builtin: slug });
      const error = await rejection(read(model, options));
      await waitFor(model, "client-gone");
      return [error.code, error.errorType];
    };
    const chat = (model, options) => client.chat(hi(model), options);
    const stream = (model, options) => client.stream(hi(model), options).finalMessage();
    equal(await run("sim/hang", { timeout: 200 }, chat), ["timeout", "timeout"]);
    equal(await run("sim/hang", { firstTokenTimeout: 200 }, stream), ["timeout", "firstTokenTimeout"]);
    equal(await run("sim/keepalive", { firstTokenTimeout: 400, idleTimeout: 5000 }, stream), ["timeout", "firstTokenTimeout"]);
    equal(await run("sim/idle", { idleTimeout: 300 }, stream), ["timeout", "idleTimeout"]);
    // A stream that never is silent, and never ends in time.
    const model = fresh();
    const chunk = { id: "gen-1", choices: [{ index: 0, delta: { content: "on " }, finish_reason: null }] };
    await define({ model, events: Array(200).fill(chunk), delaysMs: Array(200).fill(20) });
    const error = await rejection(stream(model, { timeout: 500 }));
    equal([error.code, error.errorType, error.partialText.startsWith("on on ")], ["timeout", "timeout", true]);
    await waitFor(model, "client-gone");
  },

  async who_reads_slowly_is_not_answered_slowly(context) {
    const { client } = connect(context, { maxRetries: 0 });
    let chunks = 0;
    for await (const _ of client.stream(hi("sim/bytes"), { idleTimeout: 400 })) {
      if (chunks++ === 1) await new Promise((resolve) => setTimeout(resolve, 900));
    }
    ok(chunks > 3, "all chunks");
  },

  async a_pause_ends_when_the_caller_does(context) {
    const { client, define, asked } = connect(context);
    const model = fresh();
    await define({ model, status: 429, headers: { "retry-after": "30" }, body: "{}" });
    const controller = new AbortController();
    const reason = new Error("enough");
    const hooks = { onRetry: () => controller.abort(reason) };
    ok((await rejection(client.chat(hi(model), { signal: controller.signal, hooks }))) === reason, "the signal's reason");
    equal((await asked(model)).length, 1, "requests:");
  },

  async hooks_and_fetch_see_what_is_sent_and_hooks_no_secret(context) {
    const seen = [];
    const hooks = { onRequest: (request) => seen.push(request), onResponse: (response) => seen.push(response) };
    const urls = [];
    const { client } = connect(context, { hooks, fetch: (url, init) => (urls.push([url, init.method, new Headers(init.headers).get("authorization")]), fetch(url, init)) });
    await client.chat(hi("sim/text", { messages: [{ role: "user", content: "a secret prompt" }] }));
    const url = `${context.simulator}/api/v1/chat/completions`;
    equal(urls, [[url, "POST", "Bearer sk-test"]]);
    equal(seen, [{ url, method: "POST", attempt: 1 }, { url, method: "POST", attempt: 1, status: 200 }]);
    const own = { fetch: async () => new Response('{"choices":[{"message":{"content":"own"}}]}', { headers: { "content-type": "application/json" } }) };
    equal(text(await client.chat(hi("a/b"), own)), "own");
    equal(urls.length, 1, "calls of the client's fetch:");
  },
};

/** A client whose requests are answered by `fetch`. */
const elsewhere = (OpenRouter, fetch, options) => new OpenRouter({ baseURL: "https://openrouter.test/api/v1", apiKey: "k", fetch, ...options });

const chunk = (delta, finish = null) => ({ id: "gen-1", object: "chat.completion.chunk", created: 1, model: "a/b", choices: [{ index: 0, delta, finish_reason: finish }] });

const call = { index: 0, id: "call-1", type: "function", function: { name: "f", arguments: "{}" } };
const calling = [chunk({ tool_calls: [call] }), chunk({}, "tool_calls"), "[DONE]"];

const later = () => {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
};

/** An event stream, one event in each read; `waiting` is called by a read that finds none, and has to end it. */
const streamed = (events, waiting = (controller) => controller.close(), cancel) => {
  const left = [...events];
  const encoder = new TextEncoder();
  const pull = (controller) => {
    if (left.length === 0) return waiting(controller);
    const event = left.shift();
    return controller.enqueue(encoder.encode(`data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`));
  };
  return new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } });
};

/** One that does not end. `waiting` resolves when a read waits for more, `cancelled` when it is left. */
const held = (events) => {
  const [waiting, cancelled] = [later(), later()];
  const hold = () => {
    waiting.resolve();
    return new Promise(() => {});
  };
  return { response: streamed(events, hold, cancelled.resolve), waiting: waiting.promise, cancelled: cancelled.promise };
};

/** A signal, and how many listen to it. */
const counted = () => {
  const { signal } = new AbortController();
  let listeners = 0;
  for (const [method, change] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    signal[method] = function (...given) {
      listeners += change;
      return EventTarget.prototype[method].apply(this, given);
    };
  }
  return { signal, listeners: () => listeners };
};
