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
