// `npm start`: sets up what is missing, builds, and serves the page and the API on http://127.0.0.1:8787.
//
// Environment, or worker/.dev.vars where the names are the same:
//   PORT                 port to serve on (environment only), 8787 by default
//   OPENROUTER_API_KEY   key for OpenRouter; without one the OpenRouter simulator answers
//   OPENROUTER_BASE_URL  another address of the OpenRouter API
//   ALLOWED_ORIGINS      origins that may use the API, by default this server's own
//   AUTH_MODE            who may use it, by default `local`: everyone on this machine, without a token
//   ADMIN_SECRET         password of /admin, which is not there without one
//   ALLOWED_MODELS …     what may be asked for, by default everything; all names are in worker/wrangler.toml
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import util from "node:util";
import { Failure, endingIsSuccess, main, run, start, whenEnding } from "./processes.mjs";
import { setup } from "./setup.mjs";
import { environment, newNode, npmProgram, root } from "./toolchain.mjs";

const HOST = "127.0.0.1";
const READY_MS = 60_000;
const RETRY_MS = 100;

/** What wrangler.toml opens for this machine. */
const LOCAL = readFileSync(join(root, "worker", "wrangler.toml"), "utf8")
  .match(/^\[env\.local\.vars\]\n((?:.+\n)+)/m)[1]
  .match(/^\w+/gm);

const devVars = join(root, "worker", ".dev.vars");

await main("start", async () => {
  endWithNpm();
  const port = portFromEnvironment();
  await checkPortIsFree(port);

  await setup();
  const settings = readSettings();
  const env = environment();
  await run(newNode(), [join(root, "scripts", "build.mjs")], { cwd: root, env });

  const upstream = settings.key ? settings : { ...settings, ...(await startSimulator(env)) };
  const worker = startWorker(env, port, upstream);
  await Promise.race([worker.ended, upstream.ended, answers(`http://${HOST}:${port}/healthz`)].filter(Boolean));

  endingIsSuccess();
  const explanation = settings.key
    ? [`  upstream  ${settings.baseUrl ?? "https://openrouter.ai/api/v1"}`]
    : [
        `  upstream  OpenRouter simulator at ${upstream.baseUrl}: demo answers, no model is asked`,
        "            for real answers set OPENROUTER_API_KEY, or put it into worker/.dev.vars",
      ];
  console.log(["", `  page      http://${HOST}:${port}`, ...explanation, "  stop      Ctrl-C", ""].join("\n"));

  await Promise.race([worker.ended, upstream.ended].filter(Boolean));
});

/**
 * Ends when npm is gone without a word. A signal to npm reaches us because package.json says `exec node …`: a shell
 * between would keep it.
 */
function endWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const npm = process.ppid;
  setInterval(() => process.ppid === npm || process.kill(process.pid, "SIGTERM"), 1000).unref();
}

function portFromEnvironment() {
  const port = Number(process.env.PORT || 8787);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Failure(`PORT is ${process.env.PORT}, and must be a number from 1 to 65535.`);
}

function checkPortIsFree(port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", ({ code }) => {
      const other = `choose another port: PORT=${port === 65535 ? 8787 : port + 1} npm start`;
      if (code === "EADDRINUSE") reject(new Failure(`port ${port} is taken. Stop what listens there, or ${other}`));
      else reject(new Failure(`port ${port} cannot be used (${code}). Please ${other}`));
    });
    probe.listen(port, HOST, () => probe.close(resolve));
  });
}

/** What the environment and worker/.dev.vars say about the upstream; the environment counts for more. */
function readSettings() {
  const file = existsSync(devVars) ? util.parseEnv(readFileSync(devVars, "utf8")) : {};
  const value = (name) => process.env[name] || file[name] || undefined;
  const settings = { file, key: value("OPENROUTER_API_KEY"), baseUrl: value("OPENROUTER_BASE_URL") };
  if (settings.baseUrl && !settings.key) {
    throw new Failure(
      "OPENROUTER_BASE_URL is set without OPENROUTER_API_KEY. Set both to talk to that address, or neither for the simulator.",
    );
  }
  return settings;
}

