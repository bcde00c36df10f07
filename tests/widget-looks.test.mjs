// What `<openrouter-chat>` looks like: its main states in Chromium, compared with the pictures in docs/widget/, which
// docs/widget.md shows. `UPDATE_SNAPSHOTS=1 npm test -- widget` renews them (`UPDATE_SNAPSHOTS=1 node --test
// tests/widget-looks.test.mjs` where all is built): look at each one before it is committed.
//
// Text is drawn otherwise with other fonts or by another Chromium. What both were is kept beside the pictures, in
// fingerprint.json; where it is not the same here, nothing is compared, and the test says so.
// What is seen where they differ, and what the difference is: target/screenshots/looks-*.png.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { join } from "node:path";
import { Key } from "selenium-webdriver";
import { root } from "../scripts/toolchain.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { Chat, delta, page } from "./support/chat.mjs";
import { serveFiles } from "./support/files.mjs";
import { startUpstream } from "./upstream/server.mjs";

const isRenewed = process.env.UPDATE_SNAPSHOTS === "1";
const pictures = join(root, "docs", "widget");
const fingerprintFile = join(pictures, "fingerprint.json");
/** What a colour may differ by in one of its parts, of 255: arithmetic is not the same on every processor. */
const MOST_SHADES = 6;
/** So many pixels may differ by more. A letter has more than these. */
const MOST_PIXELS = 12;
const MOST_BYTES = 600_000;

const entry = (id, role, text, more = {}, children = []) => ({
  id, role, createdAt: 1_786_000_000_000, messages: [{ role, content: text }], parts: [{ type: "text", text }], sources: [], state: "done", shown: 0, ...more, children,
});
const thread = (id, ...entries) => ({ version: 1, id, shown: 0, entries });
const used = (prompt_tokens, completion_tokens, cost) => ({ prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, cost });

const ANSWER = `Read it as a stream, and only one line is in memory at a time:

\`\`\`js
import { open } from "node:fs/promises";

const file = await open("access.log");
for await (const line of file.readLines()) {
  if (line.includes(" 500 ")) console.log(line); // as it comes
}
\`\`\`

| way | memory | good for |
|---|---|---|
| \`readLines()\` | one line | logs, exports |
| \`readFile()\` | all of it | small files |

It **closes the file** itself when the loop ends.`;

const parts = [{ type: "reasoning", text: "Streams, or all at once?", seconds: 4 }, { type: "text", text: ANSWER }];
const measured = { model: "anthropic/claude-sonnet-4.6", usage: used(1214, 186, 0.0064), firstTokenMs: 620, totalMs: 3900, tokensPerSecond: 56.7 };
const other = entry("answer-1", "assistant", "Use `readline`.", measured);
const TALK = thread("talk", entry("question", "user", "How do I read a large file line by line in Node?", { shown: 1 }, [
  other,
  entry("answer-2", "assistant", ANSWER, { ...measured, parts, sources: [{ url: "https://nodejs.org/api/fs.html", title: "File system | Node.js" }] }),
]));

const LIMITED = thread("limited", entry("question", "user", "And which of them is the fastest?", {}, [
  entry("failure", "assistant", "", {
    state: "failed", messages: [], parts: [], model: "anthropic/claude-sonnet-4.6",
    error: { code: "rate_limited", message: "x", status: 429, retryAfter: 42, limitSource: "user_requests", requestId: "req-7f3a91" },
  }),
]));

const CUT = entry("cut", "assistant", "It depends on the disk: where it is slow, all three wait for it, and", {
  state: "failed", model: "openai/gpt-5.2", error: { code: "stream_cut", message: "x" },
});

const HEBREW = thread("hebrew", entry("question", "user", "מה ההבדל בין let לבין const?", {}, [
  entry("answer", "assistant", "ההבדל הוא **בהשמה מחדש**:\n\n- `const` – השם קשור לערך אחד בלבד.\n- `let` – אפשר לתת לו ערך אחר.\n\n```js\nconst limit = 10;\nlet count = 0;\n```", measured),
]));

