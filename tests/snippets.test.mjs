// What the documents show is compiled and run: in Node, in a page where it needs one, in a shell where it is curl. See
// tests/support/snippets.mjs for what a document says about a block, and tests/snippets/prelude.ts for its free names.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { By } from "selenium-webdriver";
import { newNode, npmProgram, root } from "../scripts/toolchain.mjs";
import { engines, openBrowser } from "./support/browsers.mjs";
import { startIdentityServices } from "./support/identity.mjs";
import { closeAll, listen } from "./support/loopback.mjs";
import { documents, snippets } from "./support/snippets.mjs";
import { startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

const WAIT_MS = 30_000;
const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
const SERVICE_SECRET = "service-secret-0123456789abcdef0123456789abcdef";
/** What answers of the simulator begin with. */
const ANSWER = /demo answer|Hello from the simulator|The tool said/;

const folder = join(root, "target", "snippets");
const own = join(root, "tests", "snippets");
// Those of other makers' clients are run by their own suite.
const all = documents.filter((name) => name !== "docs/clients.md").flatMap(snippets);

/** What the compiler makes of a block, by its language; of a page, of its script. */
const extensions = { js: "js", ts: "ts", jsx: "jsx", tsx: "tsx", html: "html.js" };
const others = ["sh", "toml", "json", "text", ""];
const inlineScript = /<script type="module">\n?([\s\S]*?)<\/script>/;

const compiled = all
  .filter(({ language, notChecked }) => extensions[language] && notChecked === undefined)
  .map((snippet) => {
    const name = snippet.name.replace(/\.md:/, "-").replaceAll("/", "-");
    const file = `${name}.${extensions[snippet.language]}`;
    const script = snippet.language === "html" ? (snippet.code.match(inlineScript)?.[1] ?? "") : snippet.code;
    const needsPage = /html|[jt]sx/.test(snippet.language) || /\b(document|localStorage|sessionStorage|navigator)\b|navigate: true|replaceURL|proxySession|(fetch|init)\("\//.test(script);
    return { ...snippet, file, script, needsPage };
  });
const running = compiled.filter(({ notRun }) => notRun === undefined);

/** A folder in which a user's file finds the package as it is published, and what else the documents import. */
function write() {
  rmSync(folder, { recursive: true, force: true });
  const modules = join(folder, "node_modules");
  mkdirSync(modules, { recursive: true });
  for (const name of readdirSync(join(own, "node_modules"))) symlinkSync(join(own, "node_modules", name), join(modules, name));
  symlinkSync(join(root, "pkg"), join(modules, "openrouter-wasm"));
  for (const name of readdirSync(own).filter((name) => /^(?!package).*\.(ts|json)$/.test(name))) copyFileSync(join(own, name), join(folder, name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  for (const { file, script } of compiled) writeFileSync(join(folder, file), `${script}\nexport {};\n`);
}

/** Runs a program to its end; rejects with what it printed unless it ends well. */
function runToEnd(command, args, { env = process.env, cwd = folder } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 4 * WAIT_MS });
    let printed = "";
    for (const output of [child.stdout, child.stderr]) output.on("data", (data) => (printed += data));
    child.once("error", reject);
    child.once("close", (code, signal) => (code === 0 ? resolve(printed) : reject(new Error(`${command} ended with ${signal ?? code}:\n${printed}`))));
  });
}

let upstream;
let services;
let worker;

/**
 * Stands before the simulator and the Worker while one snippet runs: keeps the statuses that it was answered with, has
 * `slug` answer in place of any model, and serves `pages`.
 */
async function startFront({ slug, pages = {} } = {}) {
  const answered = [];
  const server = createServer(async (request, response) => {
    const page = pages[request.url.split("?")[0]];
    if (page) return response.writeHead(200, { "content-type": page.type }).end(page.body);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    let body = Buffer.concat(chunks);
    const isUpstream = /^\/(api\/v1|auth)\b/.test(request.url);
    if (!isUpstream && !/^\/(session|usage|healthz)$/.test(request.url)) return response.writeHead(404).end();
    if (slug && isUpstream && /json/.test(request.headers["content-type"] ?? "")) body = JSON.stringify({ ...JSON.parse(body), model: slug });
    const { host: _host, connection: _connection, "content-length": _length, "transfer-encoding": _encoding, ...headers } = request.headers;
    // As the proxy does: a page has no key, and its own server is the Worker.
    if (isUpstream) headers.authorization ??= `Bearer ${KEY}`;
    else if (headers.origin) Object.assign(headers, { origin: worker.url, "cf-connecting-ip": "192.0.2.7" });
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const target = (isUpstream ? upstream.url : worker.url) + request.url;
      const to = await fetch(target, { method: request.method, headers, body: body.length > 0 ? body : undefined, redirect: "manual", signal: gone.signal });
      answered.push({ path: request.url, status: to.status });
      response.writeHead(to.status, Object.fromEntries([...to.headers].filter(([name]) => !/^(content-length|content-encoding|transfer-encoding)$/.test(name))));
      for await (const chunk of to.body ?? []) response.write(chunk);
      response.end();
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    }
  });
  const { close, url } = await listen(server);
  return { url, close, answered };
}

