// Clients of other makers through the Worker in real workerd: nothing is set but the base URL and a user's token. What
// each sees is what it sees of the upstream itself, but for what is the proxy's own to say: tokens, budgets, limits.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, test } from "node:test";
import { root } from "../scripts/toolchain.mjs";
import { CLIENTS, FAILURES, PYTHON, table } from "./clients/clients.mjs";
import { PASSED, REFUSED } from "./clients/fields.mjs";
import { KEY, startProxy } from "./clients/proxy.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { closeAll, listen } from "./support/loopback.mjs";

const folder = join(root, "tests", "clients");
const isInstalled = existsSync(join(folder, "node_modules"));
// LangChain would tell somebody else of its calls.
for (const name of Object.keys(process.env)) if (/^LANG(CHAIN|SMITH)_/.test(name)) delete process.env[name];

const TEXT = "Hello from the simulator: café, 你好 and 👋!";

/** By the name of a call: what it is called with, and what must come of it. */
const CALLS = {
  chat: { with: ["sim/text"], gives: (value) => assert.deepEqual(value, { text: TEXT, finish: "stop", tokens: 13 }) },
  tools: { with: ["sim/tools"], gives: { given: "Berlin", text: "The tool said: sunny" } },
  toolsStream: { with: ["sim/tools"], gives: { given: "Berlin", text: "The tool said: sunny" } },
  structured: { with: ["openai/gpt-5.2"], gives: { name: "text", age: 0 } },
  models: { with: [], gives: (ids) => assert.ok(ids.length > 300 && ids.includes("openai/gpt-5.2")) },
  model: { with: ["openai/gpt-5.2"], gives: "openai/gpt-5.2" },
  responses: { with: ["sim/text"], gives: { text: TEXT, tokens: 13 } },
  responsesStream: { with: ["sim/text"], gives: { text: TEXT, pieces: 8 } },
  responsesTools: { with: ["sim/tools"], gives: { given: "Berlin", text: "The tool said: sunny" } },
  responsesStructured: { with: ["openai/gpt-5.2"], gives: { name: "text", age: 0 } },
  embeddings: { with: ["openai/text-embedding-3-small", ["one", "two"]], gives: [16, 16] },
  speech: { with: ["openai/gpt-4o-mini-tts"], gives: 3336 },
  transcription: { with: ["openai/whisper-1"], gives: TEXT },
  images: { with: ["openai/gpt-image-1"], gives: [92] },
  rerank: { with: ["cohere/rerank-v3.5"], gives: [1, 0] },
};

/** A stream that goes on for longer than any test. */
function endless(model) {
  const chunk = { id: "gen-1", object: "chat.completion.chunk", created: 1, model, choices: [{ index: 0, delta: { role: "assistant", content: "word" }, finish_reason: null }] };
  return { model, events: Array(600).fill(chunk), delaysMs: Array(600).fill(50) };
}

/** What OpenRouter has under another path: only the Worker answers it, see docs/clients.md. */
const isTheWorkersOwn = (name, call) => ["openai", "ai-openai-compatible", "python"].includes(name) && ["model", "images"].includes(call);

