// The built Worker in bare workerd: what `wrangler dev` puts in front of it hides disconnects and costs time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { npmProgram, root } from "../../scripts/toolchain.mjs";

const modules = { "index.js": "esModule", "index_bg.wasm": "wasm" };

/** Settings of a Worker that asks nobody who he is and lets everything pass, for tests of something else. */
export const OPEN = { AUTH_MODE: "local", ALLOWED_MODELS: "*", PRICES: "off", MAX_OUTPUT_TOKENS: "0" };

/**
 * Starts the Worker with these variables and secrets; `log` is all that it printed.
 * @param {{cache?: string}} services `cache`: the address (`127.0.0.1:port`) of what answers for the Cache API; without
 *   one there is none
 * @returns {Promise<{url: string, pid: number, log: () => string, close: () => Promise<void>}>}
 */
export async function startWorker(variables, services = {}) {
  const folder = mkdtempSync(join(tmpdir(), "openrouter-worker-"));
  for (const name of Object.keys(modules)) copyFileSync(join(root, "worker", "build", name), join(folder, name));
  writeFileSync(join(folder, "config.capnp"), configuration(variables, services), { mode: 0o600 });

  const child = spawn(npmProgram("workerd"), ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let printed = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (data) => (printed += data));
  const exited = once(child, "exit");

  const listening = new Promise((resolve) => {
    createInterface({ input: child.stdio[3] }).on("line", (line) => {
      const { event, port } = JSON.parse(line);
      if (event === "listen") resolve(port);
    });
  });
  const ended = exited.then(([code]) => {
    throw new Error(`workerd ended with code ${code}:\n${printed}`);
  });
  const port = await Promise.race([listening, ended]);
  ended.catch(() => {}); // from here on it ends when it is told to

  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    log: () => printed,
    async close() {
      child.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(variables, { cache }) {
  const settings = readFileSync(join(root, "worker", "wrangler.toml"), "utf8");
  const date = settings.match(/compatibility_date = "(.+)"/)[1];
  const flags = settings.match(/compatibility_flags = (\[.*\])/)[1];
  const embedded = Object.entries(modules).map(([name, kind]) => `(name = "${name}", ${kind} = embed "${name}")`);
  // What is no text stands for a binding of another kind.
  const bindings = Object.entries(variables).map(([name, value]) =>
    typeof value === "string" ? `(name = "${name}", text = ${JSON.stringify(value)})` : `(name = "${name}", json = "{}")`,
  );
  return `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"])),
    ${cache ? `(name = "cache", external = (address = "${cache}", http = ())),` : ""}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${embedded.join(", ")}],
  compatibilityDate = "${date}",
  compatibilityFlags = ${flags},
  ${cache ? 'cacheApiOutbound = "cache",' : ""}
  bindings = [${bindings.join(", ")}],
);
`;
}
