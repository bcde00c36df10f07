// What `<openrouter-chat>` says and offers when something goes wrong, in real browsers with real input, under the
// strictest policy. Screenshots: target/screenshots.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import { join } from "node:path";
import { Key } from "selenium-webdriver";
import { root } from "../scripts/toolchain.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { WAIT_MS, delta, isAccessible, page, photograph } from "./support/chat.mjs";
import { serveFiles } from "./support/files.mjs";
import { startUpstream } from "./upstream/server.mjs";

const types = readFileSync(join(root, "src/browser/types.d.ts"), "utf8");
const union = types.slice(types.indexOf("type OpenRouterErrorCode"), types.indexOf("interface OpenRouterErrorProperties"));
const CODES = [...union.matchAll(/\| "(\w+)"/g)].map(([, code]) => code);

const PAGE = page("/tests/browser/widget-trouble.js", '<main><h1 class="title">A page</h1><openrouter-chat></openrouter-chat></main>');
const answer = (...texts) => ({ events: [...texts.map((text) => delta(text)), delta("", "stop"), "[DONE]"] });
const refusal = (status, message, metadata, headers = {}) => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({ error: { code: status, message, metadata }, user_id: "user_of_the_owner" }),
});
/** The connection is lost after these texts. */
const cut = (...texts) => {
  const body = texts.map((text) => `data: ${JSON.stringify(delta(text))}\n\n`).join("");
  return { body, headers: { "content-type": "text/event-stream" }, cutAt: [body.length], stepped: true, end: "destroy" };
};

/** How each code is provoked (a model, what is answered, or what the page does), and what the reader then sees. */
const TROUBLES = {
  invalid_request: { ask: "sim/422", title: "The message was not accepted", remedies: ["edit", "model"] },
  context_length_exceeded: { ask: "sim/400-context", title: "This chat is too long for the model", remedies: ["edit", "model"] },
  model_not_found: { ask: "no-such-author/no-such-model", title: "This model does not exist", says: /no-such-author\/no-such-model/, remedies: ["model", "retry"] },
  model_unavailable: { ask: "sim/404", title: "This model is not available", remedies: ["model", "retry"] },
  authentication: { ask: "sim/401", title: "You are not signed in", remedies: ["retry"] },
  payment_required: { ask: "sim/402", title: "There is no credit left", remedies: ["credits", "model", "retry"] },
  permission_denied: { answered: refusal(403, "Not with this key."), title: "This is not allowed here", remedies: ["model", "retry"] },
  content_refused: { ask: "sim/403", title: "The message was refused", remedies: ["edit", "model"] },
  not_found: { answered: refusal(404, "Nothing here."), title: "There is no chat service here", remedies: ["retry"] },
  payload_too_large: { ask: "sim/413", title: "The message is too large", remedies: ["edit"] },
  rate_limited: { ask: "sim/429-retry-after", title: "Too many requests", remedies: ["retry", "model"] },
  timeout: { ask: "sim/408", title: "The model took too long", remedies: ["retry", "model"] },
  server_error: { ask: "sim/500", title: "OpenRouter has a problem", remedies: ["retry"] },
  provider_unavailable: { ask: "sim/502", title: "The model is out of order", remedies: ["retry", "model"] },
  overloaded: { ask: "sim/529", title: "The model is busy", remedies: ["retry", "model"] },
  // Another origin, which the page's policy forbids.
  network: { ask: "sim/text", page: "chat.baseUrl = 'https://elsewhere.example/api/v1'", title: "The server cannot be reached", remedies: ["retry"] },
  stream_cut: { ask: "sim/cut-clean", title: "The answer was cut off", remedies: ["continue", "retry"] },
  malformed_response: { ask: "sim/html-200", title: "The answer cannot be read", remedies: ["retry", "model"] },
  configuration: { answered: refusal(500, "A variable is missing.", { error_type: "proxy_configuration" }), title: "This site is not set up correctly", remedies: ["retry"] },
  upstream_error: { answered: { events: [delta("Begun"), { error: { code: null, message: "It broke.", type: "brand_new" } }, "[DONE]"] }, title: "The model stopped with an error", remedies: ["continue", "retry", "model"] },
  // What only a page of its own can do: its hook fails with it.
  invalid_output: {
    ask: "sim/text",
    page: "chat.client = new OpenRouter({ maxRetries: 0, hooks: { onResponse() { throw new OpenRouterError({ code: 'invalid_output', message: 'x', retryable: false }) } } })",
    title: "The answer has the wrong form",
    remedies: ["retry", "model"],
  },
  step_limit: {
    ask: "sim/tools-loop-99",
    page: "chat.tools = [{ name: 'get_weather', parameters: { type: 'object' }, run: () => 'rain' }]",
    title: "The model did not come to an end",
    remedies: ["continue", "model"],
  },
};

