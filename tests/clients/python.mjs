// The Python `openai` package: python.py says the same as the other clients here, one process for all calls.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PYTHON } from "./clients.mjs";
import { SOUND } from "./words.mjs";

const program = join(PYTHON, "bin", "python");

export const why = () => !existsSync(program) && "there is no Python with its packages: `npm test -- clients` installs them if Python 3.10 is there";

class Aborted extends Error {}

let child;
let count = 0;
const waiting = new Map();

function start() {
  const script = fileURLToPath(new URL("python.py", import.meta.url));
  child = spawn(program, ["-u", script], { stdio: ["pipe", "pipe", "inherit"] });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, text, value, error, aborted } = JSON.parse(line);
    const { resolve, reject, onText } = waiting.get(id);
    if (text !== undefined) onText(text);
    else if (aborted) reject(new Aborted());
    else if (error) reject(Object.assign(new Error(error.message), { told: error }));
    else resolve(value);
  });
}

export async function close() {
  if (!child) return;
  child.stdin.end();
  await once(child, "exit");
}

export function connect({ baseURL, token, retries = 0 }) {
  const to = { base_url: baseURL, api_key: token, max_retries: retries };
  const call = (name, args, { onText, signal } = {}) => {
    if (!child) start();
    const id = (count += 1);
    const say = (line) => child.stdin.write(`${JSON.stringify(line)}\n`);
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject, onText });
      say({ id, call: name, arguments: args, to });
      signal?.addEventListener("abort", () => say({ abort: id }));
    });
  };
  const names = ["chat", "tools", "toolsStream", "structured", "models", "model", "responses", "responsesStream", "responsesTools", "responsesStructured", "embeddings", "speech", "images"];
  return {
    ...Object.fromEntries(names.map((name) => [name, (...args) => call(name, args)])),
    stream: (model, options) => call("stream", [model], options),
    transcription: (model) => call("transcription", [model, Buffer.from(SOUND).toString("base64")]),
  };
}

export const isAborted = (error) => error instanceof Aborted;

export const readError = ({ told }) => told;