/** As somebody who translates would write them: what the picture shows. */
const WORDS = {
  message: "הודעה",
  hint: "Enter שולח, Shift ו־Enter פותחים שורה חדשה.",
  disclaimer: "מודלים טועים.",
  copy: "העתקה",
  tokens: "{input} נקראו, {output} נכתבו",
  firstToken: "ראשון אחרי {seconds} שנ׳",
  speed: "{tokens} אסימונים לשנייה",
};

const SUGGESTIONS = ["Explain how a browser runs WebAssembly, in five sentences.", "Compare SQLite and PostgreSQL in a table.", "Plan three easy vegetarian dinners for this week.", "Write a haiku about the sea at night."];

/** The models of the comparison, what they answer, and what a clock would have measured. */
const COMPARED = [
  { model: "anthropic/claude-sonnet-4.6", text: "**A hash map**, if you only look things up: each takes about the same time, however many there are.", usage: used(24, 31, 0.00054), first: "0.6 s", speed: "57 tokens/s" },
  { model: "openai/gpt-5.2", text: "It depends on what you ask of it:\n\n- by key alone: a **hash map**\n- in order, or by range: a **B-tree**", usage: used(24, 38, 0.00057), first: "0.9 s", speed: "81 tokens/s" },
  { model: "google/gemini-3-flash", text: "A hash map.", usage: used(22, 4, 0.00002), first: "0.3 s", speed: "140 tokens/s" },
];

const isThere = (selector) => (chat) => chat.find(selector);
const bottom = (chat) => chat.run("const at = chat.shadowRoot.querySelector('.scroller'); at.scrollTop = at.scrollHeight");
const load = (given) => (chat) => chat.run("chat.importJSON(arguments[0])", given);

/** Each look: how large, in which colours, and what is done until it is there. */
const LOOKS = {
  light: { height: 840, steps: [load(TALK), isThere(".code-keyword")] },
  dark: { height: 840, theme: "dark", steps: [load(TALK), isThere(".code-keyword")] },
  forced: { isForced: true, height: 640, steps: [load(LIMITED), isThere(".error"), (chat) => chat.run("chat.setComposerValue('A draft')")] },
  empty: { height: 600, steps: [(chat) => chat.run("chat.suggestions = arguments[0]", SUGGESTIONS)] },
  error: { height: 600, steps: [load(LIMITED), isThere(".error .limit")] },
  picker: { height: 600, steps: [(chat) => chat.run("chat.openPicker()"), isThere(".picker [role=option]")] },
  compare: { width: 1100, height: 600, steps: [compared] },
  rtl: { height: 600, steps: [(chat) => chat.run("chat.dir = 'rtl'; chat.lang = 'he'; chat.strings = arguments[0]", WORDS), load(HEBREW), isThere(".code-keyword")] },
  "mobile-375": { width: 375, height: 720, isMobile: true, steps: [load(TALK), isThere(".code-keyword"), bottom] },
  "mobile-320": {
    width: 320, height: 760, isMobile: true, theme: "dark",
    steps: [load(thread("cut", entry("question", "user", "Which of them is the fastest?", {}, [CUT]))), isThere(".error")],
  },
};

async function compared(chat) {
  await chat.run("chat.compare(arguments[0])", COMPARED.map(({ model }) => model));
  await (await chat.find(".comparison textarea")).sendKeys("Which structure is best for a million names?", Key.ENTER);
  await chat.until(async () => (await chat.texts(".column-state")).join() === "Done,Done,Done", "all answers");
  // What was measured is another in each run.
  await chat.run(
    `const rows = (name) => [...chat.shadowRoot.querySelectorAll("[data-stat=" + name + "]")];
     for (const [name, texts, best] of arguments[0]) {
       const badge = chat.shadowRoot.querySelector("[data-stat=statCost] .best").cloneNode(true);
       rows(name).forEach((row, i) => {
         row.lastElementChild.replaceChildren(texts[i], ...(i === best ? [badge] : []));
         row.toggleAttribute("data-best", i === best);
       });
     }`,
    [["statFirst", COMPARED.map(({ first }) => first), 2], ["statSpeed", COMPARED.map(({ speed }) => speed), 2]],
  );
}

