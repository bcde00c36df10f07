// How the widget keeps up: `npm run bench:widget [-- --quick]`. In real Chromium, 1,000 tokens a second for a minute (5 s with
// --quick), a block of 200 KB of code and a table of 1,000 rows at once, and the picker with all models; beside them, the same
// page while nothing happens. Chromium's trace says what its main thread did, task by task. Written into docs/widget.md,
// unless it was quick.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Key } from "selenium-webdriver";
import { main } from "../scripts/processes.mjs";
import { root } from "../scripts/toolchain.mjs";
import { openBrowser } from "../tests/support/browsers.mjs";
import { markdownPages, page } from "../tests/support/chat.mjs";
import { serveFiles } from "../tests/support/files.mjs";
import { startUpstream } from "../tests/upstream/server.mjs";
import { HOSTILE } from "../tests/widget/corpus.js";
import { fill, table } from "./report.mjs";
import { connectTools, traced } from "./trace.mjs";

const { quick } = parseArgs({ options: { quick: { type: "boolean", default: false } } }).values;
const SECONDS = quick ? 5 : 60;
const LONG_MS = 50;
const TOKENS_PER_SECOND = 1000;
/** Tokens come in this many pieces a second, as a network hands them out. */
const PIECES_PER_SECOND = 50;

const chunk = (content, finish_reason = null) => `data: ${JSON.stringify({ id: "gen-bench", model: "the/model", choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`;
const END = `${chunk("", "stop")}data: [DONE]\n\n`;

/** What models write, in tokens of some four letters: paragraphs, lists, a table and code, again and again. */
const SAMPLE = `## A heading

A paragraph with **bold**, *italic*, \`code\` and [a link](https://example.com), long enough to be wrapped once or twice
by a column of the usual width, as most paragraphs are.

- one thing
- another thing, with \`code\`
  1. and a list in it

| name | in | out |
|---|---:|---:|
| first | 1 | 2 |
| second | 3 | 4 |

\`\`\`js
export const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
\`\`\`

`;

function streamed(count) {
  const text = SAMPLE.repeat(Math.ceil((count * 4) / SAMPLE.length));
  const pieces = [];
  const perPiece = TOKENS_PER_SECOND / PIECES_PER_SECOND;
  for (let i = 0; i < count; i += perPiece) {
    pieces.push(Array.from({ length: perPiece }, (_, at) => chunk(text.slice((i + at) * 4, (i + at + 1) * 4))).join(""));
  }
  return scripted(pieces, 1000 / PIECES_PER_SECOND);
}

/** All at once, as fast as it is read. */
const whole = (text) => scripted(text.match(/[^]{1,400}/g).map((part) => chunk(part)), 0);

function scripted(pieces, delayMs) {
  const all = [...pieces, END];
  let at = 0;
  const cutAt = all.slice(0, -1).map((piece) => (at += Buffer.byteLength(piece)));
  return { body: all.join(""), headers: { "content-type": "text/event-stream" }, cutAt, delaysMs: all.map(() => delayMs) };
}

const code = `\`\`\`js\n${"const value = compute(1, \"two\", [3]); // and a comment\n".repeat(3800)}\`\`\`\n`;
const rows = `| name | in | out | context |\n|---|---:|---:|---|\n${Array.from({ length: 1000 }, (_, i) => `| model ${i} | ${i / 10} | ${i / 5} | ${i}K |`).join("\n")}\n`;

/** Opens the page anew, and says what its main thread did meanwhile. */
async function watched(tools, driver, url, { path = "/", prepare = () => {}, happen }) {
  await driver.get(url + path);
  await driver.wait(() => driver.executeScript("return window.isReady"), 10_000);
  await prepare(driver);
  const { seen, tasks } = await traced(tools, async () => {
    await driver.executeScript("performance.mark('bench')");
    const begin = performance.now();
    await happen(driver);
    // What it has left to do.
    await driver.executeAsyncScript("const done = arguments[0]; setTimeout(() => requestIdleCallback(done), 500)");
    const shown = await driver.executeScript("const root = window.chat?.shadowRoot ?? document; return [root.querySelector('article:last-child .content')?.textContent.length ?? 0, root.querySelectorAll('*').length]");
    return { ms: performance.now() - begin, shown };
  });
  const longest = (of) => Math.round(Math.max(0, ...tasks.map(of)));
  const busy = tasks.reduce((sum, { cpu }) => sum + cpu, 0) / seen.ms;
  return [
    tasks.filter(({ ms }) => ms > LONG_MS).length,
    tasks.filter(({ cpu }) => cpu > LONG_MS).length,
    tasks.filter(({ script }) => script > LONG_MS).length,
    longest(({ script }) => script),
    longest(({ layout }) => layout),
    `${Math.round(busy * 100)} %`,
    ...seen.shown.map((count) => count.toLocaleString("en")),
  ].map(String);
}

