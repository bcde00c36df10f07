// The page in real browsers, through the Worker in `wrangler dev`, with real input. Screenshots: target/screenshots.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
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

/** What a person does with the page. Selectors are looked up in the chat, unless they begin with `page `. */
class Page {
  constructor(driver, url) {
    this.driver = driver;
    this.url = url;
  }

  async open() {
    await this.driver.get(this.url);
    // The script says so once it listens.
    await this.driver.wait(until.elementLocated(By.css("#chat[data-ready]")), WAIT_MS, "the chat");
  }

  run(script, ...given) {
    return this.driver.executeScript(script, ...given);
  }

  all(selector) {
    const isOfPage = selector.startsWith("page ");
    return this.run(`return [...(${isOfPage ? "document" : "document.querySelector('#chat').shadowRoot"}).querySelectorAll(arguments[0])]`, isOfPage ? selector.slice(5) : selector);
  }

  async find(selector) {
    let found;
    await this.driver.wait(async () => (found = (await this.all(selector)).at(-1)), WAIT_MS, selector);
    return found;
  }

  async click(selector) {
    await (await this.find(selector)).click();
  }

  /** The text of the newest match, shown or not. */
  async text(selector) {
    return this.run("return arguments[0].textContent", await this.find(selector));
  }

  /** Resolves once the condition holds for the text of the newest match. */
  async until(selector, holds) {
    let last;
    const isSo = async () => {
      const [element] = (await this.all(selector)).slice(-1);
      last = element && (await this.run("return arguments[0].textContent", element).catch(() => undefined));
      return last !== undefined && holds(last);
    };
    await this.driver.wait(isSo, WAIT_MS).catch(() => assert.fail(`${selector}, last seen: ${last}`));
    return last;
  }

  async choose(model) {
    await this.click(".model");
    await this.find(`[role=option]`);
    await (await this.find(".picker input")).sendKeys(model);
    await this.find(`[role=option][data-model="${model}"]`);
    await (await this.find(".picker input")).sendKeys(Key.ENTER);
    await this.driver.wait(async () => (await this.all("dialog[open]")).length === 0, WAIT_MS, "the picker to close");
  }

