// The models of `<openrouter-chat>` and what they cost, in real browsers with real input, under the strictest policy: the
// picker with its filters and favourites, what answers used, how full the context is, and models side by side.
// Screenshots: target/screenshots.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Key } from "selenium-webdriver";
import { engines, openBrowser } from "./support/browsers.mjs";
import { WAIT_MS, isAccessible, page, photograph } from "./support/chat.mjs";
import { serveFiles } from "./support/files.mjs";
import { startUpstream } from "./upstream/server.mjs";

const delta = (content, finish_reason = null, more = {}) => ({ id: "gen-models", model: "the/model", provider: "Nowhere", choices: [{ index: 0, delta: { content }, finish_reason }], ...more });
const usage = (prompt_tokens, completion_tokens, cost, more = {}) => ({ usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, cost, ...more } });

let upstream;
let files;

before(async () => {
  upstream = await startUpstream();
  files = await serveFiles({ "/": page("/tests/browser/widget-models.js", '<main><h1 class="title">A page</h1><openrouter-chat></openrouter-chat></main>') }, upstream.url);
});

after(async () => {
  await files?.close();
  await upstream?.close();
});

let count = 0;
/** A model of one test alone. */
const define = (script) => {
  const model = `test/models-${++count}`;
  upstream.define({ model, ...script });
  return model;
};

const answer = (text, more = {}) => ({ events: [delta(text), delta("", "stop", more), "[DONE]"] });

