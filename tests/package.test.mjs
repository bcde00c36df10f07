// The package as published, in every engine and in Node: the scenarios of the surface, and what its loading adds.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import { join } from "node:path";
import { root, wasmEnvironment } from "../scripts/toolchain.mjs";
import { signIn } from "./browser/endpoints.js";
import { alone, scenarios } from "./browser/scenarios.js";
import { sessions } from "./browser/session.js";
import { equal, ok, rejection, until } from "./browser/support.js";
import { STRICT } from "./matrix/cases.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { serveFiles } from "./support/files.mjs";
import { startUpstream } from "./upstream/server.mjs";

const page = (name) => `<!doctype html><title>${name}</title><script type="module" src="/tests/browser/${name}.js"></script>`;

let upstream;
let files;

before(async () => {
  upstream = await startUpstream();
  files = await serveFiles({
    "/strict": { body: page("page"), headers: { "content-security-policy": STRICT } },
    "/without-wasm": { body: page("page"), headers: { "content-security-policy": "script-src 'self'" } },
  });
});

after(async () => {
  await files?.close();
  await upstream?.close();
});

for (const engine of engines) {
  describe(`in ${engine}`, () => {
    let browser;

    before(async () => {
      browser = await openBrowser(engine);
      await browser.driver.manage().setTimeouts({ script: 60_000 });
    });

    after(() => browser?.close());

    /** Calls a function of tests/browser/page.js. */
    const inPage = (name, ...given) =>
      browser.driver.executeAsyncScript(
        `const done = arguments[arguments.length - 1];
         const given = Array.prototype.slice.call(arguments, 1, -1);
         const call = () => window.page[arguments[0]](...given).then((value) => done({ value }), (error) => done({ error: String(error && error.stack || error), message: String(error) }));
         window.page ? call() : window.addEventListener("page-ready", call);`,
        name,
        ...given,
      );

    const succeeds = async (name, ...given) => {
      const { value, error, message } = await inPage(name, ...given);
      assert.equal(error && `${message}\n${error}`, undefined);
      return value;
    };

    describe("under the strictest policy", () => {
      before(() => browser.driver.get(`${files.url}/strict`));

      for (const name of Object.keys(scenarios)) test(name, () => succeeds("runScenario", name, upstream.url));
      for (const name of Object.keys(signIn)) test(name, () => succeeds("runSignIn", name, upstream.url));
      for (const name of Object.keys(sessions)) test(name, () => succeeds("runSession", name, upstream.url));
    });

    test("people sign in: the page leaves for consent, comes back in its tab, and gets a key", async () => {
      await browser.driver.get(`${files.url}/strict?own=1`);
      await succeeds("beginSignIn", upstream.url);
      await browser.driver.wait(async () => /[?&]code=/.test(await browser.driver.getCurrentUrl()), 20_000);
      const { key, label, kept } = await succeeds("completeSignIn", upstream.url);
      assert.match(key, /^sk-or-v1-/);
      assert.equal(label, "my page");
      assert.equal(kept, 0);
      assert.equal(await browser.driver.getCurrentUrl(), `${files.url}/strict?own=1`);
    });

    describe("in a page that has loaded nothing yet", () => {
      beforeEach(() => browser.driver.get(`${files.url}/strict`));

      test("importing it and making a client loads no wasm", async () => {
        assert.deepEqual(await succeeds("loadedBeforeAndAfterFirstCall", upstream.url), [0, 1]);
      });

      test("without an option it talks to the page's own /api/v1", async () => {
        assert.deepEqual(await succeeds("defaultRequest"), [`${files.url}/api/v1/models`, null]);
      });

      test("the slim entry takes the wasm from a URL, and says so before", async () => {
        assert.deepEqual(await succeeds("slim"), ["configuration", "0.15"]);
      });

      test("a failed load is told to every waiter, and the next call tries again", async () => {
        assert.deepEqual(await succeeds("failedLoad"), ["configuration", "configuration", "0.15"]);
      });

      test("callers may go on with their list of messages while it loads", async () => {
        assert.equal(await succeeds("changedWhileLoading", upstream.url), 1);
      });
    });

    test("a page that forbids wasm is told which directive to add", async () => {
      await browser.driver.get(`${files.url}/without-wasm`);
      const [code, message] = await succeeds("forbidden");
      assert.equal(code, "configuration");
      // WebKit says no more than that the module is wrong.
      if (engine !== "webkit") assert.match(message, /'wasm-unsafe-eval'/);
    });
  });
}

