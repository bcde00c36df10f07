// The model list, prices and what is kept of them, see scenarios.js. `alone` has a fetch of its own in place of a server.
import { NOWHERE, connect, equal, fresh, ok, rejection, responses, until } from "./support.js";

const row = (id, prompt, completion, more) => ({
  id,
  name: id,
  context_length: 128000,
  pricing: { prompt, completion },
  architecture: { input_modalities: ["text"], output_modalities: ["text"] },
  supported_parameters: ["tools"],
  ...more,
});

const LIST = {
  data: [
    row("openrouter/auto", "-1", "-1", { context_length: 2000000 }),
    row("a/large", "0.000003", "0.000015", { description: "Reads much, “\u00e9”." }),
    row("a/small", "0.00000015", "0.0000006", { supported_parameters: [], unknown: [1.5e-7, null] }),
    row("b/gift:free", "0", "0", { context_length: null }),
  ],
};

/** A client whose `fetch` answers by `answers`, the last one again and again, and notes what it was asked. */
const serve = ({ OpenRouter }, ...answers) => {
  const asked = [];
  const fetch = async (url, { headers, signal, cache }) => {
    asked.push({ path: url.replace(NOWHERE, ""), headers, signal, cache });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return typeof answer === "function" ? answer(signal) : answer.clone();
  };
  return { asked, client: new OpenRouter({ baseURL: NOWHERE, fetch, maxRetries: 0 }) };
};

const json = (value, headers) => new Response(JSON.stringify(value), { headers });

/** Runs with a clock that `later` advances by so many seconds. */
const withClock = async (run) => {
  const real = Date.now;
  let shift = 0;
  Date.now = () => real() + shift;
  try {
    await run((seconds) => (shift += seconds * 1000));
  } finally {
    Date.now = real;
  }
};

const ids = (rows) => rows.map(({ id }) => id);

