// Figures for the admin, in real workerd with Durable Objects on disk, in front of the simulator.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { compact, listed, rs256, rsaKeys, seconds, startIdentityServices } from "./support/identity.mjs";
import { KEY, ORIGIN, by, recordOf, settings, usage } from "./support/ledger.mjs";
import { OPEN, startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

const ADMIN = "the-secret-of-the-admin-of-this-very-file";
const PAGE = "<!doctype html><title>The page of this file</title>";
const PROMPT = "a prompt that nobody else is to read";
/** Users as hostile tokens name them. */
const HOSTILE = ["<script>alert(1)</script>", "=HYPERLINK(\"https://evil.example\")", "a,\"b\" & 'c'", "ünï/çø?#dé"];

let upstream;
const folders = [];

before(async () => {
  upstream = await startUpstream({ apiKey: KEY });
});

after(async () => {
  await upstream?.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newStorage() {
  const folder = mkdtempSync(join(tmpdir(), "openrouter-stats-"));
  folders.push(folder);
  return folder;
}

const start = (variables, services) =>
  startWorker(
    {
      ...settings(upstream),
      ADMIN_SECRET: ADMIN,
      STATS_SECONDS: "0.02",
      ...variables,
    },
    { storage: newStorage(), page: PAGE, ...services },
  );

async function withWorker(variables, services, action) {
  const worker = await start(variables, services);
  try {
    await action(worker);
  } finally {
    await worker.close();
  }
}

const basic = (password, user = "admin") => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` });

async function ask(worker, user, model = "sim/text", { stream = false } = {}) {
  const response = await fetch(`${worker.url}/api/v1/chat/completions`, {
    method: "POST",
    headers: { ...by(user), "content-type": "application/json" },
    body: JSON.stringify({ model, stream, messages: [{ role: "user", content: PROMPT }] }),
  });
  const { status, headers } = response;
  return { status, id: headers.get("x-generation-id"), requestId: headers.get("x-request-id"), text: await response.text() };
}

const admin = (worker, path = "/admin", headers = basic(ADMIN)) => fetch(worker.url + path, { headers });

/** The figures as soon as they are so. */
async function figuresWhen(worker, holds) {
  for (const deadline = Date.now() + 20_000; ; await sleep(20)) {
    const response = await admin(worker, "/admin/figures");
    assert.equal(response.status, 200);
    const figures = await response.json();
    if (holds(figures)) return figures;
    assert.ok(Date.now() < deadline, `they did not become so: ${JSON.stringify(figures)}`);
  }
}

const isSettled = (requests) => ({ total }) => total.requests === requests;

const nano = (usd) => Math.round(usd * 1e9);

/** CSV as RFC 4180 has it. */
function parseCsv(text) {
  const rows = text.trimEnd().split("\r\n").map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)]);
  const [head, ...body] = rows.map((cells) => cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain));
  return body.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at]])));
}

test("after chats by several users the figures are those of their ledgers and of the upstream's records", async () => {
  await withWorker({ LOG: "all" }, { analytics: true }, async (worker) => {
    const asked = [["ann", "sim/text"], ["ann", "sim/echo"], ["ann", "sim/text"], ...HOSTILE.map((user) => [user, "sim/text"])];
    const records = [];
    for (const [user, model] of asked) {
      const { status, id } = await ask(worker, user, model, { stream: records.length % 2 === 0 });
      assert.equal(status, 200);
      records.push({ user, ...(await recordOf(upstream, id)) });
    }
    const figures = await figuresWhen(worker, isSettled(asked.length));

    const sum = (list, key) => list.reduce((total, record) => total + record[key], 0);
    const check = (counts, list) => {
      assert.equal(counts.requests, list.length);
      assert.equal(counts.prompt_tokens, sum(list, "native_tokens_prompt"));
      assert.equal(counts.completion_tokens, sum(list, "native_tokens_completion"));
      assert.equal(nano(counts.usd), list.reduce((total, { total_cost }) => total + nano(total_cost), 0));
      assert.equal(counts.estimated_requests + counts.estimated_tokens + counts.estimated_usd + counts.refused, 0);
    };
    assert.ok(figures.total.usd > 0);
    check(figures.total, records);
    assert.equal(figures.days.length, 1);
    check(figures.days[0], records);
    assert.equal(figures.days[0].day, new Date().toISOString().slice(0, 10));
    assert.deepEqual(figures.users.map(({ user }) => user).sort(), [...new Set(records.map(({ user }) => user))].sort());
    for (const row of figures.users) check(row, records.filter(({ user }) => user === row.user));
    assert.equal(figures.models.length, 2);
    for (const row of figures.models) check(row, records.filter(({ model }) => model === row.model));

    for (const { user, usd, prompt_tokens, completion_tokens } of figures.users) {
      const own = await usage(worker, by(user));
      assert.equal(nano(own.usd_today.used), nano(usd));
      assert.equal(own.tokens_today.used, prompt_tokens + completion_tokens);
    }

    const points = [...worker.log().matchAll(/data point (\{.*\})/g)].map(([, point]) => JSON.parse(point));
    assert.equal(points.length, asked.length, "one for each settled request");
    assert.equal(points.reduce((total, { doubles }) => total + doubles[3], 0), nano(figures.total.usd));
    assert.deepEqual([...new Set(points.map(({ blobs }) => blobs[1]))].sort(), ["sim/echo", "sim/text"]);
    assert.equal(new Set(points.map(({ indexes }) => indexes[0])).size, 1 + HOSTILE.length);
    for (const user of ["ann", ...HOSTILE]) assert.ok(points.every(({ blobs }) => !blobs.includes(user)), "by a pseudonym");

    const response = await admin(worker, "/admin/export.csv");
    assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8");
    const rows = parseCsv(await response.text());
    assert.equal(rows.length, 2 + HOSTILE.length, "by day, user and model");
    assert.equal(rows.reduce((total, { usd }) => total + nano(Number(usd)), 0), nano(figures.total.usd));
    assert.ok(rows.some(({ user }) => user === `'${HOSTILE[1]}`), "no formula");
    assert.ok(rows.some(({ user }) => user === HOSTILE[2]));
  });
});