describe("in Node", async () => {
  const exported = await import("../pkg/dist/index.js");
  const { compare } = await import("../pkg/dist/compare.js");
  const { OpenRouter } = exported;

  for (const name of Object.keys(scenarios)) {
    test(name, () => scenarios[name]({ ...exported, compare, ready: exported.init, simulator: upstream.url }));
  }

  const oauth = await import("../pkg/dist/oauth.js");

  for (const name of Object.keys(signIn)) {
    test(name, () => signIn[name]({ OpenRouter, oauth, simulator: upstream.url }));
  }

  const { proxySession } = await import("../pkg/dist/session.js");

  for (const name of Object.keys(sessions)) {
    test(name, () => sessions[name]({ OpenRouter, proxySession, simulator: upstream.url }));
  }

  test("where a session is asked for, the key in the environment stays", async () => {
    const asked = [];
    const fetch = async (url, { headers }) => {
      asked.push(headers);
      return new Response('{"token":"one"}');
    };
    process.env.OPENROUTER_API_KEY = "sk-of-the-environment";
    try {
      equal(await proxySession({ url: "https://proxy.example/session", turnstileToken: () => "t", fetch })(), "one");
    } finally {
      delete process.env.OPENROUTER_API_KEY;
    }
    ok(!JSON.stringify(asked).includes("sk-of-the-environment"), "no key");
    equal(asked.length, 1);
    assert.throws(() => proxySession({ turnstileToken: () => "t" }), { code: "configuration", field: "url" });
  });

  test("without a page the storage and the address must be given", async () => {
    const storage = new Map();
    const given = { getItem: (key) => storage.get(key), setItem: (key, value) => storage.set(key, value), removeItem: (key) => storage.delete(key) };
    await assert.rejects(oauth.beginSignIn({ storage: given }), { code: "invalid_request", field: "callbackURL" });
    await assert.rejects(oauth.completeSignIn({ storage: given }), { code: "authentication" });
  });

  test("where there is no page a key is needed, and said so", async () => {
    await assert.rejects(new OpenRouter().models(), { code: "configuration", field: "apiKey" });
  });
});

test("the package's manifest names files that are there", () => {
  const manifest = JSON.parse(readFileSync(join(root, "pkg", "package.json"), "utf8"));
  const named = [manifest.main, manifest.types, ...manifest.sideEffects, ...Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry)))];
  for (const name of named) assert.ok(readFileSync(join(root, "pkg", name)).length > 0, name);
  assert.match(manifest.version, /^\d+\.\d+\.\d+/);
});

test("what `wasm-pack build --target web` makes, typed by habit, is usable and touches nothing that git tracks", async () => {
  const ask = (command, ...args) => execFileSync(command, args, { cwd: root, env: wasmEnvironment(), encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  assert.equal(ask("git", "ls-files", "pkg"), "", "its default folder");
  assert.equal(ask("git", "check-ignore", "pkg").trim(), "pkg");
  const before = ask("git", "status", "--porcelain");
  ask("wasm-pack", "build", "--target", "web", "--out-dir", "target/wasm-pack");
  assert.equal(ask("git", "status", "--porcelain"), before);
  const { default: load, Core, OpenRouterError, openRouterClass } = await import("../target/wasm-pack/openrouter_wasm.js");
  const OpenRouter = openRouterClass({ loaded: () => Core, load: async () => {} });
  const pricePerMillion = (price) => Core.pricePerMillion(price);
  await load({ module_or_path: readFileSync(join(root, "target", "wasm-pack", "openrouter_wasm_bg.wasm")) });
  for (const name of ["a_wrong_option_is_named", "a_stream_can_be_read_in_every_way"]) {
    await scenarios[name]({ OpenRouter, OpenRouterError, pricePerMillion, ready: async () => {}, simulator: upstream.url });
  }
});

test("there are scenarios that need no server", () => {
  assert.ok(Object.keys(alone).length > 5);
});

test("what scenarios check with fails where it should", async (context) => {
  context.mock.method(globalThis, "setTimeout", queueMicrotask); // nobody waits for a condition that never holds
  assert.throws(() => equal([1, { a: "b" }], [1, { a: "c" }], "both:"), { message: 'both: expected [1,{"a":"c"}], got [1,{"a":"b"}]' });
  assert.throws(() => equal(undefined, null));
  assert.throws(() => ok(undefined, "a value"), { message: "expected a value" });
  await assert.rejects(rejection(Promise.resolve(5)), { message: "expected a rejection, got 5" });
  await assert.rejects(until(() => false, "an end"), { message: "expected an end" });
});
