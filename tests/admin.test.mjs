// The admin's page in real browsers, through the Worker in `wrangler dev`. Screenshots: target/screenshots.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { join } from "node:path";
import { Readable } from "node:stream";
import { By, until } from "selenium-webdriver";
import { root } from "../scripts/toolchain.mjs";
import { startApp } from "./support/app.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { listen } from "./support/loopback.mjs";
import { startUpstream } from "./upstream/server.mjs";

const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
const ADMIN = "the-secret-of-the-admin-of-this-very-file";
const HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
const WAIT_MS = 40_000;
const DAY_MS = 86_400_000;

const screenshots = join(root, "target", "screenshots");
mkdirSync(screenshots, { recursive: true });

const basic = { authorization: `Basic ${Buffer.from(`admin:${ADMIN}`).toString("base64")}` };
const date = (time) => new Date(time).toISOString().slice(0, 10);

let upstream;
let app;
let site;

before(async () => {
  upstream = await startUpstream({ apiKey: KEY });
  app = await startApp({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl, ADMIN_SECRET: ADMIN });
  site = await startSite();
});

after(async () => {
  await site?.close();
  await app?.stop();
  await upstream?.close();
});

/** The Worker as an admin's browser has it that has signed in; `figures` stands in for what it would tell. */
async function startSite() {
  const site = { figures: undefined, asked: [] };
  const server = createServer(async (request, response) => {
    if (request.url.startsWith("/admin/figures")) {
      site.asked.push(request.url);
      if (site.figures) {
        const { status = 200, body } = site.figures(new URL(request.url, "http://site").searchParams);
        return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      }
    }
    const answer = await fetch(app.url + request.url, { headers: basic });
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => !/^(content-encoding|content-length|transfer-encoding|connection)$/.test(name)));
    response.writeHead(answer.status, headers);
    if (answer.body) Readable.fromWeb(answer.body).pipe(response);
    else response.end();
  });
  return Object.assign(site, await listen(server));
}

const counts = (usd, requests, others = {}) => ({
  requests,
  prompt_tokens: requests * 1234,
  completion_tokens: requests * 345,
  usd,
  estimated_requests: 0,
  estimated_tokens: 0,
  estimated_usd: 0,
  refused: 0,
  ...others,
});

/** A month of a small site. */
function month(parameters) {
  const from = Date.parse(parameters.get("from"));
  const all = Math.round((Date.parse(parameters.get("to")) - from) / DAY_MS) + 1;
  const days = Array.from({ length: all }, (_, at) => ({ day: date(from + at * DAY_MS), ...counts(2 + 1.5 * Math.sin(at) + at / 20, 40 + at) })).filter((_, at) => at % 7 !== 5);
  const sum = (key) => days.reduce((total, row) => total + row[key], 0);
  const total = counts(sum("usd"), sum("requests"), { estimated_requests: 3, estimated_tokens: 4096, estimated_usd: 0.0123, refused: 42 });
  const list = (names, key) => names.map((name, at) => ({ [key]: name, ...counts(total.usd / 2 ** (at + 1), Math.round(total.requests / 2 ** (at + 1)), { refused: key === "user" ? 1 : 0 }) }));
  return {
    body: {
      total,
      days,
      models: list(["anthropic/claude-sonnet-4.5", "openai/gpt-5-mini", "google/gemini-2.5-flash", "meta-llama/llama-3.3-70b-instruct:free"], "model"),
      users: list(["ann@example.com", HOSTILE, "ip:Vb3kPq0fXo2mZr7a9LtYcw", "", ...Array.from({ length: 30 }, (_, at) => `user-${at}`)], "user"),
      refusals: [{ reason: "user_requests", ...counts(0, 0, { refused: 30 }) }, { reason: "user_usd_daily", ...counts(0, 0, { refused: 12 }) }],
    },
  };
}

test("without the secret there is neither the page nor a figure", async () => {
  for (const path of ["/admin", "/admin.html", "/admin/figures", "/admin/export.csv"]) {
    const { status, headers } = await fetch(app.url + path);
    assert.equal(status, 401, path);
    assert.match(headers.get("www-authenticate"), /^Basic /);
  }
});