  async send(text) {
    await (await this.find(".composer textarea")).sendKeys(text, Key.ENTER);
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
      await page.driver.wait(async () => (await page.all('article[data-role=assistant][data-state="done"]')).length === 2, WAIT_MS);
      const { body } = upstream.requests.findLast((request) => request.model === model);
      assert.deepEqual(body.messages.map(({ role, content }) => [role, content]), [["user", "first"], ["assistant", "One."], ["user", "second"]]);
    });

    test("stopping keeps the text so far and gives the composer back", async () => {
      upstream.define({ model, events: [delta("Half an ans")], end: "hold" });
      await page.send("hi");
      await page.until("article[data-role=assistant] .body", (text) => text.includes("Half an ans"));
      await page.click(".send");
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
      await (await page.find(".composer textarea")).sendKeys(Key.ESCAPE);
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
      await page.find('.error[data-code="stream_cut"]');
      await page.find('article[data-role=assistant][data-state="failed"]');
      assert.match(await page.text("article[data-role=assistant]"), /Half an ans/);
      await page.photograph(`${engine}-cut`);
    });

    test("an error is told in words, without the account it belongs to", async () => {
      const error = { error: { code: 429, message: "Slow down, please.", metadata: {} }, user_id: "user_of_the_owner" };
      upstream.define({ model, status: 429, headers: { "content-type": "application/json", "retry-after": "30" }, body: JSON.stringify(error) });
      await page.send("hi");
      const text = await page.text('.error[data-code="rate_limited"]');
      assert.match(text, /\b(30|29|28)\b/);
      assert.match(text, /Slow down, please\./);
      assert.doesNotMatch(await page.run("return document.body.textContent + document.querySelector('#chat').shadowRoot.textContent"), /user_of_the_owner/);
      await page.photograph(`${engine}-error`);
    });

    test("what a model writes is text, not a page", async () => {
      const hostile = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script> [a](javascript:window.pwned=1) ![b](https://evil.example/x.png)';
      upstream.define({ model, events: [delta(hostile), delta("", "stop"), "[DONE]"] });
      await page.send("hi");
      await page.find('article[data-role=assistant][data-state="done"]');
      const seen = await page.run(`const bodies = [...document.querySelector("#chat").shadowRoot.querySelectorAll("article[data-role=assistant] .body")];
        return {
          pwned: window.pwned === undefined ? null : window.pwned,
          elements: bodies.flatMap((body) => [...body.querySelectorAll("script, img, [onerror]")]).length,
          links: bodies.flatMap((body) => [...body.querySelectorAll("a")]).map((link) => link.protocol),
        }`);
      assert.deepEqual([seen.pwned, seen.elements], [null, 0]);
      assert.ok(seen.links.every((protocol) => /^https?:$/.test(protocol)), seen.links.join());
    });

    test("the model list shows names, context and prices, and can be searched", async () => {
      await page.click(".model");
      await page.find("[role=option]");
      await (await page.find(".picker input")).sendKeys(model);
      assert.match(await page.text(`[role=option][data-model="${model}"]`), /(\$\d|free)/i);
      await page.driver.wait(async () => (await page.all("[role=option]")).length === 1, WAIT_MS);
      await page.photograph(`${engine}-models`);
      await (await page.find(".picker input")).sendKeys(Key.ESCAPE);
    });

    test("the chosen model is there again after a reload", async () => {
      await page.open();
      assert.equal(await page.run("return document.querySelector('#chat').model"), model);
    });

    test("the code is shown one sample at a time, by arrows too, and copied", async () => {
      await page.run("window.copied = []; Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async (text) => void copied.push(text) } })");
      await page.click("page #tab-html");
      await (await page.find("page #tab-html")).sendKeys(Key.ARROW_RIGHT, Key.ARROW_RIGHT);
      const shown = "return [...document.querySelectorAll('[role=tabpanel]')].filter((each) => each.checkVisibility()).map(({ id }) => id)";
      assert.deepEqual(await page.run(shown), ["code-react"]);
      assert.equal(await page.run("return document.activeElement.id"), "tab-react");
      await (await page.find("page #tab-react")).sendKeys(Key.ARROW_RIGHT);
      assert.deepEqual(await page.run(shown), ["code-html"]);
      await page.click("page #code-html .copy");
      await page.until("page #code-html .copy", (text) => text === "Copied");
      assert.match((await page.run("return copied"))[0], /<openrouter-chat\n  base-url="\/api\/v1"/);
    });

    test("a theme is chosen with the keyboard, seen at once, and its code is what was set", async () => {
      await page.run("document.querySelector('#themes').scrollIntoView()");
      await page.find("page #gallery openrouter-chat");
      const first = await page.find("page #swatches input[value=Paper]");
      assert.ok((await page.all("page #swatches input")).length >= 5);
      await first.sendKeys(Key.ARROW_DOWN);
      const background = () => page.run("return getComputedStyle(document.querySelector('#gallery openrouter-chat')).backgroundColor");
      assert.equal(await background(), "rgb(13, 18, 32)");
      assert.match(await page.text("page #theme-code"), /--or-background: #0d1220;/);
      assert.equal(await page.run("return document.querySelector('#gallery openrouter-chat').theme"), "dark");
      await page.run("document.querySelector('#swatches input[value=Paper]').click()");
      assert.equal(await page.text("page #theme-code"), "openrouter-chat {\n  /* as it comes */\n}");
      assert.notEqual(await background(), "rgb(13, 18, 32)", "nothing is left of the theme before");
    });

    test("the table of models can be sorted, searched and asked", async () => {
      await page.run("document.querySelector('#models').scrollIntoView()");
      await page.find("page #models-rows tr");
      const { data } = await (await fetch(`${upstream.baseUrl}/models`)).json();
      assert.equal(await page.text("page #models-count"), `${data.length} models`);
      const column = (i) => page.run("return [...document.querySelectorAll('#models-rows tr')].map((row) => row.children[arguments[0]].textContent)", i);
      assert.equal((await column(0)).length, 20);
      await page.click("page #models-all");
      assert.equal((await column(0)).length, data.length);
      const dollars = async (i) => (await column(i)).filter((text) => text !== "depends").map((text) => (text === "free" ? 0 : Number(text.slice(1))));
      const sorted = (list, step) => [...list].sort((one, other) => step * (one - other));
      assert.deepEqual(await dollars(2), sorted(await dollars(2), 1));
      await page.click("page [data-sort=output]");
      await page.click("page [data-sort=output]");
      assert.deepEqual(await dollars(3), sorted(await dollars(3), -1));
      assert.equal((await column(3)).at(-1), "depends", "what depends comes last");
      assert.equal(await page.run("return document.querySelector('[data-sort=output]').closest('th').ariaSort"), "descending");
      assert.equal((await page.all("page th[aria-sort]")).length, 1);
      await page.photograph(`${engine}-prices`);
      await (await page.find("page #models-search")).sendKeys(model);
      await page.until("page #models-count", (text) => text === "1 model");
      await page.click("page #models-rows button");
      assert.equal(await page.run("return document.activeElement.id"), "chat");
      await (await page.find("page #models-search")).sendKeys(" nothing like that");
      await page.until("page #models-message", (text) => text === "No model is like that.");
    });

    test("models that cannot be had are told of, and had by another try", async () => {
      await page.open();
      await page.run("window.fetchOfPage = window.fetch; window.fetch = () => Promise.reject(new TypeError('no'))");
      await page.run("document.querySelector('#models').scrollIntoView()");
      await page.until("page #models-message", (text) => /could not be loaded/.test(text));
      // A search finds nothing then, but that is not why.
      await (await page.find("page #models-search")).sendKeys("z");
      assert.match(await page.text("page #models-message"), /could not be loaded/);
      await (await page.find("page #models-search")).sendKeys(Key.BACK_SPACE);
      await page.run("window.fetch = fetchOfPage");
      await page.click("page #models-message button");
      await page.find("page #models-rows tr");
    });

    test("a model that costs by the image alone is not free", async () => {
      await page.open();
      await page.run(`const fetched = window.fetch;
        window.fetch = async (...given) => {
          const response = await fetched(...given);
          if (!/\\/models/.test(given[0].url ?? given[0])) return response;
          const body = await response.json();
          const row = body.data.find(({ id }) => id === arguments[0]);
          body.data.push({ ...row, id: "test/draws", name: "Draws", pricing: { prompt: "0", completion: "0", image: "0.04" } });
          return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
        };`.replaceAll("arguments[0]", JSON.stringify(model)));
      await page.run("document.querySelector('#models').scrollIntoView()");
      await page.find("page #models-rows tr");
      await (await page.find("page #models-search")).sendKeys("test/draws");
      await page.until("page #models-rows", (text) => /^Draws.*dependsdepends/.test(text));
      await page.click("page #models-free");
      await page.until("page #models-count", (text) => text === "0 models");
    });

    // Chromium alone runs a script before the page's.
    test("who types before the server has said what it is keeps the focus", { skip: engine !== "chromium" }, async () => {
      const { driver } = browser;
      const source = `const fetched = window.fetch; window.fetch = async (...given) => { if (String(given[0]).includes("/healthz")) await new Promise((resolve) => (window.release = resolve)); return fetched(...given); };`;
      const { identifier } = await driver.sendAndGetDevToolsCommand("Page.addScriptToEvaluateOnNewDocument", { source });
      try {
        await driver.get(page.url);
        await driver.wait(() => page.run("return window.release"), WAIT_MS, "the server is asked");
        await (await page.find(".composer textarea")).sendKeys("Hel");
        await page.run("window.release()");
        await driver.wait(until.elementLocated(By.css("#chat[data-ready]")), WAIT_MS);
        await driver.actions().sendKeys("lo").perform();
        assert.equal(await page.run("return document.querySelector('#chat').shadowRoot.querySelector('textarea').value"), "Hello");
      } finally {
        await driver.sendDevToolsCommand("Page.removeScriptToEvaluateOnNewDocument", { identifier });
      }
    });

    test("with a key nothing says demo", async () => {
      assert.equal((await page.all("page #demo")).length, 0);
    });
  });
}

