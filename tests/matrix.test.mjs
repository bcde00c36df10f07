// The package as npm packs it, in what people build and run with: installed into a fresh folder outside of the repository,
// built, loaded by real engines and runtimes, and asked for a chat that the simulator streams.
//
//   npm test -- matrix
//   npm run test:matrix            also writes docs/works-with.md and the README's table
//   MATRIX=vite,deno BROWSERS=chromium node --test tests/matrix.test.mjs
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { By, until } from "selenium-webdriver";
import { endGroupOf, start } from "../scripts/processes.mjs";
import { cases } from "./matrix/cases.mjs";
import { caseFolder, commandOf, freshFolder, installTools, isInstalled, toolEnvironment } from "./matrix/folder.mjs";
import { Table, between, failed, lasting, notRun, ok, write } from "./matrix/table.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { serveFolder } from "./support/files.mjs";
import { freePort } from "./support/loopback.mjs";
import { startUpstream } from "./upstream/server.mjs";

const wanted = process.env.MATRIX?.split(",");
const chosen = cases.filter(({ tool, folder }) => !wanted || wanted.includes(tool) || wanted.includes(folder));

/** How long a page may take to show anything, in ms: for what never comes. */
const LONGEST = 60_000;

// Before cases are told apart by what is there.
await installTools();

let folder;
let upstream;
const browsers = {};
const table = new Table();

before(async () => {
  upstream = await startUpstream();
  ({ folder } = await freshFolder());
  if (!chosen.some(isPage)) return;
  for (const engine of engines) browsers[engine] = await openBrowser(engine);
  await table.tellBrowsers(browsers);
});

after(async () => {
  await served?.stop();
  for (const browser of Object.values(browsers)) await browser.close();
  await upstream?.close();
  if (folder && !process.env.KEEP_MATRIX) rmSync(folder, { recursive: true, force: true });
  console.log(table.whole);
});

function isPage({ run, fetch }) {
  return !run && !fetch;
}

/**
 * An answer that nobody was given before, and the query by which a case asks for it. It is cut inside a character, and its
 * second half is sent once the case says that it has read of the first: who waits for all of it waits for ever.
 */
function newAnswer() {
  const model = `matrix/${randomUUID()}`;
  const words = Array.from({ length: 30 }, (_, i) => `${i} Grüße an 🦀 von ${model}\n`);
  const chunk = (content, finish_reason = null) => ({ id: "gen-1", object: "chat.completion.chunk", created: 1, model, choices: [{ index: 0, delta: { content }, finish_reason }] });
  const chunks = [...words.map((word) => chunk(word)), chunk("", "stop")];
  const body = Buffer.from(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("") + "data: [DONE]\n\n");
  const cut = body.indexOf("🦀", body.length / 2) + 2;
  upstream.define({ model, headers: { "content-type": "text/event-stream" }, body: body.toString(), cutAt: [cut], stepped: true });
  upstream.step(model);
  return { model, text: words.join(""), query: `?${new URLSearchParams({ simulator: upstream.url, model })}` };
}

/** Whether a case was given the whole answer for one request. */
function assertWhole(said, { model, text }) {
  const { text: given, others } = JSON.parse(said);
  assert.equal(given, text);
  assert.deepEqual(others, ["function", "function", "function"]);
  const asked = upstream.requests.filter(({ method, body }) => method === "POST" && body?.model === model);
  assert.deepEqual(asked.map(({ body }) => body.stream), [true]);
}