test("all pictures are looks, and they are small", () => {
  const files = readdirSync(pictures).filter((name) => name.endsWith(".png"));
  if (!isRenewed) assert.deepEqual(files.sort(), Object.keys(LOOKS).map((name) => `${name}.png`).sort());
  const bytes = files.reduce((sum, name) => sum + statSync(join(pictures, name)).size, 0);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes, and ${MOST_BYTES} are allowed`);
});

describe("in chromium", { skip: !engines.includes("chromium") && "the pictures are Chromium's" }, () => {
  let upstream;
  let files;
  let browser;
  let chat;
  let driver;
  /** What the pictures do not depend on us for. */
  let here;
  let wasThere;

  const command = (name, values) => driver.sendDevToolsCommand(name, values);

  before(async () => {
    upstream = await startUpstream();
    for (const { model, text, usage } of COMPARED) upstream.define({ model, events: [delta(text), { ...delta("", "stop"), usage }, "[DONE]"] });
    const body = "<!doctype html><title>Two pictures</title>";
    files = await serveFiles({ "/": page("/tests/browser/widget.js", '<main><h1 class="title">A page</h1><openrouter-chat></openrouter-chat></main>'), "/compare": { body } }, upstream.url);
    browser = await openBrowser("chromium");
    driver = browser.driver;
    chat = new Chat(driver, files.url);
    await chat.open();
    const version = (await driver.getCapabilities()).getBrowserVersion();
    here = { chromium: version.split(".")[0], ...(await chat.run(measure)) };
    wasThere = existsSync(fingerprintFile) ? JSON.parse(readFileSync(fingerprintFile, "utf8")) : undefined;
  });

  after(async () => {
    await browser?.close();
    await files?.close();
    await upstream?.close();
  });

  /** Opens the chat as large and in such colours as a look says, with nothing in it that moves. */
  const open = async ({ width = 900, height, theme = "light", isMobile = false, isForced = false }) => {
    await command("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: isMobile });
    await command("Emulation.setTouchEmulationEnabled", { enabled: isMobile });
    await command("Emulation.setScrollbarsHidden", { hidden: true });
    await command("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-reduced-motion", value: "reduce" }, { name: "forced-colors", value: isForced ? "active" : "none" }, { name: "prefers-color-scheme", value: "light" }],
    });
    await chat.open();
    await chat.run(
      `Date.now = () => 1_786_000_000_000; // no countdown goes on
       const still = new CSSStyleSheet();
       still.replaceSync("* { caret-color: transparent !important; animation: none !important; transition: none !important; }");
       chat.shadowRoot.adoptedStyleSheets.push(still);
       chat.suggestions = [];
       chat.model = "anthropic/claude-sonnet-4.6";
       chat.theme = document.documentElement.style.colorScheme = arguments[0];`,
      theme,
    );
  };

  for (const [name, look] of Object.entries(LOOKS)) {
    test(`${name} looks as in docs/widget/${name}.png`, async (context) => {
      const differing = Object.keys(here).filter((key) => here[key] !== wasThere?.[key]);
      if (!isRenewed && differing.length > 0) {
        return context.skip(`nothing is compared, for text is drawn otherwise here than for the pictures: ${differing.map((key) => `${key} is ${here[key]}, and was ${wasThere?.[key]}`).join("; ")}`);
      }
      await open(look);
      for (const step of look.steps) await step(chat);
      await chat.wait("await document.fonts.ready; for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame); return true");
      const seen = await driver.takeScreenshot();

      const file = join(pictures, `${name}.png`);
      if (isRenewed) {
        writeFileSync(file, seen, "base64");
        writeFileSync(fingerprintFile, `${JSON.stringify(here, null, 2)}\n`);
        return;
      }
      assert.ok(existsSync(file), `there is no docs/widget/${name}.png: see the head of this file`);
      await driver.get(`${files.url}/compare`);
      const { size, was, count, picture } = await chat.wait(difference, readFileSync(file, "base64"), seen, MOST_SHADES);
      if (size === was && count <= MOST_PIXELS) return;
      const [seenFile, differenceFile] = ["seen", "difference"].map((what) => join(root, "target", "screenshots", `looks-${name}-${what}.png`));
      writeFileSync(seenFile, seen, "base64");
      if (picture) writeFileSync(differenceFile, picture, "base64");
      const what = picture ? `${count} pixels differ, and ${MOST_PIXELS} may: ${seenFile}, and where: ${differenceFile}` : `it is ${size} pixels, and was ${was}: ${seenFile}`;
      assert.fail(`docs/widget/${name}.png: ${what}`);
    });
  }

  // What the pictures of these have shown once, whatever the fonts are.
  test("from right to left, what an answer used stands in its order, with the model at the right", async () => {
    await open(LOOKS.rtl);
    for (const step of LOOKS.rtl.steps) await step(chat);
    const rights = await chat.run("return [...chat.shadowRoot.querySelectorAll('.usage bdi')].map((each) => each.getBoundingClientRect().right)");
    assert.equal(rights.length, 5);
    assert.deepEqual(rights, rights.toSorted((a, b) => b - a));
  });

  test("what is measured stands at the same height in each column, also where one needs another line", async () => {
    await open(LOOKS.compare);
    await compared(chat);
    await chat.run("chat.shadowRoot.querySelectorAll('[data-stat=statSpeed] dd')[1].textContent = 'a speed that needs more than one line of its column'");
    const tops = (selector) => chat.run("return [...new Set([...chat.shadowRoot.querySelectorAll(arguments[0])].map((each) => each.getBoundingClientRect().top))]", selector);
    for (const selector of [".stats", ".go-on"]) assert.equal((await tops(selector)).length, 1, selector);
  });
});

/** In the chat's page: how wide a text is in each font that the pictures show. */
const measure = `
  const context = document.createElement("canvas").getContext("2d");
  const width = (font, text) => {
    context.font = font;
    return Math.round(context.measureText(text).width * 100) / 100;
  };
  const { fontFamily } = getComputedStyle(chat);
  const code = document.createElement("code");
  chat.shadowRoot.append(code);
  const mono = getComputedStyle(code).fontFamily;
  code.remove();
  const text = "The quick brown fox, 1,234.50 $ – ✓ · ’";
  return {
    text: width("16px " + fontFamily, text),
    bold: width("600 16px " + fontFamily, text),
    italic: width("italic 14px " + fontFamily, text),
    code: width("14px " + mono, text),
    hebrew: width("16px " + fontFamily, "ההבדל הוא בהשמה מחדש"),
  };`;

/** In a page: what of two pictures differs by more than so many shades, and a picture of the second with it in red. */
const difference = `
  const [before, after, most] = given;
  const draw = async (base64) => {
    const image = new Image();
    image.src = "data:image/png;base64," + base64;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return { canvas, context, size: image.width + " × " + image.height, data: context.getImageData(0, 0, image.width, image.height) };
  };
  const [was, is] = [await draw(before), await draw(after)];
  if (was.size !== is.size) return { size: is.size, was: was.size };
  const [{ data: old }, { data: now }] = [was.data, is.data];
  let count = 0;
  for (let i = 0; i < now.length; i += 4) {
    const differs = [0, 1, 2].some((part) => Math.abs(old[i + part] - now[i + part]) > most);
    if (differs) count += 1;
    const faded = (part) => 255 - (255 - now[i + part]) / 4;
    now.set(differs ? [255, 0, 0] : [faded(0), faded(1), faded(2)], i);
  }
  is.context.putImageData(is.data, 0, 0);
  return { size: is.size, was: was.size, count, picture: is.canvas.toDataURL("image/png").split(",")[1] };`;