const HEAD = ["", "tasks > 50 ms", "with > 50 ms of CPU", "with > 50 ms of script", "most script in one, ms", "most layout in one, ms", "main thread busy", "letters shown", "elements"];

const answers = (model) => async (driver) => {
  const state = await driver.executeAsyncScript(
    "const [model, done] = arguments; chat.addEventListener('or-response-end', ({ detail }) => done(detail.state)); chat.model = model; chat.send('Go')",
    model,
  );
  if (state !== "done") throw new Error(`the answer of ${model} is ${state}`);
};
const rests = async (driver) => driver.executeAsyncScript("const [ms, done] = arguments; setTimeout(done, ms)", Math.min(SECONDS, 10) * 1000);

const PICKER = "chat.shadowRoot.querySelector('.picker input')";
const search = (driver) => driver.executeScript(`return ${PICKER}`);
async function openPicker(driver) {
  await driver.executeScript("chat.openPicker()");
  await driver.wait(() => driver.executeScript("return chat.shadowRoot.querySelectorAll('.picker[open] [role=option]').length > 300"), 10_000);
}
async function usePicker(driver) {
  await openPicker(driver);
  for (const key of "claude opus") await (await search(driver)).sendKeys(key);
  await (await search(driver)).sendKeys(...Array(11).fill(Key.BACK_SPACE), ...Array(120).fill(Key.ARROW_DOWN));
}

const cases = {
  nothing: { happen: rests },
  [`${TOKENS_PER_SECOND.toLocaleString("en")} tokens a second for ${SECONDS} s`]: { happen: answers("bench/stream") },
  "200 KB of code at once": { happen: answers("bench/code") },
  "a table of 1,000 rows at once": { happen: answers("bench/table") },
  "the picker with all models: opened, searched, 120 rows down": {
    // Once before, so that it is the list that is measured and not what is loaded.
    async prepare(driver) {
      await openPicker(driver);
      await (await search(driver)).sendKeys(Key.ESCAPE);
    },
    happen: usePicker,
  },
  [`the tests' ${Object.keys(HOSTILE).length} hostile texts as Markdown`]: {
    path: "/markdown",
    happen: async (driver) => {
      for (const name of Object.keys(HOSTILE)) {
        const harm = await driver.executeAsyncScript("const [name, done] = arguments; markdown.harm(name).then(done, (error) => done(String(error)))", name);
        if (harm) throw new Error(`${name}: ${harm}`);
      }
    },
  },
  "nothing, again": { happen: rests },
};

await main("bench:widget", async () => {
  const upstream = await startUpstream();
  const files = await serveFiles({ "/": page("/tests/browser/widget.js", "<main><openrouter-chat></openrouter-chat></main>"), ...(await markdownPages()) }, upstream.url);
  const browser = await openBrowser("chromium");
  try {
    const { driver } = browser;
    await driver.manage().setTimeouts({ script: (SECONDS + 120) * 1000 });
    const tools = await connectTools(driver);
    upstream.define({ model: "bench/stream", ...streamed(SECONDS * TOKENS_PER_SECOND) });
    upstream.define({ model: "bench/code", ...whole(code) });
    upstream.define({ model: "bench/table", ...whole(rows) });
    const measured = [];
    for (const [name, one] of Object.entries(cases)) measured.push([name, ...(await watched(tools, driver, files.url, one))]);
    const written = table(HEAD, measured);
    console.log(`\n${written}`);
    if (!quick) fill(join(root, "docs", "widget.md"), "trace", written);
    tools.close();
  } finally {
    await browser.close();
    await files.close();
    await upstream.close();
  }
});