test("a spreadsheet takes no name for a formula", async () => {
  await withWorker({}, {}, async (worker) => {
    const formulas = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\n=1", "＝1", "\u3000=1", "|x", "%x", "=cmd|' /C calc'!A0", '"=1'];
    const names = [...formulas, "a=b", "1+1", 'b,"c"\nd'];
    const isName = async (name) => (await ask(worker, name)).status === 200;
    const asked = [];
    for (const name of names) if (await isName(name)) asked.push(name);
    assert.ok(asked.length >= 10, `${asked.length} of these may be names of users`);
    await figuresWhen(worker, isSettled(asked.length));
    const text = await (await admin(worker, "/admin/export.csv")).text();
    for (const name of asked) {
      const cell = `${formulas.includes(name) ? "'" : ""}${name.replaceAll('"', '""')}`;
      assert.ok(text.includes(`,"${cell}","sim/text",1,`), name);
    }
  });
});

test("days are chosen by dates, and the others are not shown", async () => {
  await withWorker({}, {}, async (worker) => {
    await ask(worker, "ann");
    await figuresWhen(worker, isSettled(1));
    const today = new Date().toISOString().slice(0, 10);
    for (const [query, requests] of [[`from=${today}`, 1], [`from=${today}&to=${today}`, 1], ["to=2026-01-01", 0], ["from=9999-01-01", 0]]) {
      const { total, days, users } = await (await admin(worker, `/admin/figures?${query}`)).json();
      assert.deepEqual([total.requests, days.length, users.length], [requests, requests, requests], query);
      assert.equal(parseCsv(await (await admin(worker, `/admin/export.csv?${query}`)).text()).length, requests, query);
    }
  });
});

test("what the user's limits refuse is counted by reason", async () => {
  await withWorker({ PLANS: "free: 2 requests/hour" }, {}, async (worker) => {
    for (const status of [200, 200, 429, 429, 429]) assert.equal((await ask(worker, "ann")).status, status);
    const figures = await figuresWhen(worker, ({ total }) => total.requests === 2 && total.refused === 3);
    assert.deepEqual(figures.refusals.map(({ reason, refused }) => [reason, refused]), [["user_requests", 3]]);
    assert.equal(figures.users[0].refused, 3);
    const rows = parseCsv(await (await admin(worker, "/admin/export.csv")).text());
    assert.deepEqual(rows.filter(({ reason }) => reason).map(({ user, model, refused }) => [user, model, refused]), [["ann", "", "3"]]);
  });
});

