// The Workers that are measured, each in a workerd of its own.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { Failure, run } from "../../scripts/processes.mjs";
import { WASM_TARGET, root, wasmEnvironment } from "../../scripts/toolchain.mjs";
import { startWorker } from "../../tests/support/workerd.mjs";

export const KEY = "sk-or-v1-bench";
/** What everything is a multiple of. */
export const FLOOR = "js pass";
export const MINIMAL = "rust minimal";

const SECRET = "the-service-secret-of-the-benchmark";
const session = {
  AUTH_MODE: "session",
  SESSION_SECRETS: "bench:the-signing-secret-of-the-benchmark",
  SERVICE_SECRET: SECRET,
  ALLOWED_MODELS: "*",
  MAX_OUTPUT_TOKENS: "1000000",
};
/** Limits of every kind, none of which is reached. */
const budget = {
  MAX_PRICE: '{"prompt": 1, "completion": 1}',
  PLANS: "user: 1000000 requests/minute, 10000 streams, 100000000000 tokens/day, 1000000 USD/day",
  DEFAULT_PLAN: "user",
  SITE_USD_PER_DAY: "1000000",
};

const minimal = join(import.meta.dirname, "minimal");

/** Builds what is not ours: once in a run. */
async function others() {
  const folder = mkdtempSync(join(tmpdir(), "openrouter-bench-edge-"));
  const pass = join(folder, "pass");
  const hono = join(folder, "hono");
  for (const each of [pass, hono]) mkdirSync(each);
  copyFileSync(join(import.meta.dirname, "pass.js"), join(pass, "index.js"));
  if (!existsSync(join(root, "bench", "node_modules", "hono"))) throw new Failure("hono is missing: run `npm ci` in bench/");
  const entryPoints = [join(import.meta.dirname, "hono.js")];
  await build({ entryPoints, outfile: join(hono, "index.js"), bundle: true, minify: true, format: "esm", target: "es2022" });
  await buildMinimal(join(folder, "minimal"));
  const script = { "index.js": "esModule" };
  return {
    close: () => rmSync(folder, { recursive: true, force: true }),
    modules: {
      [FLOOR]: { folder: pass, files: script },
      hono: { folder: hono, files: script },
      [MINIMAL]: { folder: join(folder, "minimal"), files: { ...script, "index_bg.wasm": "wasm" } },
    },
  };
}

/** As ours is built, but for what makes ours small. */
async function buildMinimal(out) {
  const target = join(root, "target", "minimal-worker");
  const env = { ...wasmEnvironment(), CARGO_TARGET_DIR: target };
  await run("cargo", ["build", "--release", "--locked", "--target", WASM_TARGET], { cwd: minimal, env, quiet: true });
  const wasm = join(target, WASM_TARGET, "release", "minimal_worker.wasm");
  await run("wasm-bindgen", ["--target", "module", "--no-typescript", "--out-name", "glue", "--out-dir", out, wasm], { cwd: root, env });
  renameSync(join(out, "glue_bg.wasm"), join(out, "index_bg.wasm"));
  const glue = readFileSync(join(out, "glue.js"), "utf8").replace("import source ", "import ").replaceAll("glue_bg.wasm", "index_bg.wasm");
  writeFileSync(join(out, "glue.js"), `${glue}\nexport default { fetch: handle };\n`);
  const options = { bundle: true, minify: true, format: "esm", target: "es2022", external: ["./index_bg.wasm"] };
  await build({ entryPoints: [join(out, "glue.js")], outfile: join(out, "index.js"), ...options });
}

let made;

/** Starts all of them before this upstream; `headers` are what their callers send. */
export async function startWorkers(baseUrl) {
  made ??= await others();
  const workers = {};
  for (const [name, modules] of Object.entries(made.modules)) {
    workers[name] = { ...(await started({ UPSTREAM: baseUrl, KEY }, { modules })), headers: {} };
  }
  const ours = { OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: baseUrl, ALLOWED_ORIGINS: "self", ...session };
  // In memory: what a disk takes to be sure is the disk's.
  const storage = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "openrouter-bench-edge-"));
  workers.ours = await startOurs({ ...ours, PRICES: "off" });
  workers["ours, budget"] = await startOurs({ ...ours, ...budget }, { storage });
  const { close } = workers["ours, budget"];
  workers["ours, budget"].close = async () => {
    await close();
    rmSync(storage, { recursive: true, force: true });
  };
  return workers;
}

/** Without what looks at its answers in tests. */
async function started(variables, services) {
  const worker = await startWorker(variables, services);
  return { ...worker, url: worker.directUrl };
}

async function startOurs(variables, services) {
  const worker = await started(variables, services);
  const response = await fetch(`${worker.url}/session`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${SECRET}` },
    body: JSON.stringify({ user: "bench" }),
  });
  if (!response.ok) throw new Failure(`there is no session: ${await response.text()}`);
  const { token } = await response.json();
  return { ...worker, headers: { authorization: `Bearer ${token}` } };
}

/** Removes what was built. */
export const cleanUp = () => made?.close();
