// Real browsers by WebDriver: Chromium, Firefox, and WebKit as GTK's MiniBrowser, which has no headless mode.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { Browser, Builder, Capabilities, error } from "selenium-webdriver";
import chrome from "selenium-webdriver/chrome.js";
import firefox from "selenium-webdriver/firefox.js";
import { browsers, root } from "../../scripts/toolchain.mjs";
import { noteChecks } from "./axe.mjs";
import { freePort } from "./loopback.mjs";

process.env.SE_AVOID_STATS = "true";

/** The engines, narrowed by `BROWSERS=chromium,firefox` for a quick look. */
export const engines = process.env.BROWSERS?.split(",") ?? ["chromium", "firefox", "webkit"];

/** Width and height, for what screenshots show. */
const WINDOW = "1200,900";

/** How long what moves, or is covered, is clicked again. */
const PATIENCE_MS = 5000;

const settings = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"));

/**
 * Opens a browser with nothing from before.
 * @returns {Promise<{driver: import("selenium-webdriver").WebDriver, close: () => Promise<void>}>}
 */
export async function openBrowser(engine) {
  const paths = browsers()[engine];
  for (const [name, path] of Object.entries(paths)) {
    if (!path) throw new Error(`no ${name} of ${engine} is installed: run \`npm run setup -- --browsers\``);
  }
  const browser = await openers[engine](paths);
  makePatient(browser.driver);
  if (process.env.AXE_CHECKS) noteChecks(browser.driver, engine, process.env.AXE_CHECKS);
  return browser;
}

/** A person who misses what still moves, or is covered for a moment, clicks once more; a driver throws. */
function makePatient(driver) {
  const execute = driver.execute.bind(driver);
  driver.execute = async (command) => {
    const end = Date.now() + PATIENCE_MS;
    const given = { ...command.getParameters() }; // sending takes some away
    for (;;) {
      try {
        return await execute(command.setParameters({ ...given }));
      } catch (reason) {
        const isPassing = reason instanceof error.ElementNotInteractableError || reason instanceof error.ElementClickInterceptedError;
        if (!isPassing || Date.now() > end) throw reason;
        await setTimeout(50);
      }
    }
  };
}

const openers = {
  async chromium({ browser, driver: path }) {
    const profile = mkdtempSync(join(tmpdir(), "openrouter-chromium-"));
    const options = new chrome.Options();
    options.setBinaryPath(browser);
    options.addArguments(...settings["goog:chromeOptions"].args, `--user-data-dir=${profile}`, `--window-size=${WINDOW}`);
    const driver = await new Builder()
      .forBrowser(Browser.CHROME)
      .setChromeOptions(options)
      .setChromeService(new chrome.ServiceBuilder(path))
      .build();
    return closing(driver, () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  },

  async firefox({ browser, driver: path }) {
    const options = new firefox.Options();
    options.setBinary(browser);
    const [width, height] = WINDOW.split(",");
    options.addArguments(...settings["moz:firefoxOptions"].args, `--width=${width}`, `--height=${height}`);
    const driver = await new Builder()
      .forBrowser(Browser.FIREFOX)
      .setFirefoxOptions(options)
      .setFirefoxService(new firefox.ServiceBuilder(path))
      .build();
    return closing(driver, () => {});
  },

  async webkit({ browser, driver: path, xvfb }) {
    const screen = spawn(xvfb, ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const [display] = await once(createInterface({ input: screen.stdio[3] }), "line");
    const port = await freePort();
    const service = spawn(path, [`--port=${port}`], { env: { ...process.env, DISPLAY: `:${display}` }, stdio: "ignore" });
    const end = () => {
      service.kill();
      screen.kill();
    };
    try {
      const url = `http://127.0.0.1:${port}`;
      await answering(`${url}/status`);
      const capabilities = new Capabilities({
        browserName: "MiniBrowser",
        "webkitgtk:browserOptions": { binary: browser, args: ["--automation"] },
      });
      return closing(await new Builder().usingServer(url).withCapabilities(capabilities).build(), end);
    } catch (error) {
      end();
      throw error;
    }
  },
};

const closing = (driver, clean) => ({
  driver,
  async close() {
    await driver.quit().catch(() => {});
    clean();
  },
});

async function answering(url) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetch(url);
    } catch (error) {
      if (attempt === 100) throw error;
      await setTimeout(100);
    }
  }
}