test("what never told its cost is counted as it was reserved, and marked", async () => {
  await withWorker({ SETTLE_SECONDS: "0.01" }, { analytics: true }, async (worker) => {
    await ask(worker, "ann");
    const { total } = await figuresWhen(worker, isSettled(1));
    const own = await usage(worker, by("ann"));
    assert.deepEqual([total.estimated_requests, total.prompt_tokens, total.completion_tokens], [1, 0, 0]);
    assert.ok(total.usd > 0 && total.usd === total.estimated_usd);
    assert.equal(nano(total.usd), nano(own.usd_today.used));
    assert.equal(total.estimated_tokens, own.tokens_today.used);
    assert.match(worker.log(), /data point .*"estimated"/);
  });
});

test("a cost that the answer itself told is counted at once, with its tokens", async () => {
  await withWorker({ STREAM_MODE: "inspect", SETTLE_SECONDS: "3600" }, {}, async (worker) => {
    const { id } = await ask(worker, "ann", "sim/text", { stream: true });
    const { total, models } = await figuresWhen(worker, isSettled(1));
    const { total_cost, native_tokens_prompt, native_tokens_completion } = await recordOf(upstream, id);
    assert.deepEqual([nano(total.usd), total.prompt_tokens, total.completion_tokens], [nano(total_cost), native_tokens_prompt, native_tokens_completion]);
    assert.equal(models[0].model, "sim/text");
  });
});

test("what could not be told is told later, and workerd that ends in between counts nothing twice", async () => {
  const storage = newStorage();
  const first = await start({}, { storage, broken: ["STATS"] });
  try {
    await ask(first, "ann");
    for (const deadline = Date.now() + 20_000; (await usage(first, by("ann"))).open_requests > 0; await sleep(20)) {
      assert.ok(Date.now() < deadline);
    }
    for (const deadline = Date.now() + 20_000; !/the figures cannot be told/.test(first.log()); await sleep(20)) {
      assert.ok(Date.now() < deadline);
    }
    assert.equal((await admin(first, "/admin/figures")).status, 503);
    assert.equal((await ask(first, "ann")).status, 200, "chats go on");
  } finally {
    await first.close();
  }
  let spent;
  for (const requests of [2, 3, 4]) {
    const worker = await start({}, { storage });
    try {
      // The alarm was kept: nobody has to ask.
      if (requests > 2) await ask(worker, "ann");
      const { total } = await figuresWhen(worker, isSettled(requests));
      spent = nano((await usage(worker, by("ann"))).usd_today.used);
      assert.equal(nano(total.usd), spent);
    } finally {
      await worker.close();
    }
  }
  assert.ok(spent > 0);
});

test("a message that comes again is counted once", async () => {
  // Every answer to a ledger is lost: a service stands between them that hands on and then fails.
  await withWorker({}, { isLosing: true }, async (worker) => {
    await ask(worker, "ann");
    for (const deadline = Date.now() + 20_000; worker.log().split("the figures cannot be told").length < 4; await sleep(20)) {
      assert.ok(Date.now() < deadline, worker.log());
    }
    const { total } = await figuresWhen(worker, isSettled(1));
    assert.equal(nano(total.usd), nano((await usage(worker, by("ann"))).usd_today.used));
    assert.equal(total.requests, 1);
  });
});