describe("clients", { skip: !isInstalled && "run `npm ci` in tests/clients", concurrency: 4 }, () => {
  let proxy;
  const results = new Map();
  const planned = [];
  before(async () => {
    proxy = await startProxy();
  });
  after(async () => {
    await proxy?.close();
    const mark = ({ name }, what) => results.get(`${name} ${what}`) ?? "—";
    console.log(`\n${table(mark)}\n`);
  });

  for (const client of CLIENTS) {
    const { name } = client;
    describe(name, async () => {
      const { connect, isAborted, readError, why, close } = isInstalled ? await import(`./clients/${name}.mjs`) : {};
      const skip = why?.() ?? false;
      if (skip && name === "python" && process.env.REQUIRE_PYTHON) {
        test("Python is there", () => assert.fail(`REQUIRE_PYTHON is set, but ${skip}`));
        return;
      }
      after(() => close?.());

      const it = (what, title, action) => {
        const mark = `${name} ${what}`;
        planned.push(mark);
        test(title, { skip }, async () => {
          results.set(mark, "FAILED");
          await action();
          results.set(mark, "✓");
        });
      };
      const through = async (plan, more) => connect({ baseURL: proxy.baseURL, token: await proxy.session(`${name}-${plan ?? "free"}`, plan), ...more });
      const direct = () => connect(proxy.direct);

      /** The text of a stream, in its pieces, and how it ended. */
      async function streamed(connected, model) {
        const pieces = [];
        try {
          return { pieces, ...(await connected.stream(model, { onText: (text) => pieces.push(text) })) };
        } catch (error) {
          return { pieces, error: readError(error) };
        }
      }
      const failed = async (calling) => {
        const error = await calling.then(
          () => assert.fail("it did not fail"),
          (error) => error,
        );
        if (error instanceof assert.AssertionError) throw error;
        return readError(error);
      };

      test("has the calls that the table tells", { skip }, () => {
        assert.deepEqual(Object.keys(connect(proxy.direct)).sort(), [...client.calls].sort());
      });

      for (const call of client.calls.filter((call) => call !== "stream")) {
        it(call, call, async () => {
          const { with: given, gives } = CALLS[call];
          const value = await (await through())[call](...given);
          if (typeof gives === "function") gives(value);
          else assert.deepEqual(value, gives);
          if (!isTheWorkersOwn(name, call)) assert.deepEqual(value, await direct()[call](...given));
        });
      }

      it("stream", "stream: piece by piece, with usage", async () => {
        const expected = { pieces: TEXT.split(/(?= )/), tokens: 13 };
        assert.deepEqual(await streamed(await through(), "sim/text"), expected);
        assert.deepEqual(await streamed(direct(), "sim/text"), expected);
      });

      it("401", "a bad token is a 401", async () => {
        const { status, message } = await failed(connect({ baseURL: proxy.baseURL, token: "not-a-token" }).chat("sim/text"));
        assert.equal(status, 401);
        assert.match(message, /The token is not well formed/);
      });

      it("402", "a budget that is used up is a 402", async () => {
        const { status, message } = await failed((await through("poor")).chat("sim/text"));
        assert.equal(status, 402);
        assert.match(message, /may take .* USD/);
      });

      it("429", "a limit is a 429 that says how long to wait, the proxy's and the upstream's", async () => {
        const slow = await through("slow");
        await slow.chat("sim/text");
        const own = await failed(slow.chat("sim/text"));
        assert.equal(own.status, 429);
        assert.match(own.message, /Too many requests/);
        const upstreams = await failed((await through()).chat("sim/429-retry-after"));
        assert.equal(upstreams.status, 429);
        // LangChain's own class for OpenRouter keeps no headers.
        if (name === "langchain-openrouter") return;
        assert.ok(Number(own.retryAfter) > 3000, own.retryAfter);
        assert.equal(upstreams.retryAfter, "7");
      });

      it("retry", "its own retry waits as long as it is told", async () => {
        const model = `test/retry-${name}`;
        const limited = { status: 429, headers: { "retry-after": "3", "content-type": "application/json" }, body: '{"error":{"code":429,"message":"Slow down"}}' };
        proxy.upstream.define({ model, sequence: [limited, { builtin: "sim/text" }] });
        const patient = await through(undefined, { retries: 1 });
        const began = Date.now();
        assert.equal((await patient.chat(model)).text, TEXT);
        // By themselves all of them would be sooner.
        assert.ok(Date.now() - began > 2900, "it did not wait");
        assert.equal(proxy.upstream.requests.filter((request) => request.model === model).length, 2);
      });

      it("error in a stream", "an error in the middle of a stream", async () => {
        const { pieces, error } = await streamed(await through(), "sim/midstream-error");
        assert.equal(pieces.join(""), "Hello there");
        if (client.isDeafToErrorsInStreams) assert.equal(error, undefined);
        else assert.deepEqual([error.status, error.message], [502, "Provider disconnected unexpectedly"]);
        assert.deepEqual({ pieces, error }, await streamed(direct(), "sim/midstream-error").then(({ pieces, error }) => ({ pieces, error })));
      });

      it("cut stream", "a stream that is cut is no short answer", async () => {
        const { pieces, error } = await streamed(await through(), "sim/cut");
        assert.equal(pieces.join(""), "Hello there");
        assert.ok(error.message);
        assert.equal(error.message, (await streamed(direct(), "sim/cut")).error.message);
      });

      it("abort", "an abort ends the request at the upstream", async () => {
        const model = `test/abort-${name}`;
        proxy.upstream.define(endless(model));
        const controller = new AbortController();
        const streaming = (await through()).stream(model, { onText: () => controller.abort(), signal: controller.signal });
        // Some throw, and some end.
        await streaming.catch((error) => assert.ok(isAborted(error), String(error)));
        const { bytesSent } = await proxy.upstream.waitFor({ model, event: "client-gone" });
        assert.ok(bytesSent > 0);
      });

      test("the proxy's key goes up with the user's name, and the token does not", { skip }, async () => {
        const model = `test/headers-${name}`;
        proxy.upstream.define({ model, builtin: "sim/text" });
        const token = await proxy.session(`${name}-free`);
        await connect({ baseURL: proxy.baseURL, token }).chat(model);
        const { headers, body } = proxy.upstream.requests.find((request) => request.model === model);
        assert.equal(headers.authorization, `Bearer ${KEY}`);
        assert.equal(body.user, `${name}-free`);
        assert.ok(!JSON.stringify(headers).includes(token));
        assert.deepEqual(Object.keys(headers).filter((header) => /^(x-stainless|x-title|http-referer|openai-|cookie)/.test(header)), []);
      });

      test("a page may send every header that it sends", { skip: skip || (!client.packages && "it runs in no page") }, async () => {
        const names = new Set();
        const server = createServer((request, response) => {
          for (const header of Object.keys(request.headers)) names.add(header);
          request.resume().once("end", () => response.writeHead(400, { "content-type": "application/json" }).end('{"error":{"code":400,"message":"no"}}'));
        });
        const { url, close: stop } = await listen(server);
        const connected = connect({ baseURL: `${url}/api/v1`, token: "token" });
        for (const call of client.calls) await assert.rejects((async () => connected[call](...(CALLS[call]?.with ?? ["sim/text", { onText() {} }])))());
        await stop();
        // A browser writes these itself, or asks nobody for them.
        const free = ["host", "connection", "content-length", "accept-encoding", "accept-language", "accept", "cookie", "sec-fetch-mode", "transfer-encoding"];
        const asked = [...names].filter((header) => !free.includes(header)).sort();
        assert.ok(asked.includes("authorization") && asked.includes("user-agent"));
        const preflight = await fetch(`${proxy.baseURL}/chat/completions`, {
          method: "OPTIONS",
          headers: { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": asked.join(",") },
        });
        const allowed = preflight.headers.get("access-control-allow-headers").split(", ");
        assert.deepEqual(asked.filter((header) => !allowed.includes(header)), []);
      });
    });
  }

  for (const engine of engines) {
    describe(`in a page, ${engine}`, () => {
      let browser;
      let page;
      let pageProxy;
      before(async () => {
        const { build } = await import("esbuild");
        const { outputFiles } = await build({ entryPoints: [join(folder, "page.js")], bundle: true, minify: true, write: false, format: "esm", logLevel: "error" });
        const server = createServer((request, response) => {
          if (request.url === "/page.js") response.writeHead(200, { "content-type": "text/javascript" }).end(outputFiles[0].contents);
          else response.writeHead(200, { "content-type": "text/html" }).end('<!doctype html><title>page</title><script type="module" src="/page.js"></script>');
        });
        page = await listen(server);
        pageProxy = await startProxy(page.url);
        browser = await openBrowser(engine);
        await browser.driver.manage().setTimeouts({ script: 60_000 });
        await browser.driver.get(page.url);
      });
      after(() => closeAll(browser, pageProxy, page));

      for (const { name, calls } of CLIENTS.filter(({ packages }) => packages)) {
        test(name, async () => {
          const model = `test/abort-${engine}-${name}`;
          pageProxy.upstream.define(endless(model));
          const to = { baseURL: pageProxy.baseURL, token: await pageProxy.session(name) };
          const asked = calls.filter((call) => call !== "stream");
          const given = Object.fromEntries(asked.map((call) => [call, CALLS[call].with]));
          const run = "const [name, to, calls, model, done] = arguments; window.run(name, to, calls, model).then(done, (error) => done(String(error.stack)))";
          const results = await browser.driver.executeAsyncScript(run, name, to, given, model);
          for (const call of asked) {
            const { gives } = CALLS[call];
            if (typeof gives === "function") gives(results[call]);
            else assert.deepEqual(results[call], gives, call);
          }
          assert.deepEqual(results.stream, { pieces: TEXT.split(/(?= )/), tokens: 13 });
          assert.equal(results.limit.status, 429);
          if (name !== "langchain-openrouter") assert.equal(results.limit.retryAfter, "7", "the page may read it");
          assert.equal(results.isAborted, true);
          await pageProxy.upstream.waitFor({ model, event: "client-gone" });
        });
      }
    });
  }

  test("every mark of the table is a test", () => {
    const marks = CLIENTS.flatMap(({ name, calls }) => [...calls, ...FAILURES].map((what) => `${name} ${what}`));
    const [asked, run] = [new Set(marks), new Set(planned)];
    assert.deepEqual([...asked].filter((mark) => !run.has(mark)), []);
  });

  const document = readFileSync(join(root, "docs", "clients.md"), "utf8");
  const snippets = [...document.matchAll(/^### (.+)\n\n```(\w+)\n([\s\S]+?)^```/gm)];
  const programs = { js: (code) => [process.execPath, ["--input-type=module", "-e", code]], python: (code) => [join(PYTHON, "bin", "python"), ["-c", code]], sh: (code) => ["sh", ["-c", code]] };
  for (const [, title, language, code] of snippets) {
    test(`docs/clients.md: what it shows for ${title} runs`, { skip: language === "python" && !existsSync(PYTHON) && "there is no Python" }, async () => {
      const [program, args] = programs[language](code.replaceAll("https://proxy.example", proxy.worker.url).replaceAll("openai/gpt-5-mini", "sim/text"));
      const env = { ...process.env, TOKEN: await proxy.session("reader") };
      const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env });
      assert.ok(stdout.includes(TEXT), stdout);
    });
  }

  test("docs/clients.md shows every client", () => {
    assert.equal(snippets.length, CLIENTS.length);
  });

  test("fields that clients write by themselves pass, and what costs or keeps more is refused", async () => {
    const authorization = `Bearer ${await proxy.session("fields")}`;
    const ask = async (path, body) => {
      const headers = { authorization, "content-type": "application/json" };
      const response = await fetch(`${proxy.baseURL}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: response.status, text: await response.text() };
    };
    const pictures = () => proxy.upstream.requests.filter(({ path }) => path === "/api/v1/images");
    await ask("/images/generations", { ...PASSED["/images/generations"].base, response_format: "b64_json" });
    assert.ok(pictures().length > 0 && pictures().every(({ body }) => !("response_format" in body)), "the API has no such field");
    for (const [path, { base, fields }] of Object.entries(PASSED)) {
      for (const [name, value] of Object.entries(fields)) {
        const { status, text } = await ask(path, { ...base, [name]: value });
        assert.equal(status, 200, `${path} ${name}: ${text}`);
      }
      for (const [name, value] of Object.entries(REFUSED[path] ?? {})) {
        const { status, text } = await ask(path, { ...base, [name]: value });
        assert.ok([400, 403].includes(status), `${path} ${name}`);
        assert.ok(JSON.parse(text).error.message.startsWith(`${name}:`), text);
      }
    }
  });
});
