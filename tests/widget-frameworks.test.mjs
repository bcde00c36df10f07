// `<openrouter-chat>` without a wrapper in React, Vue and Svelte, in real browsers with real input: tests/frameworks has an
// app for each, which do the same. `npm ci` there first.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { Key } from "selenium-webdriver";
import { root } from "../scripts/toolchain.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { Chat, STRICT, WAIT_MS, delta, keptIn, page } from "./support/chat.mjs";
import { serveFiles } from "./support/files.mjs";
import { startUpstream } from "./upstream/server.mjs";

const frameworks = { React: "react.jsx", Vue: "vue.js", Svelte: "svelte.js" };

const skip = !existsSync(join(root, "tests", "frameworks", "node_modules")) && "run `npm ci` in tests/frameworks";

// The widget needs no policy for Trusted Types; these two have one each for what their templates hold.
const policy = STRICT.replace("trusted-types 'none'", "trusted-types vue svelte-trusted-html");

let upstream;
let files;

/** A model that gives a piece for each step. */
const slow = (model) => upstream.define({ model, events: [delta("slowly"), delta(" there", "stop"), "[DONE]"], stepped: true });

const asked = (model) => upstream.requests.filter((request) => request.body?.model === model);

before(async () => {
  if (skip) return;
  const { bundle } = await import("./frameworks/bundle.mjs");
  upstream = await startUpstream();
  const pages = {};
  for (const [name, entry] of Object.entries(frameworks)) {
    const { headers, body } = page(`/${name}.js`, '<link rel="stylesheet" href="/tests/frameworks/page.css"><main></main>');
    pages[`/${name}`] = { headers: { ...headers, "content-security-policy": policy }, body };
    pages[`/${name}.js`] = { headers: { "content-type": "text/javascript" }, body: await bundle(entry) };
  }
  files = await serveFiles(pages, upstream.url);
});

after(async () => {
  await files?.close();
  await upstream?.close();
});

