// Limits and budgets in real workerd, with Durable Objects on disk, in front of the simulator.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { KEY, ORIGIN, USER, by, isClose, isSettled, recordOf, settings, usage, usageWhen } from "./support/ledger.mjs";
import { OPEN, startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

/** Longer than any test. */
const LATE = "3600";

let upstream;
/** What one request of this file reserves, in USD and tokens. */
let one;
const folders = [];

before(async () => {
  upstream = await startUpstream({ apiKey: KEY });
  await withWorker({ SETTLE_SECONDS: LATE }, {}, async (worker) => {
    const waiting = ask(worker, "sim/hang");
    await upstream.waitFor({ model: "sim/hang", event: "received" });
    const { usd_today, tokens_today } = await usage(worker);
    one = { usd: usd_today.reserved, tokens: tokens_today.reserved };
    waiting.leave();
  });
  assert.ok(one.usd > 0 && one.tokens > 0);
});

after(async () => {
  await upstream?.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newStorage() {
  const folder = mkdtempSync(join(tmpdir(), "openrouter-ledger-"));
  folders.push(folder);
  return folder;
}

const start = (variables, bindings) =>
  startWorker(
    {
      ...settings(upstream),
      ...variables,
    },
    { storage: newStorage(), ...bindings },
  );

async function withWorker(variables, bindings, action) {
  const worker = await start(variables, bindings);
  try {
    await action(worker);
  } finally {
    await worker.close();
  }
}

/** Of one length, for what is reserved depends on it. */
const body = (model, stream) => JSON.stringify({ model, stream, messages: [{ role: "user", content: "hi" }] }).padEnd(200);

/** What a request of this user says of him. */
const from = (user) => ({ ...by(user), "cf-connecting-ip": user });

/** A request of a user; on a connection of its own, so that many can wait at once. */
function ask(worker, model, { user = USER, stream = true } = {}) {
  const sent = body(model, stream);
  const request = httpRequest(`${worker.url}/api/v1/chat/completions`, {
    method: "POST",
    agent: false,
    headers: { ...from(user), "content-type": "application/json", "content-length": Buffer.byteLength(sent) },
  });
  const response = new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", reject);
  });
  response.catch(() => {}); // who leaves early does not wait for it
  request.end(sent);
  return {
    response,
    leave() {
      // A socket that ends already is not to be reset: its handle would stay open.
      if (request.res?.complete || request.socket.destroyed) request.destroy();
      else request.socket.resetAndDestroy();
    },
    /** Status, headers and text, once all has come; the text until then if it was cut. */
    async whole() {
      const chunks = [];
      const incoming = await response;
      await new Promise((resolve) => {
        incoming.on("data", (chunk) => chunks.push(chunk));
        incoming.once("close", resolve);
        incoming.once("error", () => {});
      });
      const { statusCode: status, headers } = incoming;
      const text = Buffer.concat(chunks).toString();
      return { status, headers, text, error: status >= 400 ? JSON.parse(text).error : undefined };
    },
    /** Its head and first bytes have come. */
    async begun() {
      const incoming = await response;
      incoming.on("error", () => {});
      await new Promise((resolve) => incoming.once("data", resolve));
      return incoming;
    },
  };
}

const get = (worker, path, { user = USER, headers } = {}) =>
  fetch(worker.url + path, { headers: { ...from(user), ...headers } });

const times = (count) => (count * one.usd).toFixed(9);
const requestsOf = (model) => upstream.requests.filter((request) => request.model === model).length;

test("without any setting nothing is limited, and the user's own numbers are told all the same", async () => {
  await withWorker({}, {}, async (worker) => {
    const { status, headers } = await ask(worker, "sim/text", { stream: false }).whole();
    assert.equal(status, 200);
    assert.equal(headers["ratelimit-limit"], undefined);
    const numbers = await usageWhen(worker, isSettled);
    const { total_cost, native_tokens_prompt, native_tokens_completion } = await recordOf(upstream, headers["x-generation-id"]);
    assert.ok(total_cost > 0 && isClose(numbers.usd_today.used, total_cost), `${numbers.usd_today.used} ${total_cost}`);
    assert.equal(numbers.tokens_today.used, native_tokens_prompt + native_tokens_completion);
    assert.equal(numbers.usd_today.limit, null);
    assert.equal(numbers.plan, null);
  });
});

test("without bindings and without limits there is no ledger; with limits that is a mistake in the set-up", async () => {
  const variables = { OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl, ALLOWED_ORIGINS: ORIGIN, ...OPEN };
  for (const [limits, status] of [[{}, 200], [{ PLANS: "free: 1 stream" }, 500], [{ SITE_USD_PER_DAY: "1" }, 500]]) {
    const worker = await startWorker({ ...variables, ...limits });
    try {
      assert.equal((await ask(worker, "sim/text").whole()).status, status);
      assert.equal((await get(worker, "/healthz")).status, status);
      if (status === 200) assert.equal((await get(worker, "/usage")).status, 404);
      else assert.match(await (await get(worker, "/healthz")).text(), /LEDGER is not bound/);
    } finally {
      await worker.close();
    }
  }
});

test("200 requests at once on a user's budget for 20 let exactly 20 through", async () => {
  const model = "test/at-once";
  upstream.define({ model, events: [{ choices: [] }], end: "hold" });
  await withWorker({ PLANS: `free: ${times(20)} USD/day`, SETTLE_SECONDS: LATE }, {}, async (worker) => {
    const calls = Array.from({ length: 200 }, () => ask(worker, model));
    const responses = await Promise.all(calls.map(({ response }) => response));
    const refused = responses.filter(({ statusCode }) => statusCode === 429);
    assert.equal(responses.filter(({ statusCode }) => statusCode === 200).length, 20);
    assert.equal(refused.length, 180);
    assert.equal(requestsOf(model), 20);
    const other = await ask(worker, "sim/text", { user: "192.0.2.2" }).whole();
    assert.equal(other.status, 200, "another user has another budget");
    for (const call of calls) call.leave();
  });
});

test("200 users at once on the site's budget for 20 let exactly 20 through, and so do 200 requests of one", async () => {
  for (const [name, userOf] of [["many", (index) => `192.0.2.${index}`], ["one", () => "192.0.2.1"]]) {
    const model = `test/at-once-${name}`;
    upstream.define({ model, events: [{ choices: [] }], end: "hold" });
    await withWorker({ SITE_USD_PER_DAY: times(20), SITE_USD_PER_MONTH: times(30), SETTLE_SECONDS: LATE }, {}, async (worker) => {
      const calls = Array.from({ length: 200 }, (_, index) => ask(worker, model, { user: userOf(index) }));
      const responses = await Promise.all(calls.map(({ response }) => response));
      assert.equal(responses.filter(({ statusCode }) => statusCode === 200).length, 20, name);
      assert.equal(responses.filter(({ statusCode }) => statusCode === 402).length, 180, name);
      assert.equal(requestsOf(model), 20);
      for (const call of calls) call.leave();
    });
  }
});

test("what the site's cap refuses says so, and leaves no trace in the user's budget", async () => {
  await withWorker({ SITE_USD_PER_DAY: times(0.5), PLANS: "free: 5 requests/minute" }, {}, async (worker) => {
    const { status, error, headers } = await ask(worker, "sim/text").whole();
    assert.equal(status, 402);
    assert.deepEqual(error.metadata, { error_type: "payment_required", limit_source: "site_usd" });
    assert.match(error.message, /site.*begins anew on \d{4}-\d\d-\d\d/);
    assert.ok(Number(headers["retry-after"]) > 0);
    const numbers = await usage(worker);
    assert.equal(numbers.open_requests, 0);
    assert.equal(numbers.requests.remaining, 5);
  });
});

test("a lease that lies idle goes back, and others may have it", async () => {
  const variables = { SITE_USD_PER_DAY: times(2), SITE_LEASE_USD: times(2), SITE_LEASE_SECONDS: "0.05" };
  await withWorker(variables, {}, async (worker) => {
    const first = await ask(worker, "sim/text", { user: "192.0.2.1" }).whole();
    assert.equal(first.status, 200);
    // The first user has taken all there is, and needs little of it.
    for (const deadline = Date.now() + 20_000; ; await sleep(20)) {
      const { status } = await ask(worker, "sim/text", { user: "192.0.2.2" }).whole();
      if (status === 200) break;
      assert.equal(status, 402);
      assert.ok(Date.now() < deadline, "the lease did not come back");
    }
  });
});

test("each limit has its status, its headers, and a message that says which one it was", async () => {
  const model = "sim/idle";
  const late = { SETTLE_SECONDS: LATE };
  const cases = [
    ["2 requests/minute", 2, late, 429, "rate_limit_exceeded", "user_requests", /2 at a time are allowed/, ["2", "0"]],
    ["2 streams", 2, late, 429, "rate_limit_exceeded", "user_streams", /2 are allowed, and 2 are not over yet/, ["2", "0"]],
    [`${one.tokens} tokens/day`, 1, late, 429, "rate_limit_exceeded", "user_reservations", /reserved for requests/, [`${one.tokens}`, "0"]],
    [`${one.tokens - 1} tokens/day`, 0, late, 429, "rate_limit_exceeded", "user_tokens_daily", /all that is allowed today/, [`${one.tokens - 1}`, `${one.tokens - 1}`]],
    [`${times(1)} USD/day`, 1, late, 429, "rate_limit_exceeded", "user_reservations", /reserved for requests/, []],
    [`${times(0.9)} USD/day`, 0, late, 402, "payment_required", "user_usd_daily", /all that is allowed today/, []],
    [`${times(0.9)} USD/month`, 0, late, 402, "payment_required", "user_usd_monthly", /all that is allowed this month/, []],
  ];
  for (const [plan, passing, settings, status, error_type, limit_source, message, left] of cases) {
    await withWorker({ PLANS: `free: ${plan}`, ...settings }, {}, async (worker) => {
      const calls = [];
      for (let count = 0; count < passing; count++) {
        calls.push(ask(worker, model));
        const { headers } = await calls.at(-1).begun();
        assert.equal(headers["ratelimit-remaining"], plan.includes("requests") ? String(passing - count - 1) : undefined);
      }
      const refused = await ask(worker, model).whole();
      assert.equal(refused.status, status, plan);
      assert.deepEqual(refused.error.metadata, { error_type, limit_source });
      assert.equal(refused.error.code, status);
      assert.match(refused.error.message, message);
      assert.deepEqual([refused.headers["ratelimit-limit"], refused.headers["ratelimit-remaining"]].filter(Boolean), left, plan);
      assert.equal(Number(refused.headers["retry-after"]) > 0, passing > 0, plan);
      assert.match(refused.headers["access-control-expose-headers"], /RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset/);
      for (const call of calls) call.leave();
    });
  }
});

test("a budget that is used up is 402 until it begins anew", async () => {
  // Nobody tells what it has cost: the reservation is charged as it is.
  await withWorker({ PLANS: `free: ${times(1.5)} USD/day`, SETTLE_SECONDS: "0.01" }, {}, async (worker) => {
    assert.equal((await ask(worker, "sim/text").whole()).status, 200);
    const numbers = await usageWhen(worker, isSettled);
    assert.ok(isClose(numbers.usd_today.used, one.usd));
    const { status, error, headers } = await ask(worker, "sim/text").whole();
    assert.equal(status, 402);
    assert.equal(error.metadata.limit_source, "user_usd_daily");
    const untilMidnight = 86_400 - (Date.now() % 86_400_000) / 1000;
    assert.ok(Math.abs(Number(headers["retry-after"]) - untilMidnight) < 10);
    assert.match(error.message, /begins anew on \d{4}-\d\d-\d\d at 00:00 UTC/);
  });
});

test("an answer that was aborted, cut, or failed in the middle is settled by its record", async () => {
  await withWorker({}, {}, async (worker) => {
    let spent = 0;
    for (const model of ["sim/endless", "sim/idle", "sim/cut", "sim/midstream-error", "sim/text"]) {
      const call = ask(worker, model);
      const { headers } = await call.begun();
      if (["sim/endless", "sim/idle"].includes(model)) {
        call.leave();
        await upstream.waitFor({ model, event: "client-gone" });
      }
      const numbers = await usageWhen(worker, isSettled);
      spent += (await recordOf(upstream, headers["x-generation-id"])).total_cost;
      assert.ok(isClose(numbers.usd_today.used, spent), `${model}: ${numbers.usd_today.used} ${spent}`);
      assert.equal(numbers.usd_today.reserved, 0);
    }
  });
});

test("what the upstream refused before it was billed costs nothing", async () => {
  await withWorker({ PLANS: `free: ${times(1)} USD/day, 1 stream` }, {}, async (worker) => {
    for (const model of ["sim/402", "sim/429", "sim/500", "sim/html-502", "sim/400-context"]) {
      assert.ok((await ask(worker, model).whole()).status >= 400);
      const numbers = await usageWhen(worker, isSettled);
      assert.equal(numbers.usd_today.used, 0, model);
    }
  });
  await withWorker({ OPENROUTER_BASE_URL: "http://127.0.0.1:1/api/v1" }, {}, async (worker) => {
    // Without prices nothing is sent.
    assert.equal((await ask(worker, "sim/text").whole()).status, 503);
    assert.equal((await usageWhen(worker, isSettled)).usd_today.used, 0);
  });
});

test("a request that vanished expires: charged as it was reserved, or not, as the setting says", async () => {
  for (const [VANISHED_IS_FREE, cost] of [["false", one.usd], ["true", 0]]) {
    await withWorker({ RESERVATION_SECONDS: "0.2", PLANS: "free: 1 stream", VANISHED_IS_FREE }, {}, async (worker) => {
      const call = ask(worker, "sim/hang");
      await usageWhen(worker, ({ streams }) => streams.open === 1);
      call.leave();
      const numbers = await usageWhen(worker, isSettled);
      assert.ok(isClose(numbers.usd_today.used, cost));
      assert.equal((await ask(worker, "sim/text").whole()).status, 200, "its slot is free");
    });
  }
});

test("workerd that ends in the middle of a request forgets nothing, and settles when it is there again", async () => {
  const storage = newStorage();
  const variables = { PLANS: `free: 3 requests/hour, ${times(2)} USD/day`, SITE_USD_PER_DAY: times(2), SETTLE_SECONDS: "0.5 0.6 0.7 0.8 1 2" };
  const first = await start(variables, { storage });
  const call = ask(first, "sim/idle");
  const { headers } = await call.begun();
  const bound = await usageWhen(first, ({ open_requests }) => open_requests === 1);
  assert.ok(isClose(bound.usd_today.reserved, one.usd));
  const asked = () => upstream.requests.filter(({ path }) => path === "/api/v1/generation").length;
  const before = asked();
  await first.close(); // and the connection with it

  const second = await start(variables, { storage });
  try {
    // Nobody calls: the alarm was kept too.
    await upstream.waitFor({ path: "/api/v1/generation", count: before + 3, timeoutMs: 20_000 });
    const numbers = await usageWhen(second, isSettled);
    const { total_cost, cancelled } = await recordOf(upstream, headers["x-generation-id"]);
    assert.equal(cancelled, true);
    assert.ok(isClose(numbers.usd_today.used, total_cost) && total_cost > 0);
    assert.equal(numbers.requests.remaining, 2);
    assert.equal((await ask(second, "sim/text").whole()).status, 200);
  } finally {
    await second.close();
  }

  const third = await start(variables, { storage });
  try {
    // The site has not forgotten either: what is left is less than two requests.
    const calls = Array.from({ length: 2 }, () => ask(third, "sim/hang", { user: "192.0.2.9" }));
    const { status, error } = await Promise.race(calls.map((call) => call.whole()));
    assert.deepEqual([status, error.metadata.limit_source], [402, "site_usd"]);
    for (const call of calls) call.leave();
  } finally {
    await third.close();
  }
});

test("a ledger that fails lets nothing through that costs", async () => {
  for (const [broken, variables] of [[["LEDGER"], {}], [["LEDGER"], { FREE_WITHOUT_LEDGER: "true" }], [["SITE"], { SITE_USD_PER_DAY: "1" }]]) {
    await withWorker(variables, { broken }, async (worker) => {
      const requests = requestsOf("sim/text");
      const { status, error } = await ask(worker, "sim/text").whole();
      assert.equal(status, 503, broken[0]);
      assert.equal(error.metadata.error_type, "temporarily_unavailable");
      assert.equal(requestsOf("sim/text"), requests);
      if (broken[0] === "SITE") assert.equal((await usage(worker)).open_requests, 0);
      else assert.equal((await get(worker, "/usage")).status, 503);
    });
  }
});

test("an address that asks too often is refused before anything else", async () => {
  await withWorker({ PLANS: "free: 1 stream" }, { rateLimit: 2 }, async (worker) => {
    const requests = upstream.requests.length;
    for (const status of [200, 200, 429]) {
      assert.equal((await get(worker, "/usage")).status, status);
    }
    const { status, error, headers } = await ask(worker, "sim/text").whole();
    assert.equal(status, 429);
    assert.deepEqual(error.metadata, { error_type: "rate_limit_exceeded", limit_source: "address_requests" });
    assert.equal(headers["retry-after"], "60");
    assert.equal((await get(worker, "/api/v1/models?limit=1")).status, 429);
    assert.equal(upstream.requests.length, requests);
    assert.equal((await get(worker, "/usage", { user: "192.0.2.2" })).status, 200, "another address");
  });
  await withWorker({}, { rateLimit: "broken" }, async (worker) => {
    assert.equal((await ask(worker, "sim/text").whole()).status, 503);
  });
});

test("GET /key tells the user's own budget in OpenRouter's shape, and nothing of the account", async () => {
  const requests = upstream.requests.length;
  await withWorker({ PLANS: "free: 20 requests/minute, 0.5 USD/day, 1 USD/month" }, {}, async (worker) => {
    const response = await get(worker, "/api/v1/key");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("cache-control"), "no-store");
    const { data } = await response.json();
    assert.equal(data.label, "free");
    assert.deepEqual([data.limit, data.limit_remaining, data.limit_reset], [0.5, 0.5, "daily"]);
    assert.deepEqual([data.usage, data.usage_daily, data.usage_weekly, data.usage_monthly], [0, 0, 0, 0]);
    assert.equal(data.creator_user_id, null);
    const direct = await fetch(`${upstream.baseUrl}/key`, { headers: { authorization: `Bearer ${KEY}` } });
    assert.deepEqual(Object.keys(data).sort(), Object.keys((await direct.json()).data).sort(), "the same fields");
    assert.equal(upstream.requests.length, requests + 1, "only ours");
  });
});