/** What it asked was answered as it should be: the simulator refuses what makes no sense. */
function assertAnswered({ upstream: slug, script }, answered) {
  if (/\b(client|chat|session)\.|\bfetch\(|baseURL|generateText|streamText/.test(script)) assert.notEqual(answered.length, 0, "nothing was asked");
  if (!/^sim\/[45]/.test(slug)) assert.deepEqual(answered.filter(({ status }) => status >= 400), []);
}

before(async () => {
  write();
  upstream = await startUpstream();
  services = await startIdentityServices();
  worker = await startWorker(
    {
      OPENROUTER_API_KEY: KEY,
      OPENROUTER_BASE_URL: upstream.baseUrl,
      ALLOWED_MODELS: "*",
      AUTH_MODE: "session",
      SESSION_SECRETS: "new:new-secret-0123456789abcdef0123456789abcdef",
      SERVICE_SECRET,
      TURNSTILE_SECRET: "turnstile-secret-of-any-length",
      TURNSTILE_VERIFY_URL: `${services.url}/siteverify`,
      PSEUDONYM_SECRET: "pseudonym-secret-0123456789abcdef0123456789",
      PLANS: "free: 100 requests/minute; pro: 100 requests/minute",
      DEFAULT_PLAN: "free",
      ANONYMOUS_PLAN: "free",
      ANONYMOUS_SCOPES: "chat models usage",
    },
    { storage: join(folder, "objects"), rateLimit: 1000 },
  );
});

after(() => closeAll(worker, services, upstream));

test("there are snippets, and each is of a language that is looked at", (context) => {
  assert.ok(running.length > 10, String(running.length));
  assert.deepEqual(all.filter(({ language }) => !extensions[language] && !others.includes(language)).map(({ name, language }) => `${name}: ${language}`), []);
  const left = all.filter(({ notRun, notChecked }) => notRun ?? notChecked);
  for (const { name, notRun, notChecked } of left) context.diagnostic(`${name} is ${notRun ? "not run" : "not checked"}: ${notRun ?? notChecked}`);
  context.diagnostic(`${running.length} of ${compiled.length} that are compiled are run, ${running.filter(({ needsPage }) => needsPage).length} of them in a page`);
});

for (const project of ["tsconfig.json", "tsconfig.js.json", "tsconfig.html.json"]) {
  test(`what the documents show compiles: ${project}`, () => runToEnd(npmProgram("tsc"), ["--project", project]));
}

describe("in Node", { concurrency: 2 }, () => {
  for (const snippet of running.filter(({ needsPage }) => !needsPage)) {
    test(`${snippet.name} runs`, async () => {
      const front = await startFront({ slug: snippet.upstream });
      try {
        const variables = { OPENROUTER_BASE_URL: `${front.url}/api/v1`, OPENROUTER_API_KEY: KEY, PROXY_URL: worker.url, SERVICE_SECRET };
        await runToEnd(newNode(), ["run.ts", `./${snippet.file}`], { env: { ...process.env, ...variables } });
        if (!/\$\{proxy\}/.test(snippet.script)) assertAnswered(snippet, front.answered);
      } finally {
        await front.close();
      }
    });
  }
});

describe("in a page", () => {
  let browser;

  before(async () => {
    browser = await openBrowser(engines[0]);
    await browser.driver.manage().setTimeouts({ script: WAIT_MS });
  });

  after(() => browser?.close());

  const wasm = readFileSync(join(root, "pkg", "dist", "wasm", "openrouter_bg.wasm"));

  /** The page's own server: the snippet as a bundler makes it, in the page that it shows or an empty one. */
  async function pagesOf({ language, code, file }) {
    const render = /[jt]sx/.test(language) && 'const { createElement } = await import("react"); const { createRoot } = await import("react-dom/client"); createRoot(document.body.appendChild(document.createElement("main"))).render(createElement(component));';
    const entry = `import { run } from "./page.ts"; run(() => import("./${file}"), ${render ? `async (component) => { ${render} }` : undefined});`;
    const { outputFiles } = await build({
      stdin: { contents: entry, resolveDir: folder },
      absWorkingDir: folder,
      bundle: true,
      write: false,
      format: "esm",
      jsx: "automatic",
      define: { "process.env.NODE_ENV": '"production"' },
      logLevel: "silent",
    });
    const script = '<script type="module" src="/bundle.js"></script>';
    // What comes from the network is a part of the bundle, or of the prelude.
    const ours = code.replace(inlineScript, "").replaceAll(/<script[^>]* src="https:[^>]*><\/script>|<script type="importmap">[\s\S]*?<\/script>/g, "");
    const body = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${language === "html" ? ours : ""}${script}`;
    return { "/": { type: "text/html", body }, "/bundle.js": { type: "text/javascript", body: outputFiles[0].text }, "/assets/openrouter.wasm": { type: "application/wasm", body: wasm } };
  }

  for (const snippet of running.filter(({ needsPage }) => needsPage)) {
    test(`${snippet.name} runs`, async () => {
      const front = await startFront({ slug: snippet.upstream, pages: await pagesOf(snippet) });
      try {
        const { driver } = browser;
        await driver.get(front.url);
        const outcome = await driver.executeAsyncScript("const done = arguments[0]; const look = () => (window.outcome ? done(window.outcome) : setTimeout(look, 10)); look();");
        assert.equal(outcome, "done");
        // A person fills in what there is to be filled in, and sends it.
        const visible = async (selector) => {
          const found = await driver.findElements(By.css(selector));
          return (await Promise.all(found.map((element) => element.isDisplayed()))).flatMap((isVisible, i) => (isVisible ? [found[i]] : []));
        };
        for (const field of await visible("input:not([type]), input[type=text], textarea")) await field.sendKeys("Why is the sky blue?");
        const [button] = await visible("button:not([type=button]):not([disabled])");
        if (button) await button.click();
        if (button || /(append|textContent)[\s\S]*(chat|stream)\(|(chat|stream)\([\s\S]*append/.test(snippet.script)) {
          await driver.wait(async () => ANSWER.test(await driver.executeScript("return document.body.textContent")), WAIT_MS, "no answer in the page");
        }
        assert.equal(await driver.executeScript("return window.outcome"), "done");
        assertAnswered(snippet, front.answered);
      } finally {
        await browser.driver.get("about:blank");
        await front.close();
      }
    });
  }
});

describe("in a shell", () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const programs = new Set(["npm", "npx", "node", "cd", "cargo", "wasm-pack", "openssl", "echo", "tee", "curl", "bash", "deno", "bun"]);

  /** The simple commands of a block, each as words, without comments and variables before them. */
  const commandsOf = (code) =>
    code
      .replaceAll("\\\n", " ")
      .split("\n")
      .map((line) => line.replace(/(^|\s)#.*$/, ""))
      .flatMap((line) => line.split(/\s*(?:&&|\||;)\s*/))
      .map((command) => command.trim().split(/\s+/).filter((word, i, words) => word !== "" && !words.slice(0, i + 1).every((one) => /^\w+=/.test(one))))
      .filter((words) => words.length > 0);

  for (const snippet of all.filter(({ language, notChecked }) => language === "sh" && notChecked === undefined)) {
    test(`what ${snippet.name} calls is there`, () => {
      // An example is a project of its own.
      let at = snippet.document.startsWith("examples/") ? dirname(snippet.document) : "";
      for (const [program, ...words] of commandsOf(snippet.code)) {
        assert.ok(programs.has(program), `${program} is no program that we know`);
        const [first] = words.filter((word) => !word.startsWith("-"));
        if (program === "cd") at = join(at, first);
        assert.ok(existsSync(join(root, at)), `there is no ${at}`);
        const manifest = join(root, at, "package.json");
        if (program === "npm" && existsSync(manifest)) {
          const { scripts } = JSON.parse(readFileSync(manifest, "utf8"));
          const name = first === "run" ? words[1] : /^(test|start)$/.test(first) && first;
          assert.ok(!name || scripts[name], `there is no script ${name} in ${manifest}`);
        }
        if (program === "npx") assert.ok(devDependencies[first], `${first} is not installed`);
        if (program === "node" || program === "bash") {
          const file = words.find((word) => /\.(m?[jt]s|sh)$|\/run$/.test(word));
          if (file) assert.notEqual(globSync(join(root, at, file)).length, 0, `there is no ${file}`);
        }
      }
    });

    if (snippet.notRun === undefined && /^curl\b/m.test(snippet.code)) {
      test(`${snippet.name} runs`, async () => {
        const front = await startFront({ slug: snippet.upstream });
        try {
          const session = await fetch(`${worker.url}/session`, {
            method: "POST",
            headers: { authorization: `Bearer ${SERVICE_SECRET}`, "content-type": "application/json" },
            body: JSON.stringify({ user: "user-7" }),
          });
          const { token } = await session.json();
          const commands = snippet.code.replaceAll("https://proxy.example", worker.url).replaceAll("https://openrouter.ai", front.url).replaceAll("curl ", "curl --silent --show-error --fail-with-body ");
          await runToEnd("bash", ["-euo", "pipefail", "-c", commands], { env: { ...process.env, TOKEN: token, OPENROUTER_API_KEY: KEY } });
        } finally {
          await front.close();
        }
      });
    }
  }

  for (const snippet of all.filter(({ language }) => language === "toml")) {
    test(`the settings of ${snippet.name} are the Worker's`, () => {
      const settings = readFileSync(join(root, "worker", "wrangler.toml"), "utf8");
      const names = [...snippet.code.matchAll(/^(\w+) =/gm)].map(([, name]) => name);
      assert.deepEqual(names.filter((name) => !new RegExp(`^(?:# )?${name} =`, "m").test(settings)), []);
    });
  }
});
