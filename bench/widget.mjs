// How the widget keeps up: `node bench/widget.mjs [--quick]`. In real Chromium, 1,000 tokens a second for a minute (5 s with
// --quick), then a block of 200 KB of code and a table of 1,000 rows at once; beside each, the same page while nothing
// happens. Tasks over 50 ms are those that the browser itself reports, with what part of each was script.
import { parseArgs } from "node:util";
import { openBrowser } from "../tests/support/browsers.mjs";
import { serveFiles } from "../tests/support/files.mjs";
import { startUpstream } from "../tests/upstream/server.mjs";

const { quick } = parseArgs({ options: { quick: { type: "boolean", default: false } } }).values;
const SECONDS = quick ? 5 : 60;
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
const table = `| name | in | out | context |\n|---|---:|---:|---|\n${Array.from({ length: 1000 }, (_, i) => `| model ${i} | ${i / 10} | ${i / 5} | ${i}K |`).join("\n")}\n`;

const page = {
  headers: {
    "content-security-policy":
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; require-trusted-types-for 'script'; trusted-types 'none'",
  },
  body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Chat</title><link rel="stylesheet" href="/tests/browser/widget.css"><link rel="icon" href="data:,"></head>
    <body><main><openrouter-chat></openrouter-chat></main><script type="module" src="/tests/browser/widget.js"></script></body></html>`,
};

const upstream = await startUpstream();
const files = await serveFiles({ "/": page }, upstream.url);
const browser = await openBrowser("chromium");
const { driver } = browser;
await driver.manage().setTimeouts({ script: (SECONDS + 120) * 1000 });

/** Watches the page for tasks over 50 ms while something happens. */
async function watched(name, happen) {
  await driver.get(files.url);
  await driver.wait(() => driver.executeScript("return window.isReady"), 10_000);
  const seen = await driver.executeAsyncScript(
    `const [model, seconds, done] = arguments;
     const tasks = [];
     const frames = [];
     new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
     new PerformanceObserver((list) => frames.push(...list.getEntries().map(({ duration, scripts }) => ({ duration, script: scripts.reduce((sum, { duration }) => sum + duration, 0) })))).observe({ type: "long-animation-frame" });
     const begin = performance.now();
     const end = (state) => setTimeout(() => done({ state, tasks, frames, ms: performance.now() - begin, nodes: chat.shadowRoot.querySelectorAll("*").length, shown: chat.shadowRoot.querySelector("article:last-child .content")?.textContent.length ?? 0 }), 1000);
     if (!model) setTimeout(() => end("idle"), seconds * 1000);
     else {
       chat.addEventListener("or-response-end", ({ detail }) => end(detail.state));
       chat.model = model;
       chat.send("Go");
     }`,
    happen ?? null,
    Math.min(SECONDS, 10),
  );
  const { metrics } = await driver.sendAndGetDevToolsCommand("Performance.getMetrics", {});
  const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0;
  const longest = (list) => Math.round(Math.max(0, ...list));
  return {
    what: name,
    state: seen.state,
    seconds: Math.round(seen.ms / 100) / 10,
    "tasks > 50 ms": seen.tasks.length,
    "longest (ms)": longest(seen.tasks),
    "of it script (ms)": longest(seen.frames.map(({ script }) => script)),
    "letters shown": seen.shown,
    elements: seen.nodes,
    "heap (MB)": Math.round(heap / 1e5) / 10,
  };
}

try {
  await driver.sendDevToolsCommand("Performance.enable", {});
  upstream.define({ model: "bench/stream", ...streamed(SECONDS * TOKENS_PER_SECOND) });
  upstream.define({ model: "bench/code", ...whole(code) });
  upstream.define({ model: "bench/table", ...whole(table) });
  const rows = [
    await watched("nothing"),
    await watched(`${TOKENS_PER_SECOND} tokens/s for ${SECONDS} s`, "bench/stream"),
    await watched("200 KB of code", "bench/code"),
    await watched("a table of 1,000 rows", "bench/table"),
    await watched("nothing, again"),
  ];
  console.table(rows);
} finally {
  await browser.close();
  await files.close();
  await upstream.close();
}
