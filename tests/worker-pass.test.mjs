// What passes the Worker and what becomes of it when the upstream is in trouble, in real workerd: every call of the
// client, closed paths, keys, second tries, streams in each mode, the catalogue with the Cache API and without.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { OpenRouter } from "../pkg/dist/index.js";
import { startCache } from "./support/cache.mjs";
import { closeAll } from "./support/loopback.mjs";
import { OPEN, startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

const KEYS = ["sk-or-v1-the-first-key", "sk-or-v1-the-second-key"];
const ORIGIN = "https://app.example";
const JSON_HEADERS = { "content-type": "application/json" };

let upstream;
const started = [];

before(async () => {
  upstream = await startUpstream();
});

after(() => closeAll(...started, upstream));

/** A Worker of its own: an isolate remembers lists and keys. */
async function start(variables = {}, services) {
  const own = { OPENROUTER_API_KEY: KEYS[0], OPENROUTER_BASE_URL: upstream.baseUrl, ALLOWED_ORIGINS: ORIGIN, ...OPEN };
  const worker = await startWorker({ ...own, ...variables }, services);
  started.push(worker);
  return worker;
}

async function cacheService() {
  const cache = await startCache();
  started.push(cache);
  return cache;
}

const call = (worker, path, { headers, ...options } = {}) =>
  fetch(`${worker.url}/api/v1${path}`, { redirect: "manual", ...options, headers: { origin: ORIGIN, ...headers } });

const post = (worker, path, body, headers) =>
  call(worker, path, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) });

const chat = (worker, model, fields) =>
  post(worker, "/chat/completions", { model, messages: [{ role: "user", content: "hi" }], ...fields });

/** What the upstream was asked at a path, or for a model, since the last reset. */
const asked = (subject) =>
  upstream.requests.filter(({ path, model }) => (subject.startsWith("/") ? path === `/api/v1${subject}` : model === subject));

const keyOf = (record) => KEYS.indexOf(record.headers.authorization.replace("Bearer ", ""));

