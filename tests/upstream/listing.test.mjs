import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { get } from "./client.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const list = async (query = "") => (await fetch(`${upstream.baseUrl}/models${query}`)).json();
const priceOf = (row) => Number(row.pricing.prompt) + Number(row.pricing.completion);
const isSorted = (values) => values.every((value, i) => i === 0 || values[i - 1] <= value);
const indexOf = (row, name) => row.benchmarks.artificial_analysis?.[`${name}_index`] ?? -Infinity;

test("pages follow one another through links.next", async () => {
  const whole = (await list()).data.map((row) => row.id);
  const ids = [];
  let next = "/api/v1/models?limit=100";
  while (next) {
    const page = await (await fetch(upstream.url + next)).json();
    assert.equal(page.total_count, whole.length);
    ids.push(...page.data.map((row) => row.id));
    next = page.links.next;
  }
  assert.deepEqual(ids, whole);
  assert.equal((await list("?offset=360")).data.length, whole.length - 360);
  const { links } = await (await get(upstream, "/models/user?limit=1&q=gpt")).json();
  assert.equal(links.next, "/api/v1/models/user?limit=1&q=gpt&offset=1");
});

test("every filter keeps some rows, and only such", async () => {
  const total = (await list()).total_count;
  const perMillion = (price) => Number(price) * 1e6;
  const within = (value, low, high) => value >= low && value <= high;
  for (const [query, holds] of [
    ["q=CLAUDE", (row) => /claude/i.test(row.id + row.name)],
    ["supported_parameters=tools,reasoning", (row) => row.supported_parameters.includes("reasoning")],
    ["input_modalities=image,file", (row) => row.architecture.input_modalities.includes("file")],
    ["model_authors=qwen,x-ai", (row) => /^(qwen|x-ai)\//.test(row.id)],
    ["providers=OpenAI,google-ai-studio", (row) => /^~?(openai|google)\//.test(row.id)],
    ["arch=claude", (row) => row.architecture.tokenizer === "Claude"],
    ["context=1000000", (row) => row.context_length >= 1_000_000],
    ["min_price=1&max_price=2", (row) => within(perMillion(row.pricing.prompt), 1, 2)],
    ["max_price=0", (row) => row.pricing.prompt === "0"],
    ["min_output_price=10&max_output_price=15", (row) => within(perMillion(row.pricing.completion), 10, 15)],
    ["min_age_days=365", (row) => row.created < Date.UTC(2025, 7, 11, 1) / 1000],
    ["max_age_days=365", (row) => row.created > Date.UTC(2025, 7, 10) / 1000],
    ["min_intelligence_index=30&max_intelligence_index=60", (row) => within(indexOf(row, "intelligence"), 30, 60)],
    ["min_coding_index=30", (row) => indexOf(row, "coding") >= 30],
    ["max_agentic_index=30", (row) => within(indexOf(row, "agentic"), 0, 30)],
    ["min_tool_success_rate=0.9", (row) => row.supported_parameters.includes("tools")],
    ["max_tool_success_rate=0.6", (row) => row.supported_parameters.includes("tools")],
    ["category=marketing/seo", () => true],
    ["distillable=true", () => true],
    ["distillable=false", () => true],
    ["zdr=true", () => true],
    ["region=eu", () => true],
    ["region=us", () => true],
  ]) {
    const { data } = await list(`?${query}`);
    assert.ok(data.length > 0 && data.length < total && data.every(holds), `${query}: ${data.length} rows`);
  }
  assert.equal((await list("?q=no+such+model+at+all")).total_count, 0);
  assert.equal((await list("?an_unknown_one=1")).total_count, total);
});

test("the list can be sorted; rows without a price come last", async () => {
  const cheap = (await list("?sort=pricing-low-to-high")).data.map(priceOf);
  const dear = (await list("?sort=pricing-high-to-low")).data.map(priceOf);
  const priced = cheap.filter((price) => price >= 0).length;
  assert.ok(isSorted(cheap.slice(0, priced)) && cheap.slice(priced).every((price) => price < 0));
  assert.ok(isSorted(dear.slice(0, priced).reverse()) && dear.slice(priced).every((price) => price < 0));
  assert.ok(isSorted((await list("?sort=newest")).data.map((row) => -row.created)));
  assert.ok(isSorted((await list("?sort=context-high-to-low")).data.map((row) => -row.context_length)));
  for (const name of ["intelligence", "coding", "agentic"]) {
    const { data } = await list(`?sort=${name}-high-to-low`);
    assert.ok(isSorted(data.map((row) => -indexOf(row, name))), name);
  }
  const { data } = await list("?sort=design-arena-elo-high-to-low");
  const best = data.map((row) => Math.max(...row.benchmarks.design_arena.map(({ elo }) => elo)));
  assert.ok(best[0] > 1000 && isSorted(best.map((elo) => -elo)));
  const orders = ["most-popular", "top-weekly", "throughput-high-to-low", "latency-low-to-high"];
  for (const sort of orders) assert.notDeepEqual((await list(`?sort=${sort}`)).data[0], data[0], sort);
});

test("the list can be a feed", async () => {
  const response = await fetch(`${upstream.baseUrl}/models?use_rss=true&q=claude-opus`);
  assert.equal(response.headers.get("content-type"), "application/rss+xml");
  const text = await response.text();
  assert.match(text, /^<rss version="2.0"><channel><title>OpenRouter Models<\/title>/);
  assert.match(text, /<link>https:\/\/openrouter\.ai\/anthropic\/claude-opus-4\.6<\/link>/);
  const chats = await (await fetch(`${upstream.baseUrl}/models?use_rss=true&use_rss_chat_links=true`)).text();
  assert.match(chats, /<link>https:\/\/openrouter\.ai\/chat\?models=openai%2Fgpt-5\.2<\/link>/);
});

test("pages, orders and filters that make no sense are refused, naming the parameter", async () => {
  for (const query of [
    "limit=0",
    "limit=1001",
    "offset=-1",
    "offset=x",
    "sort=by-luck",
    "category=cooking",
    "distillable=maybe",
    "region=mars",
    "zdr=false",
    "max_price=",
    "context=much",
  ]) {
    const response = await fetch(`${upstream.baseUrl}/models?${query}`);
    assert.equal(response.status, 400, query);
    assert.ok((await response.json()).error.message.startsWith(`${query.split("=")[0]}: expected`), query);
  }
});
