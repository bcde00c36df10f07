// Whatever goes wrong: what the user sees, and what his ledger says afterwards. In real workerd, with Durable Objects on
// disk, in front of the simulator. docs/faults.md is the table of it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startCache } from "./support/cache.mjs";
import { KEY, USER, by, isClose, isSettled, recordOf, settings, usage, usageWhen } from "./support/ledger.mjs";
import { closeAll, listen } from "./support/loopback.mjs";
import { startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

let upstream;
const started = [];
const folders = [];

before(async () => (upstream = await startUpstream({ apiKey: KEY })));

after(async () => {
  try {
    await closeAll(...started, upstream);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
});

async function start(variables = {}, services = {}) {
  const storage = mkdtempSync(join(tmpdir(), "openrouter-faults-"));
  folders.push(storage);
  const worker = await startWorker(
    {
      ...settings(upstream),
      PLANS: "free: 1 USD/day, 1 stream",
      ...variables,
    },
    { storage, ...services },
  );
  started.push(worker);
  return worker;
}

const body = (model, stream) => JSON.stringify({ model, stream, messages: [{ role: "user", content: "hi" }] });

/** What the user sees: the status, the text as far as it came, and whether that was cut. */
function ask(worker, model, { user = USER, stream = true, headers, onBegin } = {}) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${worker.url}/api/v1/chat/completions`, {
      method: "POST",
      agent: false,
      headers: { ...by(user), "content-type": "application/json", ...headers },
    });
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      if (onBegin) response.once("data", onBegin);
      response.on("error", () => {}); // it was cut: that is told below
      response.once("close", () => {
        const text = Buffer.concat(chunks).toString();
        const error = response.statusCode >= 400 && response.headers["content-type"] === "application/json" ? JSON.parse(text).error : undefined;
        resolve({ status: response.statusCode, headers: response.headers, text, error, isCut: !response.complete });
      });
    });
    request.end(body(model, stream));
  });
}

/** Nothing is left of a request: no cost, nothing reserved, its slot free. */
async function assertFree(worker, user) {
  const numbers = await usageWhen(worker, isSettled, by(user));
  assert.deepEqual([numbers.usd_today.used, numbers.usd_today.reserved, numbers.streams.open], [0, 0, 0]);
}

/** It has cost what the upstream's own record says. */
async function assertSettled(worker, headers, user) {
  const numbers = await usageWhen(worker, isSettled, by(user));
  const expected = (await recordOf(upstream, headers["x-generation-id"])).total_cost;
  assert.ok(expected > 0 && isClose(numbers.usd_today.used, expected), `${numbers.usd_today.used} ${expected}`);
  assert.deepEqual([numbers.usd_today.reserved, numbers.streams.open], [0, 0]);
}

/** It has cost what was reserved for it: nobody could say better. */
async function assertCharged(worker, user) {
  const before = await usageWhen(worker, ({ usd_today, open_requests }) => usd_today.reserved > 0 || open_requests === 0, by(user));
  const numbers = await usageWhen(worker, isSettled, by(user));
  assert.ok(numbers.usd_today.used > 0);
  if (before.usd_today.reserved > 0) assert.equal(numbers.usd_today.used, before.usd_today.reserved);
  assert.deepEqual([numbers.usd_today.reserved, numbers.streams.open], [0, 0]);
}

describe("the upstream", () => {
  test("is slow: the answer comes late, and is settled", async () => {
    const worker = await start();
    for (const model of ["sim/slow-headers-300", "sim/slow-first-token-300"]) {
      const user = model.replace(/\W/g, "-");
      const { status, text, headers } = await ask(worker, model, { user });
      assert.equal(status, 200);
      assert.match(text, /\[DONE\]/);
      await assertSettled(worker, headers, user);
    }
  });

  test("sends no headers in time: 504, and what was reserved is charged, for it may have been billed", async () => {
    const worker = await start({ HEADER_TIMEOUT_MS: "100", RESERVATION_SECONDS: "0.3" });
    const { status, error } = await ask(worker, "sim/hang");
    assert.deepEqual([status, error.metadata.error_type], [504, "timeout"]);
    await assertCharged(worker);
    assert.equal((await ask(worker, "sim/text")).status, 200, "the slot is free");
  });

  test("is cut in the middle or ends early: the same for the user, settled by its record", async () => {
    const worker = await start();
    for (const [model, isCut] of [["sim/cut", true], ["sim/cut-in-event", true], ["sim/cut-clean", false], ["sim/midstream-error", false]]) {
      const user = model.replace(/\W/g, "-");
      const seen = await ask(worker, model, { user });
      assert.deepEqual([seen.status, seen.isCut], [200, isCut], model);
      await assertSettled(worker, seen.headers, user);
    }
  });

  test("is reset before its headers: 502, and what was reserved is charged", async () => {
    let connections = 0;
    const prices = JSON.stringify({ data: [] });
    const server = await listen(
      createServer((socket) => {
        socket.on("error", () => {});
        socket.on("data", (data) => {
          if (/^POST/.test(data)) return (connections += 1), socket.resetAndDestroy();
          socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${prices.length}\r\nconnection: close\r\n\r\n${prices}`);
        });
      }),
    );
    const worker = await start({ OPENROUTER_BASE_URL: `${server.url}/api/v1`, RESERVATION_SECONDS: "0.3" });
    const { status, error } = await ask(worker, "sim/text");
    assert.deepEqual([status, error.metadata.error_type], [502, "provider_unavailable"]);
    assert.equal(connections, 1, "not sent again");
    await assertCharged(worker);
    await server.close();
  });

  test("fails with a status, in HTML or with nothing: the user sees it, and pays nothing", async () => {
    const worker = await start();
    for (const [model, seen] of [["sim/500", 500], ["sim/502", 502], ["sim/503", 503], ["sim/504", 504], ["sim/524", 524], ["sim/529", 529], ["sim/429", 429], ["sim/html-502", 502], ["sim/empty-500", 500], ["sim/401", 502], ["sim/402", 503]]) {
      const { status, error, text } = await ask(worker, model);
      assert.equal(status, seen, model);
      assert.ok(error.message, model);
      assert.doesNotMatch(text, /<html|user_id/i);
      await assertFree(worker);
    }
  });

  test("has an error that is huge or never ends: an error in OpenRouter's shape, and nothing is paid", async () => {
    const worker = await start();
    const headers = { "content-type": "application/json" };
    upstream.define({ model: "test/huge", status: 400, headers, body: JSON.stringify({ error: { code: 400, message: "x".repeat(2_000_000) } }) });
    upstream.define({ model: "test/no-end", status: 400, headers, body: '{"error":', end: "hold" });
    for (const model of ["test/huge", "test/no-end"]) {
      const { status, error } = await ask(worker, model);
      assert.equal(status, 400);
      assert.ok(error.message.length < 200);
      await assertFree(worker);
    }
  });

  test("answers 200 in a wrong content type: 502, and what was reserved is charged", async () => {
    const worker = await start({ RESERVATION_SECONDS: "0.3", SETTLE_SECONDS: "0.02" });
    const { status, error, text } = await ask(worker, "sim/html-200");
    assert.deepEqual([status, error.metadata.error_type], [502, "provider_unavailable"]);
    assert.doesNotMatch(text, /<html/i);
    await assertCharged(worker);
  });

  test("never ends: it goes on as long as the user reads, and is settled when he leaves", async () => {
    const worker = await start();
    const request = httpRequest(`${worker.url}/api/v1/chat/completions`, { method: "POST", agent: false, headers: { ...by(USER), "content-type": "application/json" } });
    request.on("error", () => {});
    request.end(body("sim/endless", true));
    const headers = await new Promise((resolve) => {
      request.once("response", (response) => {
        let bytes = 0;
        response.on("error", () => {});
        response.on("data", (chunk) => (bytes += chunk.length) > 200_000 && resolve(response.headers));
      });
    });
    request.socket.resetAndDestroy();
    await upstream.waitFor({ model: "sim/endless", event: "client-gone" });
    await assertSettled(worker, headers);
  });
});