describe("every call of the client", () => {
  let client;
  const called = new Set();

  before(async () => {
    const worker = await start();
    const real = new OpenRouter({ baseURL: `${worker.url}/api/v1`, headers: { origin: ORIGIN }, maxRetries: 3 });
    client = new Proxy(real, {
      get(target, name) {
        called.add(name);
        const value = target[name];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  });

  const hi = { model: "sim/text", messages: [{ role: "user", content: "hi" }] };
  const end = async (stream) => {
    const events = [];
    for await (const event of stream) events.push(event);
    return events;
  };

  test("asks for text in each of the three shapes, whole and streamed", async () => {
    assert.ok((await client.chat(hi)).choices[0].message.content);
    assert.ok((await end(client.stream(hi))).length > 0);
    assert.ok((await client.responses({ model: "sim/text", input: "hi" })).output);
    assert.ok((await end(client.streamResponses({ model: "sim/text", input: "hi" }))).length > 2);
    const message = { model: "sim/text", max_tokens: 50, messages: [{ role: "user", content: "hi" }] };
    assert.ok((await client.messages(message)).content);
    assert.ok((await end(client.streamMessages(message))).length > 2);
    const [{ text }] = (await client.request("POST", "/completions", { model: "sim/text", prompt: "hi" })).choices;
    assert.ok(text, "the older shape, which has no name in the client");
  });

  test("asks for JSON and runs tools", async () => {
    const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"], additionalProperties: false };
    const parsed = await client.parse({ ...hi, model: "openai/gpt-5.2" }, { schema, name: "answer" });
    assert.ok(parsed);
    const weather = { type: "function", function: { name: "get_weather", parameters: { type: "object" } }, run: async () => "sunny" };
    const run = client.runTools({ ...hi, model: "sim/text", tools: [weather] });
    await end(run);
  });

  test("makes vectors, ranks, draws, speaks and listens", async () => {
    const [model, input] = ["openai/text-embedding-3-small", "a text"];
    assert.ok((await client.embeddings({ model, input })).data[0].embedding.length > 0);
    assert.ok((await client.rerank({ model: "cohere/rerank-v3.5", query: "a", documents: ["a", "b"] })).results.length > 0);
    assert.ok((await client.images({ model: "sim/text", prompt: "a dot" })).data[0].b64_json);
    assert.ok((await end(client.streamImages({ model: "sim/text", prompt: "a dot" }))).length > 0);
    const speech = await client.speech({ model: "openai/gpt-4o-mini-tts", input: "hi there", voice: "alloy", response_format: "mp3" });
    assert.match(speech.headers.get("content-type"), /^audio\//);
    assert.ok((await speech.arrayBuffer()).byteLength > 0);
    const sound = { data: Buffer.alloc(100).toString("base64"), format: "wav" };
    assert.ok((await client.transcription({ model: "openai/whisper-1", input_audio: sound })).text);
  });

  test("reads the catalogue", async () => {
    const { data } = await client.models();
    assert.ok(data.length > 300);
    const [{ id }] = data.filter(({ id }) => id.includes(":free"));
    assert.equal((await client.model(id)).id, id);
    assert.ok((await client.endpoints(id)).endpoints.length > 0);
    assert.ok((await client.countModels()) > 300);
    assert.ok((await client.userModels({ limit: 2 })).data.length === 2);
    assert.ok((await client.providers()).length > 0);
    assert.ok((await client.findModels({ limit: 2 })).length === 2);
    assert.ok(await client.cheapestModel({ promptTokens: 10 }));
    assert.ok(await client.cost(data.find(({ pricing }) => Number(pricing.prompt) > 0).id, { prompt_tokens: 10, completion_tokens: 1 }));
    for (const path of ["/embeddings/models", "/images/models", "/endpoints/zdr"]) {
      assert.ok((await client.request("GET", path)).data.length > 0, path);
    }
    const image = (await client.request("GET", "/images/models")).data[0];
    assert.ok((await client.request("GET", `/images/models/${image.id}/endpoints`)).endpoints);
    upstream.define({ path: "/videos/models", body: JSON.stringify({ data: [{ id: "a/video" }] }) });
    assert.deepEqual((await client.request("GET", "/videos/models")).data, [{ id: "a/video" }]);
  });

  test("reads the key and a generation on a developer's own machine", async () => {
    assert.ok("usage" in (await client.key()));
    assert.ok(await client.request("GET", "/auth/key"), "as older guides call it");
    const { id } = await client.chat(hi);
    assert.equal((await client.generation(id)).id, id);
  });

  test("exchanges no code: what it is for is a key of the user's own, straight from OpenRouter", async () => {
    await assert.rejects(client.exchangeCode({ code: "c" }), { code: "not_found" });
  });

  test("is told of the proxy's own key in words that are not about the caller, and does not try again", async () => {
    for (const [model, status] of [["sim/401", 502], ["sim/402", 503]]) {
      const before = upstream.requests.length;
      await assert.rejects(client.chat({ ...hi, model }), { code: "configuration", status, retryable: false });
      assert.equal(upstream.requests.length, before + 1);
    }
  });

  test("is all that the client has", () => {
    const methods = Object.getOwnPropertyNames(OpenRouter.prototype).filter((name) => name !== "constructor");
    assert.deepEqual(methods.filter((name) => !called.has(name)), []);
    assert.ok(methods.length > 20);
  });
});

describe("closed paths", () => {
  let worker;

  before(async () => {
    worker = await start();
  });

  /** A request line as it is written, which `fetch` would put in order. */
  const raw = async (method, path) => {
    const request = httpRequest(worker.url, { method, path, agent: false, headers: { origin: ORIGIN, ...JSON_HEADERS } });
    request.end(method === "GET" ? undefined : "{}");
    const [response] = await once(request, "response");
    response.resume();
    await once(response, "end");
    return response.statusCode;
  };

  const spellings = (path) => {
    const escaped = (text) => [...text].map((character) => `%${character.charCodeAt(0).toString(16)}`).join("");
    return [
      `/api/v1${path}`,
      `/api/v1${path}/`,
      `/api/v1/${path}`,
      `//api/v1${path}`,
      `/api//v1${path}`,
      `/api/v1/.${path}`,
      `/api/v1/./${path}`,
      `/api/v1/models/..${path}`,
      `/api/v1/models/a/../..${path}`,
      `/api/v1/models/%2e%2e${path}`,
      `/api/v1/models/.%2E${path}`,
      `/api/v1/models/..%2f${path.slice(1)}`,
      `/api/v1/models/a/..%5c..%5c${path.slice(1)}/endpoints`,
      `/api/v1/models/a/..;${path}`,
      `/api/v1/embeddings/..${path}`,
      `/api/v1/embeddings%3f/..${path}`,
      `/api/v1\\${path.slice(1)}`,
      `/api/v1${path.replaceAll("/", "%2F")}`,
      `/api/v1/${escaped(path.slice(1))}`,
      `/api/v1/%25${escaped(path.slice(1)).slice(1)}`,
      `/api/v1${path.toUpperCase()}`,
      `/API/V1${path}`,
      `/api/v1${path}?x=/models`,
      `/api/v1${path}%00`,
      `/api/v1${path}%20`,
      `/api/v1${path}.json`,
      `/x/../api/v1${path}`,
      `/v1${path}`,
      path,
    ];
  };

  const list = readFileSync(new URL("support/closed-paths.txt", import.meta.url), "utf8").split("\n").filter((line) => line.startsWith("/"));

  test("are never asked for, however they are written", async () => {
    const before = upstream.requests.length;
    let count = 0;
    for (const template of list) {
      const path = template.replace(/\{\w+\}/g, "abc");
      await Promise.all(
        spellings(path).flatMap((spelling) =>
          ["GET", "POST", "DELETE"].map(async (method) => {
            count += 1;
            const status = await raw(method, spelling);
            assert.ok(status === 404 || status === 405, `${method} ${spelling}: ${status}`);
          }),
        ),
      );
    }
    assert.ok(count > 4000, String(count));
    assert.equal(upstream.requests.length, before);
  });

  test("are all that the API's document has and the table has not", { skip: !existsSync(new URL("../../shared/openrouter/openrouter.openapi.yaml", import.meta.url)) }, () => {
    const document = readFileSync(new URL("../../shared/openrouter/openrouter.openapi.yaml", import.meta.url), "utf8");
    const paths = [...document.slice(document.indexOf("\npaths:")).matchAll(/^ {2}'?(\/[^':]*)'?:$/gm)].map(([, path]) => path);
    const table = readFileSync(new URL("../src/api.rs", import.meta.url), "utf8");
    const open = paths.filter((path) => !list.includes(path));
    assert.equal(paths.length, 73);
    for (const path of open) {
      const written = path.replace("{author}/{slug}", "{model}").replace("{jobId}", "{id}");
      assert.ok(table.includes(`"${written}"`), path);
    }
    assert.equal(open.length, 24);
  });
});

describe("keys", () => {
  const two = { OPENROUTER_API_KEYS: KEYS.join(" ") };
  const refused = { status: 401, headers: JSON_HEADERS, body: '{"error":{"code":401,"message":"User not found."}}' };
  const unpaid = { status: 402, headers: JSON_HEADERS, body: '{"error":{"code":402,"message":"Insufficient credits"},"user_id":"user_1"}' };

  test("a key that is refused, or cannot pay, is changed for another one, and rests if it was refused", async () => {
    for (const [model, answer, following] of [["test/refused", refused, [1]], ["test/unpaid", unpaid, [0]]]) {
      const worker = await start(two);
      upstream.define({ model, sequence: [answer, { builtin: "sim/text" }] });
      assert.equal((await chat(worker, model)).status, 200);
      const [first, second] = asked(model).map(keyOf);
      assert.notEqual(first, second);
      await (await chat(worker, model)).text();
      const order = [first, second];
      assert.deepEqual(asked(model).slice(2).map(keyOf), following.map((index) => order[index]), model);
      assert.match(worker.log(), /key \d of 2 was answered with HTTP 40[12]/);
      assert.ok(!KEYS.some((key) => worker.log().includes(key)));
    }
  });

  test("a key that could not pay three times in a row is asked last, and still answers where there is no other", async () => {
    const worker = await start(two);
    const model = "test/poor";
    upstream.define({ model, ...unpaid });
    for (let index = 0; index < 3; index++) {
      const response = await chat(worker, model);
      assert.equal(response.status, 503);
      const text = await response.text();
      assert.equal(JSON.parse(text).error.metadata.error_type, "proxy_configuration");
      assert.doesNotMatch(text, /user_1/);
    }
    assert.equal(asked(model).length, 6, "both keys, each time");
    assert.equal((await chat(worker, "sim/text")).status, 200);
  });

  test("a proxy whose keys are refused for sure does not ask with each request", async () => {
    const worker = await start();
    const model = "test/unknown-key";
    upstream.define({ model, ...refused });
    for (let index = 0; index < 5; index++) {
      const response = await chat(worker, model);
      assert.equal(response.status, 502);
      assert.equal((await response.json()).error.metadata.error_type, "proxy_configuration");
    }
    assert.equal(asked(model).length, 3);
  });

  test("a regional host is asked as it is written", async () => {
    const worker = await start({ OPENROUTER_BASE_URL: `${upstream.baseUrl}/` });
    assert.equal((await chat(worker, "sim/text")).status, 200);
  });
});

describe("an upstream in trouble", () => {
  let worker;

  before(async () => {
    worker = await start({ HEADER_TIMEOUT_MS: "300" });
  });

  const failing = (status, retryAfter) => ({
    status,
    headers: { ...JSON_HEADERS, ...(retryAfter && { "retry-after": retryAfter }) },
    body: JSON.stringify({ error: { code: status, message: "down" }, user_id: "user_1" }),
  });

  test("is asked a second time, and only then, where it says when or is down for a moment", async () => {
    const good = { builtin: "sim/text" };
    for (const [name, sequence, status, times] of [
      ["503", [failing(503), good], 200, 2],
      ["502", [failing(502), good], 200, 2],
      ["429-now", [failing(429, "0"), good], 200, 2],
      ["503-later", [failing(503, "7"), good], 503, 1],
      ["429", [failing(429), good], 429, 1],
      ["500", [failing(500), good], 500, 1],
      ["504", [failing(504), good], 504, 1],
      ["twice", [failing(503), failing(503), good], 503, 2],
      ["429-after-503", [failing(503), failing(429, "1"), good], 429, 2],
    ]) {
      const model = `test/again-${name}`;
      upstream.define({ model, sequence });
      const response = await chat(worker, model);
      assert.equal(response.status, status, name);
      assert.equal(asked(model).length, times, name);
      assert.deepEqual(asked(model).at(-1).body, asked(model)[0].body);
      if (status !== 200) {
        const text = await response.text();
        assert.equal(JSON.parse(text).error.message, "down");
        assert.doesNotMatch(text, /user_1/);
        const retryAfter = sequence[times - 1].headers["retry-after"] ?? null;
        assert.equal(response.headers.get("retry-after"), retryAfter, name);
      }
    }
  });

  test("is not asked again after the client has gone", async () => {
    const gone = "test/again-gone";
    for (const model of [gone, "test/again-there"]) {
      upstream.define({ model, sequence: [failing(503, "1"), { builtin: "sim/text" }] });
    }
    const request = openRequest(worker, gone);
    await upstream.waitFor({ model: gone, event: "headers-sent" });
    request.socket.resetAndDestroy();
    // One that began to wait later has been asked again: the other would have been by then.
    assert.equal((await chat(worker, "test/again-there")).status, 200);
    assert.equal(asked(gone).length, 1);
  });

  test("that sends no headers in time is given up", async () => {
    for (const model of ["sim/hang", "sim/slow-headers-60000"]) {
      const response = await chat(worker, model);
      assert.equal(response.status, 504);
      assert.equal((await response.json()).error.metadata.error_type, "timeout");
      await upstream.waitFor({ model, event: "client-gone" });
    }
    assert.match(worker.log(), /HEADER_TIMEOUT_MS/);
  });

  test("may take as long as it likes after its headers", async () => {
    const response = await chat(worker, "sim/slow-first-token-900", { stream: true });
    assert.match(await response.text(), /\[DONE\]/);
  });

  test("that is cut before its headers is a 502, in OpenRouter's shape", async () => {
    const server = createTcpServer((socket) => socket.once("data", () => socket.destroy()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const cut = await start({ OPENROUTER_BASE_URL: `http://127.0.0.1:${server.address().port}/api/v1` });
    for (const send of [() => chat(cut, "sim/text"), () => call(cut, "/models")]) {
      const response = await send();
      assert.equal(response.status, 502);
      assert.equal((await response.json()).error.metadata.error_type, "provider_unavailable");
    }
    server.close();
  });

  test("that is cut in its body is cut for the client, in every mode", async () => {
    for (const mode of ["untouched", "watch", "inspect"]) {
      const moded = await start({ STREAM_MODE: mode });
      for (const stream of [true, false]) {
        const response = await chat(moded, "sim/cut", { stream });
        await assert.rejects(response.text(), `${mode} ${stream}`);
      }
    }
  });

  test("that answers with something else is a 502, and not waited for", async () => {
    upstream.define({ model: "test/image", headers: { "content-type": "image/png" }, body: "x", end: "hold" });
    for (const model of ["sim/html-200", "test/image"]) {
      const response = await chat(worker, model);
      assert.equal(response.status, 502, model);
      assert.equal(response.headers.get("content-type"), "application/json");
      assert.doesNotMatch(await response.text(), /<html/i);
    }
    await upstream.waitFor({ model: "test/image", event: "client-gone" });
  });

  test("whose error is huge or has no end becomes an error in OpenRouter's shape", async () => {
    const huge = JSON.stringify({ error: { code: 400, message: "x".repeat(2_000_000) } });
    upstream.define({ model: "test/huge", status: 400, headers: JSON_HEADERS, body: huge });
    upstream.define({ model: "test/endless", status: 400, headers: JSON_HEADERS, body: '{"error":', end: "hold" });
    for (const model of ["test/huge", "test/endless"]) {
      const response = await chat(worker, model);
      assert.equal(response.status, 400);
      const { error } = await response.json();
      assert.equal(error.code, 400);
      assert.ok(error.message.length < 200);
    }
    await upstream.waitFor({ model: "test/endless", event: "client-gone" });
  });

  test("has its errors in Anthropic's envelope at /messages, and so has the proxy", async () => {
    const message = { max_tokens: 5, messages: [{ role: "user", content: "hi" }] };
    const upstreams = await (await post(worker, "/messages", { model: "sim/429", ...message })).json();
    assert.equal(upstreams.type, "error");
    assert.ok(upstreams.error.type && upstreams.error.message);
    assert.equal(upstreams.user_id, undefined);
    const own = await post(worker, "/messages", { model: "sim/text", messages: [] });
    assert.equal(own.status, 400);
    const body = await own.json();
    assert.equal(body.type, "error");
    assert.equal(body.error.type, "invalid_request_error");
    assert.match(body.error.message, /^messages: /);
    assert.equal(body.request_id, own.headers.get("x-request-id"));
  });
});

/** A chat on a socket of its own. */
function openRequest(worker, model) {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "hi" }] });
  const headers = { origin: ORIGIN, ...JSON_HEADERS, "content-length": Buffer.byteLength(body) };
  const request = httpRequest(`${worker.url}/api/v1/chat/completions`, { method: "POST", agent: false, headers });
  request.on("error", () => {}); // the reset that the test makes
  request.end(body);
  return request;
}

for (const mode of ["untouched", "watch", "inspect"]) {
  describe(`in mode ${mode}`, () => {
    let worker;

    before(async () => {
      worker = await start({ STREAM_MODE: mode });
    });

    test("a stream and a document arrive byte by byte", async () => {
      const models = ["sim/comments", "sim/crlf", "sim/bom", "sim/bytes", "sim/bad-utf8", "sim/bad-json", "sim/tools-parallel", "sim/large-event"];
      for (const model of models) {
        for (const stream of [true, false]) {
          const body = JSON.stringify({ model, stream, messages: [{ role: "user", content: "hi" }] });
          const headers = { ...JSON_HEADERS, authorization: `Bearer ${KEYS[0]}` };
          const direct = await fetch(`${upstream.baseUrl}/chat/completions`, { method: "POST", headers, body });
          const through = await chat(worker, model, { stream });
          // Ids and times count up from request to request.
          const bytes = async (response) =>
            Buffer.from(await response.arrayBuffer()).toString("latin1").replace(/gen-[\w-]+/g, "gen").replace(/"created":\d+/g, "created");
          assert.ok((await bytes(through)) === (await bytes(direct)), `${model} ${stream}`);
        }
      }
    });

    test("each event reaches the client before the next one is sent", async () => {
      const model = `test/stepped-${mode}`;
      upstream.define({ model, events: [": OPENROUTER PROCESSING", { choices: [] }, "[DONE]"], stepped: true });
      const reader = (await chat(worker, model, { stream: true })).body.pipeThrough(new TextDecoderStream()).getReader();
      for (const expected of [": OPENROUTER PROCESSING\n\n", 'data: {"choices":[]}\n\n', "data: [DONE]\n\n"]) {
        upstream.step(model);
        let text = "";
        while (text.length < expected.length) text += (await reader.read()).value;
        assert.equal(text, expected);
      }
      assert.equal((await reader.read()).done, true);
    });

    test("what names the account inside of a 200 passes only where nobody looks", async () => {
      const error = { error: { code: 502, message: "failed" }, choices: [], user_id: "user_1" };
      upstream.define({ model: `test/in-band-${mode}`, events: [error, "[DONE]"] });
      upstream.define({ model: `test/in-json-${mode}`, headers: JSON_HEADERS, body: `\n \n${JSON.stringify(error)}` });
      for (const kind of ["in-band", "in-json"]) {
        const text = await (await chat(worker, `test/${kind}-${mode}`, { stream: true })).text();
        assert.equal(text.includes("user_1"), mode !== "inspect", kind);
        assert.match(text, /"message":"failed"/);
      }
    });

    if (mode === "inspect") {
      test("a line without end is ended where lines are looked at", async () => {
        const model = `sim/large-event-${64 * 1024 * 1024}`;
        const response = await chat(worker, model, { stream: true });
        await assert.rejects(response.text());
        await upstream.waitFor({ model, event: "client-gone" });
      });
    }

    test("sound passes as it is", async () => {
      const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 256));
      upstream.define({ path: "/audio/speech", headers: { "content-type": "audio/mpeg", "content-length": "3000" }, bodyBase64: bytes.toString("base64") });
      const response = await post(worker, "/audio/speech", { model: "a/b", input: "hi" });
      assert.equal(response.headers.get("content-type"), "audio/mpeg");
      if (mode === "untouched") assert.equal(response.headers.get("content-length"), "3000");
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes));
    });

    for (const [when, model, hasBegun] of [
      ["before the answer", "sim/hang", false],
      ["on a busy stream", "sim/endless", true],
      ["on a silent one", "sim/idle", true],
      ["on one that is kept alive", "sim/keepalive", true],
    ]) {
      test(`a client that is reset ${when} ends the upstream request within 50 ms`, async () => {
        const times = [];
        for (let index = 0; index < 5; index++) {
          upstream.reset();
          const request = openRequest(worker, model);
          if (hasBegun) {
            const [response] = await once(request, "response");
            response.on("error", () => {});
            await once(response, "data");
          } else {
            await upstream.waitFor({ model, event: "received" });
          }
          const at = performance.now();
          request.socket.resetAndDestroy();
          await upstream.waitFor({ model, event: "client-gone" });
          times.push(performance.now() - at);
        }
        // The machine may be busy with something else once.
        assert.ok(times.sort((a, b) => a - b)[2] < 50, times.join(" "));
      });
    }
  });
}

