// The built Worker in real workerd, in front of the simulator: what goes up, what comes down, and what must not.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { after, before, test } from "node:test";
import { answerBeforeEnd, closeAll, listen } from "./support/loopback.mjs";
import { OPEN, startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
const ORIGIN = "https://app.example";
/** Everything may be asked for: what may not is another file's. */

let upstream;
let worker;

before(async () => {
  upstream = await startUpstream({ apiKey: KEY });
  worker = await startWorker({
    OPENROUTER_API_KEY: KEY,
    OPENROUTER_BASE_URL: upstream.baseUrl,
    ALLOWED_ORIGINS: `self ${ORIGIN}`,
    MAX_BODY_BYTES: "100000",
    ...OPEN,
    EXTRA_FIELDS: "zeta",
    APP_URL: "https://app.example",
    APP_TITLE: "The App",
  });
});

after(() => closeAll(worker, upstream));

/** A request from a page of the allowed origin. */
function call(path, { headers, ...options } = {}, to = worker) {
  return fetch(to.url + path, { redirect: "manual", ...options, headers: { origin: ORIGIN, ...headers } });
}

function chat(model, { stream = true, headers, to, ...fields } = {}) {
  const body = JSON.stringify({ model, stream, messages: [{ role: "user", content: "hi" }], ...fields });
  return call("/api/v1/chat/completions", { method: "POST", headers: { "content-type": "application/json", ...headers }, body }, to);
}

const received = (model) => upstream.requests.filter((request) => request.model === model);

test("a stream passes through byte by byte", async () => {
  for (const model of ["sim/comments", "sim/crlf", "sim/bom", "sim/bad-utf8", "sim/reasoning", "sim/tools-parallel"]) {
    const direct = await chat(model, { to: upstream, headers: { authorization: `Bearer ${KEY}` } });
    const through = await chat(model);
    assert.equal(through.headers.get("content-type"), direct.headers.get("content-type"));
    const text = async (response) => Buffer.from(await response.arrayBuffer()).toString("latin1");
    // Ids and times count up from request to request.
    const normal = (bytes) => bytes.replace(/gen-[\w-]+/g, "gen").replace(/"created":\d+/g, "created");
    assert.equal(normal(await text(through)), normal(await text(direct)), model);
  }
});

test("a whole answer keeps the padding that kept its connection alive", async () => {
  const response = await chat("sim/text", { stream: false });
  const text = await response.text();
  assert.match(text, /^\s+\{/);
  assert.equal(JSON.parse(text).object, "chat.completion");
});

test("the body goes up as it came", async () => {
  const model = "sim/text";
  const body = `{"model":"${model}", "stream":true,"zeta":1, "messages":[{"role":"user","content":"\\ud83d é"}],"alpha":null}`;
  const response = await call("/api/v1/chat/completions", { method: "POST", headers: { "content-type": "application/json" }, body });
  await response.text();
  const record = received(model).at(-1);
  assert.deepEqual(Object.keys(record.body), ["model", "stream", "zeta", "messages", "alpha"]);
  assert.equal(record.headers["content-length"], String(Buffer.byteLength(body)));
});

test("our key and attribution go up, and nothing that tells of the client", async () => {
  const model = "sim/no-usage";
  const response = await chat(model, {
    headers: {
      authorization: "Bearer the-clients-own",
      cookie: "session=1",
      "x-forwarded-for": "192.0.2.1",
      "cf-connecting-ip": "192.0.2.1",
      "true-client-ip": "192.0.2.1",
      "http-referer": "https://spoofed.example",
      "x-title": "Spoofed",
      "x-openrouter-cache": "true",
      "x-session-id": "conversation-1",
    },
  });
  await response.text();
  const { headers } = received(model).at(-1);
  assert.equal(headers.authorization, `Bearer ${KEY}`);
  assert.equal(headers["http-referer"], "https://app.example");
  assert.equal(headers["x-openrouter-title"], "The App");
  assert.equal(headers["x-session-id"], "conversation-1");
  for (const name of ["cookie", "x-forwarded-for", "cf-connecting-ip", "true-client-ip", "x-title", "x-openrouter-cache", "origin", "referer"]) {
    assert.equal(headers[name], undefined, name);
  }
});

test("no cookie comes down, and what a page may read is exposed to its origin alone", async () => {
  const response = await chat("sim/text");
  await response.text();
  assert.equal(response.headers.get("set-cookie"), null);
  assert.equal(response.headers.get("access-control-allow-origin"), ORIGIN);
  assert.equal(response.headers.get("vary"), "Origin");
  assert.match(response.headers.get("x-generation-id"), /^gen-/);
  assert.match(response.headers.get("access-control-expose-headers"), /X-Generation-Id.*Retry-After/);
  assert.equal(response.headers.get("cf-ray"), null);
});

test("an error keeps its status and words and loses the account's id", async () => {
  const statuses = { "sim/403": 403, "sim/404": 404, "sim/408": 408, "sim/429": 429, "sim/500": 500, "sim/502": 502, "sim/503": 503, "sim/524": 524, "sim/529": 529 };
  for (const [model, status] of Object.entries(statuses)) {
    for (const stream of [true, false]) {
      const response = await chat(model, { stream });
      const text = await response.text();
      assert.equal(response.status, status, model);
      assert.ok(JSON.parse(text).error.message, model);
      assert.doesNotMatch(text, /user_sim_owner|user_id/, model);
      assert.equal(response.headers.get("set-cookie"), null);
      assert.equal(response.headers.get("content-type"), "application/json");
    }
  }
});

test("how long to wait comes down", async () => {
  assert.equal((await chat("sim/429-retry-after")).headers.get("retry-after"), "7");
  assert.ok((await chat("sim/429-platform")).headers.get("x-ratelimit-reset"));
});

test("an upstream that answers in HTML or not at all becomes an error in OpenRouter's shape", async () => {
  for (const [model, status] of [["sim/html-502", 502], ["sim/empty-500", 500]]) {
    const response = await chat(model);
    assert.equal(response.status, status);
    const { error } = await response.json();
    assert.equal(error.code, status);
    assert.equal(error.metadata, undefined, "the status says all that is known");
  }
  const headers = { "content-type": "text/html", "retry-after": "30", "x-generation-id": "gen-1" };
  upstream.define({ model: "test/html-429", status: 429, headers, body: "<html>" });
  const limited = await chat("test/html-429");
  assert.equal(limited.status, 429);
  assert.equal(limited.headers.get("retry-after"), "30");
  assert.equal(limited.headers.get("x-generation-id"), "gen-1");
  assert.equal(limited.headers.get("content-type"), "application/json");
});

test("a key that the upstream refuses is the proxy's fault, not the caller's", async () => {
  for (const [model, status] of [["sim/402", 503], ["sim/401", 502]]) {
    const response = await chat(model);
    assert.equal(response.status, status);
    assert.equal((await response.json()).error.metadata.error_type, "proxy_configuration");
  }
  assert.match(worker.log(), /own key was refused/);
  assert.match(worker.log(), /nothing left to pay/);
});

test("redirects of the upstream are not followed: the key goes to one host", async () => {
  const other = createServer((_, response) => response.end("{}"));
  let reached = false;
  other.on("request", () => (reached = true));
  const { url, close } = await listen(other);
  upstream.define({ model: "test/redirect", status: 307, headers: { location: `${url}/` }, body: "" });
  const response = await chat("test/redirect");
  assert.equal(response.status, 502);
  assert.equal(reached, false);
  await close();
});

test("other origins, and POSTs of nobody, are refused", async () => {
  for (const origin of ["https://evil.example", "null", "https://app.example.evil", "http://app.example"]) {
    const response = await chat("sim/text", { headers: { origin } });
    assert.equal(response.status, 403, origin);
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    assert.equal((await response.json()).error.metadata.error_type, "permission_denied");
  }
  const body = JSON.stringify({ messages: [{ role: "user", content: "hi" }] });
  const withoutOrigin = await fetch(`${worker.url}/api/v1/chat/completions`, { method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal(withoutOrigin.status, 403);
});

test("the page that the Worker serves is allowed by `self`", async () => {
  const response = await chat("sim/text", { headers: { origin: worker.url } });
  await response.text();
  assert.equal(response.status, 200);
});

test("a preflight is answered here, also for the headers of other makers' clients", async () => {
  const before = upstream.requests.length;
  const response = await call("/api/v1/chat/completions", {
    method: "OPTIONS",
    headers: { "access-control-request-method": "POST", "access-control-request-headers": "content-type,x-stainless-os,x-evil" },
  });
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("access-control-allow-origin"), ORIGIN);
  assert.equal(response.headers.get("access-control-allow-methods"), "POST");
  assert.match(response.headers.get("access-control-allow-headers"), /content-type.*x-stainless-os/);
  assert.doesNotMatch(response.headers.get("access-control-allow-headers"), /evil/);
  assert.equal(upstream.requests.length, before);
});

test("everything that is not offered is 404 or 405 in OpenRouter's shape, and costs no upstream request", async () => {
  const before = upstream.requests.length;
  const paths = ["/api/v1/keys", "/api/v1/credits", "/api/v1/auth/keys", "/api/v1/generation/content", "/api/v1/presets/x/chat/completions", "/api/v1/models/a/..%2f..%2fkeys/endpoints", "/other"];
  for (const path of paths) {
    for (const method of ["GET", "POST"]) {
      const response = await call(path, { method });
      assert.equal(response.status, 404, path);
      assert.equal((await response.json()).error.code, 404);
    }
  }
  const response = await call("/api/v1/models", { method: "DELETE" });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET");
  assert.equal(upstream.requests.length, before);
});

test("a request that is wrong is refused with its field, and costs no upstream request", async () => {
  const before = upstream.requests.length;
  const post = (body, type = "application/json") =>
    call("/api/v1/chat/completions", { method: "POST", headers: { "content-type": type }, body });
  for (const [body, status, message] of [
    ['{"messages":[]}', 400, /^messages: /],
    ['{"messages":[{"role":"user"}]}', 400, /^messages\[0\]\.content: /],
    ['{"messages":[{"role":"user","content":"x"}],"debug":{"echo_upstream_body":true}}', 400, /^debug: /],
    ["{", 400, /not JSON/],
    ["", 400, /not JSON/],
  ]) {
    const response = await post(body);
    assert.equal(response.status, status);
    assert.match((await response.json()).error.message, message);
  }
  assert.equal((await post("{}", "text/plain")).status, 415);
  assert.equal(upstream.requests.length, before);
});

test("a body above the bound is refused before the rest of it has come, whether it says its length or not", async () => {
  const before = upstream.requests.length;
  const beginning = `{"messages":[{"role":"user","content":"${"x".repeat(150_000)}`;
  for (const [headers, sent] of [[{ "content-length": 200_000 }, ""], [{ "transfer-encoding": "chunked" }, beginning]]) {
    const request = { headers: { origin: ORIGIN, "content-type": "application/json", ...headers }, sent };
    assert.equal(await answerBeforeEnd(`${worker.url}/api/v1/chat/completions`, request), 413, JSON.stringify(headers));
  }
  assert.equal(upstream.requests.length, before);
});

test("a body below the bound that does not say its length goes up whole", async () => {
  const body = new Blob([JSON.stringify({ model: "sim/text", messages: [{ role: "user", content: "é".repeat(20_000) }] })]).stream();
  const response = await call("/api/v1/chat/completions", { method: "POST", headers: { "content-type": "application/json" }, body, duplex: "half" });
  assert.equal(response.status, 200);
  await response.text();
  assert.equal(received("sim/text").at(-1).body.messages[0].content.length, 20_000);
});

test("the model list and a model's endpoints pass, with their query", async () => {
  const list = await call("/api/v1/models?limit=3&sort=pricing-low-to-high");
  assert.equal((await list.json()).data.length, 3);
  assert.match(list.headers.get("cache-control"), /max-age=300/);
  const { data } = await (await call("/api/v1/models")).json();
  assert.ok(data.length > 300);
  const slug = data.find(({ id }) => id.includes(":free")).id;
  const endpoints = await call(`/api/v1/models/${slug}/endpoints`);
  assert.equal(endpoints.status, 200);
  assert.ok(Array.isArray((await endpoints.json()).data.endpoints));
});

/** An open stream on a socket of its own, once its first bytes have come. */
async function openStream(model, { waitForBytes = true } = {}) {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "hi" }] });
  const request = httpRequest(`${worker.url}/api/v1/chat/completions`, {
    method: "POST",
    agent: false,
    headers: { origin: ORIGIN, "content-type": "application/json", "content-length": Buffer.byteLength(body) },
  });
  request.on("error", () => {}); // the reset that the test makes
  request.end(body);
  if (waitForBytes) {
    const [response] = await once(request, "response");
    response.on("error", () => {});
    await once(response, "data");
  } else {
    await upstream.waitFor({ model, event: "received" });
  }
  return request;
}

