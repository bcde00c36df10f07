// The engines: each one calls functions of inside/bench.js, in a process of its own, and returns what they return.
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, ask, start } from "../scripts/processes.mjs";
import { browsers, newNode, root } from "../scripts/toolchain.mjs";
import { listen } from "../tests/support/loopback.mjs";

process.env.SE_AVOID_STATS = "true";

/** One contender's run may take seconds, a scenario all its rounds. */
const SCRIPT_MS = 60 * 60 * 1000;

const inside = join(import.meta.dirname, "inside");

/** @param {string[]} flags of V8 */
export async function openNode(_folder, flags = []) {
  const child = start(newNode(), ["--expose-gc", ...flags, join(inside, "node.mjs")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Failure(`the measuring Node ended with code ${code}`);
  });
  ended.catch(() => {}); // also when it ends because it is told to
  return {
    version: `Node ${ask(newNode(), ["--version"]).slice(1)}`,
    urlOf: (file) => pathToFileURL(file).href,
    async call(...call) {
      child.send(call);
      const [outcome] = await Promise.race([once(child, "message"), ended]);
      return valueOf(outcome);
    },
    async close() {
      child.disconnect();
      await ended.catch(() => {});
    },
  };
}

/** @param {string} folder that holds the bundles */
export async function openChromium(folder, flags = []) {
  const files = await serve({ "/inside/": inside, "/bundles/": folder });
  const browser = await startChromium(["--expose-gc", ...flags]);
  const { driver } = browser;
  await driver.get(`${files.url}/`);
  const version = (await driver.getCapabilities()).getBrowserVersion();
  return {
    version: `Chromium ${version}`,
    urlOf: (file) => `/bundles/${file.slice(folder.length + 1)}`,
    call: async (...call) => valueOf(await driver.executeAsyncScript(CALL, call)),
    async close() {
      await browser.close();
      await files.close();
    },
  };
}

const CALL = `
  const [call, done] = arguments;
  import("/inside/bench.js").then(({ outcomeOf }) => outcomeOf(...call)).then(done, (error) => done({ error: String(error) }));
`;

function valueOf({ value, error }) {
  if (error !== undefined) throw new Failure(error);
  return value;
}

export async function startChromium(flags = []) {
  const { Browser, Builder } = await import("selenium-webdriver"); // set-up may have installed it a moment ago
  const { default: chrome } = await import("selenium-webdriver/chrome.js");
  const { browser, driver: path } = browsers().chromium;
  if (!browser || !path) throw new Failure("no Chromium is installed: run `npm run setup -- --browsers`, or give --only node");
  const profile = mkdtempSync(join(tmpdir(), "openrouter-chromium-"));
  const { args } = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"))["goog:chromeOptions"];
  const options = new chrome.Options();
  options.setBinaryPath(browser);
  options.addArguments(...args, `--user-data-dir=${profile}`, `--js-flags=${flags.join(" ")}`, "--enable-precise-memory-info");
  const driver = await new Builder()
    .forBrowser(Browser.CHROME)
    .setChromeOptions(options)
    .setChromeService(new chrome.ServiceBuilder(path))
    .build();
  await driver.manage().setTimeouts({ script: SCRIPT_MS });
  return {
    driver,
    async close() {
      await driver.quit().catch(() => {});
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/**
 * Serves folders on loopback. Nothing may be kept, so that every page starts cold; and the page is isolated from
 * others, without which its clock has a resolution of 100 µs.
 */
export async function serve(folders) {
  const headers = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  };
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://files").pathname);
    if (path === "/") return response.writeHead(200, { "content-type": "text/html", ...headers }).end("<!doctype html><title>bench</title>");
    const prefix = Object.keys(folders).find((prefix) => path.startsWith(prefix));
    const file = prefix && join(folders[prefix], path.slice(prefix.length));
    if (!file || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", ...headers });
    return createReadStream(file).pipe(response);
  });
  return listen(server);
}
