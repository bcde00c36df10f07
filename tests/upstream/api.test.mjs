import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { KEY, ask, askRaw, get } from "./client.mjs";
import { DEFAULT_FIXTURES } from "./recordings.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

test("inference needs a key", async () => {
  for (const authorization of ["", "Bearer ", "Basic abc"]) {
    for (const path of ["/chat/completions", "/embeddings", "/rerank", "/responses"]) {
      const response = await ask(upstream, { model: "sim/text" }, { path, headers: { authorization } });
      assert.equal(response.status, 401);
    }
  }
  const response = await ask(upstream, { model: "sim/text" }, { headers: { authorization: "" } });
  assert.equal(await response.text(), '{"error":{"message":"Missing Authentication header","code":401}}');
});

test("a simulator with a key of its own accepts no other", async () => {
  const strict = await startUpstream({ apiKey: KEY });
  assert.equal((await ask(strict, { model: "sim/text" })).status, 200);
  const response = await ask(strict, { model: "sim/text" }, { headers: { authorization: "Bearer other" } });
  assert.equal(response.status, 401);
  assert.equal(await response.text(), '{"error":{"message":"User not found.","code":401}}');
  assert.equal((await fetch(`${strict.baseUrl}/models`)).status, 200);
  await strict.close();
});

test("malformed chat requests are refused, naming the field", async () => {
  const user = { role: "user", content: "x" };
  for (const [body, field] of [
    ["{", "not valid JSON"],
    ["[]", "object"],
    [{ messages: undefined }, "messages"],
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "wizard", content: "x" }] }, "messages.0.role"],
    [{ messages: [user, { role: "user" }] }, "messages.1.content"],
    [{ messages: [{ role: "user", content: [{ type: "smell" }] }] }, "messages.0.content.0.type"],
    [{ messages: [{ role: "tool", content: "x" }] }, "messages.0.tool_call_id"],
    [{ messages: [user, { role: "assistant", tool_calls: [null] }] }, "messages.1.tool_calls"],
    [{ model: 5 }, "model"],
    [{ models: "sim/text" }, "models"],
    [{ stream: "yes" }, "stream"],
    [{ temperature: 3 }, "temperature"],
    [{ max_tokens: 0 }, "max_tokens"],
    [{ tools: [{}] }, "tools"],
  ]) {
    const response = await ask(upstream, body);
    const { error, user_id } = await response.json();
    assert.deepEqual([response.status, error.code, user_id], [400, 400, "user_sim_owner"]);
    assert.ok(error.message.includes(field), `${JSON.stringify(body)}: ${error.message}`);
  }
});

test("a body must be declared as JSON", async () => {
  const response = await ask(upstream, {}, { headers: { "content-type": "text/plain" } });
  assert.equal(response.status, 400);
});

test("every message that the API knows is accepted", async () => {
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "developer", content: [{ type: "text", text: "Be kind." }] },
    { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }] },
    { role: "assistant", content: null, tool_calls: [{ id: "1", type: "function", function: { name: "f" } }] },
    { role: "tool", tool_call_id: "1", content: "done" },
    { role: "assistant" },
  ];
  assert.equal((await ask(upstream, { model: "sim/text", messages })).status, 200);
  assert.equal((await ask(upstream, { model: "sim/text", messages: undefined, prompt: "Hi" })).status, 200);
});

test("every answer carries what a proxy must pass on or drop", async () => {
  for (const response of [
    await ask(upstream, { model: "sim/text", stream: true }),
    await ask(upstream, { model: "sim/429" }),
    await fetch(`${upstream.baseUrl}/models?limit=1`),
  ]) {
    const { headers } = response;
    assert.equal(headers.get("set-cookie"), "__cf_bm=simulator; Domain=openrouter.ai; HttpOnly");
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.equal(headers.get("access-control-expose-headers"), "X-Generation-Id,X-Provider-Name,cf-ray");
    assert.match(headers.get("cf-ray"), /-SIM$/);
    await response.arrayBuffer();
  }
});

test("a browser's preflight is allowed whatever it asks for", async () => {
  const response = await fetch(`${upstream.baseUrl}/chat/completions`, {
    method: "OPTIONS",
    headers: { origin: "http://localhost", "access-control-request-headers": "authorization, x-stainless-os" },
  });
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("access-control-allow-headers"), "authorization, x-stainless-os");
  assert.ok(Number(response.headers.get("access-control-max-age")) > 0);
  const asked =
    "authorization,content-type,http-referer,x-title,x-openrouter-title,x-openrouter-categories,x-openrouter-cache," +
    "x-openrouter-cache-ttl,x-openrouter-cache-clear,x-openrouter-metadata,x-session-id,x-stainless-os,accept,last-event-id";
  for (const path of ["/chat/completions", "/models", "/auth/keys", "/audio/transcriptions"]) {
    const headers = { origin: "http://localhost", "access-control-request-headers": asked };
    const preflight = await fetch(upstream.baseUrl + path, { method: "OPTIONS", headers });
    assert.equal(preflight.headers.get("access-control-allow-headers"), asked);
    assert.match(preflight.headers.get("access-control-allow-methods"), /GET, POST/);
    assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  }
});

test("unknown paths and wrong methods are JSON errors", async () => {
  const unknown = await get(upstream, "/presets/x/chat/completions");
  assert.deepEqual([unknown.status, (await unknown.json()).error.code], [404, 404]);
  const wrong = await get(upstream, "/chat/completions");
  assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
  assert.equal((await wrong.json()).error.code, 405);
  assert.equal((await fetch(`${upstream.url}/api/v1/%zz`)).status, 404);
});