export const alone = {
  async models_are_found_by_needs(context) {
    const { client, asked } = serve(context, json(LIST));
    equal(ids(await client.findModels()), ids(LIST.data));
    equal(await client.findModels({ search: "SMALL" }), [LIST.data[2]], "the row as sent:");
    equal(ids(await client.findModels({ parameters: ["tools"], maxPromptPrice: 3 })), ["a/large", "b/gift:free"]);
    equal(ids(await client.findModels({ sort: "price-low-to-high" })), ["b/gift:free", "a/small", "a/large", "openrouter/auto"]);
    equal(ids(await client.findModels({ minContext: 128000, authors: ["a"], limit: 1 })), ["a/large"]);
    equal(ids(await client.findModels({ search: "nothing" })), []);
    equal(asked.map(({ path }) => path), ["/models"], "one request:");
  },

  async a_list_of_other_outputs_or_providers_is_asked_for(context) {
    const { client, asked } = serve(context, json({ data: [] }));
    await client.findModels({ outputModalities: ["image", "text"], providers: ["azure"] });
    equal(asked[0].path, "/models?output_modalities=image%2Ctext&providers=azure");
  },

  async the_cheapest_model_is_by_the_expected_request(context) {
    const { client } = serve(context, json(LIST));
    equal((await client.cheapestModel()).id, "b/gift:free");
    equal((await client.cheapestModel({ free: false })).id, "a/small");
    equal((await client.cheapestModel({ promptTokens: 100000, completionTokens: 100 })).id, "a/small");
    equal(await client.cheapestModel({ search: "auto" }), undefined);
  },

  async needs_that_make_no_sense_are_refused_before_anything_is_sent(context) {
    const { client, asked } = serve(context, json(LIST));
    const cases = [
      [{ maxPromtPrice: 1 }, "maxPromtPrice"],
      [{ maxPromptPrice: "cheap" }, "maxPromptPrice"],
      [{ sort: "price" }, "sort"],
      [{ outputModalities: "image" }, "outputModalities"],
      [{ limit: 0 }, "limit"],
      ["claude", undefined],
      [{ limit: 10n }, undefined],
    ];
    for (const [needs, field] of cases) {
      for (const error of [await rejection(client.findModels(needs)), await rejection(client.cheapestModel(needs))]) {
        equal([error.name, error.code, error.field], ["OpenRouterError", "invalid_request", field]);
      }
    }
    for (const call of [client.findModels({}, { cache: "force-cache" }), client.models({}, { cache: 5 })]) {
      const error = await rejection(call);
      equal([error.code, error.field], ["invalid_request", "cache"]);
    }
    equal((await rejection(client.model("gpt-4"))).field, "model");
    equal((await rejection(client.cost("a/b", { prompt_tokens: -1 }))).field, "usage.prompt_tokens");
    equal((await rejection(client.cost({}, { prompt_tokens: 1 }))).field, "model.pricing");
    equal((await rejection(client.cost("a/b", { prompt_tokens: 10n }))).code, "invalid_request");
    equal((await rejection(client.models({ min_price: -1 }))).field, "min_price");
    equal(asked.length, 0, "requests:");
  },

  async what_a_usage_costs_is_told_exactly(context) {
    const { client, asked } = serve(context, json({ data: LIST.data[2] }));
    const usage = { prompt_tokens: 1000, completion_tokens: 333, total_tokens: 1333, cost: 9 };
    const expected = { usd: "0.0003498", isEstimate: false, parts: { prompt: "0.00015", completion: "0.0001998" } };
    equal(await client.cost(LIST.data[2], usage), expected);
    equal(asked.length, 0, "requests:");
    equal(await client.cost("a/small", usage), expected);
    equal(asked.map(({ path }) => path), ["/model/a/small"]);
    equal(await client.cost(LIST.data[0], usage), undefined);
    const pricing = { prompt: "0.1", completion: "0", image: "0.25", overrides: [{ min_prompt_tokens: 999, prompt: "0.2" }] };
    equal((await client.cost({ pricing }, usage, { images: 2 })).usd, "200.5");
  },

  async an_answer_is_kept_as_long_as_its_headers_say(context) {
    await withClock(async (later) => {
      const { client, asked } = serve(context, json({ data: [1] }, { "cache-control": "max-age=60" }), json({ data: [2] }));
      const first = await client.models();
      first.data.push("what a caller does with his list is nobody else's business");
      later(59);
      equal((await client.models()).data, [1]);
      equal(asked.length, 1);
      later(1);
      equal((await client.models()).data, [2]);
      later(299);
      equal((await client.models()).data, [2], "five minutes where nothing is said:");
      equal(asked.length, 2);
      later(-600);
      await client.models();
      equal(asked.length, 3, "a clock that was set back:");
    });
  },

  async an_answer_that_has_been_on_its_way_for_long_is_older(context) {
    await withClock(async (later) => {
      const { client, asked } = serve(context, json({ data: [] }, { "cache-control": "max-age=60", age: "50" }));
      await client.models();
      later(9);
      await client.models();
      equal(asked.length, 1);
      later(1);
      await client.models();
      equal(asked.length, 2);
    });
  },

  async each_query_and_each_key_has_its_own_answer(context) {
    const { client, asked } = serve(context, json({ data: [] }));
    await client.models({ q: "a" });
    await client.models({ q: "b" });
    await client.models({ q: "a" }, { apiKey: "sk-other" });
    await client.models({ q: "a" }, { timeout: 5000 });
    equal(asked.length, 3);
    for (let index = 0; index < 16; index += 1) await client.models({ offset: index });
    await client.models({ q: "a" });
    equal(asked.length, 20, "the oldest is forgotten:");
  },

  async reload_and_no_store_ask_again(context) {
    const { client, asked } = serve(context, json({ data: [1] }), json({ data: [2] }), json({ data: [3] }));
    const list = async (cache) => (await client.models({}, { cache })).data[0];
    equal([await list(), await list("no-store"), await list("default"), await list("reload"), await list()], [1, 2, 1, 3, 3]);
    equal(asked.length, 3);
    if (globalThis.location) equal(asked.map(({ cache }) => cache ?? null), [null, "no-store", "no-store"], "the browser's cache:");
  },

  async what_must_not_be_stored_is_not(context) {
    const { client, asked } = serve(context, json({ data: [] }, { "cache-control": "No-Store", etag: '"v1"' }));
    await client.models();
    await client.models();
    equal(asked.map(({ headers }) => headers["If-None-Match"] ?? null), [null, null]);
  },

  async a_stale_answer_is_asked_for_by_its_tag_and_young_again(context) {
    await withClock(async (later) => {
      const headers = { "cache-control": "max-age=60", etag: '"v1"' };
      const { client, asked } = serve(context, json(LIST, headers), new Response(null, { status: 304 }), json({ data: [] }));
      await client.models();
      later(60);
      equal((await client.models()).data.length, 4);
      equal(asked.map(({ headers }) => headers["If-None-Match"] ?? null), [null, '"v1"']);
      later(59);
      equal((await client.findModels({ search: "large" })).length, 1);
      equal(asked.length, 2);
      later(1);
      equal((await client.models()).data.length, 0);
      equal(asked.length, 3);
    });
  },

  async a_stale_answer_is_given_at_once_while_a_new_one_is_asked_for(context) {
    await withClock(async (later) => {
      let send;
      const slow = () => new Promise((resolve) => (send = resolve));
      const { client, asked } = serve(context, json({ data: [1] }, { "cache-control": "max-age=60, stale-while-revalidate=600" }), slow);
      await client.models();
      later(61);
      const left = new AbortController();
      equal((await client.models({}, { signal: left.signal })).data, [1]);
      left.abort();
      equal((await client.models()).data, [1]);
      equal(asked.length, 2, "one request in the background:");
      ok(!asked[1].signal.aborted, "nobody's leaving to end it");
      send(json({ data: [2] }));
      await until(async () => (await client.models()).data[0] === 2, "the new one");
      equal(asked.length, 2);
    });
  },

  async a_stale_answer_is_better_than_a_passing_failure_but_not_than_a_refusal(context) {
    await withClock(async (later) => {
      const failure = (status) => new Response("{}", { status });
      const kept = json({ data: [1] }, { "cache-control": "max-age=60, stale-if-error=600" });
      const { client } = serve(context, kept, failure(503), failure(401), failure(503));
      await client.models();
      later(61);
      equal((await client.models()).data, [1]);
      equal((await rejection(client.models())).code, "authentication");
      later(600);
      equal((await rejection(client.models())).code, "overloaded");
    });
  },

  async callers_share_a_request_and_the_last_to_leave_ends_it(context) {
    const sends = [];
    // Deaf to its signal: who comes after must not wait for it.
    const slow = () => new Promise((resolve) => sends.push(resolve));
    const { client, asked } = serve(context, slow);
    const [a, b, c] = [new AbortController(), new AbortController(), new AbortController()];
    const list = ({ signal }) => client.models({}, { signal });
    const [first, second] = [list(a), list(b)];
    const isAsked = (count) => until(() => asked.length >= count, "a request");
    await isAsked(1);
    a.abort("enough");
    equal(await rejection(first), "enough");
    ok(!asked[0].signal.aborted, "the request to go on for the other");
    b.abort("enough too");
    equal(await rejection(second), "enough too");
    ok(asked[0].signal.aborted, "the request to be ended");
    const [third, fourth] = [list(c), client.findModels()];
    await isAsked(2);
    for (const send of sends) send(json(LIST));
    equal([(await third).data.length, (await fourth).length], [4, 4]);
    equal(asked.length, 2);
  },

  async only_who_asks_for_the_same_in_the_same_way_shares_a_request(context) {
    const { client, asked } = serve(context, json({ data: [1] }), json({ data: [2] }), json({ data: [3] }));
    const calls = [client.models({ q: "a" }), client.models({ q: "b" }), client.models({ q: "a" }, { timeout: 5000 }), client.models({ q: "a" })];
    equal((await Promise.all(calls)).map(({ data }) => data[0]), [1, 2, 3, 1]);
    equal(asked.length, 3);
  },

  async an_answer_that_is_none_is_said_to_be_malformed(context) {
    for (const answer of ["{}", "null", "[]", '{"data":null}', "<html>"]) {
      const { client } = serve(context, new Response(answer));
      for (const call of [client.model("a/b"), client.providers(), client.countModels(), client.endpoints("a/b"), client.findModels()]) {
        equal((await rejection(call)).code, "malformed_response", answer);
      }
    }
  },
};