test("only the admin sees the figures, and no other site's page", async () => {
  await withWorker({}, {}, async (worker) => {
    for (const path of ["/admin", "/admin/figures", "/admin/export.csv"]) {
      const wrong = [{}, basic(""), basic("wrong"), basic(`${ADMIN}x`), basic(ADMIN.slice(1)), { authorization: `Bearer ${ADMIN}` }, by("admin"), { cookie: `CF_Authorization=${by("admin").authorization.slice("Bearer ".length)}` }];
      for (const headers of wrong) {
        const response = await admin(worker, path, { ...headers, origin: ORIGIN });
        assert.equal(response.status, 401);
        assert.equal(response.headers.get("www-authenticate"), 'Basic realm="admin", charset="UTF-8"');
        assert.equal(response.headers.get("access-control-allow-origin"), null);
        assert.ok(!(await response.text()).includes(ADMIN));
      }
      const response = await admin(worker, path, { ...basic(ADMIN, "anyone"), origin: ORIGIN });
      assert.equal(response.status, 200);
      assert.equal(await response.text() === PAGE, path === "/admin");
      assert.match(response.headers.get("content-security-policy"), /^default-src 'none'; script-src 'self'; .*base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
      assert.match(response.headers.get("x-request-id"), /^[\w-]{36}$/);
      const expected = {
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "access-control-allow-origin": null,
        "set-cookie": null,
      };
      for (const [name, value] of Object.entries(expected)) assert.equal(response.headers.get(name), value, name);
      assert.equal((await fetch(worker.url + path, { method: "POST", headers: basic(ADMIN) })).status, 405);
    }
    for (const query of ["from=x", "to=2026-1-1", "from=2026-11-20&to=%2F..%2Fcount"]) {
      assert.equal((await admin(worker, `/admin/figures?${query}`)).status, 400, query);
    }
    assert.equal((await admin(worker, "/admin/other")).status, 404);
  });
  await withWorker({}, { rateLimit: 1 }, async (worker) => {
    assert.deepEqual([(await admin(worker)).status, (await admin(worker)).status], [200, 429], "guesses are limited, too");
  });
});

test("without a secret there is no such page, and mistakes are named", async () => {
  await withWorker({ ADMIN_SECRET: "" }, {}, async (worker) => {
    assert.equal((await admin(worker, "/admin", basic(""))).status, 404);
    assert.equal((await ask(worker, "ann")).status, 200);
  });
  await withWorker({ ADMIN_SECRET: "short", ADMIN_EMAILS: "ann@x.example", LOG: "some" }, {}, async (worker) => {
    assert.equal((await admin(worker, "/admin", basic("short"))).status, 500);
    const health = await (await fetch(`${worker.url}/healthz`)).text();
    for (const name of ["ADMIN_SECRET", "ACCESS_AUD", "ACCESS_TEAM_DOMAIN", "LOG must"]) assert.match(health, new RegExp(name));
    assert.ok(!health.includes("short"));
  });
  const worker = await startWorker({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl, ADMIN_SECRET: ADMIN, ...OPEN });
  try {
    assert.match(await (await fetch(`${worker.url}/healthz`)).text(), /STATS and LEDGER must be bound/);
  } finally {
    await worker.close();
  }
});

test("Cloudflare Access lets the listed addresses in", async () => {
  const services = await startIdentityServices();
  const keys = rsaKeys();
  services.keys = [listed(keys, "access", { alg: "RS256" })];
  const access = { ADMIN_SECRET: "", ACCESS_TEAM_DOMAIN: services.url, ADMIN_ACCESS_AUD: "the-tag", ADMIN_EMAILS: "ann@x.example" };
  const token = (claims, signature = rs256(keys)) =>
    compact({ alg: "RS256", kid: "access" }, { iss: services.url, aud: ["the-tag"], sub: "1", email: "Ann@x.example", iat: seconds(), exp: seconds(60), ...claims }, signature);
  const asked = (worker, assertion) => admin(worker, "/admin", { "cf-access-jwt-assertion": assertion });
  try {
    await withWorker(access, {}, async (worker) => {
      assert.equal((await asked(worker, token())).status, 200);
      assert.equal((await admin(worker, "/admin", { cookie: `CF_Authorization=${token()}` })).status, 200);
      assert.equal((await asked(worker, token({ email: "bob@x.example" }))).status, 403);
      for (const claims of [{ email: undefined }, { email: undefined, common_name: "ann@x.example" }, { aud: ["other"] }, { iss: "https://evil.example" }, { exp: seconds(-3600) }]) {
        assert.equal((await asked(worker, token(claims))).status, 401, JSON.stringify(claims));
      }
      assert.equal((await asked(worker, token({}, rs256(rsaKeys())))).status, 401);
      assert.equal((await admin(worker, "/admin", {})).status, 401);
      assert.equal((await admin(worker)).status, 401, "there is no secret");
    });
    await withWorker({ ...access, ADMIN_SECRET: ADMIN }, {}, async (worker) => {
      assert.deepEqual([(await asked(worker, token())).status, (await admin(worker)).status], [200, 200], "either will do");
    });
  } finally {
    await services.close();
  }
});
