// The page in real browsers, through the Worker in `wrangler dev`, with real input. Screenshots: target/screenshots.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { join } from "node:path";
import { By, Key, until } from "selenium-webdriver";
import { root } from "../scripts/toolchain.mjs";
import { startApp } from "./support/app.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { startUpstream } from "./upstream/server.mjs";

const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
const WAIT_MS = 10_000;

const screenshots = join(root, "target", "screenshots");
mkdirSync(screenshots, { recursive: true });

const delta = (content, finish_reason = null) => ({ id: "gen-page", model: "the/model", choices: [{ index: 0, delta: { content }, finish_reason }] });

/** What a person does with the page. */
class Page {
  constructor(driver, url) {
    this.driver = driver;
    this.url = url;
  }

  async open() {
    await this.driver.get(this.url);
    // The script puts the model's name there, and then it listens.
    await this.until("#model-name", (name) => name !== "");
  }

  find(selector) {
    return this.driver.wait(until.elementLocated(By.css(selector)), WAIT_MS, selector);
  }

  text(selector) {
    return this.find(selector).then((element) => element.getAttribute("textContent"));
  }

  /** Resolves once the condition holds for the text of the newest match. */
  async until(selector, holds) {
    let last;
    await this.driver.wait(
      async () => {
        const elements = await this.driver.findElements(By.css(selector));
        if (elements.length === 0) return false;
        last = await elements.at(-1).getAttribute("textContent").catch(() => undefined);
        return last !== undefined && holds(last);
      },
      WAIT_MS,
      `${selector}, last seen: ${last}`,
    );
    return last;
  }

  async choose(model) {
    await (await this.find("#model")).click();
    const search = await this.find("#model-search");
    await this.driver.wait(until.elementIsVisible(search), WAIT_MS);
    await search.sendKeys(model);
    await this.find(`[role=option][data-model="${model}"]`);
    await search.sendKeys(Key.ENTER);
  }

  async send(text) {
    await (await this.find("#composer")).sendKeys(text, Key.ENTER);
  }

  async photograph(name) {
    writeFileSync(join(screenshots, `${name}.png`), await this.driver.takeScreenshot(), "base64");
  }
}

let upstream;
let app;

before(async () => {
  upstream = await startUpstream({ apiKey: KEY });
  app = await startApp({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl });
});

after(async () => {
  await app?.stop();
  await upstream?.close();
});

test("the page and what belongs to it have their security headers", async () => {
  const html = await (await fetch(app.url)).text();
  const paths = ["/", "/favicon.svg", ...[...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path)];
  assert.ok(paths.length >= 4, "a script and a style at least");
  for (const path of paths) {
    const { status, headers } = await fetch(app.url + path);
    assert.equal(status, 200, path);
    const policy = Object.fromEntries(headers.get("content-security-policy").split("; ").map((rule) => rule.split(/ (.*)/s).slice(0, 2)));
    assert.equal(policy["default-src"], "'none'");
    assert.equal(policy["script-src"], "'self' 'wasm-unsafe-eval' https://challenges.cloudflare.com");
    for (const rule of ["base-uri", "form-action", "frame-ancestors"]) assert.equal(policy[rule], "'none'", rule);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "same-origin");
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
    assert.match(headers.get("permissions-policy"), /camera=\(\)/);
    assert.equal(headers.get("set-cookie"), null);
  }
  for (const path of ["/healthz", "/api/v1/models?limit=1", "/not-there"]) {
    const { headers } = await fetch(app.url + path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.match(headers.get("content-type"), /^application\/json/, path);
  }
});