export const withSimulator = {
  async the_catalogue_is_read_by_name(context) {
    const { client } = connect(context);
    const { data } = await client.models({ limit: 5, min_price: 0.1, sort: "newest" });
    const [{ id }] = data;
    equal(await client.model(id), data[0]);
    const { endpoints } = await client.endpoints(id);
    ok(endpoints.length > 0 && endpoints.every(({ provider_name, pricing }) => provider_name && pricing), "endpoints");
    ok((await client.providers()).every(({ slug }) => slug), "providers");
    const all = await client.countModels({ output_modalities: "all" });
    equal(all, (await client.models({ output_modalities: "all" })).data.length);
    ok((await client.countModels()) < all, "fewer that write text");
    equal((await client.userModels({ limit: 3 })).data.length, 3);
    equal((await rejection(client.model("no-such/model"))).status, 404);
  },

  async every_parameter_of_the_list_is_sent(context) {
    const { client, asked } = connect(context);
    const query = {
      offset: 1, limit: 7, category: "programming", supported_parameters: ["tools", "seed"], output_modalities: "text", input_modalities: ["text"],
      sort: "intelligence-high-to-low", q: "a", context: 1000, min_price: 0.01, max_price: 99.5, min_output_price: 0, max_output_price: 1000, arch: "c",
      model_authors: ["anthropic"], providers: ["azure"], distillable: false, zdr: true, region: "eu", min_age_days: 1, max_age_days: 9999,
      min_intelligence_index: 1, max_intelligence_index: 99, min_coding_index: 1, max_coding_index: 99, min_agentic_index: 1, max_agentic_index: 99,
      min_tool_success_rate: 0.1, max_tool_success_rate: 1,
    };
    await client.models(query);
    const sent = (await asked("/models")).at(-1).query;
    equal(Object.fromEntries(new URLSearchParams(sent)), Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])));
  },

  async the_whole_list_is_looked_through_here(context) {
    const { client } = connect(context);
    const { data } = await client.models();
    const isMeant = (row) =>
      row.architecture.input_modalities.includes("image") &&
      ["tools", "reasoning"].every((name) => row.supported_parameters.includes(name)) &&
      row.context_length >= 200000 &&
      row.pricing.prompt[0] !== "-" &&
      Math.round(row.pricing.prompt * 1e12) <= 3e6;
    const needs = { inputModalities: ["image"], parameters: ["tools", "reasoning"], minContext: 200000, maxPromptPrice: 3, includeDeprecated: true };
    const expected = ids(data.filter(isMeant));
    ok(expected.length > 3, "some models");
    equal(ids(await client.findModels(needs)), expected);
    const drawn = await client.findModels({ outputModalities: ["image"] });
    ok(drawn.length > 0 && drawn.every(({ architecture }) => architecture.output_modalities.includes("image")), "models that draw");
    const [best] = await client.findModels({ search: data[40].id });
    equal(best.id, data[40].id);
    const sorted = await client.findModels({ sort: "price-high-to-low" });
    ok(sorted.slice(-3).some(({ pricing }) => pricing.prompt === "-1"), "routers last");
  },

  async the_server_is_asked_by_tag_where_it_shows_one(context) {
    const { client, define, asked } = connect(context);
    const model = fresh();
    const headers = { "cache-control": "max-age=0", etag: '"v1"', "access-control-expose-headers": "etag" };
    await define({ path: `/model/${model}`, sequence: [{ headers, body: '{"data":{"id":"v1"}}' }, { status: 304 }, { headers: { etag: null }, body: '{"data":{"id":"v2"}}' }] });
    equal([(await client.model(model)).id, (await client.model(model)).id, (await client.model(model)).id], ["v1", "v1", "v2"]);
    equal((await asked(`/model/${model}`)).map(({ headers }) => headers["if-none-match"] ?? null), [null, '"v1"', '"v1"']);
  },

  async a_browser_cache_does_not_answer_for_the_server(context) {
    const { client, define, asked } = connect(context);
    const model = fresh();
    const headers = { "cache-control": "max-age=300" };
    await define({ path: `/model/${model}`, sequence: [1, 2, 3].map((version) => ({ headers, body: JSON.stringify({ data: { id: version } }) })) });
    const id = async (cache) => (await client.model(model, { cache })).id;
    equal([await id(), await id(), await id("reload"), await id("no-store"), await id()], [1, 1, 2, 3, 2]);
    equal((await asked(`/model/${model}`)).length, 3);
  },

  async leaving_a_shared_request_is_seen_upstream(context) {
    const { client, define, waitFor } = connect(context);
    const model = fresh();
    await define({ path: `/model/${model}`, body: "{", end: "hold" });
    const [a, b] = [new AbortController(), new AbortController()];
    const { when, hooks } = responses();
    const both = [a, b].map(({ signal }) => rejection(client.model(model, { signal, hooks })));
    await when;
    a.abort();
    b.abort();
    equal((await Promise.all(both)).map(({ name }) => name), ["AbortError", "AbortError"]);
    await waitFor(`/model/${model}`, "client-gone");
  },
};