for (const engine of engines) {
  describe(`in ${engine}`, { skip }, () => {
    let browser;
    let chat;
    let driver;

    before(async () => {
      browser = await openBrowser(engine);
      driver = browser.driver;
      chat = new Chat(driver, files.url);
    });

    after(() => browser?.close());

    for (const name of Object.keys(frameworks)) {
      describe(name, () => {
        const press = async (id) => (await driver.findElement({ id })).click();
        const open = async (query = "") => {
          await chat.open(`/${name}${query}`);
          await chat.find(".composer textarea");
        };
        /** Has the app put the chat there again. */
        const bring = async () => {
          await press("mount");
          await chat.until(() => chat.run("return window.isReady"), "the chat");
          await chat.find(".composer textarea");
        };
        const say = (text) => chat.type(text, Key.ENTER);
        const bodies = (...expected) => chat.shows("article .body", ...expected);
        /** Resolves once the app has heard this, and nothing else, nothing twice. */
        const hears = async (...expected) => {
          const lines = () => chat.run("return [...document.querySelectorAll('#heard li')].map((line) => line.textContent)");
          let last;
          await driver.wait(async () => (last = await lines()).length >= expected.length, WAIT_MS).catch(() => {});
          assert.deepEqual(last, expected);
        };
        const nothingWrong = async () => {
          for (const type of ["violation", "fault", "or-error"]) assert.deepEqual(await chat.happened(type), [], type);
        };

        beforeEach(() => {
          upstream.reset();
          upstream.define({ model: "test/one", events: [delta("one", "stop"), "[DONE]"] });
          upstream.define({ model: "test/two", events: [delta("two", "stop"), "[DONE]"] });
        });

        test("attributes and properties follow the state of the app", async () => {
          await open();
          assert.deepEqual(await chat.run("return [chat.model, chat.getAttribute('model'), chat.theme, chat.getAttribute('base-url'), chat.disabled, chat.hasAttribute('disabled'), chat.hasAttribute('persist')]"), ["test/one", "test/one", "dark", "/api/v1", false, false, false]);
          await chat.says(".model-name", /one$/);
          await chat.shows("[part=suggestion]", "Tell me a joke");

          await press("model");
          await chat.says(".model-name", /two$/);
          await press("theme");
          await chat.until(() => chat.run("return chat.theme === 'auto' && !chat.hasAttribute('theme')"), "the page's own colours");
          await press("theme");
          await chat.until(() => chat.run("return chat.getAttribute('theme') === 'dark'"), "dark colours");
          await press("suggest");
          await chat.shows("[part=suggestion]", "Tell me a story", "Tell me the time");
          await press("rename");
          await chat.until(() => chat.run("return chat.shadowRoot.querySelector('[part=chat]').getAttribute('aria-label') === 'By night'"), "the other words");
          await (await chat.find("[part=suggestion]")).click();
          await bodies("Tell me the time", "two");
          await nothingWrong();
        });

        test("disabled comes and goes as a boolean", async () => {
          await open();
          const isOff = () => chat.run("return chat.disabled && chat.hasAttribute('disabled') && chat.shadowRoot.querySelector('.composer textarea').disabled");
          const isOn = () => chat.run("return !chat.disabled && !chat.hasAttribute('disabled') && !chat.shadowRoot.querySelector('.composer textarea').disabled");
          assert.ok(await isOn());
          for (let turn = 0; turn < 2; turn++) {
            await press("disable");
            await chat.until(isOff, "it is disabled");
            await press("send");
            await press("disable");
            await chat.until(isOn, "it is not disabled any more");
          }
          assert.deepEqual(asked("test/one"), []);
          await say("Now");
          await bodies("Now", "one");
          await nothingWrong();
        });

        test("listeners hear each event once, know the newest state, and may change or prevent what is sent", async () => {
          await open();
          await say("First");
          await hears("asked First", "answered done");
          await press("warm");
          await say("Second");
          await hears("asked First", "answered done", "asked Second", "answered done");
          assert.deepEqual(asked("test/one").map(({ body }) => body.temperature), [0.5, 1.5]);
          await say("Never");
          await press("model");
          await chat.says(".model-name", /two$/);
          assert.equal(await chat.draft(), "Never");
          await hears("asked First", "answered done", "asked Second", "answered done");
          assert.equal(upstream.requests.filter(({ body }) => body?.messages).length, 2);
          await nothingWrong();
        });

        test("a model that the reader chooses goes to the app's state, and comes back from it", async () => {
          await open();
          await chat.click("[part=model-button]");
          const search = await chat.find(".picker input");
          await search.sendKeys("claude opus");
          await chat.says(".picker-count", /^\d+ models?$/);
          await search.sendKeys(Key.ENTER);
          await chat.until(async () => (await chat.happened("or-model-change")).length > 0, "a model is chosen");
          const [{ model }] = await chat.happened("or-model-change");
          assert.match(model, /opus/);
          await hears(`chose ${model}`);
          assert.equal(await chat.run("return document.querySelector('#asks').textContent"), model);
          assert.equal(await chat.run("return chat.model"), model);
          await press("model");
          await chat.says(".model-name", /one$/);
          assert.equal((await chat.happened("or-model-change")).length, 1);
          await nothingWrong();
        });

        test("a client of the app's own asks", async () => {
          await open("?client");
          await say("Hi");
          await bodies("Hi", "one");
          assert.equal(asked("test/one")[0].headers["x-app"], "its own");
          await nothingWrong();
        });

        test("a tool of the app is called, and works with the app's state", async () => {
          await open("?models=sim/tools");
          await press("rename");
          await say("What is it like?");
          await hears("asked What is it like?", ...(await called()), "answered done");
          await chat.says("article[data-role=assistant] > .content > .body", /By night/);
          await nothingWrong();
        });

        /** The line for each call that the simulator made. */
        const called = async () => {
          await chat.until(async () => (await chat.happened("or-response-end")).length > 0, "an answer");
          const [{ messages }] = await chat.happened("or-response-end");
          const calls = messages.flatMap(({ tool_calls }) => tool_calls ?? []);
          assert.ok(calls.length > 0);
          return calls.map((call) => `called for ${JSON.parse(call.function.arguments).city}`);
        };

        test("a slot shows what the app says, and what it says later", async () => {
          await open();
          const shown = () => chat.run("return chat.shadowRoot.querySelector('slot[name=header]').assignedElements().map((element) => [element.textContent, element.getClientRects().length])");
          assert.deepEqual(await shown(), [["By day", 1]]);
          await press("rename");
          await chat.until(async () => JSON.stringify(await shown()) === '[["By night",1]]', "the new title");
          await nothingWrong();
        });

        test("methods are called by a reference", async () => {
          await open();
          await press("send");
          await bodies("From the page", "one");
          await hears("asked From the page", "answered done");
          await press("export");
          await chat.until(() => chat.run("return document.querySelector('#exported').textContent === chat.exportMarkdown()"), "the conversation");
          assert.match(await chat.run("return document.querySelector('#exported').textContent"), /From the page\n\n## .+\n\none/);
          await nothingWrong();
        });

        test("what a rendering gives anew, and is the same, takes nothing from who is writing", async () => {
          slow("test/slow");
          await open("?models=test/slow");
          await say("Go");
          upstream.step("test/slow");
          await chat.says("article[data-role=assistant] .body", /^slowly$/);
          await chat.run("window.before = [chat.shadowRoot.querySelector('.composer textarea'), chat.shadowRoot.querySelector('article[data-role=assistant]')]");
          await chat.type("While I write");
          upstream.step("test/slow");
          upstream.step("test/slow");
          await hears("asked Go", "answered done");
          await driver.actions().sendKeys(" on").perform();
          assert.equal(await chat.draft(), "While I write on");
          assert.ok(await chat.run("return before.every((element) => element.isConnected)"), "it was built anew");
          await bodies("Go", "slowly there");
          // Anew or not is known by what it says: the same list may say more.
          await chat.run("const list = chat.suggestions; list.push('More'); chat.suggestions = list");
          await chat.shows("[part=suggestion]", "Tell me a joke", "More");
          await nothingWrong();
        });

        test("what is taken away stops, and put there again it hears each event once", async () => {
          slow("test/slow");
          await open("?models=test/slow test/two");
          await say("Go");
          upstream.step("test/slow");
          await chat.says("article[data-role=assistant] .body", /^slowly$/);
          await chat.run("window.before = chat");
          await press("mount");
          await upstream.waitFor({ model: "test/slow", event: "client-gone", timeoutMs: WAIT_MS });
          assert.equal(await chat.run("return chat"), null);
          for (let turn = 0; turn < 2; turn++) {
            await bring();
            assert.deepEqual(await chat.run("return [document.querySelectorAll('openrouter-chat').length, chat === before, chat.messages]"), [1, false, []]);
            if (turn === 0) await press("mount");
          }
          assert.equal(await chat.run("return before.isBusy"), false);
          await press("model");
          await say("Again");
          await bodies("Again", "two");
          const heard = await chat.until(async () => {
            const lines = await chat.run("return [...document.querySelectorAll('#heard li')].map((line) => line.textContent)");
            return lines.includes("answered done") && lines;
          }, "the end is heard of");
          assert.deepEqual(heard.filter((line) => line.startsWith("asked")), ["asked Go", "asked Again"]);
          assert.deepEqual(heard.filter((line) => line === "answered done"), ["answered done"]);
          assert.equal(asked("test/two").length, 1);
          await press("send");
          await bodies("Again", "two", "From the page", "two");
          await nothingWrong();
        });

        test("what is kept comes back once, when it is put there again or replaced by a new one", async () => {
          const persist = `${name}-${engine}`;
          await open(`?persist=${persist}`);
          await say("Keep this");
          await bodies("Keep this", "one");
          await chat.until(async () => (await keptIn(driver, persist)).length > 0, "it is kept");
          await press("mount");
          await chat.until(() => chat.run("return chat === null"), "no chat");
          await bring();
          await bodies("Keep this", "one");
          await chat.run("window.before = chat");
          await press("renew");
          await chat.until(() => chat.run("return chat !== before"), "another element");
          await bodies("Keep this", "one");
          await say("And this");
          await bodies("Keep this", "one", "And this", "one");
          assert.deepEqual(asked("test/one").at(-1).body.messages.map(({ content }) => content), ["Keep this", "one", "And this"]);
          await chat.until(async () => (await keptIn(driver, persist))[0]?.[1] > 1, "that is kept too");
          assert.deepEqual((await keptIn(driver, persist)).map(([title]) => title), ["Keep this"]);
          await hears("asked Keep this", "answered done", "asked And this", "answered done");
          await nothingWrong();
        });

        test("elements that change places in a list keep their threads, and go on answering", async () => {
          const keys = ["a", "b", "c"];
          for (const key of keys) slow(`test/${key}`);
          await open("?list");
          const at = (key) => chat.run("window.chosen = '#' + arguments[0]", key);
          for (const key of keys) {
            await at(key);
            await say(`Go, ${key}`);
            upstream.step(`test/${key}`);
            await bodies(`Go, ${key}`, "slowly");
          }
          await chat.run(`window.before = [...document.querySelectorAll('openrouter-chat')];
            window.moved = new Set();
            new MutationObserver((records) => records.forEach(({ addedNodes }) => addedNodes.forEach((node) => moved.add(node)))).observe(document.querySelector('ol'), { childList: true });`);
          await press("turn");
          const order = () => chat.run("return [...document.querySelectorAll('openrouter-chat')].map(({ id }) => id).join('')");
          await chat.until(async () => (await order()) === "cba", "they have changed places");
          assert.ok(await chat.run("return moved.size >= 2 && before.every((element) => element.isConnected)"), "they are the same elements");
          for (const key of keys) {
            upstream.step(`test/${key}`);
            upstream.step(`test/${key}`);
            await at(key);
            await bodies(`Go, ${key}`, "slowly there");
            await upstream.waitFor({ model: `test/${key}`, event: "finished", timeoutMs: WAIT_MS });
          }
          await chat.until(async () => (await chat.happened("or-response-end")).length >= 3, "all have answered");
          assert.deepEqual((await chat.happened("or-response-end")).map(({ id, state }) => [id.length > 0, state]), keys.map(() => [true, "done"]));
          assert.ok(keys.every((key) => asked(`test/${key}`).length === 1));
          await nothingWrong();
        });
      });
    }
  });
}