test("with it the page comes under a policy of its own, and so do its files", async () => {
  const page = await fetch(`${app.url}/admin`, { headers: basic });
  assert.equal(page.status, 200);
  assert.equal(page.headers.get("cache-control"), "no-store");
  const policy = page.headers.get("content-security-policy");
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; /);
  assert.doesNotMatch(policy, /unsafe|https:/);
  const files = [...(await page.text()).matchAll(/"(\/(?:assets\/)?[^"/]+\.(?:js|css|svg))"/g)].map(([, path]) => path);
  assert.ok(files.length >= 3, files.join());
  for (const path of files) assert.equal((await fetch(app.url + path)).status, 200, path);
});

/** The console's errors, where the browser tells them. */
const complaints = async (driver, engine) => (engine === "chromium" ? (await driver.manage().logs().get("browser")).filter(({ level }) => level.name === "SEVERE").map(({ message }) => message) : []);

for (const engine of engines) {
  describe(`in ${engine}`, () => {
    let browser;
    let driver;

    before(async () => {
      browser = await openBrowser(engine);
      driver = browser.driver;
    });

    after(() => browser?.close());

    beforeEach(() => {
      site.figures = undefined;
      site.asked.length = 0;
    });

    const read = (script) => driver.executeScript(`return ${script}`);
    const open = async (path = "/admin") => {
      await driver.get(site.url + path);
      await driver.wait(until.elementLocated(By.css('#figures[aria-busy="false"]')), WAIT_MS, "the figures");
    };
    const photograph = async (name) => writeFileSync(join(screenshots, `admin-${engine}-${name}.png`), await driver.takeScreenshot(), "base64");

    test("what was spent is there as charts and as tables, and names are text", async () => {
      site.figures = month;
      await open();
      await driver.wait(() => read(`document.querySelector(".days .bar") !== null`), WAIT_MS, "the chart is drawn when its width is known");
      assert.equal(new URL(site.asked[0], site.url).searchParams.get("to"), date(Date.now()));
      const seen = await read(`{
        pwned: window.pwned ?? null,
        bars: document.querySelectorAll(".days .bar").length,
        label: document.querySelector(".days").getAttribute("aria-label"),
        sections: Array.from(document.querySelectorAll("section"), (section) => section.getAttribute("aria-label")),
        tables: Array.from(document.querySelectorAll("table"), (table) => table.tBodies[0].rows.length),
        users: Array.from(document.querySelectorAll("section:nth-of-type(3) tbody th bdi"), (name) => name.textContent),
        shares: document.querySelectorAll("section:nth-of-type(3) .share[aria-hidden=true]").length,
        models: document.querySelector("section:nth-of-type(2) tbody").textContent,
        refusals: document.querySelector("section:nth-of-type(4) tbody").textContent,
        unnamed: Array.from(document.querySelectorAll("input, button, a")).filter((item) => !(item.textContent.trim() || item.labels?.[0]?.textContent.trim())).length,
        csv: document.querySelector("#export").getAttribute("href"),
      }`.replace(/^\{/, "({").concat(")"));
      assert.equal(seen.pwned, null);
      assert.equal(seen.bars, 30, "one for each day, with those on which nothing was spent");
      assert.match(seen.label, /^USD by day\. Most on \d{4}-\d\d-\d\d: \$\d/);
      assert.deepEqual(seen.sections, ["Spend by day", "Spend by model", "Spend by user", "Refusals by limit"]);
      assert.deepEqual(seen.tables, [26, 5, 21, 2], "the dearest, and all others");
      assert.deepEqual(seen.users.slice(0, 4), ["ann@example.com", HOSTILE, "ip:Vb3kPq0fXo2mZr7a9LtYcw", "(no name)"]);
      assert.equal(seen.users.at(-1), "all others");
      assert.equal(seen.shares, 21);
      assert.match(seen.models, /anthropic\/claude-sonnet-4\.5\$\d+\.\d\d/);
      assert.match(seen.refusals, /user_requests30user_usd_daily12/);
      assert.equal(seen.unnamed, 0);
      assert.equal(seen.csv, `/admin/export.csv?from=${date(Date.now() - 29 * DAY_MS)}&to=${date(Date.now())}`);
      assert.deepEqual(await complaints(driver, engine), []);
      await photograph("light");
    });

    test("other days are asked for, and the address says which", async () => {
      site.figures = month;
      await open(`/admin?from=2026-02-01&to=2026-02-28`);
      assert.equal(site.asked.at(-1), "/admin/figures?from=2026-02-01&to=2026-02-28");
      await driver.findElement(By.xpath("//button[.='7 days']")).click();
      await driver.wait(() => read(`document.querySelectorAll(".days .bar").length === 7`), WAIT_MS);
      assert.match(await driver.getCurrentUrl(), new RegExp(`from=${date(Date.now() - 6 * DAY_MS)}&to=${date(Date.now())}$`));
      assert.equal(await read(`document.querySelector("[aria-pressed=true]").textContent`), "7 days");
    });

    // GTK's MiniBrowser ends now and then when this page follows itself so soon.
    test("nothing, an error and an answer that is none are told in words", { skip: engine === "webkit" }, async () => {
      site.figures = () => ({ body: { total: counts(0, 0), days: [], models: [], users: [], refusals: [] } });
      await open();
      assert.equal(await read(`document.querySelector("#figures").textContent.match(/None on these days/g).length`), 4);
      site.figures = () => ({ status: 503, body: { error: { code: 503, message: "The figures cannot be asked at the moment." } } });
      await open();
      assert.match(await read(`document.querySelector("#status").textContent`), /cannot be asked at the moment/);
      site.figures = () => ({ body: null });
      await open();
      assert.match(await read(`document.querySelector("#status").textContent`), /Try again/);
    });

    test("what a chat has cost is there", { skip: engine !== engines[0] }, async () => {
      // Others may have asked on this day: the state of `wrangler dev` is kept.
      const today = `?from=${date(Date.now())}&to=${date(Date.now())}`;
      const settled = async () => (await (await fetch(`${app.url}/admin/figures${today}`, { headers: basic })).json()).total.requests;
      const before = await settled();
      const body = JSON.stringify({ model: "sim/text", messages: [{ role: "user", content: "hi" }] });
      const chat = await fetch(`${app.url}/api/v1/chat/completions`, { method: "POST", headers: { origin: app.url, "content-type": "application/json" }, body });
      assert.equal(chat.status, 200);
      await chat.text();
      // The ledger asks for the record after some seconds, and tells it after that.
      await driver.wait(async () => (await settled()) > before, WAIT_MS);
      await open(`/admin${today}`);
      const shown = await read(`document.querySelector("dl > div:nth-of-type(2) dd").firstChild.data`);
      // What others have asked before may be settled only now.
      assert.ok(Number(shown.replaceAll(",", "")) > before, `${shown} after ${before}`);
      assert.match(await read(`document.querySelector("section:nth-of-type(2)").textContent`), /sim\/text/);
      assert.match(await read(`document.querySelector("section:nth-of-type(3)").textContent`), /local\$0\.\d/);
    });

    test("a telephone's width holds it, and the night too", { skip: engine !== "chromium" }, async () => {
      site.figures = month;
      await driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width: 390, height: 844, deviceScaleFactor: 2, mobile: true });
      await open();
      assert.ok(await read("document.documentElement.scrollWidth <= 390"), "nothing is wider");
      const whole = async (name) => {
        const height = await read("document.documentElement.scrollHeight");
        const { data } = await driver.sendAndGetDevToolsCommand("Page.captureScreenshot", { captureBeyondViewport: true, clip: { x: 0, y: 0, width: await read("innerWidth"), height, scale: 1 } });
        writeFileSync(join(screenshots, `admin-${engine}-${name}.png`), data, "base64");
      };
      await whole("390");
      await driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width: 320, height: 600, deviceScaleFactor: 1, mobile: true });
      await driver.wait(() => read("innerWidth === 320"), WAIT_MS);
      assert.ok(await read("document.documentElement.scrollWidth <= 320"), "nothing is wider");
      await driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width: 1200, height: 900, deviceScaleFactor: 1, mobile: false });
      await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
      await open();
      await whole("dark");
      assert.notEqual(await read("getComputedStyle(document.body).backgroundColor"), "rgb(251, 250, 248)");
    });

    test("a browser signs in with the secret as the password", { skip: engine !== "chromium" }, async () => {
      await driver.get(app.url.replace("//", `//admin:${ADMIN}@`) + "/admin");
      await driver.wait(until.elementLocated(By.css('#figures[aria-busy="false"]')), WAIT_MS, "the figures");
      assert.equal(await read(`document.querySelector("#status").textContent`), "");
      assert.equal(await read(`document.querySelectorAll("section").length`), 4);
    });
  });
}
