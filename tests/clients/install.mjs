// Installs what the suite of clients runs: npm's packages from the lock file, and Python's where there is a Python.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, ask, run } from "../../scripts/processes.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { PYTHON } from "./clients.mjs";

const folder = join(root, "tests", "clients");
const requirements = join(folder, "requirements.txt");

export async function install(env) {
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder, env, quiet: true });
  try {
    await installPython(env);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(`test: the Python client is left out: ${error.message.split("\n")[0]}`);
  }
}

/** The packages in an environment of their own, below `target`; nothing of the system's is changed. */
async function installPython(env) {
  const python = ["python3", "python"].find((name) => ask(name, ["-c", "import sys, ensurepip, venv; assert sys.version_info >= (3, 10)"], { env }) !== undefined);
  if (!python) throw new Failure("there is no Python 3.10 or later with venv and ensurepip");
  const stamp = join(PYTHON, "installed");
  const wanted = createHash("sha256").update(readFileSync(requirements)).update(ask(python, ["--version"], { env })).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(PYTHON, { recursive: true, force: true });
  try {
    await run(python, ["-m", "venv", PYTHON], { env, quiet: true });
    const pip = ["-m", "pip", "install", "--quiet", "--retries", "2", "--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary", ":all:", "-r", requirements];
    await run(join(PYTHON, "bin", "python"), pip, { env, quiet: true });
    writeFileSync(stamp, wanted);
  } catch (error) {
    // Half of it would be taken for the whole.
    rmSync(PYTHON, { recursive: true, force: true });
    throw error;
  }
}