test("/usage and /key are for allowed origins", async () => {
  await withWorker({}, {}, async (worker) => {
    for (const path of ["/usage", "/api/v1/key"]) {
      assert.equal((await get(worker, path, { headers: { origin: "https://evil.example" } })).status, 403);
      const response = await get(worker, path);
      assert.equal(response.headers.get("access-control-allow-origin"), ORIGIN);
      const preflight = await fetch(worker.url + path, { method: "OPTIONS", headers: { origin: ORIGIN, "access-control-request-method": "GET" } });
      assert.equal(preflight.status, 204);
      assert.equal((await fetch(worker.url + path, { method: "POST", headers: { origin: ORIGIN } })).status, 405);
    }
  });
});

test("the client package tells each limit by its code, and does not try again where that is in vain", async () => {
  const { OpenRouter } = await import("../pkg/dist/index.js");
  let attempts;
  const ask = (worker) => {
    attempts = 0;
    const client = new OpenRouter({
      baseURL: `${worker.url}/api/v1`,
      headers: by(),
      hooks: { onRequest: () => attempts++ },
    });
    return client.chat({ model: "sim/text", messages: [{ role: "user", content: "hi" }] });
  };
  await withWorker({ PLANS: `free: ${times(0.9)} USD/day` }, {}, async (worker) => {
    const error = await ask(worker).then(assert.fail, (error) => error);
    assert.equal(error.code, "payment_required");
    assert.equal(attempts, 1);
    assert.match(error.upstreamMessage, /all that is allowed today/);
  });
  await withWorker({ PLANS: "free: 1 request/day" }, {}, async (worker) => {
    await ask(worker);
    const error = await ask(worker).then(assert.fail, (error) => error);
    assert.equal(error.code, "rate_limited");
    assert.equal(attempts, 1, "a day is too long to wait for");
    assert.ok(error.retryAfter > 3_600, String(error.retryAfter));
  });
  await withWorker({ PLANS: "free: 1 request/2 seconds" }, {}, async (worker) => {
    await ask(worker);
    await ask(worker);
    assert.equal(attempts, 2, "it has waited as long as it was told");
  });
});

test("the key is in nothing that leaves", async () => {
  await withWorker({ PLANS: "free: 1 request/minute" }, {}, async (worker) => {
    const seen = [];
    for (const path of ["/usage", "/api/v1/key", "/healthz"]) seen.push(await (await get(worker, path)).text());
    for (let count = 0; count < 2; count++) {
      const { headers, text } = await ask(worker, "sim/text").whole();
      seen.push(JSON.stringify(headers), text);
    }
    await usageWhen(worker, isSettled);
    seen.push(worker.log());
    assert.ok(!seen.join("\n").includes(KEY));
    assert.doesNotMatch(seen.join("\n"), /user_sim_owner/);
  });
});