/** Starts the simulator on a free port of the loopback interface. */
async function startSimulator(env) {
  const key = `demo-${randomBytes(16).toString("hex")}`;
  const script = join(root, "tests", "upstream", "main.mjs");
  const child = start(newNode(), [script, "--demo", "--port", "0", "--key", key], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = endOf(child, "the OpenRouter simulator");
  const listening = new Promise((resolve) => {
    let printed = "";
    child.stdout.on("data", (data) => {
      printed += data;
      const address = printed.match(/listening on (http:\/\/127\.0\.0\.1:\d+)\s/)?.[1];
      if (address) resolve(address);
    });
  });
  const address = await Promise.race([listening, ended]);
  return { key, baseUrl: `${address}/api/v1`, demo: true, ended };
}

function startWorker(env, port, upstream) {
  const files = existsSync(devVars) ? [devVars] : [];
  files.push(variablesFile(port, upstream));
  const address = ["--ip", HOST, "--port", String(port)];
  const quiet = ["--show-interactive-dev-session=false", "--log-level", "warn"];
  const child = start(
    npmProgram("wrangler"),
    ["dev", "--env", "local", ...address, ...quiet, ...files.flatMap((file) => ["--env-file", file])],
    // Nothing here needs to know where this machine is.
    { cwd: join(root, "worker"), env: { ...env, CLOUDFLARE_CF_FETCH_ENABLED: "false" } },
  );
  return { ended: endOf(child, "wrangler dev") };
}

/**
 * The Worker's variables in a file that only we can read and that goes when we end: a command line would show the key
 * to everyone on this machine. What worker/.dev.vars already says is not repeated.
 */
function variablesFile(port, { key, baseUrl, demo = false, file }) {
  const variables = { DEMO: String(demo) };
  const set = (name, value) => {
    if (value && value !== file[name]) variables[name] = value;
  };
  set("OPENROUTER_API_KEY", key);
  set("OPENROUTER_BASE_URL", baseUrl);
  // What wrangler.toml has for `local` may be set otherwise.
  for (const name of ["ADMIN_SECRET", ...LOCAL]) set(name, process.env[name] || file[name]);
  set("ALLOWED_ORIGINS", process.env.ALLOWED_ORIGINS || file.ALLOWED_ORIGINS || `http://${HOST}:${port} http://localhost:${port}`);

  const memory = "/dev/shm";
  const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), "openrouter-wasm-"));
  whenEnding(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "variables.env");
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(name, value)}\n`);
  writeFileSync(path, lines.join(""), { mode: 0o600 });
  return path;
}

/** A value as dotenv reads it back: nothing is expanded in it. */
function quoted(name, value) {
  if (/['\r\n\\]/.test(value)) throw new Failure(`${name} has a quote, a backslash or a line break in it.`);
  return `'${value.replaceAll("$", "\\$")}'`;
}

function endOf(child, name) {
  const ended = new Promise((_, reject) => {
    child.once("error", (error) => reject(new Failure(`${name} could not be started: ${error.message}`)));
    child.once("exit", (code, signal) => reject(new Failure(`${name} ended unexpectedly (${signal ?? `exit code ${code}`}).`)));
  });
  // Whoever waits for it sees it; it is no unhandled rejection while nobody does.
  ended.catch(() => {});
  return ended;
}

/** Resolves once the address answers with success. */
async function answers(url) {
  const deadline = Date.now() + READY_MS;
  let last = "no answer";
  while (Date.now() < deadline) {
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      if (response.ok) return;
      last = `status ${response.status}`;
    } catch {
      // Not listening yet.
    }
    await new Promise((wake) => setTimeout(wake, RETRY_MS));
  }
  throw new Failure(`${url} did not answer within ${READY_MS / 1000} s (${last}).`);
}
