// What the Worker writes into its log of each request, in real workerd, in front of the simulator.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { KEY, ORIGIN, by, settings } from "./support/ledger.mjs";
import { startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

const PROMPT = "a prompt that nobody else is to read";

let upstream;
const folders = [];

before(async () => {
  upstream = await startUpstream({ apiKey: KEY });
});

after(async () => {
  await upstream?.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What is asked of a Worker with these settings, and the lines that it wrote of it. */
async function withWorker(variables, action) {
  const storage = mkdtempSync(join(tmpdir(), "openrouter-log-"));
  folders.push(storage);
  const worker = await startWorker({ ...settings(upstream), ...variables }, { storage });
  try {
    return await action(worker);
  } finally {
    await worker.close();
  }
}


async function ask(worker, user, model = "sim/text") {
  const response = await fetch(`${worker.url}/api/v1/chat/completions`, {
    method: "POST",
    headers: { ...by(user), "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: PROMPT }] }),
  });
  return { status: response.status, requestId: response.headers.get("x-request-id"), body: await response.json() };
}

/** The lines of the log that tell of requests, once there are so many: they come by another way than the answers. */
async function linesOf(worker, count) {
  for (const deadline = Date.now() + 10_000; ; await sleep(10)) {
    const lines = [...worker.log().matchAll(/\{"level":.*\}/g)].map(([line]) => JSON.parse(line));
    if (lines.length >= count) return lines;
    assert.ok(Date.now() < deadline, `${lines.length} lines in place of ${count}`);
  }
}

test("a request is one line in the log, without content, tokens and keys", async () => {
  await withWorker({ LOG: "all", PLANS: "free: 1 request/hour", LOG_SAMPLE: "1" }, async (worker) => {
    const good = await ask(worker, "ann");
    const refused = await ask(worker, "ann");
    const forged = await fetch(`${worker.url}/api/v1/models?q=${encodeURIComponent(PROMPT)}`, { headers: { origin: ORIGIN, authorization: "Bearer forged-token" } });
    const lines = await linesOf(worker, 3);
    assert.deepEqual(lines.map((line) => line["http.response.status_code"]), [200, 429, 401]);
    const [first, second, third] = lines;
    assert.equal(first.level, "info");
    assert.equal(first.request_id, good.requestId);
    assert.equal(first["http.request.method"], "POST");
    assert.equal(first["url.path"], "/api/v1/chat/completions");
    assert.equal(first["gen_ai.provider.name"], "openrouter");
    assert.equal(first["gen_ai.request.model"], "sim/text");
    assert.equal(first["openrouter.key_index"], 0);
    assert.ok(first["openrouter.reserved_usd"] > 0 && first.duration_ms >= 0);
    assert.match(first["user.hash"], /^[\w-]{22}$/);
    assert.equal(first["error.type"], undefined);
    assert.equal(second.request_id, refused.requestId);
    assert.equal(second["error.type"], "user_requests");
    assert.equal(second["user.hash"], first["user.hash"]);
    assert.equal(third.request_id, forged.headers.get("x-request-id"));
    assert.deepEqual([third["error.type"], third["url.path"], third["user.hash"]], ["authentication", "/api/v1/models", undefined]);
    const answer = good.body.choices[0].message.content;
    for (const secret of [by("ann").authorization.slice("Bearer ".length).split(".")[2], "forged-token", PROMPT, encodeURIComponent(PROMPT), answer, '"ann"', "127.0.0.1"]) {
      assert.ok(!worker.log().includes(secret), secret);
    }
  });
});

test("errors alone are logged by default, nothing with LOG=off, names with LOG_USERS, a share with LOG_SAMPLE", async () => {
  const lines = (variables, count) =>
    withWorker(variables, async (worker) => {
      await ask(worker, "ann");
      await ask(worker, "ann", "sim/500");
      await ask(worker, "ann", "sim/400-context");
      return linesOf(worker, count);
    });
  const statuses = async (variables, count) => (await lines(variables, count)).map((line) => line["http.response.status_code"]);
  assert.deepEqual(await statuses({}, 2), [500, 400]);
  assert.deepEqual(await statuses({ LOG: "off" }, 0), []);
  assert.deepEqual(await statuses({ LOG: "all", LOG_SAMPLE: "0" }, 1), [500], "what failed is always told");
  const named = await lines({ LOG: "all", LOG_USERS: "true" }, 3);
  assert.deepEqual([named[0]["user.id"], named[0]["user.hash"]], ["ann", undefined]);
});