for (const engine of engines) {
  describe(`in ${engine}`, () => {
    let browser;
    let driver;

    before(async () => {
      browser = await openBrowser(engine);
      driver = browser.driver;
      await driver.manage().setTimeouts({ script: 120_000 });
    });

    after(() => browser?.close());

    const run = (script, ...given) => driver.executeScript(script, ...given);
    const until = async (isSo, what) => {
      let value;
      await driver.wait(async () => (value = await isSo()), WAIT_MS, what);
      return value;
    };
    const open = async () => {
      await driver.get(`${files.url}/`);
      await until(() => run("return window.isReady"), "the page");
    };
    const texts = (selector) => run("return [...chat.shadowRoot.querySelectorAll(arguments[0])].map((element) => element.textContent)", selector);
    const find = (selector) => until(() => run("return [...chat.shadowRoot.querySelectorAll(arguments[0])].at(-1)", selector), selector);
    const attribute = async (selector, name) => (await find(selector)).getAttribute(name);
    const click = async (selector) => (await find(selector)).click();
    const type = async (selector, ...keys) => (await find(selector)).sendKeys(...keys);
    /** Resolves once the condition holds for the text of the newest match. */
    const untilText = async (selector, holds) => {
      let last;
      await until(async () => {
        last = (await texts(selector)).at(-1);
        return last !== undefined && holds(last);
      }).catch(() => assert.fail(`${selector}, last seen: ${last}`));
      return last;
    };
    const happened = (name) => run("return happened.filter(({ type }) => type === arguments[0])", name);
    const focused = () => run("const at = chat.shadowRoot.activeElement; return at && (at.dataset.action || at.getAttribute('part') || at.localName)");
    const options = () => run("return [...chat.shadowRoot.querySelectorAll('[role=option]')].map(({ dataset }) => dataset.model)");
    const openPicker = async () => {
      // It may be about to close: until then nothing behind it can be clicked.
      await until(() => run("return !chat.shadowRoot.querySelector('.picker[open]')"), "no picker");
      await click(".model");
      await find(".picker[open] [role=option]");
    };
    /** Types into the search box, and waits until this model is the first one of the list. */
    const search = async (keys, first) => {
      await type(".picker input", keys);
      return until(async () => {
        const shown = await options();
        return shown[0] === first && shown;
      }, `${first} first for ${keys}`);
    };
    const clearSearch = async () => type(".picker input", ...Array(await run("return chat.shadowRoot.querySelector('.picker input').value.length")).fill(Key.BACK_SPACE));
    const ask = async (model, text = "Hi") => {
      const before = (await happened("or-response-end")).length;
      await run("chat.model = arguments[0]", model);
      await type(".foot textarea", text, Key.ENTER);
      await until(async () => (await happened("or-response-end")).length > before, `an answer of ${model}`);
    };
    const resize = (width, height) => driver.manage().window().setRect({ width, height });

    beforeEach(open);

    describe("the picker", () => {
      test("its rows say what a model costs in and out, takes, can do and holds; what costs nothing is marked", async () => {
        await openPicker();
        const row = (id) => run("const row = chat.shadowRoot.querySelector(`[data-model='${arguments[0]}']`); return Object.fromEntries([...row.children].map((each) => [each.className, each.textContent]))", id);
        const found = (await upstreamModels()).find(({ id }) => id === "anthropic/claude-sonnet-4.6");
        const { name, price, facts } = await row(found.id);
        assert.equal(name, found.name);
        const dollars = (price) => `$${(Number(price) * 1e6).toFixed(2)}`;
        assert.equal(price, `${dollars(found.pricing.prompt)} / ${dollars(found.pricing.completion)} per M`);
        assert.match(facts, /^images · files · tools · reasoning · 1M context$/);
        const free = (await upstreamModels()).find(({ id }) => id.endsWith(":free"));
        assert.equal((await row(free.id))["price free"], "free");
      });

      test("the search is the core's: words in any order, the best match first, and what is not listed may be typed", async () => {
        await openPicker();
        await search("sonnet claude 4.5", "anthropic/claude-sonnet-4.5");
        await clearSearch();
        assert.deepEqual(await search("any/thing:nitro", "any/thing:nitro"), ["any/thing:nitro"]);
        await type(".picker input", Key.ENTER);
        assert.equal(await run("return chat.model"), "any/thing:nitro");
      });

      test("it is a combobox with a list: the focus stays in the box, keys move the active row, Escape gives the focus back", async () => {
        await openPicker();
        const box = () => run("const box = chat.shadowRoot.querySelector('.picker input'); return [box.role, box.getAttribute('aria-expanded'), chat.shadowRoot.getElementById(box.getAttribute('aria-controls'))?.role, chat.shadowRoot.getElementById(box.getAttribute('aria-activedescendant'))?.dataset.model]");
        const [role, expanded, list, first] = await box();
        assert.deepEqual([role, expanded, list, first], ["combobox", "true", "listbox", "openrouter/auto"]);
        assert.equal(await run("return chat.shadowRoot.querySelector('[aria-selected=true]').dataset.model"), "openrouter/auto");
        const all = await options();
        await type(".picker input", Key.ARROW_DOWN, Key.PAGE_DOWN, Key.ARROW_UP);
        assert.equal((await box())[3], all[all.indexOf("openrouter/auto") + 8]);
        const isSeen = await run("const list = chat.shadowRoot.querySelector('.picker-list').getBoundingClientRect(); const row = chat.shadowRoot.querySelector('.active').getBoundingClientRect(); return row.top >= list.top && row.bottom <= list.bottom");
        assert.ok(isSeen, "the active row is scrolled into view");
        assert.equal(await focused(), "picker-search");
        await type(".picker input", Key.ESCAPE);
        await until(async () => (await focused()) === "model-button", "the focus is back");
      });

      test("filters narrow the list and order it, by keyboard too, and can be cleared at once", async () => {
        await openPicker();
        const all = (await options()).length;
        await click("[data-action=filters]");
        await find(".filters");
        assert.equal(await attribute("[data-action=filters]", "aria-expanded"), "true");
        const models = await upstreamModels();
        const meets = async (isMet, what) => {
          const shown = await until(async () => {
            const now = await options();
            return now.length < all && now.every((id) => isMet(models.find((model) => model.id === id))) && now;
          }, what);
          assert.ok(shown.length > 0, what);
          return shown;
        };
        const clear = async () => {
          await click("[data-filter=clear]");
          await until(async () => (await options()).length === all, "all models again");
        };
        await click("[data-filter=free]");
        await meets(({ pricing }) => Number(pricing.prompt) === 0 && Number(pricing.completion) === 0, "free");
        assert.equal(await attribute("[data-filter=free]", "aria-pressed"), "true");
        await clear();
        assert.equal(await focused(), "filter", "the focus is not lost with the button");
        await type("[data-filter=tools]", Key.SPACE);
        await meets(({ supported_parameters }) => supported_parameters.includes("tools"), "tools");
        await click("[data-filter=images]");
        await meets(({ architecture, supported_parameters }) => architecture.input_modalities.includes("image") && supported_parameters.includes("tools"), "tools and images");
        await clear();
        await click("[data-filter=audio]");
        await meets(({ architecture }) => architecture.input_modalities.includes("audio"), "audio");
        await clear();
        await click("[data-filter=reasoning]");
        await meets(({ reasoning, supported_parameters }) => reasoning || supported_parameters.includes("reasoning"), "reasoning");
        await clear();
        const choose = (name, value) => run("const list = chat.shadowRoot.querySelector(`[data-filter=${arguments[0]}]`); list.value = arguments[1]; list.dispatchEvent(new Event('change', { bubbles: true }))", name, value);
        await choose("price", "1");
        await meets(({ pricing }) => Number(pricing.prompt) >= 0 && Number(pricing.prompt) <= 1e-6 && Number(pricing.completion) <= 1e-6, "a price");
        await choose("context", "1000000");
        await meets(({ context_length, pricing }) => context_length >= 1e6 && Number(pricing.completion) <= 1e-6, "a price and a context");
        await choose("sort", "context-high-to-low");
        const lengths = async () => (await options()).map((id) => models.find((model) => model.id === id).context_length);
        await until(async () => (await lengths()).every((length, i, all) => i === 0 || all[i - 1] >= length), "the longest first");
        await photograph(driver, `models-filters-${engine}`);
      });

      test("favourites and what was chosen last stand first, as long as the page lasts", async () => {
        await openPicker();
        const [liked] = await search("opus 4.5", "anthropic/claude-opus-4.5");
        await click("[data-action=favourite]");
        await until(async () => (await attribute("[data-action=favourite]", "aria-pressed")) === "true", "liked");
        assert.match(await attribute("[data-action=favourite]", "aria-label"), /^Favourite: .*Opus 4\.5/);
        await clearSearch();
        const [chosen] = await search("haiku 4.5", "anthropic/claude-haiku-4.5");
        await type(".picker input", Key.ENTER);
        await openPicker();
        await until(async () => (await options())[0] === liked, "the favourite first");
        assert.equal((await options())[1], chosen);
        assert.deepEqual((await texts(".picker-title")).slice(0, 3), ["Favourites", "Recently used", "All models"]);
        // By the star of a row, it is one no more.
        await click(`[data-model="${liked}"] .star`);
        assert.equal(await run("return chat.shadowRoot.querySelector('.picker').open"), true, "a star chooses nothing");
        assert.deepEqual(await run("return Object.keys(localStorage)"), [], "nothing is stored that nobody asked for");
        await type(".picker input", Key.ESCAPE);
        await openPicker();
        await until(async () => (await texts(".picker-title"))[0] === "Recently used", "no favourite");
      });

      test("they are kept where the host keeps the chat, or by the host itself", async () => {
        const like = async () => {
          await openPicker();
          await search("opus 4.5", "anthropic/claude-opus-4.5");
          await click("[data-action=favourite]");
          await until(async () => (await attribute("[data-action=favourite]", "aria-pressed")) === "true", "liked");
        };
        await run(`window.kept = { favourites: ["openai/gpt-4o"], recent: [] };
          chat.keeping = { load: async () => undefined, save: async () => {}, clear: async () => {}, preferences: { load: async () => kept, save: async (all) => void (window.kept = structuredClone(all)) } }`);
        await like();
        assert.deepEqual(await run("return kept.favourites"), ["openai/gpt-4o", "anthropic/claude-opus-4.5"]);
        await open();
        await run("chat.persist = 'models'");
        await like();
        await open();
        await run("chat.persist = 'models'");
        await openPicker();
        assert.equal((await options())[0], "anthropic/claude-opus-4.5");
        await run("localStorage.clear()");
      });

      test("what another tab has liked meanwhile stays liked", async () => {
        await run(`window.kept = undefined;
          chat.keeping = { load: async () => undefined, save: async () => {}, clear: async () => {}, preferences: { load: async () => structuredClone(kept), save: async (all) => void (window.kept = structuredClone(all)) } }`);
        await openPicker();
        await search("opus 4.5", "anthropic/claude-opus-4.5");
        await click("[data-action=favourite]");
        await until(() => run("return window.kept?.favourites.length === 1"), "liked");
        await run("window.kept.favourites.push('theirs/liked'); window.kept.recent.push('theirs/chosen')");
        await clearSearch();
        await search("haiku 4.5", "anthropic/claude-haiku-4.5");
        await click("[data-action=favourite]");
        await until(() => run("return window.kept.favourites.includes('anthropic/claude-haiku-4.5')"), "liked too");
        assert.deepEqual(await run("return kept.favourites"), ["anthropic/claude-opus-4.5", "theirs/liked", "anthropic/claude-haiku-4.5"]);
        await type(".picker input", Key.ENTER);
        await until(() => run("return window.kept.recent.length === 2"), "what was chosen");
        assert.deepEqual(await run("return kept"), { favourites: ["anthropic/claude-opus-4.5", "theirs/liked", "anthropic/claude-haiku-4.5"], recent: ["anthropic/claude-haiku-4.5", "theirs/chosen"] });
      });

      test("preferences that are none, or cannot be read, are none", async () => {
        await run("localStorage.setItem('openrouter-chat:models:models', JSON.stringify({ favourites: 5, recent: [1] })); chat.persist = 'models'");
        await openPicker();
        await type(".picker input", Key.ESCAPE);
        await run("localStorage.clear()");
        await open();
        await run("chat.keeping = { load: async () => undefined, save: async () => {}, clear: async () => {}, preferences: { load() { throw new Error('no') }, save: async () => {} } }");
        await openPicker();
      });

      // Chromium alone can be told what not to load.
      test("what could not be loaded for the picker is had by another press", { skip: engine !== "chromium" }, async () => {
        await openPicker();
        await driver.sendDevToolsCommand("Network.enable");
        await driver.sendDevToolsCommand("Network.setBlockedURLs", { urls: ["*shelf-*"] });
        try {
          await click("[data-action=filters]");
          await until(async () => (await texts("[role=status]")).includes("This could not be loaded."), "it is said");
        } finally {
          await driver.sendDevToolsCommand("Network.setBlockedURLs", { urls: [] });
        }
        await click("[data-action=filters]");
        await find(".filters");
      });

      test("where only some models may be chosen, the list and the search have no others", async () => {
        await run("chat.models = ['test/alone', 'anthropic/claude-opus-4.5', 'openai/gpt-4o']");
        await openPicker();
        assert.deepEqual(await options(), ["test/alone", "anthropic/claude-opus-4.5", "openai/gpt-4o"]);
        assert.deepEqual(await search("claude", "anthropic/claude-opus-4.5"), ["anthropic/claude-opus-4.5"]);
      });

      /** Gives the chat a client that finds these models; `find` is a script. */
      const findBy = (find) => run(`const client = chat.client; const found = ${find};
        // The client's own answer brings the core, which reads prices.
        const find = async (needs) => (await client.findModels(needs), found());
        const row = (id, pricing) => ({ id, name: id, pricing, context_length: 1000, architecture: { input_modalities: ["text"], output_modalities: ["text"] }, supported_parameters: [] });
        window.rows = { row };
        chat.client = new Proxy(client, { get: (target, name) => name === "findModels" ? find : typeof target[name] === "function" ? target[name].bind(target) : target[name] });`);
      const prices = () => texts("[role=option] .price");

      test("what costs no tokens but images is not free, and what only a search on the web costs is", async () => {
        await findBy("async () => [rows.row('a/a', { prompt: '0', completion: '0', image: '0.04' }), rows.row('b/b', { prompt: '0', completion: '0', web_search: '0.01' }), rows.row('c/c', { prompt: '-1', completion: '-1' }), rows.row('d/d', { prompt: '0', completion: '0.000001' })]");
        await openPicker();
        assert.deepEqual(await prices(), ["price depends", "free", "price depends", "$0.00 / $1.00 per M"]);
      });

      test("another client, and another base URL, have other models", async () => {
        await openPicker();
        await type(".picker input", Key.ESCAPE);
        for (const price of ["0.000001", "0.000002"]) {
          await findBy(`async () => [rows.row('a/a', { prompt: '0', completion: '${price}' })]`);
          await openPicker();
          await until(async () => JSON.stringify(await options()) === '["a/a"]', "the other list");
          await until(async () => (await prices())[0] === `$0.00 / $${Number(price) * 1e6}.00 per M`, "the other price");
          await type(".picker input", Key.ESCAPE);
        }
        await run("chat.client = undefined; chat.baseUrl = '/nothing'");
        await click(".model");
        await untilText(".picker-message", (text) => text.includes("could not be loaded"));
        await run("chat.baseUrl = '/api/v1'");
      });

      test("who closes it before the list is there has chosen nothing", async () => {
        const before = await run("return chat.model");
        await findBy("() => new Promise((resolve) => (window.answer = () => resolve([rows.row('a/a', { prompt: '0', completion: '0' })])))");
        await click(".model");
        await until(() => run("return window.answer"), "the list is asked for");
        await type(".picker input", Key.ENTER);
        await type(".picker input", Key.ESCAPE);
        await until(() => run("return !chat.shadowRoot.querySelector('.picker[open]')"), "no picker");
        await run("window.answer()");
        await until(async () => (await options()).length === 1, "the list");
        await run("return new Promise((done) => setTimeout(done))");
        assert.equal(await run("return chat.model"), before);
      });

      test("without the list it says so, and the chat goes on", async () => {
        await run("chat.baseUrl = '/nothing'");
        await click(".model");
        await untilText(".picker-message", (text) => text.includes("could not be loaded"));
        await run("chat.baseUrl = '/api/v1'");
      });

      test("at 320 pixels it is a sheet where nothing is cut off", async () => {
        const before = await driver.manage().window().getRect();
        await run("document.body.style.width = '320px'");
        try {
          await resize(engine === "chromium" ? 320 : 500, 700);
          await openPicker();
          await click("[data-action=filters]");
          await find(".filters");
          await click("[data-filter=tools]");
          await photograph(driver, `models-narrow-${engine}`);
          const { wide, covers } = await run(`const picker = chat.shadowRoot.querySelector('.picker'); const list = picker.querySelector('.picker-list');
            return { wide: Math.max(picker.scrollWidth - picker.clientWidth, list.scrollWidth - list.clientWidth), covers: picker.getBoundingClientRect().width === document.documentElement.clientWidth }`);
          assert.equal(wide, 0);
          assert.ok(covers);
        } finally {
          await driver.manage().window().setRect(before);
        }
      });
    });

    describe("costs", () => {
      test("an answer says its tokens, cost, first token and speed; a press shows the rest", async () => {
        const details = { prompt_tokens_details: { cached_tokens: 800 }, completion_tokens_details: { reasoning_tokens: 20 } };
        const model = define({ events: [delta("One"), delta(" two", "stop", usage(1200, 56, 0.0021, details)), "[DONE]"], stepped: true });
        await run("chat.model = arguments[0]", model);
        await type(".foot textarea", "Hi", Key.ENTER);
        upstream.step(model);
        await untilText("article[data-role=assistant] .body", (text) => text === "One");
        upstream.step(model);
        upstream.step(model);
        const line = await untilText(".usage", (text) => text !== "");
        assert.match(line, /^the\/model · 1,200 in, 56 out · \$0\.0021 · first after [\d.,]+ s · [\d.,]+ tokens\/s$/);
        await click(".usage");
        const shown = await untilText(".details", (text) => text.includes("Provider"));
        assert.match(shown, /ProviderNowhereRead1,200 tokens, 800 of them from the cacheWritten56 tokens, 20 of them for reasoningCost\$0\.0021First token[\d.,]+ sWhole answer[\d.,]+ sSpeed[\d.,]+ tokens\/s/);
        assert.equal(await attribute(".usage", "aria-expanded"), "true");
        await photograph(driver, `models-details-${engine}`);
        await click(".usage");
        await until(async () => (await texts(".details")).length === 0, "the rest is hidden again");
      });

      test("where no answer tells its cost, the chat's is not nothing", async () => {
        await ask(define(answer("one", { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })));
        assert.equal((await texts(".spent")).at(-1), "Cost of this chat: –");
        await click(".spent");
        await untilText(".spent", (text) => text.endsWith("–"));
        await untilText(".costs", (text) => text.includes("– · 1 answer"));
      });

      test("the chat's total counts every answer that was paid for, and Escape closes what explains it", async () => {
        const model = define({ sequence: [answer("one", usage(10, 5, 0.5)), answer("two", usage(10, 5, 0.25)), answer("three", {})] });
        assert.equal(await run("return chat.shadowRoot.querySelector('.spent').hidden"), true);
        await ask(model);
        assert.equal((await texts(".spent")).at(-1), "Cost of this chat: $0.50");
        await click("[data-action=regenerate]");
        await untilText(".spent", (text) => text.endsWith("$0.75"));
        await ask(model, "More");
        await click(".spent");
        const shown = await untilText(".costs:not([hidden])", (text) => text.includes("$0.75"));
        assert.match(shown, /Read20 tokensWritten10 tokensCost\$0\.75 · 3 answers.*1 answer has no price/);
        assert.match(shown, /An estimate: one token for four characters/);
        assert.equal(await attribute(".spent", "aria-expanded"), "true");
        await type(".spent", Key.ESCAPE);
        assert.equal(await attribute(".spent", "aria-expanded"), "false");
        await click("[part=new-chat-button]");
        assert.equal(await run("return chat.shadowRoot.querySelector('.spent').hidden"), true);
      });

      test("how much of the context is used is shown, how that is known, and before it is full there is a warning", async () => {
        const { id, context_length, name } = (await upstreamModels()).find(({ context_length }) => context_length > 100_000 && context_length < 300_000);
        const fill = (share) => define(answer("Long", usage(Math.round(context_length * share) - 10, 10, 0.01)));
        const choose = () => run("chat.model = arguments[0]", id);
        await ask(fill(0.5));
        await choose();
        await click(".spent");
        await untilText(".costs .fill", (text) => text.includes("50% of"));
        assert.equal(await attribute(".bar", "aria-valuenow"), "50");
        assert.match((await texts(".costs")).at(-1), /Counted by the provider/);
        assert.equal(await run("return chat.shadowRoot.querySelector('.near').hidden"), true);
        await photograph(driver, `models-context-${engine}`);
        await ask(fill(0.9), "More");
        await choose();
        const warning = await untilText(".near:not([hidden])", (text) => text.includes("90%"));
        assert.ok(warning.startsWith("This chat fills 90% of what"), warning);
        await untilText(".costs .fill", (text) => text.includes("90% of"));
        await photograph(driver, `models-context-near-${engine}`);
        await click(".near button:first-of-type");
        assert.deepEqual(await run("return chat.messages"), []);
        await until(() => run("return chat.shadowRoot.querySelector('.near').hidden"), `no warning for ${name}`);
      });
    });

    describe("what the meter counts", () => {
      const tokens = (usage, more = {}) => ({ version: 1, shown: 0, entries: [{ id: "q", role: "user", createdAt: 1, messages: [{ role: "user", content: "x".repeat(400) }], parts: [{ type: "text", text: "x".repeat(400) }], sources: [], state: "done", shown: 0,
        children: [{ id: "a", role: "assistant", createdAt: 2, messages: [{ role: "assistant", content: "So" }], parts: [{ type: "text", text: "So" }], sources: [], state: "done", shown: 0, children: [], usage, ...more }] }] });
      const used = { prompt_tokens: 900, completion_tokens: 100, total_tokens: 1000, cost: 0.5 };

      test("an answer that was gone on with was counted twice, so its context is an estimate", async () => {
        await run("chat.importJSON(arguments[0])", tokens(used));
        await click(".spent");
        await untilText(".costs:not([hidden])", (text) => text.includes("Counted by the provider"));
        await run("chat.importJSON(arguments[0])", tokens(used, { usedBefore: { prompt_tokens: 450, completion_tokens: 50, total_tokens: 500 } }));
        await untilText(".costs", (text) => text.includes("101 tokens") && text.includes("An estimate"));
      });

      test("what is found out of a model late is not shown for the next one, and is asked again if it failed", async () => {
        await run(`window.lengths = {}; const client = chat.client;
          window.isBroken = true;
          chat.client = new Proxy(client, { get: (target, name) => name !== "model" ? (typeof target[name] === "function" ? target[name].bind(target) : target[name])
            : (id) => id === "a/broken" ? (window.isBroken ? Promise.reject(new Error("no")) : Promise.resolve({ context_length: 4000 })) : new Promise((resolve) => (window.lengths[id] = () => resolve({ context_length: id === "a/slow" ? 2000 : 100_000 }))) });
          chat.model = "a/slow"; chat.importJSON(arguments[0])`, tokens(used));
        await click(".spent");
        await until(() => run("return window.lengths['a/slow']"), "the first is asked");
        await run("chat.model = 'b/fast'");
        await until(() => run("return window.lengths['b/fast']"), "the second is asked");
        await run("window.lengths['b/fast']()");
        await untilText(".costs .fill", (text) => text.includes("of 100K"));
        await run("window.lengths['a/slow'](); return new Promise((done) => setTimeout(done))");
        assert.match((await texts(".costs .fill")).at(-1), /1% of 100K/);
        await run("chat.model = 'a/broken'");
        await untilText(".costs .fill", (text) => text.includes("is not known"));
        await run("window.isBroken = false; chat.model = 'b/fast'");
        await untilText(".costs .fill", (text) => text.includes("of 100K"));
        await run("chat.model = 'a/broken'");
        await untilText(".costs .fill", (text) => text.includes("of 4K"));
      });
    });

    describe("models side by side", () => {
      test("a question that was not asked yet is not lost, and one that is in the chat is not in the composer too", async () => {
        const [a, b] = [define(answer("One")), define(answer("Two"))];
        const draft = () => run("return chat.shadowRoot.querySelector('.foot textarea').value");
        await type(".foot textarea", "Which");
        await run("chat.compare(arguments[0])", [a, b]);
        await type(".comparison textarea", " is better?");
        await click("[part=compare-others]");
        await find(".picker[open] [role=option]");
        assert.equal(await draft(), "Which is better?");
        await type(".picker input", Key.ESCAPE);
        await run("chat.compare(arguments[0])", [a, b]);
        await type(".comparison textarea", Key.ENTER);
        await until(async () => (await happened("or-compare-end")).length === 1, "both answers");
        await click(`.column[data-model="${a}"] .go-on`);
        assert.deepEqual(await run("return chat.messages.map(({ content }) => content)"), ["Which is better?", "One"]);
        assert.equal(await draft(), "");
      });

      const columns = () => run("return [...chat.shadowRoot.querySelectorAll('.column')].map((column) => ({ model: column.dataset.model, text: column.querySelector('.body')?.textContent, state: column.querySelector('.column-state').textContent, stats: [...column.querySelectorAll('.stats > div')].map((each) => each.textContent), goes: !column.querySelector('.go-on').hidden }))");

      test("two or three are chosen in the picker, by keyboard, and asked what was in the composer", async () => {
        await type(".foot textarea", "Which is better?");
        await openPicker();
        await click("[data-action=compare]");
        await untilText(".picker-count", (text) => text === "Choose two or three models.");
        assert.equal(await focused(), "picker-search");
        assert.equal(await attribute(".picker-list", "aria-multiselectable"), "true");
        await type(".picker input", Key.ARROW_DOWN, Key.ENTER);
        assert.deepEqual(await texts(".picker-start:not([hidden])"), [], "one is not enough");
        await type(".picker input", Key.ARROW_DOWN, Key.ENTER, Key.ARROW_DOWN, Key.ENTER, Key.ARROW_DOWN, Key.ENTER);
        assert.equal(await run("return chat.shadowRoot.querySelectorAll('[role=option][aria-selected=true]').length"), 3);
        await photograph(driver, `models-choosing-${engine}`);
        await click(".picker-start");
        await find(".comparison[open]");
        assert.equal((await columns()).length, 3);
        assert.equal(await run("return chat.shadowRoot.querySelector('.comparison textarea').value"), "Which is better?");
        assert.deepEqual(await happened("or-model-change"), []);
      });

      test("each answers in its column and is measured; one of them becomes the chat's, and the others its versions", async () => {
        const [a, b] = [define(answer("The **first**", usage(10, 3, 0.002))), define(answer("The second", usage(12, 4, 0.001)))];
        const before = define(answer("before", usage(1, 1, 0)));
        await ask(before, "Earlier");
        await run("chat.systemPrompt = 'Be brief'; chat.compare(arguments[0])", [a, b]);
        await type(".comparison textarea", "Which?", Key.ENTER);
        await until(async () => (await happened("or-compare-end")).length === 1, "both answers");
        const [one, two] = await columns();
        assert.deepEqual([one.text, two.text, one.state, two.state], ["The first", "The second", "Done", "Done"]);
        assert.match(one.stats.join(), /^First token[\d.,]+ s(best)?,Speed.*,Tokens10 in, 3 out,Cost\$0\.002$/);
        assert.match(two.stats.at(-1), /^Cost\$0\.001best$/);
        for (const model of [a, b]) {
          const { messages } = upstream.requests.findLast((request) => request.model === model).body;
          assert.deepEqual(messages.map(({ content }) => content), ["Be brief", "Earlier", "before", "Which?"]);
        }
        const [{ results }] = await happened("or-compare-end");
        assert.deepEqual(results.map(({ cost }) => cost), [0.002, 0.001]);
        await click(`.column[data-model="${a}"] .go-on`);
        assert.deepEqual(await run("return chat.messages.map(({ content }) => content)"), ["Earlier", "before", "Which?", "The **first**"]);
        assert.equal(await run("return chat.model"), a);
        assert.equal((await texts("article[data-role=assistant] .branch span")).at(-1), "1/2");
        await click("article:last-child [data-turn='1']");
        await untilText("article[data-role=assistant] .body", (text) => text === "The second");
        assert.equal((await texts(".spent")).at(-1), "Cost of this chat: $0.003");
        const next = define(answer("next"));
        await ask(next, "And?");
        assert.deepEqual(upstream.requests.findLast((request) => request.model === next).body.messages.map(({ content }) => content), ["Be brief", "Earlier", "before", "Which?", "The second", "And?"]);
      });

      test("each can be stopped, and all; what came can be gone on with", async () => {
        const slow = () => define({ events: [delta("Begun"), delta(" and over", "stop"), "[DONE]"], stepped: true });
        const [a, b, c] = [slow(), slow(), slow()];
        await run("chat.compare(arguments[0])", [a, b, c]);
        await type(".comparison textarea", "Go", Key.ENTER);
        for (const model of [a, b, c]) upstream.step(model);
        await until(async () => (await columns()).every(({ text }) => text === "Begun"), "all have begun");
        await click(`.column[data-model="${a}"] [part=column-stop]`);
        await upstream.waitFor({ model: a, event: "client-gone", timeoutMs: 5000 });
        await until(async () => (await columns())[0].state === "Stopped", "one is stopped");
        assert.deepEqual((await columns()).map(({ state }) => state), ["Stopped", "Answering…", "Answering…"]);
        await click(".comparison .send[data-mode=stop]");
        for (const model of [b, c]) await upstream.waitFor({ model, event: "client-gone", timeoutMs: 5000 });
        await until(async () => (await columns()).every(({ state }) => state === "Stopped"), "all are stopped");
        await click(`.column[data-model="${c}"] .go-on`);
        assert.deepEqual(await run("return chat.messages.map(({ content }) => content)"), ["Go", "Begun"]);
      });

      test("what fails in one column says why, and Escape ends what is under way", async () => {
        const slow = define({ events: [delta("Begun"), delta(" and over", "stop"), "[DONE]"], stepped: true });
        await run("chat.compare(arguments[0])", ["sim/402", slow]);
        await type(".comparison textarea", "Go", Key.ENTER);
        upstream.step(slow);
        await untilText(".column .error", (text) => text.length > 10);
        await until(async () => (await columns())[1].text === "Begun", "the other one goes on");
        assert.deepEqual((await columns()).map(({ state }) => state), ["Failed", "Answering…"]);
        await type(".comparison textarea", Key.ESCAPE);
        await upstream.waitFor({ model: slow, event: "client-gone", timeoutMs: 5000 });
        assert.deepEqual(await texts(".comparison"), []);
        assert.deepEqual(await run("return chat.messages"), []);
      });

      test("a chat that is taken out of the page asks nobody any more", async () => {
        const model = define({ events: [delta("One"), delta(" two"), delta(" three", "stop"), "[DONE]"], stepped: true });
        await run("chat.compare(arguments[0])", [model, "sim/text"]);
        await type(".comparison textarea", "Go", Key.ENTER);
        upstream.step(model);
        await until(async () => (await columns())[0].text === "One", "the first word");
        await run("chat.remove()");
        upstream.step(model);
        await upstream.waitFor({ model, event: "client-gone", timeoutMs: 5000 });
      });

      test("the reason of a failure that comes late is not shown under the next answer", async () => {
        const model = define({ sequence: [{ status: 402, headers: { "content-type": "application/json" }, body: JSON.stringify({ error: { code: 402, message: "no credits" } }) }, answer("Better")] });
        await run("chat.compare(arguments[0])", [model]);
        await find(".comparison textarea");
        await run(`const text = chat.shadowRoot.querySelector(".comparison textarea");
          const ask = () => { text.value = "Go"; text.closest("form").requestSubmit(); };
          return new Promise((done) => {
            document.addEventListener("or-compare-end", () => { document.addEventListener("or-compare-end", done, { once: true }); ask(); }, { once: true });
            ask();
          });`);
        // What says the reason is loaded with the first failure. Once it is there, whoever waited for it has it.
        const file = await until(() => run("return performance.getEntriesByType('resource').find(({ name }) => /errors-/.test(name))?.name"), "what says the reason");
        await run("return import(arguments[0]).then(() => new Promise((done) => setTimeout(done)))", file);
        assert.deepEqual((await columns()).map(({ text, state }) => [text, state]), [["Better", "Done"]]);
        assert.deepEqual(await texts(".column .error"), []);
      });

      test("a listener may prevent it", async () => {
        await run("chat.addEventListener('or-submit', (event) => event.preventDefault()); chat.compare(arguments[0])", ["sim/text", "sim/402"]);
        await type(".comparison textarea", "Go", Key.ENTER);
        assert.equal((await happened("or-submit")).length, 1);
        assert.deepEqual((await columns()).map(({ state }) => state), ["", ""]);
      });

      test("when narrow, columns stand below each other", async () => {
        const before = await driver.manage().window().getRect();
        try {
          await resize(engine === "chromium" ? 320 : 500, 800);
          const [a, b] = [define(answer("The **first**", usage(10, 3, 0.002))), define(answer("The second", usage(12, 4, 0.001)))];
          await run("chat.compare(arguments[0])", [a, b]);
          await type(".comparison textarea", "Which?", Key.ENTER);
          await until(async () => (await happened("or-compare-end")).length === 1, "both answers");
          const { below, wide } = await run("const [a, b] = [...chat.shadowRoot.querySelectorAll('.column')].map((each) => each.getBoundingClientRect()); const box = chat.shadowRoot.querySelector('.columns'); return { below: b.top >= a.bottom, wide: box.scrollWidth - box.clientWidth }");
          assert.deepEqual({ below, wide }, { below: true, wide: 0 });
          await photograph(driver, `models-compare-narrow-${engine}`);
        } finally {
          await driver.manage().window().setRect(before);
        }
      });
    });

    test("all of it is accessible, in light and dark, under the strictest policy", async () => {
      for (const look of ["light", "dark", ...(engine === "chromium" ? ["forced"] : [])]) {
        await open();
        if (look === "forced") await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
        await run("chat.theme = arguments[0]; document.documentElement.style.colorScheme = arguments[0]", look === "forced" ? "light" : look);
        const check = async (state) => {
          await isAccessible(driver, `${state} in ${look}`);
          await photograph(driver, `models-${state}-${look}-${engine}`);
        };
        const { id, context_length } = (await upstreamModels()).find(({ context_length }) => context_length > 100_000 && context_length < 300_000);
        await ask(define(answer("Long", usage(Math.round(context_length * 0.85), 10, 0.0123))));
        await run("chat.model = arguments[0]", id);
        await click(".usage");
        await find(".details");
        await find(".near:not([hidden])");
        await click(".spent");
        await find(".costs:not([hidden])");
        await check("costs");
        await type(".spent", Key.ESCAPE);
        await openPicker();
        await click("[data-action=favourite]");
        await find(".star[data-on]");
        await type(".picker input", Key.ESCAPE);
        await openPicker();
        await check("picker");
        await click("[data-action=filters]");
        await click("[data-filter=tools]");
        await click("[data-action=compare]");
        await type(".picker input", Key.ENTER, Key.ARROW_DOWN, Key.ENTER);
        await find(".picker-start:not([hidden])");
        await check("filters");
        await type(".picker input", Key.ESCAPE);
        await run("chat.compare(arguments[0])", ["anthropic/claude-sonnet-4.6", "sim/402", define(answer("Short and to the point.", usage(12, 6, 0.0004)))]);
        await type(".comparison textarea", "Which one is it?", Key.ENTER);
        await until(async () => (await happened("or-compare-end")).length === 1, "all answers");
        await find(".column .error");
        await check("compare");
        assert.deepEqual(await happened("violation"), []);
        if (look === "forced") await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [] });
      }
    });
  });
}

let models;
const upstreamModels = async () => (models ??= (await (await fetch(`${upstream.url}/api/v1/models`)).json()).data);
