// The built Worker in bare workerd: what `wrangler dev` puts in front of it hides disconnects and costs time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { npmProgram, root } from "../../scripts/toolchain.mjs";
import { problemsOfLog, relay } from "./leaks.mjs";

/** The built Worker's files, and what workerd calls them. */
const built = { folder: join(root, "worker", "build"), files: { "index.js": "esModule", "index_bg.wasm": "wasm" } };

/** Settings of a Worker that asks nobody who he is and lets everything pass, for tests of something else. */
export const OPEN = { AUTH_MODE: "local", ALLOWED_MODELS: "*", PRICES: "off", MAX_OUTPUT_TOKENS: "0" };

/**
 * Starts the Worker with these variables and secrets; `log` is all that it printed.
 *
 * Every byte that it sends is looked at on its way, and its log at the end: `close()` rejects if a secret, a cookie or the
 * account's id was in there.
 *
 * `cache` is the address (`127.0.0.1:port`) of what answers for the Cache API; without one there is none. `storage` is a
 * folder for Durable Objects: who starts another Worker with the same one finds what is in it. `broken` names bindings of
 * Durable Objects that fail. With `isLosing`, the figures' answers to the ledgers are lost. With `analytics` there is a data
 * set of the Analytics Engine, which prints its points. `page` is what the files of the page answer for /admin. `rateLimit` is how many requests each key has (it never begins anew), or `"broken"`, or
 * `"trap"`: what runs after the address `trap` was looked at ends as WebAssembly does when it panics. `modules` is
 * another Worker.
 * @param {Record<string, string>} variables
 * @param {{modules?: {folder: string, files: Record<string, string>}, cache?: string, storage?: string, broken?: string[], isLosing?: boolean, analytics?: boolean, page?: string, rateLimit?: number | "broken" | "trap"}} services
 * @returns {Promise<{url: string, directUrl: string, pid: number, log: () => string, close: () => Promise<void>}>}
 */
export async function startWorker(variables, services = {}) {
  const folder = mkdtempSync(join(tmpdir(), "openrouter-worker-"));
  const { modules = built } = services;
  for (const name of Object.keys(modules.files)) copyFileSync(join(modules.folder, name), join(folder, name));
  writeFileSync(join(folder, "config.capnp"), configuration(variables, services), { mode: 0o600 });
  if (services.storage) mkdirSync(services.storage, { recursive: true });

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
  const front = await relay(port, variables);

  return {
    url: front.url,
    /** Where nobody looks at what is sent: for measuring. */
    directUrl: `http://127.0.0.1:${port}`,
    pid: child.pid,
    log: () => printed,
    async close() {
      child.kill("SIGKILL");
      await exited;
      await front.close();
      rmSync(folder, { recursive: true, force: true });
      const problems = [...front.problems, ...problemsOfLog(variables, printed)];
      if (problems.length > 0) throw new Error(`what must not leave the Worker has left it: ${problems.join("; ")}`);
    },
  };
}

/** Bindings of Durable Objects, and their classes. */
const objects = { LEDGER: "Ledger", SITE: "Site", STATS: "Stats" };

/** A class whose objects fail, whatever they are asked. */
const brokenObjects = `
  import { DurableObject } from "cloudflare:workers";
  const Broken = class extends DurableObject { fetch() { throw new Error("broken") } };
  export { ${Object.values(objects).map((name) => `Broken as ${name}`).join(", ")} };
  export default {};
`;

/** A class whose objects carry out what they are told by a POST, and lose the answer. */
const losingObjects = `
  import { DurableObject } from "cloudflare:workers";
  export class Losing extends DurableObject {
    async fetch(request) {
      const response = await this.env.REAL.getByName("STATS").fetch(request);
      if (request.method === "POST") throw new Error("lost");
      return response;
    }
  }
  export default {};
`;

/** The files of the page, as Cloudflare serves them. */
const assets = `
  export default {
    fetch(request, { PAGE }) {
      const isThere = new URL(request.url).pathname === "/admin";
      return isThere ? new Response(PAGE, { headers: { "content-type": "text/html" } }) : new Response("", { status: 404 });
    },
  };
`;

/** What Cloudflare's binding looks like; workerd has none. */
const rateLimiter = `
  class Ratelimit {
    #most;
    #counts = new Map();
    constructor(most) { this.#most = most }
    async limit({ key, ...others }) {
      if (typeof key !== "string" || Object.keys(others).length > 0) throw new TypeError("invalid rate limit options");
      if (this.#most === "broken") throw new Error("broken");
      if (this.#most === "trap") {
        // It shares the Worker's globals. What wasm asks for next throws through its frames, and none of them is cleaned
        // up: as a panic, which ends in the instruction "unreachable".
        const { now } = Date;
        if (key === "trap") Date.now = () => {
          Date.now = now;
          throw new WebAssembly.RuntimeError("unreachable");
        };
        return { success: true };
      }
      const count = (this.#counts.get(key) ?? 0) + 1;
      this.#counts.set(key, count);
      return { success: count <= this.#most };
    }
  }
  export default ({ most }) => new Ratelimit(JSON.parse(most));
`;

