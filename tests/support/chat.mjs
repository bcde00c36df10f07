// What a person does with `<openrouter-chat>`, for tests that run in browsers.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { reader } from "../../scripts/reader.mjs";
import { root } from "../../scripts/toolchain.mjs";

export const STRICT =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; media-src blob:; require-trusted-types-for 'script'; trusted-types 'none'";
export const WAIT_MS = 15_000;

const screenshots = join(root, "target", "screenshots");
mkdirSync(screenshots, { recursive: true });

/** A page under the strictest policy. */
export const page = (script, body) => ({
  headers: { "content-security-policy": STRICT },
  body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Chat</title><link rel="stylesheet" href="/tests/browser/widget.css"><link rel="icon" href="data:,"></head>
    <body>${body}<script type="module" src="${script}"></script></body></html>`,
});

/** The page of tests/browser/markdown.js, with the parts that are not exported. */
export async function markdownPages() {
  const source = 'export * from "./markdown.ts"; export * from "./words.ts"; export * from "./highlight.ts";';
  const stdin = { contents: source, resolveDir: join(root, "npm/src/widget"), loader: "ts" };
  const marked = { name: "marked", setup: ({ onLoad }) => onLoad({ filter: /marked\.esm\.js$/ }, () => ({ contents: reader() })) };
  const { outputFiles } = await build({ stdin, plugins: [marked], bundle: true, format: "esm", write: false, target: "es2022" });
  return {
    "/markdown": page("/tests/browser/markdown.js", "<main></main>"),
    "/parts.js": { body: outputFiles[0].text, headers: { "content-type": "text/javascript" } },
  };
}

export const delta = (content, finish_reason = null) => ({ id: "gen-widget", model: "the/model", choices: [{ index: 0, delta: { content }, finish_reason }] });

/** What a page's browser keeps under a name: the titles of conversations, and how often each was written. */
export async function keptIn(driver, name) {
  const { kept, error } = await driver.executeAsyncScript(
    `const [name, done] = ["openrouter-chat:" + arguments[0], arguments[1]];
     const result = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
     // Opening one that is not there would make it.
     indexedDB.databases().then(async (all) => {
       if (!all.some((each) => each.name === name)) return [];
       const database = await result(indexedDB.open(name));
       const list = await result(database.transaction("conversations").objectStore("conversations").getAll());
       database.close();
       return list.map(({ title, revision }) => [title, revision]);
     }).then((kept) => done({ kept }), (error) => done({ error: String(error) }));`,
    name,
  );
  assert.equal(error ?? undefined, undefined);
  return kept;
}

/** A picture of the window, in target/screenshots. */
export async function photograph(driver, name) {
  writeFileSync(join(screenshots, `${name}.png`), await driver.takeScreenshot(), "base64");
}

const axe = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");

/** Fails with what axe finds on the page. */
export async function isAccessible(driver, state) {
  // As text, which a policy does not look at when the driver runs it.
  await driver.executeScript(axe);
  const found = await driver.executeAsyncScript(
    "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join('\\n'))), (error) => done([String(error)]))",
  );
  assert.deepEqual(found, [], state);
}

export class Chat {
  constructor(driver, url) {
    this.driver = driver;
    this.url = url;
  }

  async open(path = "/") {
    await this.driver.get(this.url + path);
    await this.until(() => this.run("return window.isReady"), "the page");
  }

  run(script, ...given) {
    return this.driver.executeScript(script, ...given);
  }

  /** What a script's promise gives. */
  async wait(script, ...given) {
    const { value, error } = await this.driver.executeAsyncScript(
      `const done = arguments[arguments.length - 1]; (async (...given) => { ${script} })(...arguments).then((value) => done({ value }), (error) => done({ error: String(error) }))`,
      ...given,
    );
    assert.equal(error ?? undefined, undefined);
    return value;
  }

  async until(holds, what) {
    let last;
    const isSo = async () => (last = await holds());
    await this.driver.wait(isSo, WAIT_MS).catch((error) => assert.fail(`${what}: ${JSON.stringify(last)} (${error.message})`));
    return last;
  }

  all(selector) {
    return this.run("return [...chat.shadowRoot.querySelectorAll(arguments[0])]", selector);
  }

  async find(selector) {
    return this.until(async () => (await this.all(selector)).at(-1), selector);
  }

  texts(selector) {
    return this.run("return [...chat.shadowRoot.querySelectorAll(arguments[0])].map((element) => element.textContent)", selector);
  }

  /** Resolves once the texts of all matches are these. */
  async shows(selector, ...expected) {
    let last;
    await this.driver.wait(async () => JSON.stringify((last = await this.texts(selector))) === JSON.stringify(expected), WAIT_MS).catch(() => assert.deepEqual(last, expected, selector));
  }

  /** Resolves once the text of the newest match holds. */
  async says(selector, pattern) {
    let last;
    await this.driver.wait(async () => pattern.test((last = (await this.texts(selector)).at(-1)) ?? ""), WAIT_MS).catch(() => assert.match(String(last), pattern, selector));
    return last;
  }

  async click(selector) {
    await (await this.find(selector)).click();
  }

  async type(...keys) {
    await (await this.find(".composer textarea")).sendKeys(...keys);
  }

  draft() {
    return this.run("return chat.shadowRoot.querySelector('.composer textarea').value");
  }

  /** What has the focus: its action, class or tag. */
  focused() {
    return this.run("const at = chat.shadowRoot.activeElement; return at && (at.dataset.action || at.className || at.localName)");
  }

  happened(type) {
    return this.run("return happened.filter((each) => each.type === arguments[0])", type);
  }

  /** Sends a message and waits until its answer is over. */
  async ask(model, text, ...keys) {
    const count = (await this.happened("or-response-end")).length;
    await this.run("chat.model = arguments[0]", model);
    await this.type(text, ...keys);
    await this.until(async () => (await this.happened("or-response-end")).length > count, `an answer to ${text}`);
  }

  photograph(name) {
    return photograph(this.driver, name);
  }

  /** Fails with what axe finds, and takes a picture. */
  async check(name) {
    await isAccessible(this.driver, name);
    await this.photograph(name);
  }

  /** Light, dark, and forced colours where they can be had. */
  async looks(engine, see) {
    for (const look of ["light", "dark", ...(engine === "chromium" ? ["forced"] : [])]) {
      const force = (features) => this.driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features });
      if (look === "forced") await force([{ name: "forced-colors", value: "active" }]);
      await this.run("chat.theme = arguments[0]; document.documentElement.style.colorScheme = arguments[0]", look === "forced" ? "light" : look);
      try {
        await see(look);
      } finally {
        if (look === "forced") await force([]);
      }
    }
  }
}
