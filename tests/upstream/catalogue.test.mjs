import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const fetchJson = async (path) => (await fetch(upstream.baseUrl + path)).json();
const list = (query = "") => fetchJson(`/models${query}`);
const priceOf = (row) => Number(row.pricing.prompt) + Number(row.pricing.completion);
const isSorted = (values) => values.every((value, i) => i === 0 || values[i - 1] <= value);

test("the list has the size of the real one, needs no key, and may be cached", async () => {
  const response = await fetch(`${upstream.baseUrl}/models`);
  assert.equal(
    response.headers.get("cache-control"),
    "public, max-age=300, stale-while-revalidate=3600, stale-if-error=3600",
  );
  assert.equal(response.headers.get("vary"), "Host");
  const text = await response.text();
  assert.ok(text.length > 450_000 && text.length < 550_000, `${text.length} characters`);
  const { data, total_count, links } = JSON.parse(text);
  assert.ok(data.length >= 350 && data.length <= 400, `${data.length} rows`);
  assert.deepEqual([total_count, links.next], [data.length, null]);
  assert.equal(new Set(data.map((row) => row.id)).size, data.length);
});

test("the list is the same in every process", async () => {
  const [first, second] = await Promise.all(
    ["one", "two"].map((name) => import(`./models.mjs?${name}`).then(({ MODELS }) => JSON.stringify(MODELS))),
  );
  assert.equal(first, second);
});

test("prices are decimal strings without an exponent, and -1 for routers", async () => {
  const { data } = await list();
  for (const row of data) {
    assert.match(row.pricing.prompt, /^(-1|0|\d+\.\d+)$/, row.id);
    assert.equal(row.pricing.prompt === "-1", row.id.startsWith("openrouter/") && row.id !== "openrouter/free");
    if (row.id.endsWith(":free")) assert.deepEqual(row.pricing, { prompt: "0", completion: "0" });
  }
  assert.equal(data.find((row) => row.id === "openai/gpt-5.2").pricing.prompt, "0.00000175");
});

test("rows vary as the real ones do", async () => {
  const { data } = await list();
  const some = (isSuch) => assert.ok(data.filter(isSuch).length >= 3, String(isSuch));
  some((row) => row.alias_target && row.id.startsWith("~"));
  some((row) => row.pricing.overrides);
  some((row) => row.reasoning?.mandatory);
  some((row) => row.expiration_date);
  some((row) => row.knowledge_cutoff === null);
  some((row) => row.default_parameters === null);
  some((row) => row.top_provider.max_completion_tokens === null);
  some((row) => row.architecture.input_modalities.includes("audio"));
  some((row) => row.hugging_face_id === "");
});

test("the list shows models with text output unless others are asked for", async () => {
  const outputs = ({ data }) => new Set(data.flatMap((row) => row.architecture.output_modalities));
  assert.ok(!outputs(await list()).has("embeddings"));
  assert.deepEqual([...outputs(await list("?output_modalities=embeddings"))], ["embeddings"]);
  assert.ok(outputs(await list("?output_modalities=all")).has("speech"));
  const { data } = await fetchJson("/models/count");
  assert.equal(data.count, (await list()).total_count);
});

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
});

test("the list can be filtered", async () => {
  const all = async (query, holds) => {
    const { data } = await list(query);
    assert.ok(data.length > 0 && data.every(holds), query);
  };
  await all("?q=CLAUDE", (row) => /claude/i.test(row.id + row.description));
  await all("?supported_parameters=tools,reasoning", (row) => row.supported_parameters.includes("reasoning"));
  await all("?input_modalities=image", (row) => row.architecture.input_modalities.includes("image"));
  await all("?model_authors=qwen", (row) => row.id.startsWith("qwen/"));
  await all("?context=1000000", (row) => row.context_length >= 1_000_000);
  await all("?max_price=0.5", (row) => Number(row.pricing.prompt) >= 0 && Number(row.pricing.prompt) * 1e6 <= 0.5);
  await all("?category=programming", () => true);
  assert.equal((await list("?q=no+such+model+at+all")).total_count, 0);
});

test("the list can be sorted; rows without a price come last", async () => {
  const cheap = (await list("?sort=pricing-low-to-high")).data.map(priceOf);
  const dear = (await list("?sort=pricing-high-to-low")).data.map(priceOf);
  const priced = cheap.filter((price) => price >= 0).length;
  assert.ok(isSorted(cheap.slice(0, priced)) && cheap.slice(priced).every((price) => price < 0));
  assert.ok(isSorted(dear.slice(0, priced).reverse()) && dear.slice(priced).every((price) => price < 0));
  assert.ok(isSorted((await list("?sort=newest")).data.map((row) => -row.created)));
  assert.ok(isSorted((await list("?sort=context-high-to-low")).data.map((row) => -row.context_length)));
});

test("bad pages and orders are refused", async () => {
  for (const query of ["?limit=0", "?limit=1001", "?offset=-1", "?offset=x", "?sort=by-luck"]) {
    assert.equal((await fetch(`${upstream.baseUrl}/models${query}`)).status, 400, query);
  }
});

test("one model is found by id, canonical slug, alias or variant", async () => {
  const idOf = async (slug) => (await fetchJson(`/model/${slug}`)).data?.id;
  const { data } = await fetchJson("/model/openai/gpt-5.2");
  assert.equal(await idOf(data.canonical_slug), "openai/gpt-5.2");
  assert.equal(await idOf("openai/gpt-5.2:nitro"), "openai/gpt-5.2");
  assert.equal(await idOf("~openai/gpt-latest"), "~openai/gpt-latest");
  assert.equal(await idOf("qwen/qwen3-8b:free"), "qwen/qwen3-8b:free");
  assert.equal((await fetch(`${upstream.baseUrl}/model/no/such-model`)).status, 404);
});

test("every details link leads to endpoints, whose speed only known callers see", async () => {
  const { data } = await list("?limit=20");
  for (const row of data) {
    const { data: model } = await (await fetch(upstream.url + row.links.details)).json();
    assert.ok(model.endpoints.length > 0);
    assert.equal(model.endpoints[0].latency_last_30m, null);
  }
  const response = await fetch(upstream.url + data[0].links.details, { headers: { authorization: "Bearer key" } });
  assert.ok((await response.json()).data.endpoints[0].latency_last_30m.p50 > 0);
});

test("providers have slugs", async () => {
  const { data } = await fetchJson("/providers");
  assert.ok(data.some(({ name, slug }) => name === "Google AI Studio" && slug === "google-ai-studio"));
});