for (const engine of engines) {
  describe(`in ${engine}`, () => {
    let browser;
    let page;
    let model;

    before(async () => {
      browser = await openBrowser(engine);
      page = new Page(browser.driver, app.url);
      const { data } = await (await fetch(`${upstream.baseUrl}/models`)).json();
      // A model whose slug is no part of another's, so that searching for it finds it first.
      model = data.find(({ id }) => id.includes("/") && data.filter((other) => other.id.includes(id)).length === 1 && !id.startsWith("~")).id;
    });

    after(() => browser?.close());

    afterEach(async (context) => {
      if (!context.passed) await page?.photograph(`failed: ${engine}: ${context.name}`);
    });

    beforeEach(async () => {
      upstream.reset();
      await page.open();
      await page.choose(model);
    });

    test("an answer appears as it is sent, and is whole at the end", async () => {
      upstream.define({ model, events: [": OPENROUTER PROCESSING", delta("The sky "), delta("is **blue**."), delta("", "stop"), "[DONE]"], stepped: true });
      await page.send("Why is the sky blue?");
      await upstream.waitFor({ model, event: "headers-sent" });
      const step = () => upstream.step(model);
      step();
      step();
      assert.match(await page.until("article[data-role=assistant] .body", (text) => text.includes("The sky")), /^The sky\s*$/);
      await page.find('article[data-role=assistant][data-state="streaming"]');
      step();
      step();
      step();
      await page.find('article[data-role=assistant][data-state="done"]');
      assert.match(await page.until("article[data-role=assistant] .body", (text) => text.includes("blue")), /The sky is blue\./);
      assert.equal(await page.text("article[data-role=assistant] strong"), "blue");
      await page.photograph(`${engine}-answer`);
      const { body, headers } = upstream.requests.findLast((request) => request.model === model);
      assert.deepEqual(body.messages, [{ role: "user", content: "Why is the sky blue?" }]);
      assert.equal(headers.authorization, `Bearer ${KEY}`);
    });

    test("the next turn carries the conversation", async () => {
      upstream.define({ model, events: [delta("One."), delta("", "stop"), "[DONE]"] });
      await page.send("first");
      await page.find('article[data-role=assistant][data-state="done"]');
      await page.send("second");
      await page.driver.wait(async () => (await page.driver.findElements(By.css('article[data-role=assistant][data-state="done"]'))).length === 2, WAIT_MS);
      const { body } = upstream.requests.findLast((request) => request.model === model);
      assert.deepEqual(body.messages.map(({ role, content }) => [role, content]), [["user", "first"], ["assistant", "One."], ["user", "second"]]);
    });

    test("stopping keeps the text so far and gives the composer back", async () => {
      upstream.define({ model, events: [delta("Half an ans")], end: "hold" });
      await page.send("hi");
      await page.until("article[data-role=assistant] .body", (text) => text.includes("Half an ans"));
      await (await page.find("#send")).click();
      await page.find('article[data-role=assistant][data-state="stopped"]');
      assert.match(await page.text("article[data-role=assistant] .body"), /Half an ans/);
      upstream.define({ model, events: [delta("More.", "stop"), "[DONE]"] });
      await page.send("go on");
      await page.until("article[data-role=assistant] .body", (text) => text.includes("More."));
    });

    test("Escape stops too", async () => {
      upstream.define({ model, events: [delta("Half")], end: "hold" });
      await page.send("hi");
      await page.until("article[data-role=assistant] .body", (text) => text.includes("Half"));
      await (await page.find("#composer")).sendKeys(Key.ESCAPE);
      await page.find('article[data-role=assistant][data-state="stopped"]');
    });

    test("an answer that is cut off keeps its text and says so", async () => {
      // The cut has a step of its own, so that what was sent before is not lost with it.
      const body = `data: ${JSON.stringify(delta("Half an ans"))}\n\n`;
      upstream.define({ model, body, headers: { "content-type": "text/event-stream" }, cutAt: [body.length], stepped: true, end: "destroy" });
      await page.send("hi");
      await upstream.waitFor({ model, event: "headers-sent" });
      upstream.step(model);
      await page.until("article[data-role=assistant] .body", (text) => text.includes("Half an ans"));
      upstream.step(model);
      await page.find('[role=alert][data-code="stream_cut"]');
      await page.find('article[data-role=assistant][data-state="failed"]');
      assert.match(await page.text("article[data-role=assistant]"), /Half an ans/);
      await page.photograph(`${engine}-cut`);
    });

    test("an error is told in words, without the account it belongs to", async () => {
      const error = { error: { code: 429, message: "Slow down, please.", metadata: {} }, user_id: "user_of_the_owner" };
      upstream.define({ model, status: 429, headers: { "content-type": "application/json", "retry-after": "30" }, body: JSON.stringify(error) });
      await page.send("hi");
      const card = await page.find('[role=alert][data-code="rate_limited"]');
      const text = await card.getAttribute("textContent");
      assert.match(text, /\b(30|29|28)\b/);
      assert.match(text, /Slow down, please\./);
      assert.doesNotMatch(await page.text("body"), /user_of_the_owner/);
      await page.photograph(`${engine}-error`);
    });

    test("what a model writes is text, not a page", async () => {
      const hostile = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script> [a](javascript:window.pwned=1) ![b](https://evil.example/x.png)';
      upstream.define({ model, events: [delta(hostile), delta("", "stop"), "[DONE]"] });
      await page.send("hi");
      await page.find('article[data-role=assistant][data-state="done"]');
      const seen = await page.driver.executeScript(`return {
        pwned: window.pwned === undefined ? null : window.pwned,
        elements: document.querySelectorAll("article[data-role=assistant] .body script, article[data-role=assistant] .body img, article[data-role=assistant] .body [onerror]").length,
        links: Array.from(document.querySelectorAll("article[data-role=assistant] .body a"), (link) => link.protocol),
      }`);
      assert.deepEqual([seen.pwned, seen.elements], [null, 0]);
      assert.ok(seen.links.every((protocol) => /^https?:$/.test(protocol)), seen.links.join());
    });

    test("the model list shows names, context and prices, and can be searched", async () => {
      await (await page.find("#model")).click();
      await page.find("[role=option]");
      await page.driver.wait(until.elementIsVisible(await page.find("#model-search")), WAIT_MS);
      await (await page.find("#model-search")).sendKeys(model);
      const option = await page.find(`[role=option][data-model="${model}"]`);
      assert.match(await option.getAttribute("textContent"), /(\$\d|free)/i);
      await page.driver.wait(async () => (await page.driver.findElements(By.css("[role=option]"))).length === 1, WAIT_MS);
      await page.photograph(`${engine}-models`);
      await (await page.find("#model-search")).sendKeys(Key.ESCAPE);
    });

    test("with a key nothing says demo", async () => {
      assert.equal((await page.driver.findElements(By.css("#demo"))).length, 0);
    });
  });
}

test("without a key the simulator answers, and the page says so plainly", async () => {
  const demo = await startApp();
  const browser = await openBrowser(engines[0]);
  try {
    const page = new Page(browser.driver, demo.url);
    await page.open();
    assert.match(await page.text("#demo"), /demo/i);
    await page.photograph("demo-empty");
    await page.send("How does a word get from the model to this page?");
    await page.find('article[data-role=assistant][data-state="streaming"]');
    await page.until("article[data-role=assistant] .body", (text) => text.includes("a table"));
    await page.photograph("demo-streaming");
    await page.find('article[data-role=assistant][data-state="done"]');
    await page.photograph("demo");
  } finally {
    await browser.close();
    assert.equal(await demo.stop(), 0);
  }
  await assert.rejects(reach(demo.port), { code: "ECONNREFUSED" }, "Ctrl-C ends everything that it started");
});

const reach = (port) =>
  new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1", () => resolve(socket.destroy()));
    socket.on("error", reject);
  });
