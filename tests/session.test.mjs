// The page where readers need a session: in real browsers, under its own Content-Security-Policy, with a stand-in for
// Turnstile and for the Worker's sessions.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { extname, join, normalize } from "node:path";
import { Readable } from "node:stream";
import { By, Key, until } from "selenium-webdriver";
import { root } from "../scripts/toolchain.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { listen } from "./support/loopback.mjs";
import { startUpstream } from "./upstream/server.mjs";

const WAIT_MS = 10_000;
const MODEL = "sim/text";

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm" };
const policy = readFileSync(join(root, "www", "public", "_headers"), "utf8").match(/Content-Security-Policy: (.+)/)[1];

/** What Cloudflare's script puts there. It says what the server that serves it says. */
const standIn = `
  window.rendered = [];
  window.turnstile = {
    render(box, options) {
      box.append("challenge");
      rendered.push({ sitekey: options.sitekey, action: options.action, appearance: options.appearance });
      fetch("/challenge").then((response) => response.json()).then(({ token, error }) => (error ? options["error-callback"](error) : options.callback(token)));
      return "widget";
    },
    remove(widget) {
      if (widget === "widget") document.querySelector("#challenge").replaceChildren();
    },
  };
`;

/** The site: the page, its health, its sessions, and a proxy that lets in who has one. */
async function startSite(upstream) {
  const site = { sent: [], valid: new Set(), opened: [], reset };
  function reset() {
    Object.assign(site, { health: { status: "ok", turnstile: { siteKey: "0xKEY", action: "chat" } }, challenge: { token: "passed" } });
    for (const list of [site.sent, site.opened]) list.length = 0;
    site.valid.clear();
  }
  reset();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname, search } = new URL(request.url, "http://site");
    const json = (status, value) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (pathname === "/blank") return response.writeHead(200, { "content-type": types[".html"] }).end("<!doctype html><title>blank</title>");
    if (pathname === "/healthz") return json(200, site.health);
    if (pathname === "/challenge") return json(200, site.challenge);
    if (pathname === "/stand-in.js") return response.writeHead(200, { "content-type": types[".js"] }).end(standIn);
    if (pathname === "/session") {
      site.opened.push(JSON.parse(body));
      const token = `session-${site.opened.length}`;
      site.valid.add(token);
      return json(200, { token, expiresAt: Date.now() + 900_000 });
    }
    if (pathname.startsWith("/api/")) {
      const { authorization } = request.headers;
      site.sent.push(authorization);
      if (site.health.turnstile && !site.valid.has(authorization?.replace("Bearer ", ""))) {
        return json(401, { error: { code: 401, message: "This session is over.", metadata: { error_type: "authentication" } } });
      }
      const headers = { "content-type": "application/json", authorization: "Bearer sk-of-the-owner" };
      const answer = await fetch(`${upstream.url}${pathname}${search}`, { method: request.method, headers, body: body.length > 0 ? body : undefined });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
      return Readable.fromWeb(answer.body).pipe(response);
    }
    const path = normalize(pathname === "/" ? "/index.html" : pathname);
    const file = join(root, "www", "dist", path);
    if (!existsSync(file)) return response.writeHead(404).end();
    let content = readFileSync(file);
    if (path === "/index.html") content = content.toString().replace("<head>", '<head><script src="/stand-in.js"></script>');
    return response.writeHead(200, { "content-type": types[extname(path)], "content-security-policy": policy }).end(content);
  });
  return Object.assign(site, await listen(server));
}

let upstream;
let site;

before(async () => {
  upstream = await startUpstream();
  site = await startSite(upstream);
});

after(async () => {
  await site?.close();
  await upstream?.close();
});

for (const engine of engines) {
  describe(`in ${engine}`, () => {
    let driver;
    let browser;

    before(async () => {
      browser = await openBrowser(engine);
      ({ driver } = browser);
    });

    after(() => browser?.close());

    beforeEach(() => site.reset());

    const all = (selector) => driver.executeScript("return [...document.querySelector('#chat').shadowRoot.querySelectorAll(arguments[0])]", selector);
    const find = async (selector) => {
      let found;
      await driver.wait(async () => (found = (await all(selector)).at(-1)), WAIT_MS, selector);
      return found;
    };
    const open = async () => {
      await driver.get(`${site.url}/blank`);
      await driver.executeScript(`localStorage.setItem("openrouter-wasm.model", arguments[0])`, MODEL);
      await driver.get(site.url);
      await driver.wait(until.elementLocated(By.css("#chat[data-ready]")), WAIT_MS);
    };
    const textOf = (selector) => driver.executeScript("return document.querySelector(arguments[0]).textContent", selector);
    const send = async (text) => (await find(".composer textarea")).sendKeys(text, Key.ENTER);
    const answers = (count) => driver.wait(async () => (await all('article[data-role=assistant][data-state="done"]')).length === count, WAIT_MS);

    test("the page opens a session by itself, and renews one that is refused", async () => {
      await open();
      await driver.executeScript("document.querySelector('#models').scrollIntoView()");
      await driver.wait(until.elementLocated(By.css("#models-rows tr")), WAIT_MS);
      await send("hi");
      await answers(1);
      assert.deepEqual(site.opened, [{ turnstileToken: "passed" }], "the list of models and the answer share it");
      assert.ok(site.sent.length > 1 && site.sent.every((authorization) => authorization === "Bearer session-1"), site.sent.join());
      assert.deepEqual(await driver.executeScript("return rendered"), [{ sitekey: "0xKEY", action: "chat", appearance: "interaction-only" }]);
      assert.equal(await textOf("#challenge"), "", "it is taken away again");
      site.valid.clear();
      await send("again");
      await answers(2);
      assert.equal(site.opened.length, 2);
      assert.deepEqual(site.sent.slice(-2), ["Bearer session-1", "Bearer session-2"]);
    });

    test("a challenge that fails is told in words, and the next try asks again", async () => {
      site.challenge = { error: "300010" };
      await open();
      await send("hi");
      const text = await driver.executeScript("return arguments[0].textContent", await find('.error[data-code="authentication"]'));
      assert.match(text, /You are not signed in/);
      assert.match(text, /Turnstile failed with the error 300010/);
      assert.deepEqual([site.opened, site.sent], [[], []], "nothing is sent without it");
      site.challenge = { token: "passed" };
      await (await find('[data-remedy="retry"]')).click();
      await answers(1);
      assert.deepEqual(site.sent.slice(-1), ["Bearer session-1"]);
    });

    test("where nobody needs a session, none is asked for", async () => {
      site.health = { status: "ok" };
      await open();
      await send("hi");
      await answers(1);
      assert.deepEqual(await driver.executeScript("return rendered"), []);
      assert.equal(site.opened.length, 0);
      assert.ok(site.sent.length > 0 && site.sent.every((authorization) => authorization === undefined), site.sent.join());
      assert.equal(await driver.executeScript(`return document.querySelectorAll("script[src*='challenges.cloudflare.com']").length`), 0);
    });
  });
}
