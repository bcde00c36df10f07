// The page as a newcomer gets it: `npm start`'s own script, `wrangler dev` with everything behind it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { newNode, root } from "../../scripts/toolchain.mjs";
import { freePort } from "./loopback.mjs";

/**
 * Starts the page on a free port; `stop()` is Ctrl-C and resolves with the exit code.
 * @param {Record<string, string>} variables e.g. OPENROUTER_API_KEY and OPENROUTER_BASE_URL; none for the demo
 */
export async function startApp(variables = {}) {
  const port = await freePort();
  const { OPENROUTER_API_KEY: _key, OPENROUTER_BASE_URL: _url, AUTH_MODE: _mode, ...inherited } = process.env;
  const child = spawn(newNode(), [join(root, "scripts", "start.mjs")], {
    cwd: root,
    env: { ...inherited, ...variables, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const exited = once(child, "exit").then(([code]) => code);
  const ready = new Promise((resolve) => {
    for (const output of [child.stdout, child.stderr]) {
      output.on("data", (data) => {
        printed += data;
        if (/stop\s+Ctrl-C/.test(printed)) resolve();
      });
    }
  });
  await Promise.race([
    ready,
    exited.then((code) => {
      throw new Error(`npm start ended with code ${code}:\n${printed}`);
    }),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    printed: () => printed,
    stop() {
      child.kill("SIGINT");
      return exited;
    },
  };
}