test("a client that goes away ends the upstream request: on a busy stream, an idle one, and before the answer", async () => {
  for (const [model, waitForBytes] of [["sim/endless", true], ["sim/idle", true], ["sim/hang", false]]) {
    const request = await openStream(model, { waitForBytes });
    request.socket.resetAndDestroy();
    const record = await upstream.waitFor({ model, event: "client-gone", timeoutMs: 5000 });
    assert.ok(record.clientGone, model);
  }
});

test("an upstream that is cut is cut for the client too", async () => {
  const response = await chat("sim/cut");
  await assert.rejects(response.text());
});

test("an upstream that cannot be reached is a 502", async () => {
  const unreachable = await startWorker({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: "http://127.0.0.1:1/api/v1", ALLOWED_ORIGINS: ORIGIN, ...OPEN });
  try {
    const response = await chat("sim/text", { to: unreachable });
    assert.equal(response.status, 502);
    assert.equal((await response.json()).error.code, 502);
  } finally {
    await unreachable.close();
  }
});

test("a wrong set-up is told at the first request, by /healthz and in the log, and no value is shown", async () => {
  const broken = await startWorker({ OPENROUTER_BASE_URL: "http://hidden-value.example", ALLOWED_ORIGINS: "*" });
  try {
    const response = await chat("sim/text", { to: broken });
    const { error } = await response.json();
    assert.equal(response.status, 500);
    assert.equal(error.metadata.error_type, "proxy_configuration");
    const health = await call("/healthz", {}, broken);
    assert.equal(health.status, 500);
    const { status, problems } = await health.json();
    assert.equal(status, "misconfigured");
    for (const name of ["OPENROUTER_API_KEY", "OPENROUTER_BASE_URL", "ALLOWED_ORIGINS", "AUTH_MODE"]) {
      assert.ok(problems.some((problem) => problem.startsWith(name)), name);
      assert.ok(error.message.includes(name));
      assert.ok(broken.log().includes(name), broken.log());
    }
    assert.doesNotMatch(JSON.stringify(problems) + error.message + broken.log(), /hidden-value/);
  } finally {
    await broken.close();
  }
});

test("/healthz tells that all is well, and whether the answers are demo answers", async () => {
  assert.deepEqual(await (await fetch(`${worker.url}/healthz`)).json(), { status: "ok", demo: false });
});

test("the key is in nothing that leaves", async () => {
  upstream.define({ model: "test/echo", status: 400, headers: { "content-type": "application/json" }, body: JSON.stringify({ error: { code: 400, message: `you sent ${KEY}` } }) });
  const models = ["test/echo", "sim/text", "sim/401", "sim/402", "sim/429-platform", "sim/html-502", "sim/error-in-200", "no/such-model"];
  const seen = [];
  for (const model of models) {
    for (const stream of [true, false]) {
      const response = await chat(model, { stream });
      seen.push(JSON.stringify([...response.headers]), await response.text());
    }
  }
  for (const path of ["/healthz", "/api/v1/models?limit=1", "/api/v1/keys"]) {
    const response = await call(path);
    seen.push(JSON.stringify([...response.headers]), await response.text());
  }
  seen.push(worker.log());
  assert.ok(!seen.join("\n").includes(KEY));
  assert.ok(seen.join("\n").includes("[redacted]"), "the echo came through");
});
