// The documentation site as it is served: links, search, and the page's Content-Security-Policy, in a real browser.
// Screenshots: target/screenshots.
import assert from "node:assert/strict";
import { createReadStream, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize, relative } from "node:path";
import { after, before, test } from "node:test";
import { By, Key } from "selenium-webdriver";
import { root } from "../scripts/toolchain.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { listen } from "./support/loopback.mjs";

const WAIT_MS = 10_000;
const site = join(root, "www", "dist", "docs");
const pages = readdirSync(site, { recursive: true }).filter((file) => file.endsWith(".html"));
const textOf = (file) => readFileSync(join(site, file), "utf8");
/** What Cloudflare puts on every answer of the page's server. */
const policy = readFileSync(join(root, "www", "public", "_headers"), "utf8").match(/Content-Security-Policy: (.+)/)[1];

test("there is a page for each guide but the widget's, for the reference, and for each class", () => {
  const guides = readdirSync(join(root, "docs", "guide")).filter((file) => file !== "widget.md");
  const titles = [...guides.map((file) => `guide/${file}`), "client.md", "errors.md", "proxy.md", "widget.md"].map((file) => readFileSync(join(root, "docs", file), "utf8").match(/^# (.+)$/m)[1]);
  const documents = pages.filter((file) => file.startsWith("documents")).map((file) => textOf(file).match(/<title>(.+?) \|/)[1]);
  assert.deepEqual(titles.filter((title) => !documents.includes(title)), []);
  for (const name of ["OpenRouter", "OpenRouterError", "Conversation"]) assert.ok(pages.some((file) => file.endsWith(`${name}.html`)), name);
});

test("every link leads somewhere, and nothing is loaded from another server", () => {
  const broken = new Set();
  for (const file of pages) {
    const text = textOf(file);
    for (const [, target] of text.matchAll(/<(?:script|link|img|iframe)\b[^>]* (?:src|href)="([^"]+)"/g)) assert.doesNotMatch(target, /^(https?:)?\/\//, file);
    for (const [, target, anchor] of text.matchAll(/(?:href|src)="(?!\w+:|\/\/)([^"#]*)(?:#([^"]*))?"/g)) {
      const to = target === "" ? file : relative(site, join(site, dirname(file), target));
      if (!existsSync(join(site, to))) broken.add(`${file}: ${target}`);
      else if (anchor && to.endsWith(".html") && !textOf(to).includes(`id="${decodeURIComponent(anchor)}"`)) broken.add(`${file}: ${target}#${anchor}`);
    }
  }
  assert.deepEqual([...broken], []);
});

let server;
let browser;

before(async () => {
  const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png" };
  server = await listen(
    createServer((request, response) => {
      const { pathname } = new URL(request.url, "http://files");
      const file = join(site, normalize(pathname), pathname.endsWith("/") ? "index.html" : "");
      if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
      response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", "content-security-policy": policy });
      return createReadStream(file).pipe(response);
    }),
  );
  browser = await openBrowser(engines[0]);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

async function photograph(name) {
  const folder = join(root, "target", "screenshots");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.png`), await browser.driver.takeScreenshot(), "base64");
}

test("under the page's policy it is shown, found in and turned dark, and breaks no rule", async () => {
  const { driver } = browser;
  const guide = pages.find((file) => /documents\/.*quick-start\.html$/i.test(file) || (file.startsWith("documents") && textOf(file).includes("<title>Quick start |")));
  await driver.get(`${server.url}/${guide}`);
  await driver.wait(async () => (await driver.findElement(By.css("h1"))).isDisplayed(), WAIT_MS);
  await driver.executeScript("window.refused = []; addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => refused.push(violatedDirective + ' ' + blockedURI))");
  await photograph("site-guide");

  await driver.executeScript("document.querySelector('#tsd-search-trigger, #tsd-search')?.click()");
  const field = await driver.wait(async () => (await driver.findElements(By.css("#tsd-search-input, #tsd-search input")))[0], WAIT_MS, "no search");
  await driver.wait(() => field.isDisplayed(), WAIT_MS);
  await field.sendKeys("runTools");
  await driver.wait(async () => /runTools/.test(await driver.executeScript("return document.querySelector('#tsd-search-results, #tsd-search .results')?.textContent ?? ''")), WAIT_MS, "nothing is found");
  await photograph("site-search");
  await field.sendKeys(Key.ESCAPE);

  await driver.executeScript("const choice = document.querySelector('#tsd-theme'); choice.value = 'dark'; choice.dispatchEvent(new Event('change'))");
  await driver.get(`${server.url}/classes/${pages.find((file) => /classes\/.*OpenRouter\.html$/.test(file)).split("/").pop()}`);
  await driver.wait(async () => (await driver.executeScript("return document.documentElement.dataset.theme")) === "dark", WAIT_MS, "the theme is forgotten");
  await photograph("site-api-dark");
  const log = await driver.manage().logs().get("browser").catch(() => []);
  assert.deepEqual(log.filter(({ message }) => /Content Security Policy|Refused/.test(message)).map(({ message }) => message), []);
});