describe("what a page is judged by", () => {
  let browser;
  let driver;
  let page;

  before(async () => {
    browser = await openBrowser("chromium");
    ({ driver } = browser);
    await driver.manage().setTimeouts({ script: 60_000 });
    page = new Page(driver, app.url);
  });

  after(() => browser?.close());

  const narrow = (width) =>
    driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width, height: 800, deviceScaleFactor: 1, mobile: false });
  const wide = () => driver.sendDevToolsCommand("Emulation.clearDeviceMetricsOverride", {});
  const media = (features) => driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features });
  /** Looks at everything once, so that all that waits to be seen is there. */
  const see = async () => {
    for (const [id, what] of [["themes", "#gallery openrouter-chat"], ["models", "#models-rows tr"]]) {
      await page.run("document.getElementById(arguments[0]).scrollIntoView()", id);
      await page.find(`page ${what}`);
    }
  };
  const axe = async (state) => {
    await page.run(readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8"));
    const found = await driver.executeAsyncScript(
      "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join('\\n'))), (error) => done([String(error)]))",
    );
    assert.deepEqual(found, [], state);
  };

  test("its largest paint is text that needs no script, and nothing moves while it comes", async () => {
    await page.open();
    await see();
    const { largest, shift } = await driver.executeAsyncScript(`const done = arguments[0];
      const seen = { shift: 0 };
      const observe = (type, take) => new Promise((resolve) => new PerformanceObserver((list) => { for (const entry of list.getEntries()) take(entry); resolve(); }).observe({ type, buffered: true }));
      let isMoved = new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const moved = observe("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) seen.shift += value; });
      observe("largest-contentful-paint", ({ element }) => { seen.largest = element && element.closest(".hero") ? "hero" : String(element && element.outerHTML); })
        .then(() => Promise.race([moved, isMoved])).then(() => done(seen));`);
    assert.equal(largest, "hero");
    assert.ok(shift < 0.05, `layout shift of ${shift}`);
    assert.match(await (await fetch(app.url)).text(), /<h1>Every model/);
  });

  test("what it loads before somebody uses it is small, and all its own", async () => {
    await page.open();
    const loaded = await page.run(`return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(({ name, encodedBodySize }) => ({ name, size: encodedBodySize }))`);
    assert.ok(loaded.length >= 4, "the page, its style, its script and the widget");
    assert.deepEqual(loaded.filter(({ name }) => !name.startsWith(app.url)), []);
    assert.deepEqual(loaded.filter(({ name }) => /errors-|picker-|highlight-|inline/.test(name)), [], "what is for later comes later");
    const bytes = (await Promise.all(loaded.map(async ({ name }) => gzipSync(Buffer.from(await (await fetch(name)).arrayBuffer())).length))).reduce((sum, size) => sum + size, 0);
    assert.ok(bytes > 20_000 && bytes < 70_000, `${bytes} bytes with gzip`);
  });

  test("the console is empty and the policy is kept, through an answer, the picker, the themes and the prices", async () => {
    await page.open();
    await page.run("window.violations = []; document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => violations.push(violatedDirective + ' ' + blockedURI))");
    await page.choose("openai/gpt-5.2");
    await page.send("Everything, please");
    await page.find('article[data-role=assistant][data-state="done"]');
    await see();
    for (const swatch of await page.all("page #swatches input")) await page.run("arguments[0].click()", swatch);
    assert.deepEqual(await page.run("return violations"), []);
    const entries = await driver.manage().logs().get("browser");
    assert.deepEqual(entries.map(({ level, message }) => `${level.name} ${message}`), []);
  });

  test("it says what it is, in which language, and how wide it may be", async () => {
    const html = await (await fetch(app.url)).text();
    assert.match(html, /^<!doctype html>\s*<html lang="en">/i);
    const [, description] = /<meta name="description" content="([^"]+)"/.exec(html);
    assert.ok(description.length > 50 && description.length < 170, `${description.length} characters`);
    assert.match(html, /<meta name="viewport" content="width=device-width, initial-scale=1[^"]*"/);
    assert.doesNotMatch(html, /user-scalable=no|maximum-scale|<script(?![^>]* src=)|<style| style="| on\w+="/);
    assert.equal((html.match(/<h1/g) ?? []).length, 1);
    assert.match(html, /<title>[^<]{10,60}<\/title>/);
    for (const [, id] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(html.includes(`id="${id}"`), `#${id}`);
  });

  for (const [look, features] of [["light", []], ["dark", [{ name: "prefers-color-scheme", value: "dark" }]], ["forced", [{ name: "forced-colors", value: "active" }]]]) {
    test(`it is accessible in ${look}, with each theme`, async () => {
      await media(features);
      await page.open();
      await see();
      await axe(look);
      for (const swatch of look === "forced" ? [] : await page.all("page #swatches input")) {
        await page.run("arguments[0].click()", swatch);
        const name = await swatch.getAttribute("value");
        await page.run("document.querySelector('#themes').scrollIntoView()");
        await page.photograph(`page-theme-${name.toLowerCase()}-${look}`);
        await axe(`${name} in ${look}`);
      }
      await page.run("scrollTo(0, 0)");
      await page.photograph(`page-${look}`);
      await media([]);
    });
  }

  test("at 320 pixels nothing scrolls sideways, and all of it can be had", async () => {
    await narrow(320);
    await page.open();
    await see();
    assert.equal(await page.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0);
    await axe("at 320 pixels");
    await page.photograph("page-narrow-models");
    await page.run("scrollTo(0, 0)");
    await page.photograph("page-narrow");
    await wide();
  });
});

test("without a key the simulator answers, and the page says so plainly", async () => {
  const demo = await startApp();
  const browser = await openBrowser(engines[0]);
  try {
    const page = new Page(browser.driver, demo.url);
    await page.open();
    assert.match(await page.text("page #demo"), /demo/i);
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