/** Runs a command to its end, and gives what it printed; what fails tells all of it. */
async function output(command, cwd) {
  const [program, ...args] = commandOf(command);
  const child = start(program, args, { cwd, env: toolEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
  let [printed, complained] = ["", ""];
  child.stdout.on("data", (data) => (printed += data));
  child.stderr.on("data", (data) => (complained += data));
  const [code, signal] = await once(child, "close");
  assert.equal(code ?? signal, 0, `${command.join(" ")}:\n${printed}${complained}`);
  return printed;
}

/** Starts a tool's server, and waits for it to say that it is ready. */
async function serverOf({ serve, ready }, cwd) {
  const port = await freePort();
  const [program, ...args] = commandOf(serve(String(port)));
  const child = start(program, args, { cwd, env: toolEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  const said = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        printed += data;
        if (ready.test(printed)) resolve();
      });
    }
  });
  const ended = once(child, "close").then(() => {
    throw new Error(`the server ended:\n${printed}`);
  });
  await Promise.race([said, ended]);
  ended.catch(() => {}); // from here on it ends when it is told to
  return { url: `http://127.0.0.1:${port}`, printed: () => printed, stop: () => endGroupOf(child) };
}

/** The server of the case before: some cases are about one that is there. */
let served;

/** Builds a case in its folder. */
async function prepare({ build = [], ...one }) {
  const cwd = caseFolder(folder, one);
  if (one.serve !== "same") {
    await served?.stop();
    served = undefined;
  }
  for (const command of build) await output(command, cwd);
  return cwd;
}

/** What an engine shows of a page, which may have nothing missing and no error on its console. */
async function shownBy(engine, url) {
  const { driver } = browsers[engine];
  await driver.get(url);
  const element = await driver.wait(until.elementLocated(By.css("output")), LONGEST);
  const [id, text] = await driver.executeScript("return [arguments[0].id, arguments[0].textContent]", element);
  assert.equal(id, "answer", text);
  return text;
}

for (const one of chosen) {
  const { tool, name, out, serve, fetch: path, run, policy } = one;
  const row = table.row(one);
  const skip = !isInstalled(tool) && `${tool} is not to be had for this machine`;
  // Until it has streamed: a build that fails is a failure everywhere.
  for (const place of isPage(one) ? engines : ["runtime"]) row[place] = skip ? notRun : failed;

  describe(`${row.tool}: ${name}`, { skip }, () => {
    let cwd;
    let missing = () => [];

    before(async () => {
      cwd = await prepare(one);
      if (out) {
        const files = await serveFolder(join(cwd, out), policy && { "content-security-policy": policy });
        served = { url: files.url, stop: files.close };
        missing = () => files.missing;
      } else if (serve && serve !== "same") {
        served = await serverOf(one, cwd);
      }
    });

    const streams = (where, answer) =>
      test(`streams a chat in ${where}`, async () => {
        const expected = newAnswer();
        assertWhole(await answer(expected.query), expected);
        assert.deepEqual(missing(), [], "files that are not there");
        row[where] = ok;
      });

    if (run) streams("runtime", async (query) => (await output([...run, query], cwd)).trim());
    else if (path) streams("runtime", async (query) => textOf(await fetch(`${served.url}${path}${query}`)));
    else for (const engine of engines) streams(engine, (query) => shownBy(engine, `${served.url}${one.path ?? "/page.html"}${query}`));
  });
}

const isWhole = chosen.length === cases.length && engines.length === 3 && process.platform === "linux" && process.arch === "x64";

test("the documents have a row for every case, with the versions that ran, and nothing failed", { skip: !isWhole && "not all was run" }, () => {
  const documents = { "docs/works-with.md": table.whole, "README.md": table.short };
  for (const [document, written] of Object.entries(documents)) {
    if (process.env.WRITE_MATRIX) write(document, written);
    const { inside } = between(document);
    assert.match(inside, /^Run on \d{4}-\d\d-\d\d, /);
    // To write them anew: npm run test:matrix
    assert.equal(lasting(inside), lasting(written));
    assert.doesNotMatch(inside, new RegExp(failed));
  }
});

/** An answer's text, or what its page shows. */
async function textOf(response) {
  const text = await response.text();
  assert.equal(response.status, 200, text);
  if (!response.headers.get("content-type").startsWith("text/html")) return text;
  const entities = { quot: '"', "#x27": "'", lt: "<", gt: ">", amp: "&" };
  return text.match(/<output id="answer">(.*?)<\/output>/s)[1].replace(/&([^;]+);/g, (whole, name) => entities[name] ?? whole);
}