describe("what passes both ways", () => {
  let worker;

  before(async () => {
    worker = await start();
  });

  test("every answer has a request id of its own, which a page may read", async () => {
    const ids = new Set();
    const answers = await Promise.all([
      chat(worker, "sim/text"),
      chat(worker, "sim/429"),
      chat(worker, "sim/html-502"),
      chat(worker, "sim/401"),
      call(worker, "/models"),
      call(worker, "/models"),
      call(worker, "/keys"),
      call(worker, "/chat/completions", { method: "OPTIONS", headers: { "access-control-request-method": "POST" } }),
      fetch(`${worker.url}/healthz`),
      fetch(`${worker.url}/api/v1/models`, { headers: { origin: "https://evil.example", "x-request-id": "mine", "cf-ray": "mine" } }),
    ]);
    for (const response of answers) {
      ids.add(response.headers.get("x-request-id"));
      assert.match(response.headers.get("x-request-id"), /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
      assert.equal(response.headers.get("set-cookie"), null);
    }
    assert.equal(ids.size, answers.length);
    assert.match(answers[0].headers.get("access-control-expose-headers"), /X-Request-Id/);
  });

  test("a form goes up as it came, its boundary kept", async () => {
    const form = new FormData();
    const sound = new Uint8Array(70_000).map((_, index) => index % 251);
    form.append("file", new Blob([sound], { type: "audio/wav" }), "sound é.wav");
    form.append("model", "openai/whisper-1");
    const response = await call(worker, "/audio/transcriptions", { method: "POST", body: form });
    assert.equal(response.status, 200);
    assert.ok((await response.json()).text);
    const record = asked("/audio/transcriptions").at(-1);
    assert.match(record.headers["content-type"], /^multipart\/form-data; boundary=/);
    assert.equal(record.body.file.bytes, 70_000);
    assert.equal(record.body.model, "openai/whisper-1");
  });

  test("a form is bounded, and taken nowhere else", async () => {
    const small = await start({ MAX_BODY_BYTES: "1000" });
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(5000)]), "a.wav");
    const written = new Response(form);
    const body = Buffer.from(await written.clone().arrayBuffer());
    const headers = { origin: ORIGIN, "content-type": written.headers.get("content-type"), "content-length": body.length };
    const before = upstream.requests.length;
    for (const [path, status] of [["/audio/transcriptions", 413], ["/images", 415]]) {
      const request = httpRequest(`${small.url}/api/v1${path}`, { method: "POST", agent: false, headers });
      request.on("error", () => {}); // what is left is not taken any more
      request.end(body);
      const [response] = await once(request, "response");
      assert.equal(response.statusCode, status, path);
      request.destroy();
    }
    assert.equal(upstream.requests.length, before);
  });

  test("a video is made, waited for and fetched at the proxy", async () => {
    const elsewhere = "https://openrouter.ai/api/v1/videos/job-1";
    const job = { id: "job-1", generation_id: "gen-1", polling_url: elsewhere, status: "pending" };
    const done = { ...job, status: "completed", unsigned_urls: [`${elsewhere}/content?index=0`], user_id: "user_1" };
    upstream.define({ path: "/videos", method: "POST", status: 202, headers: JSON_HEADERS, body: JSON.stringify(job) });
    upstream.define({ path: "/videos/job-1", headers: JSON_HEADERS, body: JSON.stringify(done) });
    upstream.define({
      path: "/videos/job-1/content",
      status: 206,
      headers: { "content-type": "video/mp4", "content-range": "bytes 2-3/4", "accept-ranges": "bytes", "content-disposition": "x" },
      body: "eo",
    });
    const submitted = await post(worker, "/videos", { model: "google/veo-3.1", prompt: "a dot" });
    assert.equal(submitted.status, 202);
    const { polling_url } = await submitted.json();
    assert.equal(polling_url, `${worker.url}/api/v1/videos/job-1`);
    const polled = await (await fetch(polling_url, { headers: { origin: ORIGIN } })).json();
    assert.equal(polled.user_id, undefined);
    const [url] = polled.unsigned_urls;
    assert.equal(url, `${worker.url}/api/v1/videos/job-1/content?index=0`);
    const video = await fetch(`${url}&key=x`, { headers: { origin: ORIGIN, range: "bytes=2-3" } });
    assert.equal(video.status, 206);
    assert.equal(video.headers.get("content-type"), "video/mp4");
    assert.equal(video.headers.get("content-range"), "bytes 2-3/4");
    assert.equal(await video.text(), "eo");
    const record = asked("/videos/job-1/content").at(-1);
    assert.equal(record.headers.range, "bytes=2-3");
    assert.deepEqual(record.query, { index: "0" });
    upstream.define({ path: "/videos/job-2", headers: JSON_HEADERS, body: "[]" });
    assert.equal((await call(worker, "/videos/job-2")).status, 502);
  });

  test("a body is checked by the table of its own endpoint", async () => {
    const before = upstream.requests.length;
    for (const [path, body, field] of [
      ["/embeddings", { model: "a/b" }, /^input: /],
      ["/rerank", { model: "a/b", query: "q" }, /^documents: /],
      ["/images", { model: "a/b" }, /^prompt: /],
      ["/audio/speech", { model: "a/b" }, /^input: /],
      ["/responses", { input: 5 }, /^input: /],
      ["/responses", { input: "hi", debug: { echo_upstream_body: true } }, /^debug: /],
    ]) {
      const response = await post(worker, path, body);
      assert.equal(response.status, 400, path);
      assert.match((await response.json()).error.message, field);
    }
    assert.equal(upstream.requests.length, before);
  });
});