let upstream;
let files;

before(async () => {
  upstream = await startUpstream();
  files = await serveFiles({ "/": PAGE }, upstream.url);
});

after(async () => {
  await files?.close();
  await upstream?.close();
});

let count = 0;
/** A model of one test alone. */
const define = (script) => {
  const model = `test/trouble-${++count}`;
  upstream.define({ model, ...script });
  return model;
};
const asked = (model) => upstream.requests.filter((request) => request.model === model).map(({ body }) => body.messages);

test("there is a trouble for each code", () => assert.deepEqual(Object.keys(TROUBLES).sort(), [...CODES].sort()));

for (const engine of engines) {
  describe(`in ${engine}`, () => {
    let browser;
    let driver;

    before(async () => {
      browser = await openBrowser(engine);
      driver = browser.driver;
      await driver.manage().setTimeouts({ script: 60_000 });
    });

    after(() => browser?.close());

    const run = (script, ...given) => driver.executeScript(script, ...given);
    const all = (selector) => run("return [...chat.shadowRoot.querySelectorAll(arguments[0])]", selector);
    const texts = (selector) => run("return [...chat.shadowRoot.querySelectorAll(arguments[0])].map((element) => element.textContent)", selector);
    const find = async (selector) => {
      let found;
      await driver.wait(async () => (found = (await all(selector)).at(-1)), WAIT_MS, selector);
      return found;
    };
    const until = async (selector, holds) => {
      let last;
      const isSo = async () => ((last = (await texts(selector)).at(-1)) !== undefined && holds(last));
      await driver.wait(isSo, WAIT_MS).catch(() => assert.fail(`${selector}, last seen: ${last}`));
      return last;
    };
    const click = async (selector) => (await find(selector)).click();
    const type = async (...keys) => (await find(".composer textarea")).sendKeys(...keys);
    const draft = () => run("return chat.shadowRoot.querySelector('.composer textarea').value");
    const focused = () => run("const at = chat.shadowRoot.activeElement; return at && (at.dataset.action || at.className || at.localName)");
    const over = () => driver.wait(() => run("return !chat.isBusy"), WAIT_MS, "the end of the answer");
    const ask = async (model, text = "Hi") => {
      await run("chat.model = arguments[0]", model);
      await type(text, Key.ENTER);
      await over();
    };
    const open = async () => {
      await driver.get(files.url);
      await driver.wait(() => run("return window.isReady"), WAIT_MS, "the page");
    };

    beforeEach(open);

    describe("each code", () => {
      const seen = new Map();

      for (const [code, { ask: model, answered, page, says = /./, title, remedies }] of Object.entries(TROUBLES)) {
        test(`${code} has its own words and its own way out`, async () => {
          if (page) await run(page);
          await ask(answered ? define(answered) : model);
          await find(`.error[data-code=${code}]`);
          const [heading] = await texts(".error strong");
          const [advice] = await texts(".error [role=alert] > p");
          assert.equal(heading, title);
          assert.match(advice, says);
          assert.deepEqual(await run("return [...chat.shadowRoot.querySelectorAll('.error [data-remedy]')].map((each) => each.dataset.remedy)"), remedies);
          for (const [other, words] of seen) assert.ok(!words.includes(heading) && !words.includes(advice), `${code} speaks as ${other} does`);
          seen.set(code, [heading, advice]);
          // Read out once, whole, and by nobody else; who wrote goes on where he was.
          const alerts = await run("return alerts");
          assert.equal(alerts.length, 1, alerts.join("\n"));
          assert.ok(alerts[0].includes(heading) && alerts[0].includes(advice));
          assert.equal((await texts("[role=status]"))[0].includes(heading), false);
          assert.equal(await focused(), "textarea");
          assert.doesNotMatch(await run("return chat.shadowRoot.textContent"), /user_sim_owner|user_of_the_owner|sk-or-v1/);
          if (["rate_limited", "payment_required", "stream_cut", "context_length_exceeded"].includes(code)) await photograph(driver, `trouble-${code}-${engine}`);
        });
      }
    });

    test("a code from the future is explained too", async () => {
      for (const code of ["brand_new", "toString"]) {
        await open();
        await run("const code = arguments[0]; chat.client = new OpenRouter({ maxRetries: 0, hooks: { onResponse() { throw new OpenRouterError({ code, message: 'x', retryable: false }) } } })", code);
        await ask("sim/text");
        await until(".error strong", (text) => text === "The model stopped with an error");
      }
    });

    test("keys and accounts in what the other side says are not shown", async () => {
      await ask(define(refusal(403, "The key sk-or-v1-0123456789abcdef of user_2abcDEF123 and eyJhbGciOi.eyJzdWIi.c2ln is not allowed.")));
      const small = await until(".error .small", (text) => text.includes("not allowed"));
      assert.match(small, /The key … of … and … is not allowed\./);
    });

    test("a rate limit counts down, says which one it was, and its button works again by itself", async () => {
      const model = define({ sequence: [refusal(429, "Slow down.", { limit_source: "user_requests" }, { "retry-after": "2" }), answer("at last")] });
      await ask(model);
      await until(".error .limit", (text) => /how many questions you may ask/.test(text));
      const retry = await find(".error [data-remedy=retry]");
      assert.equal(await retry.isEnabled(), false);
      assert.match(await retry.getText(), /^Try again in \d s$/);
      await driver.wait(() => retry.isEnabled(), WAIT_MS);
      assert.equal(await retry.getText(), "Try again");
      assert.equal((await texts("[role=status]"))[0], "You can try again now.");
      assert.equal((await run("return alerts")).length, 1, "counting down is not announced");
      await retry.click();
      await until("article[data-role=assistant] .body", (text) => text === "at last");
    });

    test("a wait goes on where its card is shown again, and where the chat is put back into the page", async () => {
      const model = define({ sequence: [refusal(429, "Slow down.", {}, { "retry-after": "600" }), refusal(429, "Slow down.", {}, { "retry-after": "3" })] });
      await ask(model);
      await until("[data-remedy=retry]", (text) => text === "Try again in 10 min");
      // Half of the wait later the thread is built anew.
      await run("const { now } = window.Date; window.Date.now = () => now() + 300_000; chat.strings = { tryAgain: 'Once more' }");
      await until("[data-remedy=retry]", (text) => text === "Try again in 5 min");
      await run("chat.clear(); const real = setInterval; window.setInterval = (tick, ms) => real(() => (tick(), window.onTick?.()), ms)");
      await ask(model);
      await until("[data-remedy=retry]", (text) => /^Try again in \d s$/.test(text));
      await driver.executeAsyncScript("const done = arguments[0], main = chat.parentElement; chat.remove(); window.onTick = () => { window.onTick = undefined; main.append(chat); done(); }");
      await driver.wait(async () => (await find("[data-remedy=retry]")).isEnabled(), WAIT_MS, "the end of the wait");
    });

    test("a daily limit says when it is over, another model need not wait, and a budget of this site is not OpenRouter's to fill", async () => {
      await ask("sim/429-daily");
      await until(".error .limit", (text) => /OpenRouter’s.* in a day/.test(text));
      await until("[data-remedy=retry]", (text) => /^Try again at /.test(text));
      await run("chat.model = 'a/b'");
      await driver.wait(async () => (await find("[data-remedy=retry]")).isEnabled(), WAIT_MS, "the end of the wait");
      await open();
      await ask(define(refusal(402, "Used up.", { error_type: "payment_required", limit_source: "user_usd_daily" })));
      await until(".error .limit", (text) => /your budget for today/.test(text));
      assert.deepEqual(await all("[data-remedy=credits]"), []);
      await ask("sim/402");
      const link = await find("a[data-remedy=credits]");
      assert.deepEqual([await link.getAttribute("href"), await link.getAttribute("rel")], ["https://openrouter.ai/settings/credits", "noopener noreferrer"]);
    });

    test("who is not signed in can do so where the page knows how, and the question is asked again", async () => {
      const model = define({ sequence: [refusal(401, "This session is over."), answer("welcome back")] });
      await run("window.signIns = 0; chat.signIn = async () => void window.signIns++");
      await ask(model);
      await until(".error [role=alert] p", (text) => /Sign in/.test(text));
      await click("[data-remedy=sign-in]");
      await until("article[data-role=assistant] .body", (text) => text === "welcome back");
      assert.equal(await run("return window.signIns"), 1);
    });

    test("signing in takes nothing away of what happened meanwhile, and one that fails is told to the page", async () => {
      const model = define({ sequence: [refusal(401, "This session is over."), answer("elsewhere")] });
      await run("chat.signIn = () => new Promise((resolve, reject) => Object.assign(window, { signedIn: resolve, refused: reject }))");
      await ask(model, "one");
      await click("[data-remedy=sign-in]");
      await run("refused(new Error('the window was closed'))");
      await driver.wait(() => run("return happened.filter(({ type }) => type === 'or-error').length === 2"), WAIT_MS);
      await click("[data-remedy=sign-in]");
      await run("chat.clear()");
      await ask(model, "two");
      await until("article[data-role=assistant] .body", (text) => text === "elsewhere");
      await driver.executeAsyncScript("signedIn(); setTimeout(arguments[0])");
      assert.deepEqual([await texts("article .body"), await run("return chat.isBusy"), asked(model).length], [["two", "elsewhere"], false, 2]);
    });

    test("a refused message is given back without what was said since", async () => {
      await ask("sim/422", "bad");
      await ask(define(answer("fine")), "good");
      await click("[data-remedy=edit]");
      assert.equal(await draft(), "bad");
      assert.deepEqual(await texts("article .body"), ["bad", "good", "fine"]);
    });

    test("a chat that is too long goes on without its older half, or the question opens a new one", async () => {
      const model = define({ sequence: [answer("ONE"), answer("TWO"), { builtin: "sim/400-context" }, answer("THREE")] });
      await ask(model, "one");
      await ask(model, "two");
      await ask(model, "three");
      await find("[data-remedy=new]");
      await click("[data-remedy=trim]");
      await until("article[data-role=assistant] .body", (text) => text === "THREE");
      await until(".note", (text) => text === "2 older messages were left out.");
      assert.deepEqual(asked(model).at(-1).map(({ content }) => content), ["two", "TWO", "three"]);
      await ask("sim/400-context", "four");
      await click("[data-remedy=new]");
      assert.deepEqual([await texts("article"), await draft()], [[], "four"]);
    });

    test("an answer whose connection is lost is gone on with as the same one", async () => {
      const model = define({ sequence: [cut("The sky is "), answer("**blue**", ", mostly.")] });
      await run("chat.model = arguments[0]", model);
      await type("Why?", Key.ENTER);
      await upstream.waitFor({ model, event: "headers-sent" });
      upstream.step(model);
      await until("article[data-role=assistant] .body", (text) => text.includes("The sky is"));
      upstream.step(model);
      await find(".error[data-code=stream_cut]");
      await until(".note", (text) => /incomplete/.test(text));
      await photograph(driver, `trouble-cut-${engine}`);
      await click("[data-remedy=continue]");
      await until("article[data-role=assistant] .body", (text) => text === "The sky is blue, mostly.");
      await over();
      assert.deepEqual([(await all("article")).length, (await all(".error")).length, (await all(".note")).length], [2, 0, 0]);
      assert.deepEqual(await run("return chat.messages.map(({ content }) => content)"), ["Why?", "The sky is **blue**, mostly."]);
      assert.deepEqual(asked(model)[1], [{ role: "user", content: "Why?" }, { role: "assistant", content: "The sky is" }]);
      assert.equal(await focused(), "textarea");
    });

    test("what was stopped is gone on with too, unless something else was said since", async () => {
      const model = define({ sequence: [{ events: [delta("Half")], end: "hold" }, answer(" and half"), answer("fine")] });
      await run("chat.model = arguments[0]", model);
      await type("Go", Key.ENTER);
      await until("article[data-role=assistant] .body", (text) => text === "Half");
      await type(Key.ESCAPE);
      await find("[data-action=continue]");
      await photograph(driver, `trouble-stopped-${engine}`);
      await click("[data-action=continue]");
      await until("article[data-role=assistant] .body", (text) => text === "Half and half");
      await over();
      assert.deepEqual(await all("[data-action=continue]"), []);
      const other = define({ sequence: [{ events: [delta("No")], end: "hold" }, answer("fine")] });
      await run("chat.model = arguments[0]", other);
      await type("Go", Key.ENTER);
      await until("article[data-role=assistant] .body", (text) => text === "No");
      await type(Key.ESCAPE);
      await ask(other, "Never mind");
      assert.equal(await (await find("[data-action=continue]")).isDisplayed(), false);
    });

    test("an answer at its length limit can be gone on with", async () => {
      const model = define({ sequence: [{ events: [delta("One, "), delta("", "length"), "[DONE]"] }, answer("two.")] });
      await ask(model, "Count");
      await click("[data-action=continue]");
      await until("article[data-role=assistant] .body", (text) => text === "One, two.");
    });

    test("a request id can be copied", async () => {
      await run("window.copied = []; Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async (text) => void copied.push(text) } })");
      await ask(define(refusal(500, "Sorry.", undefined, { "x-request-id": "req-42" })));
      await click("[data-action=copy-request-id]");
      await until("[data-action=copy-request-id]", (text) => text === "Copied");
      assert.deepEqual(await run("return copied"), ["req-42"]);
      assert.equal((await run("return alerts")).length, 1, "that is not announced as an error again");
    });

    test("offline, a banner says so and the draft stays; back online, it is sent", async () => {
      const model = define(answer("hello"));
      await run("chat.model = arguments[0]", model);
      await type("Still here");
      await run("goes('offline')");
      await until(".connection", (text) => /You are offline/.test(text));
      assert.match((await texts("[role=status]"))[0], /You are offline/);
      await type(Key.ENTER);
      await until("[role=status]", (text) => /was not sent/.test(text));
      assert.deepEqual([await draft(), await texts("article"), asked(model)], ["Still here", [], []]);
      await photograph(driver, `trouble-offline-${engine}`);
      await isAccessible(driver, "offline");
      await run("goes('online')");
      await until(".connection", (text) => /online again/.test(text));
      await photograph(driver, `trouble-online-${engine}`);
      await click(".connection button");
      await until("article[data-role=assistant] .body", (text) => text === "hello");
      assert.deepEqual([await draft(), await texts(".connection")], ["", []]);
    });

    test("who knows better than the browser can send all the same", async () => {
      const model = define(answer("hello"));
      await run("chat.model = arguments[0]", model);
      await type("Loopback");
      await run("goes('offline')");
      await click(".connection button");
      await until("article[data-role=assistant] .body", (text) => text === "hello");
    });

    test("a server that cannot be reached is told of above the draft, until it can", async () => {
      await run("chat.baseUrl = 'https://elsewhere.example/api/v1'");
      await ask(define(answer("x")), "Anyone?");
      await until(".connection", (text) => /no way to the server/.test(text));
      const model = define(answer("here"));
      await run("chat.baseUrl = '/api/v1'; chat.model = arguments[0]", model);
      await photograph(driver, `trouble-unreachable-${engine}`);
      await click(".connection button");
      await until("article[data-role=assistant] .body", (text) => text === "here");
      await driver.wait(async () => (await all(".connection")).length === 0, WAIT_MS);
      assert.equal((await all("article")).length, 2);
    });

    test("asking again does not send what is being written, and a server that refuses can be reached", async () => {
      await run("chat.baseUrl = 'https://elsewhere.example/api/v1'");
      await ask(define(answer("x")), "Anyone?");
      await until(".connection button", (text) => text === "Ask again");
      const model = define(refusal(403, "Not with this key."));
      await run("chat.baseUrl = '/api/v1'; chat.model = arguments[0]", model);
      await type("Half a sen");
      await click(".connection button");
      await find(".error[data-code=permission_denied]");
      assert.deepEqual([await draft(), asked(model).map(([{ content }]) => content)], ["Half a sen", ["Anyone?"]]);
      assert.deepEqual(await all(".connection"), []);
    });

    test("what was kept with its error is shown, and not announced", async () => {
      await ask("sim/500");
      await find(".error");
      await run("const saved = JSON.parse(JSON.stringify(chat.exportJSON())); alerts.length = 0; chat.clear(); chat.importJSON(saved)");
      await until(".error", (text) => text.includes("OpenRouter has a problem"));
      assert.deepEqual(await run("return alerts"), []);
    });

    test("its words can be others, and it reads from right to left", async () => {
      await run("chat.strings = { error_server_error: 'תקלה', continue: 'המשך' }; chat.dir = 'rtl'; chat.lang = 'he'");
      await ask("sim/500");
      await until(".error strong", (text) => text === "תקלה");
      await photograph(driver, `trouble-rtl-${engine}`);
    });

    test("each state is accessible, in light and dark, at 320 pixels", async () => {
      const looks = ["light", "dark", ...(engine === "chromium" ? ["forced"] : [])];
      for (const look of looks) {
        await open();
        if (look === "forced") await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
        await run("chat.theme = arguments[0]; document.documentElement.style.colorScheme = arguments[0]; chat.style.width = '320px'", look === "forced" ? "light" : look);
        for (const [state, model] of [["credit", "sim/402"], ["limit", "sim/429-platform"], ["cut", "sim/cut-clean"]]) {
          await ask(model);
          await find(".remedies");
          await isAccessible(driver, `${state} in ${look}`);
          assert.equal(await run("const at = chat.shadowRoot.querySelector('.scroller'); return at.scrollWidth - at.clientWidth"), 0);
        }
        await photograph(driver, `trouble-${look}-${engine}`);
        if (look === "forced") await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [] });
      }
      assert.deepEqual(await run("return happened.filter(({ type }) => type === 'violation')"), []);
    });

    if (engine === "chromium") {
      test("when the network really goes, the card and the banner are there", async () => {
        await ask(define(answer("first")));
        await type("Hello");
        await driver.wait(() => run("return performance.getEntriesByType('resource').some(({ name }) => /errors-/.test(name))"), WAIT_MS);
        await driver.setNetworkConditions({ offline: true, latency: 0, download_throughput: 0, upload_throughput: 0 });
        try {
          await type(Key.ENTER);
          await find(".error[data-code=network]");
          await find(".connection");
        } finally {
          await driver.deleteNetworkConditions();
        }
        const model = define(answer("back"));
        await run("chat.model = arguments[0]", model);
        await click(".connection button");
        await until("article[data-role=assistant] .body", (text) => text === "back");
      });
    }
  });
}
