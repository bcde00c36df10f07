// Each example as its reader gets it: copied to a folder of its own, with the packed package, installed, built and run
// against the simulator, and its answer seen as it is streamed. With `EXAMPLES=all` also those that take long.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, createReadStream, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, dirname, extname, join, normalize } from "node:path";
import { after, before, describe, test } from "node:test";
import { By } from "selenium-webdriver";
import { newNode, root } from "../scripts/toolchain.mjs";
import { startApp } from "./support/app.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { freePort, listen } from "./support/loopback.mjs";
import { startUpstream } from "./upstream/server.mjs";

const WAIT_MS = 60_000;
const KEY = "sk-or-v1-the-key-of-an-example";
/** What all of them ask. */
const MODEL = "openai/gpt-5.2";
const QUESTION = "Why is the sky blue?";
const all = process.env.EXAMPLES === "all";

const folders = readdirSync(join(root, "examples"), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

const delta = (content, finish_reason = null) => ({ id: "gen-example", model: MODEL, choices: [{ index: 0, delta: { content }, finish_reason }] });
const usage = { ...delta("", "stop"), usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cost: 0.001 } };
/** Two pieces of an answer; the second comes when the first has been seen. */
const STEPPED = { model: MODEL, events: [delta("Because of "), delta("scattering."), usage, "[DONE]"], stepped: true };

let upstream;
/** `npm start`, which is what the examples of pages are told to talk to. */
let app;
let temporary;
let tarball;

/** Programs that an example runs find this repository's Node first, and nothing else of it. */
const environment = (variables) => {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OPENROUTER_|npm_(?!config_)|NODE_(TEST|ENV))/.test(name)));
  return { ...inherited, PATH: [dirname(newNode()), process.env.PATH].join(delimiter), CI: "1", NEXT_TELEMETRY_DISABLED: "1", WRANGLER_SEND_METRICS: "false", ...variables };
};

/** Starts a program in a group of its own; `printed(pattern)` resolves once it has printed that. */
function start(cwd, command, args, variables) {
  const child = spawn(command, args, { cwd, env: environment(variables), stdio: ["ignore", "pipe", "pipe"], detached: true });
  let text = "";
  const watchers = new Set();
  for (const output of [child.stdout, child.stderr]) {
    output.on("data", (data) => {
      text += data;
      for (const look of watchers) look();
    });
  }
  const ended = once(child, "close").then(([code]) => code);
  return {
    ended,
    text: () => text,
    async printed(pattern) {
      const seen = new Promise((resolve) => {
        const look = () => pattern.test(text) && resolve();
        watchers.add(look);
        look();
      });
      const tooEarly = ended.then((code) => Promise.reject(new Error(`${command} ${args.join(" ")} ended with code ${code}:\n${text}`)));
      const tooLate = once(AbortSignal.timeout(WAIT_MS), "abort").then(() => Promise.reject(new Error(`${command} did not print ${pattern}:\n${text}`)));
      await Promise.race([seen, tooLate, tooEarly.catch((error) => (pattern.test(text) ? undefined : Promise.reject(error)))]);
    },
    async close() {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await ended;
    },
  };
}

async function run(cwd, command, ...args) {
  const program = start(cwd, command, args);
  const code = await program.ended;
  assert.equal(code, 0, `${command} ${args.join(" ")}:\n${program.text()}`);
  return program.text();
}

before(async () => {
  upstream = await startUpstream();
  app = await startApp({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl });
  temporary = mkdtempSync(join(tmpdir(), "openrouter-examples-"));
  const packed = await run(join(root, "pkg"), "npm", "pack", "--silent", "--pack-destination", temporary);
  tarball = join(temporary, packed.trim().split("\n").at(-1));
});

after(async () => {
  await app?.stop();
  await upstream?.close();
  if (temporary) rmSync(temporary, { recursive: true, force: true });
});