describe("the catalogue", () => {
  const list = (...ids) => JSON.stringify({ data: ids.map((id) => ({ id, name: id })), total_count: ids.length, links: { next: null } });
  const said = (cacheControl) => ({ ...JSON_HEADERS, "cache-control": cacheControl, etag: '"upstream"' });
  const ids = async (response) => (await response.json()).data.map(({ id }) => id);
  const scripted = (...sequence) => {
    upstream.reset();
    upstream.define({ path: "/models", sequence });
  };

  before(() => upstream.reset());

  for (const [name, mode] of [["off", undefined], ["failing", "fail"], ["hanging", "hang"], ["on", "on"]]) {
    test(`is asked for once by an isolate, with the Cache API ${name}`, async () => {
      const cache = mode && (await cacheService());
      if (cache) cache.mode = mode;
      const worker = await start({}, cache && { cache: cache.address });
      upstream.reset();
      const first = await call(worker, "/models");
      assert.equal(first.status, 200);
      const text = await first.text();
      assert.ok(JSON.parse(text).data.length > 300);
      const second = await call(worker, "/models");
      assert.ok((await second.text()) === text);
      assert.equal(second.headers.get("content-type"), "application/json");
      assert.match(second.headers.get("cache-control"), /max-age=300/);
      assert.match(second.headers.get("age"), /^\d+$/);
      assert.equal(asked("/models").length, 1);
    });
  }

  test("is shared between isolates by the Cache API, without what is not for everybody", async () => {
    const cache = await cacheService();
    const one = await start({}, { cache: cache.address });
    upstream.reset();
    const text = await (await call(one, "/models?sort=newest&limit=2")).text();
    await cache.waitFor((url) => url.includes("/models"));
    const other = await start({}, { cache: cache.address });
    assert.equal(await (await call(other, "/models?limit=2&sort=newest")).text(), text);
    assert.equal(asked("/models").length, 1);
    const [[url, kept]] = cache.entries;
    const head = kept.subarray(0, kept.indexOf("\r\n\r\n")).toString();
    assert.doesNotMatch(url + head, /set-cookie|authorization|sk-or|app\.example|access-control/i);
    const elsewhere = await start({ ALLOWED_MODELS: "openai/*" }, { cache: cache.address });
    await (await call(elsewhere, "/models?limit=2&sort=newest")).text();
    assert.equal(asked("/models").length, 2, "what another rule shows is another list");
  });

  test("is the same list however it is asked for", async () => {
    const worker = await start();
    upstream.reset();
    for (const query of ["?sort=newest&limit=3", "?limit=3&sort=newest&utm=1", "?limit=3&sort=newest&limit=9&q="]) {
      assert.equal((await ids(await call(worker, `/models${query}`))).length, 3);
    }
    assert.deepEqual(asked("/models").map(({ query }) => query), [{ limit: "3", sort: "newest" }]);
    assert.equal((await call(worker, `/models?q=${"x".repeat(2000)}`)).status, 400);
    assert.equal((await call(worker, "/models?limit=0")).status, 400, "what the upstream says of it");
    assert.equal(asked("/models").length, 2);
  });

  test("is given out stale while it is asked for again", async () => {
    const cache = await cacheService();
    const worker = await start({}, { cache: cache.address });
    const headers = said("max-age=0, stale-while-revalidate=60");
    scripted({ headers, body: list("a/old") }, { headers, body: list("a/new"), stepped: true }, { headers, body: list("a/newer") });
    assert.deepEqual(await ids(await call(worker, "/models")), ["a/old"]);
    await cache.waitFor(() => true);
    cache.entries.clear();
    for (let index = 0; index < 3; index++) assert.deepEqual(await ids(await call(worker, "/models")), ["a/old"]);
    await upstream.waitFor({ path: "/api/v1/models", count: 2 });
    assert.equal(asked("/models").length, 2, "one request asks, the others do not wait for it");
    upstream.step({ path: "/models" });
    await cache.waitFor(() => true);
    assert.deepEqual(await ids(await call(worker, "/models")), ["a/new"]);
  });

  test("is given out old where the upstream fails, and only as long as it says", async () => {
    const failures = [
      { status: 500, headers: JSON_HEADERS, body: '{"error":{"code":500,"message":"down"}}' },
      { status: 429, headers: JSON_HEADERS, body: '{"error":{"code":429,"message":"slow down"}}' },
      { status: 401, headers: JSON_HEADERS, body: '{"error":{"code":401,"message":"no"}}' },
      { headers: { "content-type": "text/html" }, body: "<html>" },
      { headers: said("max-age=300"), body: '{"data":[{"id":', end: "destroy" },
      { headers: said("max-age=300"), body: '{"data":[{"id":' },
    ];
    for (const failure of failures) {
      const worker = await start({ RETRY_WAIT_MS: "0" });
      scripted({ headers: said("max-age=0, stale-if-error=60"), body: list("a/old") }, failure, { headers: said("max-age=300"), body: list("a/new") });
      assert.deepEqual(await ids(await call(worker, "/models")), ["a/old"]);
      assert.deepEqual(await ids(await call(worker, "/models")), ["a/old"], JSON.stringify(failure));
      assert.deepEqual(await ids(await call(worker, "/models")), ["a/new"], "it is asked for each time");
      assert.equal(asked("/models").length, 3);
    }
    for (const failure of failures) {
      const worker = await start({ RETRY_WAIT_MS: "0" });
      scripted({ headers: said("max-age=0"), body: list("a/old") }, failure);
      assert.deepEqual(await ids(await call(worker, "/models")), ["a/old"]);
      const response = await call(worker, "/models");
      assert.ok(response.status >= 429, JSON.stringify(failure));
      assert.ok((await response.json()).error.message);
    }
  });

  test("that must not be kept is not", async () => {
    const cache = await cacheService();
    const worker = await start({}, { cache: cache.address });
    scripted({ headers: said("private, no-store"), body: list("a/1") }, { headers: said("max-age=60"), body: list("a/2") });
    assert.deepEqual(await ids(await call(worker, "/models")), ["a/1"]);
    assert.deepEqual(await ids(await call(worker, "/models")), ["a/2"]);
    await cache.waitFor(() => true);
    assert.equal(cache.entries.size, 1);
  });

  test("is not sent to who has it", async () => {
    const worker = await start();
    upstream.reset();
    const etag = (await call(worker, "/models")).headers.get("etag");
    assert.match(etag, /^"[0-9a-f]+"$/);
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const response = await call(worker, "/models", { headers: { "if-none-match": header } });
      assert.equal(response.status, 304, header);
      assert.equal(response.headers.get("etag"), etag);
      assert.equal(response.headers.get("access-control-allow-origin"), ORIGIN);
      assert.equal(await response.text(), "");
    }
    assert.equal((await call(worker, "/models", { headers: { "if-none-match": '"x"' } })).status, 200);
    assert.equal(asked("/models").length, 1);
  });

  test("shows what may be asked", async () => {
    const all = await ids(await call(await start(), "/models"));
    const free = all.find((id) => id.endsWith(":free"));
    const author = all.find((id) => id.startsWith("openai/")).split("/")[0];
    const allowed = (id) => id === free || id.startsWith(`${author}/`);
    const worker = await start({ ALLOWED_MODELS: `${free} ${author}/*` });
    upstream.reset();
    const shown = await (await call(worker, "/models")).json();
    assert.deepEqual(shown.data.map(({ id }) => id), all.filter(allowed));
    assert.equal(shown.total_count, shown.data.length);
    assert.equal((await (await call(worker, "/models/count")).json()).data.count, shown.data.length);
    assert.equal((await call(worker, `/model/${free}`)).status, 200);
    assert.equal((await call(worker, `/models/${free}/endpoints`)).status, 200);
    const hidden = all.find((id) => !allowed(id) && !id.startsWith("~"));
    assert.equal((await call(worker, `/model/${hidden}`)).status, 404);
    assert.equal((await call(worker, `/models/${hidden}/endpoints`)).status, 404);
    for (const path of ["/embeddings/models", "/images/models", "/endpoints/zdr", "/models/user", "/models?use_rss=true", "/models?output_modalities=all"]) {
      const { data } = await (await call(worker, path)).json();
      assert.ok(data.length > 0, path);
      assert.ok(data.every(({ id, model_id }) => allowed(id ?? model_id)), path);
    }
    assert.equal((await call(worker, "/providers")).status, 200);
  });
});
