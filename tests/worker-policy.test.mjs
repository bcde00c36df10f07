// What the built Worker lets pass, in real workerd in front of the simulator: which bodies go up as they came, what is
// put into others, and what costs no upstream request.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { closeAll } from "./support/loopback.mjs";
import { startWorker } from "./support/workerd.mjs";
import { MODELS } from "./upstream/models.mjs";
import { startUpstream } from "./upstream/server.mjs";

const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
const ORIGIN = "https://app.example";
const MODEL = "openai/gpt-5.2-chat";

let upstream;
let worker;
const started = [];

const start = async (variables) => {
  const one = await startWorker({
    OPENROUTER_API_KEY: KEY,
    OPENROUTER_BASE_URL: upstream.baseUrl,
    ALLOWED_ORIGINS: ORIGIN,
    AUTH_MODE: "local",
    ...variables,
  });
  started.push(one);
  return one;
};

before(async () => {
  upstream = await startUpstream({ apiKey: KEY });
  worker = await start({ ALLOWED_MODELS: "openai/* *:free", MAX_OUTPUT_TOKENS: "1000", ALLOWED_SERVER_TOOLS: "openrouter:datetime" });
});

after(() => closeAll(...started, upstream));

function post(body, { to = worker, type = "application/json" } = {}) {
  return fetch(`${to.url}/api/v1/chat/completions`, {
    method: "POST",
    headers: { origin: ORIGIN, "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const chat = (fields = {}) => ({ model: MODEL, messages: [{ role: "user", content: "hi" }], ...fields });
const asked = () => upstream.requests.filter(({ path }) => path.endsWith("/chat/completions"));

async function sent(fields, options) {
  const response = await post(chat(fields), options);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return asked().at(-1).body;
}

async function refused(body, status, pattern, options) {
  const before = asked().length;
  const response = await post(body, options);
  const { error } = await response.json();
  assert.equal(response.status, status, error.message);
  assert.match(error.message, pattern);
  assert.equal(asked().length, before, "nothing went up");
}

test("bytes go up as they came where nothing has to change", async () => {
  const open = await start({ ALLOWED_MODELS: "*", PRICES: "off", MAX_OUTPUT_TOKENS: "0" });
  const odd = '{ "model" :"sim/echo",\n"stream":false, "zeta":null,"messages":[{"role":"user","content":"\\ud83d \\u00e9 é"}]  }';
  const response = await post(odd, { to: open });
  assert.equal((await response.json()).choices[0].message.content, odd);
  assert.equal(asked().at(-1).headers["content-length"], String(Buffer.byteLength(odd)));
});

test("a limit and the highest price are put in, and go up with the rest in its order", async () => {
  const body = await sent({ temperature: 0.5 });
  const { prompt, completion } = MODELS.find(({ id }) => id === MODEL).pricing;
  const twice = (price) => Number((price * 2e6).toPrecision(12));
  assert.deepEqual(Object.keys(body), ["model", "messages", "temperature", "provider", "max_tokens"]);
  assert.equal(body.max_tokens, 1000);
  assert.deepEqual(body.provider.max_price, { prompt: twice(prompt), completion: twice(completion), request: 0 });
});

test("a limit of one's own stays, and tools that run upstream end", async () => {
  assert.equal((await sent({ max_tokens: 5 })).max_tokens, 5);
  const body = await sent({ tools: [{ type: "openrouter:datetime" }] });
  assert.deepEqual(body.stop_server_tools_when[0], { type: "step_count_is", step_count: 5 });
});

test("the operator's words, provider and prices are put in", async () => {
  const own = await start({
    ALLOWED_MODELS: "*",
    SYSTEM_PROMPT: "Be kind.",
    FORCE_PROVIDER: '{"zdr":true}',
    MAX_PRICE: '{"prompt":3,"completion":15}',
  });
  const body = await sent({ model: "openrouter/auto" }, { to: own });
  assert.deepEqual(body.messages[0], { role: "system", content: "Be kind." });
  assert.deepEqual(body.provider, { zdr: true, max_price: { prompt: 3, completion: 15, request: 0 } });
});

test("what names another model or raises a price goes nowhere", async () => {
  const other = "anthropic/claude-sonnet-4.6";
  for (const [fields, status, pattern] of [
    [{ model: other }, 403, /^model:/],
    [{ model: undefined }, 400, /^model:/],
    [{ model: "~anthropic/claude-sonnet-latest" }, 403, /^model:/],
    [{ model: `${MODEL}:online` }, 403, /^model:/],
    [{ model: `${MODEL}@preset/x` }, 403, /^model:/],
    [{ model: "openai/no-such-model" }, 403, /no listed price/],
    [{ models: [other] }, 403, /^models:/],
    [{ preset: "x" }, 403, /^preset:/],
    [{ plugins: [{ id: "fusion", analysis_models: [other] }] }, 403, /^plugins:/],
    [{ tools: [{ type: "openrouter:advisor", parameters: { model: other } }] }, 403, /^tools:/],
    [{ tools: [{ type: "openrouter:bash" }] }, 403, /^tools:/],
    [{ tool_choice: { type: "openrouter:web_search" } }, 403, /^tool_choice:/],
    [{ max_tokens: 1001 }, 400, /^max_tokens:/],
    [{ max_completion_tokens: 1001 }, 400, /^max_completion_tokens:/],
    [{ reasoning: { max_tokens: 1001 } }, 400, /^reasoning/],
    [{ n: 2 }, 400, /^n:/],
    [{ provider: { order: ["openai/priority"] } }, 403, /^provider:/],
    [{ service_tier: "priority" }, 403, /^service_tier:/],
    [{ debug: { echo_upstream_body: true } }, 400, /^debug:/],
    [{ something_new: true }, 400, /^something_new:/],
  ]) {
    await refused(chat(fields), status, pattern);
  }
});

test("a key that is there twice goes nowhere, however it is written and whatever the order", async () => {
  const messages = '"messages":[{"role":"user","content":"hi"}]';
  const other = "anthropic/claude-sonnet-4.6";
  for (const body of [
    `{"model":"${MODEL}",${messages},"model":"${other}"}`,
    `{"model":"${other}",${messages},"model":"${MODEL}"}`,
    `{"model":"${MODEL}",${messages},"mod\\u0065l":"${other}"}`,
    `{"model":"${MODEL}","messages":[{"role":"user","content":"hi","content":"ho"}]}`,
  ]) {
    await refused(body, 400, /there twice/);
  }
});

test("the price list is asked for once", async () => {
  await sent({});
  const lists = upstream.requests.filter(({ path, query }) => path.endsWith("/models") && `${JSON.stringify(query)}`.includes("all"));
  assert.ok(lists.length <= started.length, `${lists.length} for ${started.length} Workers`);
});

test("without a price list nothing is sent", async () => {
  upstream.define({ path: "/models", status: 500, body: "{}" });
  try {
    const other = await start({ ALLOWED_MODELS: "*" });
    await refused(chat(), 503, /prices are not known/, { to: other });
  } finally {
    upstream.define({ path: "/models", builtin: true });
  }
  assert.equal((await post(chat())).status, 200);
});

test("without ALLOWED_MODELS no model may be asked, and /healthz says so", async () => {
  const closed = await start({});
  const health = await (await fetch(`${closed.url}/healthz`)).json();
  assert.equal(health.status, "misconfigured");
  assert.ok(health.problems.some((problem) => /^ALLOWED_MODELS is not set.*list slugs/.test(problem)), health.problems);
  await refused(chat(), 500, /ALLOWED_MODELS is not set/, { to: closed });
});

test("the rows that costs are tried on are the simulator's", () => {
  const { data } = JSON.parse(readFileSync(new URL("../worker/src/admission/price-list.json", import.meta.url), "utf8"));
  const byId = new Map(MODELS.map((row) => [row.id, row]));
  for (const row of data) {
    const { canonical_slug, context_length, pricing, top_provider } = byId.get(row.id);
    const kept = { id: row.id, canonical_slug, context_length, pricing, top_provider: { context_length: top_provider.context_length } };
    assert.deepEqual(row, kept);
  }
  const shape = ({ pricing }) => Object.keys(pricing).sort().join();
  assert.deepEqual([...new Set(data.map(shape))].sort(), [...new Set(MODELS.map(shape))].sort(), "every shape is there");
});

test("a model as OpenAI's clients ask for it is its row alone, if it may be asked", async () => {
  const get = async (path) => {
    const response = await fetch(`${worker.url}/api/v1${path}`, { headers: { origin: ORIGIN } });
    return { status: response.status, etag: response.headers.get("etag"), body: await response.json() };
  };
  const bare = await get(`/models/${encodeURIComponent(MODEL)}`);
  assert.equal(bare.body.id, MODEL);
  const whole = await get(`/model/${MODEL}`);
  assert.deepEqual(whole.body, { data: bare.body });
  assert.notEqual(whole.etag, bare.etag);
  // Kept apart: neither is given out for the other.
  assert.deepEqual([await get(`/models/${encodeURIComponent(MODEL)}`), await get(`/model/${MODEL}`)], [bare, whole]);
  const other = await get("/models/anthropic%2Fclaude-sonnet-4.6");
  assert.equal(other.status, 404);
  assert.equal(other.body.error.code, 404);
});
