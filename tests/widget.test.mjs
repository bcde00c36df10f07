// `<openrouter-chat>` as published, in real browsers with real input, under the strictest policy. Screenshots:
// target/screenshots.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import { join } from "node:path";
import { Key } from "selenium-webdriver";
import { root } from "../scripts/toolchain.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { Chat as Person, WAIT_MS, delta, isAccessible, keptIn, markdownPages, page } from "./support/chat.mjs";
import { serveFiles } from "./support/files.mjs";
import { startUpstream } from "./upstream/server.mjs";
import { GROWING, HOSTILE } from "./widget/corpus.js";

let upstream;
let files;

before(async () => {
  upstream = await startUpstream();
  files = await serveFiles(
    {
      "/": page("/tests/browser/widget.js", "<main><h1 class=\"title\">A page</h1><openrouter-chat></openrouter-chat></main>"),
      ...(await markdownPages()),
      "/late": page("/tests/browser/widget-late.js", "<main><openrouter-chat></openrouter-chat></main>"),
      "/axe.js": { body: readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8"), headers: { "content-type": "text/javascript" } },
    },
    upstream.url,
  );
});

after(async () => {
  await files?.close();
  await upstream?.close();
});

/** Waits for texts, and scrolls to what it clicks. */
class Chat extends Person {
  constructor(driver) {
    super(driver, files.url);
  }

  async text(selector) {
    return (await this.texts(selector)).at(-1);
  }

  /** Resolves once the condition holds for the text of the newest match. */
  async until(selector, holds = (text) => text !== undefined) {
    let last;
    const isSo = async () => {
      last = await this.text(selector);
      return last !== undefined && holds(last);
    };
    await this.driver.wait(isSo, WAIT_MS).catch(() => assert.fail(`${selector}, last seen: ${last}`));
    return last;
  }

  async open(path = "/") {
    await this.driver.get(files.url + path);
    await this.driver.wait(() => this.run("return window.isReady"), WAIT_MS, "the page");
  }

  async find(selector) {
    let found;
    await this.driver.wait(async () => (found = (await this.all(selector)).at(-1)), WAIT_MS, selector);
    return found;
  }

  async click(selector) {
    const element = await this.find(selector);
    // WebKit's driver takes what the composer covers for something that is in view.
    await this.run("arguments[0].scrollIntoView({ block: 'center' })", element);
    await element.click();
  }

  /** Sends a message to a model and waits until the answer is over. */
  async ask(model, text = "Hi") {
    await this.run("chat.model = arguments[0]; window.ends = happened.filter(({ type }) => type === 'or-response-end').length", model);
    await this.type(text, Key.ENTER);
    await this.over(text);
  }

  /** Resolves once one answer more is over than the last time. */
  async over(what = "an answer") {
    const isOver = () =>
      this.run(`const ends = happened.filter(({ type }) => type === 'or-response-end').length;
        if (ends <= (window.ends ?? 0)) return false;
        window.ends = ends;
        return true`);
    await this.driver.wait(isOver, WAIT_MS, what);
  }
}

let count = 0;
/** A model of one test alone. */
const define = (script) => {
  const model = `test/widget-${++count}`;
  upstream.define({ model, ...script });
  return model;
};

for (const engine of engines) {
  describe(`in ${engine}`, () => {
    let browser;
    let chat;
    let driver;

    before(async () => {
      browser = await openBrowser(engine);
      driver = browser.driver;
      await driver.manage().setTimeouts({ script: 120_000 });
      chat = new Chat(driver);
    });

    after(() => browser?.close());

    describe("Markdown", () => {
      const call = async (name, ...given) => {
        const { value, error } = await driver.executeAsyncScript(
          `const done = arguments[arguments.length - 1];
           Promise.resolve(markdown[arguments[0]](...arguments[1])).then((value) => done({ value: value ?? null }), (error) => done({ error: String(error.stack) }));`,
          name,
          given,
        );
        assert.equal(error, undefined);
        return value;
      };

      before(() => chat.open("/markdown"));

      for (const name of Object.keys(HOSTILE)) {
        test(`${name} does no harm`, async () => {
          assert.equal(await call("harm", name), null);
          assert.deepEqual(await call("requests"), []);
        });
      }

      test("a long table is a table, and long code is code, however many marks they have", async () => {
        const table = await call("html", `| a | b | c | d |\n|---|---|---|---|\n${"| 1 | 2 | 3 | 4 |\n".repeat(1000)}`);
        assert.equal(table.match(/<tr/g)?.length, 1001);
        const code = await call("html", `\`\`\`txt\n${"const value = [[1], [2]]; // *\n".repeat(1000)}\`\`\`\n`);
        assert.equal(code.match(/<pre/g)?.length, 1);
        assert.doesNotMatch(code, /class="raw"/);
      });

      test("it is the same in whatever pieces it comes", async () => assert.equal(await call("difference"), null));

      test("what has begun and not ended shows no marks, no link to an address that is cut, and nothing that is gone again", async () => {
        assert.equal(await call("strays", GROWING), null);
      });

      test("at the end it is what was really written", async () => {
        assert.equal(await call("html", "a **b"), "<p>a **b</p>");
        assert.equal(await call("text", "a `b [c](d"), "a `b [c](d");
      });

      test("what was shown is not made again with each piece", async () => {
        const { nodes, steps } = await call("work");
        assert.ok(nodes < 8 * steps, `${nodes} nodes in ${steps} steps`);
      });

      test("a link says where it leads if its text says otherwise, or has letters that look like others", async () => {
        assert.match(await call("text", "[google.com](https://evil.example/)"), /^google\.com \(evil\.example\)$/);
        assert.match(await call("text", "[аррӏе.com](https://аррӏе.com/)"), /\(xn--80ak6aa92e\.com\)$/);
        assert.equal(await call("text", "[example.com](https://example.com/a)"), "example.com");
      });

      test("marks that turn the direction are shown", async () => assert.equal(await call("text", "a\u202eb"), "a‹U+202E›b"));

      test("a character reference is its character, and what is none is marked as such", async () => {
        assert.equal(await call("text", "&#65;&#x42; &amp;#67; &lt;b&gt; &nope; &#xd800;&#0;&#x110000;"), "AB &#67; <b> &nope; \ufffd\ufffd\ufffd");
      });

      test("an image names its host and waits to be asked for; where the policy forbids it there is a link", async () => {
        assert.match(await call("text", "![a cat](https://pictures.example/cat.png)"), /a cat.*pictures\.example/);
        const html = await call("pressed", "![a cat](https://pictures.example/cat.png)");
        assert.match(html, /<a href="https:\/\/pictures\.example\/cat\.png"/);
        assert.doesNotMatch(html, /<img/);
      });

      test("an image of a host that the page trusts needs no press; where the policy forbids it there is a link", async () => {
        const { forbidden, html } = await call("hosted", "![a cat](https://a.pictures.example/cat.png)\n\nAnd so on.", ["*.pictures.example"]);
        assert.deepEqual(forbidden, ["https://a.pictures.example/cat.png"], "it is asked for once");
        assert.match(html, /^<p><a href="https:\/\/a\.pictures\.example\/cat\.png"[^>]*>a cat<\/a>.*a\.pictures\.example/);
        assert.doesNotMatch(html, /<img|<button/);
      });

      test("hosts that the page trusts are those and no others, by https", async () => {
        const hosts = ["pictures.example", "*.b.example", "other.example:8443"];
        const isTrusted = async (address) => (await call("hosted", `![a cat](${address})`, hosts)).forbidden.length === 1;
        for (const address of ["https://pictures.example/c.png", "https://PICTURES.example/c.png", "https://a.b.example/c.png", "https://d.a.b.example/c.png", "https://other.example:8443/c.png"]) {
          assert.equal(await isTrusted(address), true, address);
        }
        for (const address of [
          "http://pictures.example/c.png", "https://a.pictures.example/c.png", "https://b.example/c.png", "https://ab.example/c.png", "https://pictures.example.evil.example/c.png",
          "https://pictures.example@evil.example/c.png", "https://evilpictures.example/c.png", "https://pictures.example:8443/c.png", "https://other.example/c.png", "//pictures.example/c.png",
        ]) assert.equal(await isTrusted(address), false, address);
      });

      test("an image that may be shown is, without telling who asked", async () => {
        const html = await call("pressed", `![a dot](${files.url}/tests/widget/dot.png)`);
        assert.match(html, /<img[^>]* referrerpolicy="no-referrer"/);
      });
    });

    describe("the chat", () => {
      beforeEach(() => chat.open());

      test("a message is sent by Enter, its answer comes, and the cursor stays in the text", async () => {
        await chat.photograph(`widget-empty-${engine}`);
        const model = define({ events: [delta("Hello **you**"), delta(".", "stop"), "[DONE]"] });
        await chat.ask(model, "Good morning");
        assert.deepEqual(await chat.texts("article .body"), ["Good morning", "Hello you."]);
        assert.equal(await chat.focused(), "textarea");
        assert.equal(await chat.run("return chat.shadowRoot.querySelector('.composer textarea').value"), "");
        assert.equal(await chat.text("[role=status]"), "Hello you.");
        assert.deepEqual(upstream.requests.findLast((request) => request.model === model).body.messages, [{ role: "user", content: "Good morning" }]);
        assert.deepEqual(
          await chat.run("return happened.map(({ type }) => type)"),
          ["or-submit", "or-messages-change", "or-response-start", "or-response-end", "or-messages-change"],
        );
        const [{ state, messages }] = await chat.happened("or-response-end");
        assert.equal(state, "done");
        assert.equal(messages[0].content, "Hello **you**.");
      });

      test("nothing offends against the strictest policy", async () => {
        await chat.ask("anthropic/claude-sonnet-4.6", "Everything, please");
        await chat.until(".code-keyword");
        await chat.click(".model");
        await chat.until("[role=option]");
        assert.deepEqual(await chat.happened("violation"), []);
        assert.equal(await chat.run("return [...chat.shadowRoot.querySelectorAll('script, style, link, iframe')].length"), 0);
      });

      test("Shift and Enter start a new line, and the Enter that ends a composition sends nothing", async () => {
        await chat.type("one");
        await driver.actions().keyDown(Key.SHIFT).sendKeys(Key.ENTER).keyUp(Key.SHIFT).perform();
        await chat.type("two");
        assert.equal(await chat.run("return chat.shadowRoot.querySelector('textarea').value"), "one\ntwo");
        await chat.run(`const text = chat.shadowRoot.querySelector('textarea');
          text.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, composed: true }));
          text.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, composed: true }));`);
        assert.deepEqual(await chat.happened("or-submit"), []);
      });

      test("one button sends and stops; what has come stays and is marked", async () => {
        const model = define({ events: [delta("The beginning"), delta(" never", "stop"), "[DONE]"], stepped: true });
        await chat.run("chat.model = arguments[0]", model);
        await chat.type("Go");
        const button = await chat.find(".send");
        assert.equal(await button.getAttribute("aria-label"), "Send");
        await button.click();
        upstream.step(model);
        await chat.until("article[data-role=assistant] .body", (text) => text === "The beginning");
        assert.equal(await button.getAttribute("aria-label"), "Stop");
        assert.equal(await chat.focused(), "textarea");
        assert.ok(await chat.find("article[aria-busy=true]"));
        await button.click();
        await chat.until(".note", (text) => text.startsWith("Stopped"));
        assert.equal(await button.getAttribute("aria-label"), "Send");
        await upstream.waitFor({ model, event: "client-gone", timeoutMs: 5000 });
        assert.deepEqual(await chat.run("return chat.messages"), [{ role: "user", content: "Go" }, { role: "assistant", content: "The beginning" }]);
        assert.equal(await chat.text("[role=status]"), "Stopped.");
      });

      for (const variant of ["popup", "inline"]) {
        test(`a keyboard on the screen does not cover the chat: ${variant}`, async () => {
          const script = `
            const real = matchMedia;
            window.matchMedia = (query) => (/coarse/.test(query) ? { matches: true } : real(query));
            window.listeners = new Set();
            for (const [name, change] of [["addEventListener", "add"], ["removeEventListener", "delete"]]) {
              const own = visualViewport[name];
              visualViewport[name] = function (type, listener) { listeners[change](type); own.call(this, type, listener); };
            }
            window.cover = (covered, offsetTop = 0) => {
              const own = { height: document.documentElement.clientHeight - covered - offsetTop, offsetTop, scale: 1 };
              for (const [name, value] of Object.entries(own)) Object.defineProperty(visualViewport, name, { value, configurable: true });
              visualViewport.dispatchEvent(new Event("resize"));
            };
            window.box = () => {
              const { top, bottom } = chat.shadowRoot.querySelector(".chat").getBoundingClientRect();
              return [top, bottom, document.documentElement.clientHeight];
            };
            chat.variant = arguments[0];
            chat.open = true;
            if (arguments[0] === "inline") chat.style.cssText = "position: fixed; inset: 0; height: 100dvh";`;
          await chat.run(script, variant);
          await driver.wait(() => chat.run("return getComputedStyle(chat).display !== 'none' && box()[1] > 0"), WAIT_MS, "the chat");
          const [top, bottom] = await chat.run("return box()");
          assert.deepEqual(await chat.run("return [...listeners]"), [], "nothing listens before there is a keyboard");
          await chat.run("chat.shadowRoot.querySelector('.composer textarea').focus()");
          await driver.wait(() => chat.run("return listeners.size === 2"), WAIT_MS, "listeners");
          assert.deepEqual((await chat.run("return box()")).slice(0, 2), [top, bottom]);

          for (const [covered, offsetTop] of [[300, 0], [200, 150]]) {
            const [above, below, height] = await chat.run("cover(...arguments); return box()", covered, offsetTop);
            assert.ok(above >= offsetTop && below <= height - covered, `${above} to ${below} of ${offsetTop} to ${height - covered}`);
            assert.ok(below >= height - covered - 16, `it goes down to the keyboard: ${below} of ${height - covered}`);
          }
          // The bars of the browser are no keyboard.
          await chat.run("cover(60)");
          assert.deepEqual((await chat.run("return box()")).slice(0, 2), [top, bottom]);
          await chat.run("cover(300)");
          if (variant === "popup") await chat.run("chat.open = false");
          else await chat.run("chat.shadowRoot.activeElement.blur()");
          assert.deepEqual(await chat.run("return [...listeners]"), []);
          await chat.run("cover(0); chat.open = true");
          assert.deepEqual((await chat.run("return box()")).slice(0, 2), [top, bottom]);
        });
      }

      test("while an answer comes, what has begun has no marks; stopped, it is what was written", async () => {
        const steps = [
          ["**Some **bo", "Some bo", "bo", "strong strong"],
          ["ld** and** `co", "Some bold and co", "co", "code"],
          ["de`, a [link](https://exam", "Some bold and code, a link"],
          ["ple.com/) ![pic", "Some bold and code, a link", "link", "a"],
          ["ture](https://example.com/a.png) *end", undefined, "end", "em"],
        ];
        const model = define({ events: [...steps.map(([text]) => delta(text)), delta("", "stop"), "[DONE]"], stepped: true });
        await chat.run("chat.model = arguments[0]", model);
        await chat.type("Go", Key.ENTER);
        for (const [, text, last, selector] of steps) {
          upstream.step(model);
          if (text) await chat.until("article[data-role=assistant] .body", (shown) => shown.trim() === text);
          if (selector) await chat.until(`article[data-role=assistant] .body ${selector}`, (shown) => shown === last);
          assert.doesNotMatch(await chat.text("article[data-role=assistant] .body"), /[*`[\]!]/);
        }
        assert.deepEqual(await chat.run("return [...chat.shadowRoot.querySelectorAll('article a')].map((link) => link.href)"), ["https://example.com/"]);
        await chat.type(Key.ESCAPE);
        await chat.until("article[data-role=assistant] .body", (shown) => shown.endsWith(" *end"));
      });

      test("where there is only a touch keyboard, Enter starts a new line and the button sends", async () => {
        await chat.run("const real = matchMedia; window.matchMedia = (query) => (/coarse/.test(query) ? { matches: true } : real(query)); chat.lang = 'en'");
        const text = await chat.find(".composer textarea");
        assert.equal(await text.getAttribute("enterkeyhint"), "enter");
        await text.sendKeys("one", Key.ENTER, "two");
        assert.equal(await chat.run("return chat.shadowRoot.querySelector('textarea').value"), "one\ntwo");
        await chat.run("chat.model = arguments[0]", define({ events: [delta("ok", "stop"), "[DONE]"] }));
        await chat.click(".send");
        await chat.over();
        assert.equal(await chat.run("return chat.messages[0].content"), "one\ntwo");
        assert.equal(await chat.focused(), "textarea", "its keyboard stays open");
        await chat.click("[data-action=regenerate]");
        await chat.over();
        assert.equal(await chat.focused(), "send", "what is gone has not taken the focus with it, and no keyboard has opened");
      });

      test("images of hosts that the page trusts need no press", async () => {
        await chat.run("chat.imageHosts = ['*.pictures.example']; chat.messages = [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: '![a](https://a.pictures.example/b.png) ![c](https://other.example/d.png)' }]");
        await chat.until("article .body a", (text) => text === "a");
        assert.equal((await chat.all(".remote-image")).length, 1);
        assert.match(await chat.text(".remote-image"), /other\.example/);
        await chat.run("chat.imageHosts = undefined; chat.messages = chat.messages");
        assert.equal((await chat.all(".remote-image")).length, 2);
        assert.deepEqual(await chat.run("return chat.imageHosts"), []);
      });

      test("Escape stops too", async () => {
        const model = define({ events: [delta("a"), delta("b", "stop"), "[DONE]"], stepped: true });
        await chat.run("chat.model = arguments[0]", model);
        await chat.type("Go", Key.ENTER);
        upstream.step(model);
        await chat.until("article[data-role=assistant] .body", (text) => text === "a");
        await chat.type(Key.ESCAPE);
        await chat.until(".note");
        await upstream.waitFor({ model, event: "client-gone", timeoutMs: 5000 });
      });

      test("another answer stands beside the first", async () => {
        const answer = (text) => ({ events: [delta(text, "stop"), "[DONE]"] });
        const model = define({ sequence: [answer("one"), answer("two")] });
        await chat.ask(model);
        await chat.click("[data-action=regenerate]");
        await chat.until("article[data-role=assistant] .body", (text) => text === "two");
        await chat.until(".branch span", (text) => text === "2/2");
        await chat.click("[data-turn='-1']");
        await chat.until("article[data-role=assistant] .body", (text) => text === "one");
        assert.equal(await chat.text(".branch span"), "1/2");
        assert.equal(await chat.run("return chat.shadowRoot.activeElement.dataset.turn"), "1", "the focus stays at the branch");
      });

      test("Up in an empty composer edits the last message in its place; Escape leaves it as it was", async () => {
        const model = define({ events: [delta("fine", "stop"), "[DONE]"] });
        await chat.ask(model, "How are yuo?");
        await chat.type(Key.ARROW_UP);
        await (await chat.find(".editor textarea")).sendKeys(Key.ESCAPE);
        assert.equal(await chat.focused(), "edit");
        assert.deepEqual(await chat.all(".editor"), []);
        await chat.type(Key.ARROW_UP);
        const editor = await chat.find(".editor textarea");
        assert.equal(await editor.getAttribute("value"), "How are yuo?");
        await editor.sendKeys(...Array(4).fill(Key.BACK_SPACE), "you?", Key.ENTER);
        await driver.wait(() => chat.run("return chat.messages.length === 2 && chat.messages[0].content === 'How are you?' && !chat.isBusy"), WAIT_MS);
        assert.equal(await chat.focused(), "textarea");
        assert.equal(await chat.text("article[data-role=user] .branch span"), "2/2");
      });

      test("messages and code are copied as they were written", async () => {
        await chat.run("window.copied = []; Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => void copied.push(text) } })");
        const model = define({ events: [delta("**Bold**\n\n```js\nlet a = 1;\n```", "stop"), "[DONE]"] });
        await chat.ask(model, "x");
        await chat.click("article[data-role=assistant] [data-action=copy]");
        await chat.click(".code-head button");
        assert.deepEqual(await chat.run("return copied"), ["**Bold**\n\n```js\nlet a = 1;\n```", "let a = 1;"]);
        await chat.until(".code-head button", (text) => text === "Copied");
      });

      test("what is read out of an answer is all of it, without the buttons", async () => {
        const model = define({ events: [delta("First:\n\n1. one\n   ```sh\n   npm i\n   ```\n2. two **bold**ly\n\n| a | b |\n|---|---|\n| c | d |"), delta("", "length"), "[DONE]"] });
        await chat.ask(model);
        const words = (await chat.text("[role=status]")).split(/\s+/);
        assert.deepEqual(words, "First: one npm i two boldly a b c d The answer reached its length limit.".split(" "));
        await chat.ask("sim/images");
        assert.doesNotMatch(await chat.text("[role=status]"), /empty/);
      });

      test("of a long answer the beginning is read out, and that it was cut", async () => {
        await chat.ask(define({ events: [delta("a word and ".repeat(1000)), delta("\n\nlast", "length"), "[DONE]"] }));
        const said = await chat.text("[role=status]");
        assert.match(said, /^a word and .*… *\nThe answer reached its length limit\.$/s);
        assert.ok(said.length < 4100, `${said.length} letters`);
      });

      test("the page may colour code itself, and hears each word", async () => {
        await chat.run("chat.highlight = (code, language) => Object.assign(document.createElement('b'), { textContent: code, title: language }); window.heard = ''; chat.addEventListener('or-response-delta', ({ detail: { event } }) => (window.heard += event.text))");
        const code = "```js\nlet a = 1;\n```";
        await chat.ask(define({ events: [delta(code.slice(0, 8)), delta(code.slice(8), "stop"), "[DONE]"] }));
        await chat.until("pre code b", (text) => text === "let a = 1;");
        assert.equal(await chat.run("return heard"), code);
      });

      test("what the model thought is folded away", async () => {
        await chat.ask("sim/reasoning");
        assert.match(await chat.text("details.reasoning summary"), /^Thought for/);
        assert.equal(await chat.text("details.reasoning .body"), "");
        await chat.click("details.reasoning summary");
        await chat.until("details.reasoning .body", (text) => text.length > 5);
      });

      test("a tool of the page is called, and its result goes to the model", async () => {
        await chat.run("chat.tools = [{ name: 'get_weather', description: 'x', parameters: { type: 'object', properties: { city: { type: 'string' } } }, run: () => ({ sky: 'blue' }) }]");
        await chat.ask("sim/tools");
        // Its view may still be loading.
        await chat.until("details.tool summary", (text) => text === "Called get_weather");
        await chat.click("details.tool summary");
        assert.deepEqual((await chat.texts("details.tool pre")).map((text) => JSON.parse(text)).at(-1), { sky: "blue" });
        assert.match(await chat.text("article[data-role=assistant] > .content > .body"), /blue/);
      });

      test("an answer with tools that is stopped has cost what all of its steps have", async () => {
        const call = (cost) => ({
          events: [
            { id: "gen-widget", model: "the/model", choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: `call-${cost}`, type: "function", function: { name: "f", arguments: "{}" } }] }, finish_reason: "tool_calls" }] },
            { ...delta(""), usage: { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, cost } },
            "[DONE]",
          ],
        });
        const model = define({ sequence: [call(0.5), call(0.25), { events: [delta("Half")], end: "hold" }] });
        await chat.run("chat.tools = [{ name: 'f', parameters: { type: 'object' }, run: () => 'ok' }]; chat.model = arguments[0]", model);
        await chat.type("Go", Key.ENTER);
        await chat.until("article[data-role=assistant] > .content > .body", (text) => text === "Half");
        await chat.type(Key.ESCAPE);
        await chat.over();
        const [{ state, usage }] = await chat.happened("or-response-end");
        assert.deepEqual([state, usage.cost, usage.prompt_tokens], ["stopped", 0.75, 20]);
      });

      test("a tool without a handler is answered by the event", async () => {
        await chat.run(`chat.tools = [{ name: 'get_weather', parameters: { type: 'object' } }];
          chat.addEventListener('or-tool-call', ({ detail }) => detail.respondWith(Promise.resolve('rain from ' + detail.name)));`);
        await chat.ask("sim/tools");
        assert.match(await chat.text("article[data-role=assistant] > .content > .body"), /rain from get_weather/);
      });

      test("sources and images come with the answer", async () => {
        await chat.ask("sim/annotations");
        assert.equal((await chat.all(".sources li a")).length, 2);
        await chat.ask("sim/images");
        assert.match(await (await chat.find("figure img")).getAttribute("src"), /^data:image\/png/);
        assert.match(await (await chat.find("figure a")).getAttribute("download"), /^image\.png$/);
      });

      test("a failure says what it means and offers a way out", async () => {
        await chat.ask("sim/429-retry-after", "Too fast");
        await chat.until(".error", (text) => text.includes("Too many requests"));
        assert.match(await chat.text(".error [data-remedy=retry]"), /^Try again in \d s$/);
        await chat.photograph(`widget-error-${engine}`);
        assert.equal((await chat.happened("or-error")).length, 1);
        const model = define({ sequence: [{ status: 503, body: '{"error":{"code":503,"message":"Busy"}}' }, { events: [delta("at last", "stop"), "[DONE]"] }] });
        await chat.ask(model, "Again");
        await chat.click("[data-remedy=retry]:enabled");
        await chat.until("article[data-role=assistant] .body", (text) => text === "at last");
        assert.equal((await chat.all("article")).length, 4);
      });

      test("a failure in the middle keeps what had come", async () => {
        const model = define({ events: [delta("The beginning"), ": the last sign of life"], stepped: true, end: "destroy" });
        await chat.run("chat.model = arguments[0]", model);
        await chat.type("Go", Key.ENTER);
        upstream.step(model);
        await chat.until("article[data-role=assistant] .body", (text) => text === "The beginning");
        upstream.step(model);
        await chat.until(".error", (text) => text.includes("cut off"));
        assert.equal(await chat.text("article[data-role=assistant] .body"), "The beginning");
        assert.equal((await chat.run("return chat.messages")).length, 2);
      });

      test("a model is found and chosen with the keyboard", async () => {
        await chat.click(".model");
        await chat.until("[role=option]");
        await chat.photograph(`widget-picker-${engine}`);
        const search = await chat.find(".picker input");
        assert.equal(await chat.focused(), "input");
        await search.sendKeys("claude opus");
        await chat.until(".picker-count", (text) => /^\d+ models?$/.test(text));
        const first = await chat.run("return chat.shadowRoot.querySelector('.active').dataset.model");
        assert.equal(await chat.run("const box = chat.shadowRoot.querySelector('.picker input'); return chat.shadowRoot.getElementById(box.getAttribute('aria-activedescendant')).dataset.model"), first);
        await search.sendKeys(Key.ARROW_DOWN, Key.ENTER);
        const [{ model, name }] = await chat.happened("or-model-change");
        assert.notEqual(model, first);
        assert.equal(await chat.run("return chat.model"), model);
        assert.equal(await chat.text(".model-name"), `Model: ${name}`);
        assert.match(await chat.focused(), /model/);
      });

      test("a listener may change what is sent, or prevent it", async () => {
        const model = define({ events: [delta("ok", "stop"), "[DONE]"] });
        await chat.run("chat.addEventListener('or-submit', (event) => { if (event.detail.content === 'never') event.preventDefault(); else { event.detail.content += '!'; event.detail.request.temperature = 0.5; } })");
        await chat.type("never", Key.ENTER);
        assert.equal(await chat.run("return chat.shadowRoot.querySelector('textarea').value"), "never");
        assert.deepEqual(await chat.run("return chat.messages"), []);
        await chat.run("chat.setComposerValue('')");
        await chat.ask(model, "yes");
        const { body } = upstream.requests.findLast((request) => request.model === model);
        assert.deepEqual([body.messages[0].content, body.temperature], ["yes!", 0.5]);
      });

      test("a listener hears of an edited message too, and may change or prevent it", async () => {
        const model = define({ events: [delta("ok", "stop"), "[DONE]"] });
        await chat.ask(model, "first");
        await chat.run("chat.addEventListener('or-submit', (event) => { if (/never/.test(event.detail.content)) event.preventDefault(); else { event.detail.content += '!'; event.detail.request.temperature = 0.5; } })");
        await chat.type(Key.ARROW_UP);
        const editor = await chat.find(".editor textarea");
        await editor.sendKeys(" never", Key.ENTER);
        assert.equal(await editor.getAttribute("value"), "first never", "what was written stays");
        await editor.sendKeys(...Array(5).fill(Key.BACK_SPACE), "ever", Key.ENTER);
        await chat.over();
        const bodies = upstream.requests.filter((request) => request.model === model).map(({ body }) => [body.messages[0].content, body.temperature]);
        assert.deepEqual(bodies, [["first", undefined], ["first ever!", 0.5]]);
      });

      test("with a touch keyboard Enter starts a new line in an edited message too", async () => {
        await chat.ask(define({ events: [delta("ok", "stop"), "[DONE]"] }), "one");
        await chat.run("const real = matchMedia; window.matchMedia = (query) => (/coarse/.test(query) ? { matches: true } : real(query))");
        await chat.click("[data-action=edit]");
        const editor = await chat.find(".editor textarea");
        await editor.sendKeys(Key.ENTER, "two");
        assert.equal(await chat.run("return arguments[0].value", editor), "one\ntwo");
      });

      test("the end is followed until the reader leaves it, and again when he is back", async () => {
        const lines = Array.from({ length: 12 }, (_, i) => delta(`${"line\n\n".repeat(6)}${i}\n\n`));
        const model = define({ events: [...lines, delta("end", "stop"), "[DONE]"], stepped: true });
        await chat.run("chat.model = arguments[0]", model);
        await chat.type("Long", Key.ENTER);
        const distance = () => chat.run("const { scrollHeight, scrollTop, clientHeight } = chat.shadowRoot.querySelector('.scroller'); return scrollHeight - scrollTop - clientHeight");
        const shown = (i) => chat.until("article[data-role=assistant] .body", (text) => text.endsWith(`${i}`));
        const step = async (from, to) => {
          for (let i = from; i < to; i++) upstream.step(model);
          await shown(to - 1);
        };
        await step(0, 6);
        await driver.wait(async () => (await distance()) < 2, WAIT_MS);
        await chat.run("chat.shadowRoot.querySelector('.scroller').focus()");
        await driver.actions().sendKeys(Key.PAGE_UP).perform();
        await driver.wait(async () => (await distance()) > 64, WAIT_MS);
        await step(6, 9);
        assert.ok((await distance()) > 100, "growth does not pull the reader back");
        await chat.find(".jump[data-unread]:not([hidden])");
        await chat.click(".jump");
        await driver.wait(async () => (await distance()) < 2, WAIT_MS);
        assert.deepEqual(await chat.all(".jump:not([hidden])"), []);
        await step(9, 12);
        await driver.wait(async () => (await distance()) < 2, WAIT_MS);
        for (let i = 0; i < 3; i++) upstream.step(model);
        await chat.over();
      });

      test("the question moves to the top when it is sent", async () => {
        await chat.ask("anthropic/claude-sonnet-4.6", "First");
        await chat.ask(define({ events: [delta("short", "stop"), "[DONE]"] }), "Second");
        const top = await chat.run("const at = [...chat.shadowRoot.querySelectorAll('article[data-role=user]')].at(-1).getBoundingClientRect().top; return at - chat.shadowRoot.querySelector('.scroller').getBoundingClientRect().top");
        assert.ok(top >= 0 && top < 160, `at ${top}`);
        await chat.photograph(`widget-answer-${engine}`);
      });

      test("messages come from the page, go to it, and are written as Markdown", async () => {
        await chat.run("chat.messages = [{ role: 'user', content: 'q' }, { role: 'assistant', content: '*a*', model: 'x/y' }]");
        assert.deepEqual(await chat.texts("article .body"), ["q", "a"]);
        assert.equal(await chat.run("return chat.exportMarkdown()"), "## You\n\nq\n\n## Assistant\n\n*a*\n");
        await chat.run("window.kept = chat.exportJSON(); chat.clear()");
        assert.deepEqual(await chat.all("article"), []);
        await chat.run("chat.importJSON(JSON.parse(JSON.stringify(kept)))");
        assert.deepEqual(await chat.texts("article .body"), ["q", "a"]);
      });

      test("a thread is kept over a reload for those who ask for it, and a new chat forgets it", async () => {
        const model = define({ events: [delta("kept", "stop"), "[DONE]"] });
        await chat.run("chat.persist = 'here'");
        // What keeps it is loaded when it is needed.
        await chat.find("[part=conversations-button]");
        await chat.ask(model, "Keep this");
        await chat.driver.wait(async () => (await keptIn(chat.driver, "here")).length > 0, WAIT_MS, "kept");
        await chat.open();
        assert.deepEqual(await chat.texts("article"), []);
        await chat.run("chat.persist = 'here'");
        await chat.until("article[data-role=assistant] .body", (text) => text === "kept");
        await chat.click("[part=new-chat-button]");
        await chat.open();
        await chat.run("chat.persist = 'here'");
        await chat.ask(model, "Only this");
        assert.equal((await chat.all("article")).length, 2);
      });

      test("a file goes along with the message", async () => {
        const model = define({ events: [delta("seen", "stop"), "[DONE]"] });
        await chat.run(`const data = new DataTransfer(); data.items.add(new File(['some notes'], 'notes.txt', { type: 'text/plain' }));
          chat.shadowRoot.querySelector('.composer').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, composed: true, cancelable: true }));`);
        await chat.until(".attachments li", (text) => text.includes("notes.txt"));
        await chat.ask(model, "Read this");
        const [{ content }] = upstream.requests.findLast((request) => request.model === model).body.messages;
        assert.equal(content[0].text, "Read this");
        assert.match(content[1].text, /some notes/);
        assert.deepEqual(await chat.all(".attachments li"), []);
      });

      test("all words can be others, and numbers follow the language", async () => {
        const model = define({ events: [delta("Hallo"), { ...delta("", "stop"), usage: { prompt_tokens: 1234, completion_tokens: 5, total_tokens: 1239, cost: 0.5 } }, "[DONE]"] });
        await chat.run("chat.lang = 'de'; chat.strings = { send: 'Senden', you: 'Du', tokens: '{input} hinein, {output} heraus' }");
        assert.equal(await (await chat.find(".send")).getAttribute("aria-label"), "Senden");
        await chat.ask(model, "Hallo");
        assert.match(await (await chat.find("article[data-role=user]")).getAttribute("aria-label"), /^Du, /);
        assert.match(await chat.text(".usage"), /1\.234 hinein, 5 heraus · 0,50/);
      });

      test("what a page sets again as it is changes nothing, and other suggestions change nothing else", async () => {
        await chat.ask(define({ events: [delta("ok", "stop"), "[DONE]"] }), "one");
        await chat.run("chat.strings = { you: 'Me' }");
        await chat.type(Key.ARROW_UP);
        await (await chat.find(".editor textarea")).sendKeys(" and two");
        await chat.run("chat.strings = { you: 'Me' }; chat.suggestions = ['another']");
        assert.equal(await chat.run("return chat.shadowRoot.activeElement?.value"), "one and two");
        assert.deepEqual(await chat.texts(".suggestions button"), ["another"]);
        assert.equal(await (await chat.find(".empty")).isDisplayed(), false);
      });

      test("a part that cannot be loaded is told to those who see the page too", { skip: engine !== "chromium" && "the driver offers it in Chromium only" }, async () => {
        await driver.setNetworkConditions({ offline: true, latency: 0, download_throughput: 0, upload_throughput: 0 });
        try {
          await chat.click(".model");
          await chat.until("[role=status]", (text) => text === "This could not be loaded.");
          assert.ok((await (await chat.find("[role=status]")).getRect()).height > 10);
        } finally {
          await driver.deleteNetworkConditions();
        }
        await chat.ask(define({ events: [delta("ok", "stop"), "[DONE]"] }));
        assert.ok((await (await chat.find("[role=status]")).getRect()).height < 2);
      });

      test("from right to left, each message finds its own direction", async () => {
        await chat.run("chat.dir = 'rtl'; chat.messages = [{ role: 'user', content: 'שלום' }, { role: 'assistant', content: 'Hello' }]");
        const { user, plain, direction } = await chat.run(`const [question, answer] = chat.shadowRoot.querySelectorAll('article');
          return { user: question.querySelector('.body').getBoundingClientRect().left, plain: getComputedStyle(answer.querySelector('.body')).direction, direction: getComputedStyle(question.querySelector('.body')).direction }`);
        assert.deepEqual([plain, direction], ["ltr", "rtl"]);
        assert.ok(user < 500, `the question is at the end of the line: ${user}`);
        await chat.photograph(`widget-rtl-${engine}`);
      });

      test("colours, parts and slots are the page's to change", async () => {
        await chat.run(`const sheet = new CSSStyleSheet(); sheet.replaceSync('openrouter-chat { --or-background: rgb(1, 2, 3) } openrouter-chat::part(send-button) { border-radius: 3px }');
          document.adoptedStyleSheets = [sheet]; const title = document.createElement('b'); title.slot = 'header'; title.textContent = 'Mine'; chat.append(title);`);
        assert.equal(await chat.run("return getComputedStyle(chat).backgroundColor"), "rgb(1, 2, 3)");
        assert.equal(await chat.run("return getComputedStyle(chat.shadowRoot.querySelector('.send')).borderRadius"), "3px");
        assert.equal(await chat.run("return chat.shadowRoot.querySelector('slot[name=header]').assignedElements()[0].textContent"), "Mine");
      });

      test("as a popup it opens from a button in the corner, and Escape closes it", async () => {
        await chat.run("chat.variant = 'popup'");
        // What it looks like there is loaded when it is needed.
        await chat.driver.wait(() => chat.run("return getComputedStyle(chat.shadowRoot.querySelector('.launcher')).display === 'grid'"), WAIT_MS, "the launcher");
        await chat.click(".launcher");
        assert.equal(await chat.run("return chat.open"), true);
        assert.equal(await chat.focused(), "textarea");
        await chat.photograph(`widget-popup-${engine}`);
        await chat.type(Key.ESCAPE);
        assert.equal(await chat.run("return chat.open"), false);
        assert.equal(await chat.focused(), "launcher");
        // What the page does itself takes the focus from nobody, and what is built anew says how things are.
        await chat.run("const field = document.body.appendChild(document.createElement('input')); chat.open = true; field.focus(); chat.lang = 'de'");
        const launcher = () => chat.run("const { ariaExpanded, ariaLabel } = chat.shadowRoot.querySelector('.launcher'); return [ariaExpanded, ariaLabel, document.activeElement.localName]");
        assert.deepEqual(await launcher(), ["true", "Close the chat", "input"]);
        await chat.run("chat.open = false");
        assert.deepEqual(await launcher(), ["false", "Open the chat", "input"]);
      });

      test("at 320 pixels nothing is cut off or scrolls sideways, and targets are large enough", async () => {
        await chat.run("chat.style.width = '320px'");
        await chat.ask("anthropic/claude-sonnet-4.6", "Everything, please, and a word that is verylongverylongverylongverylongverylongverylong");
        const { wide, small } = await chat.run(`const scroller = chat.shadowRoot.querySelector('.scroller');
          const targets = [...chat.shadowRoot.querySelectorAll('button, a, summary')].filter((each) => each.checkVisibility() && !each.closest('.body p, .body li'));
          return { wide: scroller.scrollWidth - scroller.clientWidth, small: targets.filter((each) => { const { width, height } = each.getBoundingClientRect(); return width < 24 || height < 24; }).map((each) => each.outerHTML) }`);
        assert.equal(wide, 0);
        assert.deepEqual(small, []);
        await chat.photograph(`widget-narrow-${engine}`);
      });

      test("for those who want less motion nothing moves", { skip: engine !== "chromium" && "the driver offers it in Chromium only" }, async () => {
        const moving = () => chat.run("return getComputedStyle(chat.shadowRoot.querySelector('.pulse')).animationName");
        const model = define({ events: [delta("a"), delta("b", "stop"), "[DONE]"], stepped: true });
        await chat.run("chat.model = arguments[0]", model);
        await chat.type("Go", Key.ENTER);
        await chat.find(".pulse");
        assert.equal(await moving(), "pulse");
        await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [{ name: "prefers-reduced-motion", value: "reduce" }] });
        assert.equal(await moving(), "none");
        await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [] });
        await chat.type(Key.ESCAPE);
      });

      test("it is accessible in each state, in light and dark", async () => {
        const looks = [["light", {}], ["dark", {}], ...(engine === "chromium" ? [["forced", {}]] : [])];
        for (const [look] of looks) {
          await chat.open();
          if (look === "forced") await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
          await chat.run("chat.theme = arguments[0]; document.documentElement.style.colorScheme = arguments[0]", look === "forced" ? "light" : look);
          const check = async (state) => {
            await isAccessible(driver, `${state} in ${look}`);
            await chat.photograph(`widget-${state}-${look}-${engine}`);
          };
          await check("empty");
          const model = define({ events: [delta("On its way"), delta(".", "stop"), "[DONE]"], stepped: true });
          await chat.run("chat.model = arguments[0]", model);
          await chat.type("Slowly", Key.ENTER);
          upstream.step(model);
          await chat.until("article[data-role=assistant] .body", (text) => text === "On its way");
          await check("streaming");
          await chat.type(Key.ESCAPE);
          await chat.until(".note");
          await chat.ask("sim/reasoning");
          await chat.ask("sim/annotations");
          await chat.ask("anthropic/claude-sonnet-4.6", "Everything");
          await chat.until(".code-keyword");
          await chat.click("[data-action=regenerate]");
          await chat.over();
          await chat.until(".branch span", (text) => text === "2/2");
          await check("answers");
          await chat.ask("sim/402");
          await chat.until(".error");
          await check("failed");
          await chat.type(Key.ARROW_UP);
          await chat.find(".editor");
          await check("editing");
          await chat.run("chat.shadowRoot.querySelector('.editor textarea').blur()");
          await chat.click(".model");
          await chat.until("[role=option]");
          await check("picker");
          if (look === "forced") await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [] });
        }
      });
    });

    test("what a page sets before the element is defined holds", async () => {
      await chat.open("/late");
      assert.deepEqual(await chat.texts("article .body"), ["early", "bird"]);
      assert.deepEqual(await chat.run("return [chat.model, chat.getAttribute('model'), chat.options.temperature, chat.tools.length, chat.disabled, chat.hasAttribute('disabled')]"), ["the/model", "the/model", 0.1, 1, true, true]);
      assert.equal(await chat.run("return chat.shadowRoot.querySelector('textarea').disabled"), true);
      assert.deepEqual(await chat.run("return [chat.signIn?.(), typeof chat.highlight, chat.imageHosts]"), ["in", "function", ["*.example"]]);
    });
  });
}

test("importing it where there is no page does no harm", async () => {
  const { OpenRouterChat, define, ENGLISH } = await import("../pkg/dist/widget/define.js");
  assert.equal(typeof OpenRouterChat, "function");
  assert.equal(define(), undefined);
  assert.equal(ENGLISH.send, "Send");
});

test("translators find all strings in one place", () => {
  const strings = JSON.parse(readFileSync(join(root, "pkg/dist/widget/strings.json"), "utf8"));
  for (const key of ["send", "error_rate_limited", "toolDone", "removeFile", "cancel", "input_image", "action_compare"]) assert.ok(strings[key], key);
  const folder = join(root, "npm/src/widget");
  for (const name of readdirSync(folder)) assert.doesNotMatch(readFileSync(join(folder, name), "utf8"), /^const WORDS\b/m, `${name}: a table that is not exported is in no list`);
});