/** The same of a data set: it takes what Cloudflare's takes, and prints it. */
const dataset = `
  const isList = (list, most, type) => Array.isArray(list) && list.length <= most && list.every((item) => typeof item === type);
  class Dataset {
    writeDataPoint({ indexes, blobs, doubles, ...others }) {
      const isPoint = isList(indexes, 1, "string") && isList(blobs, 20, "string") && isList(doubles, 20, "number");
      const bytes = (text) => new TextEncoder().encode(text).length;
      if (!isPoint || Object.keys(others).length > 0 || bytes(indexes[0]) > 96) throw new TypeError("invalid data point");
      console.log("data point " + JSON.stringify({ indexes, blobs, doubles }));
    }
  }
  export default () => new Dataset();
`;

function configuration(variables, { modules = built, cache, storage, broken = [], isLosing, analytics, page, rateLimit }) {
  const settings = readFileSync(join(root, "worker", "wrangler.toml"), "utf8");
  const date = settings.match(/compatibility_date = "(.+)"/)[1];
  const flags = settings.match(/compatibility_flags = (\[.*\])/)[1];
  const embedded = Object.entries(modules.files).map(([name, kind]) => `(name = "${name}", ${kind} = embed "${name}")`);
  const namespaces = Object.values(objects).map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`);
  const stored = storage && `durableObjectNamespaces = [${namespaces.join(", ")}], durableObjectStorage = (localDisk = "disk"),`;

  const all = Object.entries(variables).map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`);
  for (const [name, className] of Object.entries(storage ? objects : {})) {
    let where = `className = "${className}", serviceName = "${broken.includes(name) ? "broken" : "main"}"`;
    if (name === "STATS" && isLosing) where = 'className = "Losing", serviceName = "losing"';
    all.push(`(name = "${name}", durableObjectNamespace = (${where}))`);
  }
  if (rateLimit !== undefined) {
    const most = `(name = "most", text = ${JSON.stringify(JSON.stringify(rateLimit))})`;
    all.push(`(name = "RATE_LIMITER", wrapped = (moduleName = "test:rate-limiter", innerBindings = [${most}]))`);
  }
  if (analytics) all.push(`(name = "ANALYTICS", wrapped = (moduleName = "test:dataset"))`);
  if (page) all.push(`(name = "ASSETS", service = "assets")`);
  return `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"])),
    ${cache ? `(name = "cache", external = (address = "${cache}", http = ())),` : ""}
    ${storage ? `(name = "disk", disk = (path = ${JSON.stringify(storage)}, writable = true)), (name = "broken", worker = .broken), (name = "losing", worker = .losing),` : ""}
    (name = "assets", worker = .assets),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
  extensions = [(modules = [
    (name = "test:rate-limiter", internal = true, esModule = ${JSON.stringify(rateLimiter)}),
    (name = "test:dataset", internal = true, esModule = ${JSON.stringify(dataset)}),
  ])],
);
const worker :Workerd.Worker = (
  modules = [${embedded.join(", ")}],
  compatibilityDate = "${date}",
  compatibilityFlags = ${flags},
  ${cache ? 'cacheApiOutbound = "cache",' : ""}
  ${stored || ""}
  bindings = [${all.join(", ")}],
);
const assets :Workerd.Worker = (
  modules = [(name = "index.js", esModule = ${JSON.stringify(assets)})],
  compatibilityDate = "${date}",
  bindings = [(name = "PAGE", text = ${JSON.stringify(page ?? "")})],
);
const losing :Workerd.Worker = (
  modules = [(name = "index.js", esModule = ${JSON.stringify(losingObjects)})],
  compatibilityDate = "${date}",
  durableObjectNamespaces = [(className = "Losing", uniqueKey = "Losing")],
  durableObjectStorage = (inMemory = void),
  bindings = [(name = "REAL", durableObjectNamespace = (className = "Stats", serviceName = "main"))],
);
const broken :Workerd.Worker = (
  modules = [(name = "index.js", esModule = ${JSON.stringify(brokenObjects)})],
  compatibilityDate = "${date}",
  ${stored?.replace(/uniqueKey = "/g, 'uniqueKey = "Broken') || ""}
);
`;
}
