import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const fetchJson = async (path) => (await fetch(upstream.baseUrl + path)).json();
const list = (query = "") => fetchJson(`/models${query}`);

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
  some((row) => row.pricing.overrides?.[0].min_prompt_tokens);
  some((row) => row.pricing.overrides?.[0].utc_start > row.pricing.overrides?.[0].utc_end);
  some((row) => row.id.endsWith(":free"));
  some((row) => row.reasoning?.mandatory);
  some((row) => row.expiration_date > "2026-08-11");
  some((row) => row.expiration_date?.startsWith("2026-0"));
  some((row) => row.knowledge_cutoff === null);
  some((row) => row.default_parameters === null);
  some((row) => row.top_provider.max_completion_tokens === null);
  some((row) => row.architecture.input_modalities.includes("audio"));
  some((row) => row.architecture.input_modalities.includes("image"));
  some((row) => row.hugging_face_id === "");
});

test("the list shows models with text output unless others are asked for", async () => {
  const outputs = ({ data }) => new Set(data.flatMap((row) => row.architecture.output_modalities));
  assert.ok(!outputs(await list()).has("embeddings"));
  assert.deepEqual([...outputs(await list("?output_modalities=embeddings"))], ["embeddings"]);
  const all = outputs(await list("?output_modalities=all"));
  const kinds = ["text", "image", "audio", "embeddings", "speech", "transcription", "rerank"];
  assert.deepEqual([...all].sort(), kinds.sort());
  const { data } = await fetchJson("/models/count");
  assert.equal(data.count, (await list()).total_count);
});

test("one model is found by id, canonical slug, alias or variant", async () => {
  const idOf = async (slug) => (await fetchJson(`/model/${slug}`)).data?.id;
  const { data } = await fetchJson("/model/openai/gpt-5.2");
  assert.equal(await idOf(data.canonical_slug), "openai/gpt-5.2");
  assert.equal(await idOf("openai/gpt-5.2:nitro"), "openai/gpt-5.2");
  assert.equal(await idOf("~openai/gpt-latest"), "~openai/gpt-latest");
  assert.equal(await idOf("qwen/qwen3-8b:free"), "qwen/qwen3-8b:free");
});

test("models that are not there are a 404 in JSON", async () => {
  for (const path of [
    "/model/no/such-model",
    "/models/no/such-model/endpoints",
    "/images/models/no/such-model/endpoints",
  ]) {
    const response = await fetch(upstream.baseUrl + path);
    const { error } = await response.json();
    assert.deepEqual([response.status, error.code, error.message], [404, 404, "Model no/such-model not found"]);
  }
});

test("a list that the client has already is not sent again", async () => {
  const send = (tag) => fetch(`${upstream.baseUrl}/models?limit=3`, { headers: { "if-none-match": tag } });
  const first = await send('"other"');
  const etag = first.headers.get("etag");
  assert.match(etag, /^"[0-9a-f]{32}"$/);
  await first.text();
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const again = await send(tag);
    assert.deepEqual([again.status, again.headers.get("etag"), await again.text()], [304, etag, ""]);
    assert.match(again.headers.get("cache-control"), /^public, max-age=300/);
  }
  assert.notEqual((await fetch(`${upstream.baseUrl}/models?limit=4`)).headers.get("etag"), etag);
});

test("models that embed, models that draw and endpoints that keep nothing have lists of their own", async () => {
  const embedding = (await fetchJson("/embeddings/models?limit=2")).data;
  assert.deepEqual([embedding.length, embedding[0].architecture.output_modalities], [2, ["embeddings"]]);
  const drawing = (await fetchJson("/images/models")).data;
  assert.ok(drawing.some((row) => row.supports_streaming) && drawing.some((row) => !row.supports_streaming));
  assert.deepEqual(drawing[0].supported_parameters.resolution.type, "enum");
  const { id, endpoints } = await (await fetch(upstream.url + drawing[0].endpoints)).json();
  assert.deepEqual([id, endpoints[0].pricing[0].billable], [drawing[0].id, "output_image"]);
  const zdr = (await fetchJson("/endpoints/zdr")).data;
  assert.ok(zdr.length > 100 && zdr.every((endpoint) => endpoint.model_id && endpoint.tag));
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