/** A copy, outside of the repository, with the package as it will come from npm. */
async function install(name) {
  const folder = join(temporary, name);
  cpSync(join(root, "examples", name), folder, { recursive: true, filter: (path) => !/node_modules|\.next|\/dist$|\.wrangler/.test(path) });
  const path = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  assert.ok(manifest.dependencies["openrouter-wasm"], "it depends on the package by its published name");
  manifest.dependencies["openrouter-wasm"] = `file:${tarball}`;
  writeFileSync(path, JSON.stringify(manifest));
  await run(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error");
  if (manifest.scripts.build) await run(folder, "npm", "run", "build");
  return folder;
}

/** What serves a page, by example: how it is started, and what it prints once it is there. */
const servers = {
  "vite-vanilla": (folder, port) => [start(folder, "npm", ["start", "--", "--host", "127.0.0.1", "--port", port], { PROXY_URL: app.url }), /127\.0\.0\.1:/],
  react: (folder, port) => [start(folder, "npm", ["start", "--", "--host", "127.0.0.1", "--port", port], { PROXY_URL: app.url }), /127\.0\.0\.1:/],
  next: (folder, port) => [
    start(folder, "npm", ["start", "--", "--hostname", "127.0.0.1", "--port", port], { OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl }),
    /Ready/,
  ],
  "worker-and-page": (folder, port) => {
    writeFileSync(join(folder, ".dev.vars"), `OPENROUTER_API_KEY="${KEY}"\nOPENROUTER_BASE_URL="${upstream.baseUrl}"\n`);
    return [start(folder, "npm", ["start", "--", "--ip", "127.0.0.1", "--port", port, "--inspector-port", "0"]), /Ready on/];
  },
};

const slow = { next: "Next.js takes long to install and build" };
const skipped = (name) => !all && slow[name] && `${slow[name]}: npm run test:examples`;

test("each example is run here", () => {
  assert.deepEqual(folders.sort(), [...Object.keys(servers), "node-script", "single-html"].sort());
  for (const name of folders) for (const file of ["package.json", "README.md"]) assert.ok(existsSync(join(root, "examples", name, file)), `${name}/${file}`);
});

test("node-script prints the answer as it comes, and its cost", async () => {
  const folder = await install("node-script");
  upstream.reset();
  upstream.define(STEPPED);
  const script = start(folder, "npm", ["start", "--silent", "--", QUESTION], { OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl });
  try {
    upstream.step(MODEL);
    await script.printed(/Because of $/);
    for (const _ of STEPPED.events.slice(1)) upstream.step(MODEL);
    assert.equal(await script.ended, 0, script.text());
    assert.match(script.text(), /Because of scattering\.\n7 tokens, 0\.001 USD/);
    const { body, headers } = upstream.requests.at(-1);
    assert.deepEqual([body.messages.at(-1).content, headers.authorization], [QUESTION, `Bearer ${KEY}`]);
  } finally {
    await script.close();
  }
});

describe("in a browser", () => {
  let browser;

  before(async () => {
    browser = await openBrowser(engines[0]);
  });

  after(() => browser?.close());

  const text = (selector) => browser.driver.executeScript("return document.querySelector(arguments[0])?.textContent ?? ''", selector);
  const until = (holds, what) => browser.driver.wait(holds, WAIT_MS, what);

  /** Asks in the page, and sees the answer come in pieces. */
  async function ask({ isReact } = {}) {
    upstream.reset();
    upstream.define(STEPPED);
    const { driver } = browser;
    let field;
    await until(async () => {
      [field] = await driver.findElements(By.css("[name=question]"));
      // A page that is being left has one too.
      return field?.isDisplayed().catch(() => false);
    }, "no field for a question");
    // What is typed before React listens is lost.
    const listens = "const form = document.querySelector('form'); return !arguments[0] || Object.keys(form).some((key) => key.startsWith('__react'))";
    await until(() => driver.executeScript(listens, isReact), "React does not listen");
    await field.sendKeys(QUESTION);
    await (await driver.findElement(By.css("form button"))).click();
    await upstream.waitFor({ model: MODEL, timeoutMs: WAIT_MS });
    upstream.step(MODEL);
    await until(async () => (await text("output")).includes("Because of"), "no first piece of an answer");
    assert.doesNotMatch(await text("output"), /scattering/);
    for (const _ of STEPPED.events.slice(1)) upstream.step(MODEL);
    await until(async () => /Because of scattering\.$/.test((await text("output")).trim()), "no second piece of an answer");
    const asked = upstream.requests.filter(({ model }) => model === MODEL);
    assert.deepEqual(asked.map(({ body }) => body.messages.at(-1).content), [QUESTION]);
    return asked[0].headers;
  }

  for (const [name, serve] of Object.entries(servers)) {
    test(`${name} shows the answer as it comes`, { skip: skipped(name) }, async () => {
      const folder = await install(name);
      const port = String(await freePort());
      const [server, ready] = serve(folder, port);
      try {
        await server.printed(ready);
        await browser.driver.get(`http://127.0.0.1:${port}/`);
        const { authorization } = await ask({ isReact: /react|next/.test(name) });
        assert.equal(authorization, `Bearer ${KEY}`, "the key is the server's");
      } catch (error) {
        error.message += `\n${server.text()}`;
        throw error;
      } finally {
        await server.close();
      }
    });
  }

  test("single-html signs people in, and shows the answer as it comes", async () => {
    const folder = await install("single-html");
    const html = readFileSync(join(folder, "index.html"), "utf8");
    // What is on the network at its reader's: the package from npm, and OpenRouter.
    const page = html.replaceAll(/https:\/\/cdn\.jsdelivr\.net\/npm\/openrouter-wasm@\d+\//g, "/node_modules/openrouter-wasm/").replaceAll("https://openrouter.ai", upstream.url);
    assert.doesNotMatch(page, /https:/);
    const types = { ".js": "text/javascript", ".html": "text/html" };
    const server = await listen(
      createServer((request, response) => {
        const { pathname } = new URL(request.url, "http://files");
        if (pathname === "/") return response.writeHead(200, { "content-type": "text/html" }).end(page);
        const file = join(folder, normalize(pathname));
        if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
        response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
        return createReadStream(file).pipe(response);
      }),
    );
    try {
      await browser.driver.get(server.url);
      const button = browser.driver.findElement(By.id("sign-in"));
      await until(() => button.isDisplayed(), "nobody can sign in");
      await button.click();
      await until(async () => !(await browser.driver.findElements(By.css("#sign-in:not([hidden])"))).length, "nobody came back");
      assert.match((await ask()).authorization, /^Bearer sk-or-v1-/);
      assert.equal(await browser.driver.getCurrentUrl(), `${server.url}/`, "the code is out of the address");
    } finally {
      await server.close();
    }
  });
});