test("the record of a generation comes at the third call", async () => {
  const response = await ask(upstream, { model: "sim/text", stream: true, user: "u1" });
  await response.text();
  const path = `/generation?id=${response.headers.get("x-generation-id")}`;
  assert.equal((await get(upstream, path)).status, 404);
  assert.equal((await get(upstream, path)).status, 404);
  const { data } = await (await get(upstream, path)).json();
  assert.deepEqual(
    [data.model, data.cancelled, data.streamed, data.finish_reason, data.external_user],
    ["sim/text", false, true, "stop", "u1"],
  );
  assert.ok(data.total_cost > 0 && data.tokens_completion === 8);
  assert.equal((await get(upstream, "/generation?id=gen-unknown")).status, 404);
});

test("the record of a generation says that the client went away, and costs what was sent", async () => {
  const abort = new AbortController();
  const response = await ask(upstream, { model: "sim/idle", stream: true }, { signal: abort.signal });
  await response.body.getReader().read();
  const path = `/generation?id=${response.headers.get("x-generation-id")}`;
  for (let i = 0; i < 3; i += 1) assert.equal((await get(upstream, path)).status, 404, "it is not over yet");
  abort.abort();
  await upstream.waitFor({ model: "sim/idle", event: "client-gone" });
  const { data } = await (await get(upstream, path)).json();
  assert.deepEqual([data.cancelled, data.finish_reason, data.tokens_completion], [true, null, 2]);
});

test("the key's own record needs the key and tells about its owner", async () => {
  assert.equal((await fetch(`${upstream.baseUrl}/key`)).status, 401);
  const { data } = await (await get(upstream, "/key")).json();
  assert.equal(data.creator_user_id, "user_sim_owner");
  assert.equal(typeof data.limit_remaining, "number");
});

test("only a management key sees the credits, and it asks no model", async () => {
  const refused = await get(upstream, "/credits");
  assert.equal(refused.status, 403);
  assert.equal((await refused.json()).error.message, "Only management keys can perform this operation");
  assert.equal((await fetch(`${upstream.baseUrl}/credits`)).status, 401);
  const headers = { authorization: "Bearer sk-or-v1-management" };
  const { data } = await (await fetch(`${upstream.baseUrl}/credits`, { headers })).json();
  assert.deepEqual(data, { total_credits: 100.5, total_usage: 25.75 });
  assert.equal((await (await fetch(`${upstream.baseUrl}/key`, { headers })).json()).data.is_management_key, true);
  assert.equal((await ask(upstream, { model: "sim/text" }, { headers })).status, 403);
});

test("embeddings depend on the text alone", async () => {
  const embed = async (more) => {
    const body = { model: "openai/text-embedding-3-small", input: ["one", "two", "one"], ...more };
    return (await ask(upstream, body, { path: "/embeddings" })).json();
  };
  const { data, usage } = await embed({ dimensions: 8 });
  assert.deepEqual(data[0].embedding, data[2].embedding);
  assert.notDeepEqual(data[0].embedding, data[1].embedding);
  assert.equal(data[0].embedding.length, 8);
  assert.ok(Math.abs(Math.hypot(...data[0].embedding) - 1) < 1e-9);
  assert.ok(usage.prompt_tokens > 0);
  const packed = (await embed({ dimensions: 8, encoding_format: "base64" })).data[0].embedding;
  assert.equal(Buffer.from(packed, "base64").length, 32);
  assert.equal((await ask(upstream, { input: "" }, { path: "/embeddings" })).status, 400);
});

test("rerank puts the document that shares most words first", async () => {
  const body = { model: "cohere/rerank-v3.5", query: "red fox", documents: ["a blue whale", { text: "the red fox" }] };
  const { id, results } = await (await ask(upstream, { ...body, top_n: 1 }, { path: "/rerank" })).json();
  assert.match(id, /^gen-rerank-/);
  assert.deepEqual(
    results.map((result) => [result.index, result.document.text]),
    [[1, "the red fox"]],
  );
});

test("recorded answers are replayed byte by byte, with their headers and status", async () => {
  const fixtures = await mkdtemp(join(tmpdir(), "recordings-"));
  await writeFile(join(fixtures, "one.sse"), ": \n\ndata: {}\r\n\xff");
  await writeFile(join(fixtures, "two.json"), '{"error":{}}');
  const recorded = { status: 429, headers: { "x-generation-id": "gen-recorded", "transfer-encoding": "chunked" } };
  await writeFile(join(fixtures, "HEADERS.json"), JSON.stringify({ "two.json": recorded }));
  const replaying = await startUpstream({ fixtures });

  const { body } = await askRaw(replaying, { model: "sim/replay/one.sse", stream: true });
  assert.deepEqual(body, Buffer.from(": \n\ndata: {}\r\n\xff"));
  const response = await ask(replaying, { model: "sim/replay/two.json" });
  assert.deepEqual([response.status, response.headers.get("x-generation-id")], [429, "gen-recorded"]);
  for (const name of ["missing.sse", "../two.json", ""]) {
    const missing = await ask(replaying, { model: `sim/replay/${name}` });
    assert.deepEqual(
      [missing.status, (await missing.json()).error.message],
      [404, `There is no recording named "${name}"`],
    );
  }
  await replaying.close();
  await rm(fixtures, { recursive: true });
});

test("the recordings beside the repository replay as they are", (t) => {
  const name = "chat_reasoning_then_tool_call.sse";
  let bytes;
  try {
    bytes = readFileSync(join(DEFAULT_FIXTURES, name));
  } catch {
    return t.skip(`no recordings in ${DEFAULT_FIXTURES}`);
  }
  return askRaw(upstream, { model: `sim/replay/${name}`, stream: true }).then(({ head, body }) => {
    assert.deepEqual(body, bytes);
    assert.match(head, /^HTTP\/1\.1 200/);
    assert.match(head, /content-type: text\/event-stream/i);
  });
});