describe("the Worker's own services", () => {
  test("a user's object fails: 503, nothing is sent, and nothing is reserved", async () => {
    const before = upstream.requests.filter(({ method }) => method === "POST").length;
    const worker = await start({}, { broken: ["LEDGER"] });
    const { status, error } = await ask(worker, "sim/text");
    assert.deepEqual([status, error.metadata.error_type], [503, "temporarily_unavailable"]);
    assert.equal(upstream.requests.filter(({ method }) => method === "POST").length, before);
  });

  test("the site's object fails: 503, nothing is sent, and the user's reservation is taken back", async () => {
    const worker = await start({ SITE_USD_PER_DAY: "1" }, { broken: ["SITE"] });
    const { status, error } = await ask(worker, "sim/text");
    assert.deepEqual([status, error.metadata.error_type], [503, "temporarily_unavailable"]);
    await assertFree(worker);
  });

  for (const mode of ["fail", "hang"]) {
    test(`the Cache API ${mode}s: nobody notices, and the answer is settled`, async () => {
      const cache = await startCache();
      started.push(cache);
      cache.mode = mode;
      const worker = await start({}, { cache: cache.address });
      const { status, headers } = await ask(worker, "sim/text");
      assert.equal(status, 200);
      await assertSettled(worker, headers);
    });
  }

  test("the rate limit fails: 503, and nothing is sent", async () => {
    const worker = await start({}, { rateLimit: "broken" });
    const { status, error } = await ask(worker, "sim/text");
    assert.deepEqual([status, error.metadata.error_type], [503, "temporarily_unavailable"]);
  });
});

describe("a panic in one request", () => {
  const model = "test/while-it-panics";
  const panicking = { headers: { "cf-connecting-ip": "trap" } };

  for (const mode of ["untouched", "watch"]) {
    test(`is a 500 for it alone where streams are handed on (${mode}), the next one passes, and no ledger forgets`, async () => {
      const worker = await start({ PLANS: "free: 1 USD/day, 2 streams", STREAM_MODE: mode }, { rateLimit: "trap" });
      const first = await ask(worker, "sim/text");
      assert.equal(first.status, 200);
      await assertSettled(worker, first.headers);
      const { usd_today: spent } = await usage(worker);

      upstream.reset();
      upstream.define({ model, events: [{ choices: [] }, { choices: [] }, "[DONE]"], stepped: true });
      upstream.step(model);
      let streaming;
      await new Promise((onBegin) => (streaming = ask(worker, model, { user: "another", onBegin })));

      const panicked = await ask(worker, "sim/text", panicking);
      assert.equal(panicked.status, 500);
      assert.match(worker.log(), /would never generate a response/, "nothing of it was left to answer");

      const next = await ask(worker, "sim/text");
      assert.equal(next.status, 200, "a new instance answers");
      for (let step = 0; step < 2; step++) upstream.step(model);
      const { status, text, isCut } = await streaming;
      assert.deepEqual([status, isCut], [200, false]);
      assert.match(text, /\[DONE\]/);

      const numbers = await usageWhen(worker, isSettled);
      const expected = spent.used + (await recordOf(upstream, next.headers["x-generation-id"])).total_cost;
      assert.ok(isClose(numbers.usd_today.used, expected), "what was spent before is known, and the panic cost nothing");
    });
  }
});
