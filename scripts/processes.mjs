// Child processes: each one leads its own process group, so that it ends with all that it started in turn.
import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";

/** An expected failure: its message says what is wrong and what to do, and needs no stack. */
export class Failure extends Error {}

const HEAD_LINES = 15;
const TAIL_LINES = 30;
const GRACE_MS = 5_000;
const live = new Set();
const atEnd = new Set();
let ending;

/** Starts a process group. It is ended by {@link endAll}, and when this process is asked to end. */
export function start(command, args, { cwd, env = process.env, stdio = ["ignore", "inherit", "inherit"] } = {}) {
  if (ending) throw new Failure(`${command} is not started any more`);
  listenForSignals();
  const child = spawn(command, args, { cwd, env, stdio, detached: true });
  if (child.pid) {
    live.add(child.pid);
    // The leader may end before what it started: then the group stays for endAll to look after.
    child.once("exit", () => isGroupAlive(child.pid) || live.delete(child.pid));
  }
  return child;
}

/**
 * Runs a command to its end.
 *
 * `quiet` keeps its output back unless it fails. `stall` gives it up after `stall.ms` in which it neither printed
 * anything nor changed the value of `stall.progress()`.
 */
export function run(command, args, { cwd, env, quiet = false, stall } = {}) {
  const shown = [command, ...args].join(" ");
  return new Promise((resolve, reject) => {
    const piped = quiet || stall !== undefined;
    const child = start(command, args, { cwd, env, stdio: piped ? ["ignore", "pipe", "pipe"] : undefined });
    const printed = [];
    let seen = Date.now();
    let timer;
    const hear = (stream) => (data) => {
      seen = Date.now();
      printed.push(data);
      if (!quiet) stream.write(data);
    };
    child.stdout?.on("data", hear(process.stdout));
    child.stderr?.on("data", hear(process.stderr));
    const fail = (reason) => {
      const output = quiet ? shortened(Buffer.concat(printed).toString().trim()) : "";
      reject(new Failure(`\`${shown}\` ${reason}${output && `:\n${output}`}`));
    };
    if (stall) {
      let before = stall.progress?.();
      timer = setInterval(() => {
        const now = stall.progress?.();
        if (now !== before) seen = Date.now();
        before = now;
        if (Date.now() - seen < stall.ms) return;
        clearInterval(timer);
        fail(`made no progress for ${Math.round(stall.ms / 1000)} s`);
        endGroup(child.pid);
      }, 250);
    }
    child.once("error", (error) => {
      clearInterval(timer);
      fail(error.code === "ENOENT" ? "could not be started: not found" : `could not be started: ${error.message}`);
    });
    child.once("close", (code, signal) => {
      clearInterval(timer);
      if (code === 0) resolve();
      else fail(signal ? `was ended by ${signal}` : `failed with exit code ${code}`);
    });
  });
}

/** Where long output tells what went wrong: at its beginning or at its end. */
function shortened(text) {
  const lines = text.split("\n");
  const left = lines.length - HEAD_LINES - TAIL_LINES;
  if (left > 0) lines.splice(HEAD_LINES, left, `… ${left} lines left out …`);
  return lines.join("\n");
}

/** What a quick command printed, trimmed; undefined if it is not there or failed. */
export function ask(command, args, { env, cwd } = {}) {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 30_000,
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** Has `action` done once everything that was started is gone. */
export function whenEnding(action) {
  atEnd.add(action);
}

/** Ends every group that is still there: asked first, killed after five seconds. */
export function endAll() {
  ending ??= Promise.all([...live].map(endGroup)).then(() => {
    for (const action of atEnd) action();
  });
  return ending;
}

/** Ends what {@link start} gave, with all that it started in turn. */
export const endGroupOf = (child) => endGroup(child.pid);

async function endGroup(group) {
  signalGroup(group, "SIGTERM");
  const deadline = Date.now() + GRACE_MS;
  while (isGroupAlive(group) && Date.now() < deadline) await new Promise((wake) => setTimeout(wake, 25));
  signalGroup(group, "SIGKILL");
  live.delete(group);
}

function isGroupAlive(group) {
  return signalGroup(group, 0);
}

function signalGroup(group, signal) {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

let listening = false;
let exitCodeFor = (signal) => 128 + constants.signals[signal];

/** From now on being asked to end is the ordinary way to end, and no failure. */
export function endingIsSuccess() {
  exitCodeFor = () => 0;
}

function listenForSignals() {
  if (listening) return;
  listening = true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, async () => {
      const code = exitCodeFor(signal);
      await endAll();
      process.exit(code);
    });
  }
}

/** Runs a script's main function: a {@link Failure} is shown without its stack, and nothing is left running. */
export async function main(name, work) {
  listenForSignals();
  try {
    await work();
  } catch (error) {
    // While ending, commands fail because we end them.
    if (!ending) console.error(`${name}: ${error instanceof Failure ? error.message : error.stack}`);
    await endAll();
    process.exitCode ||= 1;
  }
}
