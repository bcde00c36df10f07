// Where the matrix is made: the tools once for each lock file, the package fresh for each run, both outside of the
// repository, so that nothing of its own is found by accident.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, run } from "../../scripts/processes.mjs";
import { cache, environment, newNode, root } from "../../scripts/toolchain.mjs";

const source = import.meta.dirname;
const lock = readFileSync(join(source, "package-lock.json"), "utf8");

/** The tools' folder; cases are made in folders in it. */
export const tools = join(cache, `matrix-${createHash("sha256").update(lock).digest("hex").slice(0, 16)}`);

/** The version of a tool, as it is locked. */
export const versionOf = (tool) => JSON.parse(lock).packages[`node_modules/${tool}`].version;

/** For every tool: neither keys nor an account, no questions, nothing told to anybody. */
export function toolEnvironment() {
  const { CLOUDFLARE_API_TOKEN: _token, CLOUDFLARE_API_KEY: _key, NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = environment();
  // What is meant for other tests would tell tools that they are one.
  return {
    ...env,
    CI: "1",
    NO_COLOR: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
    DENO_NO_UPDATE_CHECK: "1",
    DENO_DIR: join(tools, ".deno"),
    XDG_CONFIG_HOME: join(tools, ".config"),
  };
}

/** After how long without a run tools of another lock file are removed, in ms. */
const FORGOTTEN_MS = 14 * 24 * 3_600_000;

/** Installs the tools as they are locked, unless they are there. No script of theirs is run. */
export async function installTools() {
  if (existsSync(tools)) return;
  console.log("matrix: the tools, once for each lock file: about a minute, and 1.5 GB");
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache).filter((name) => name.startsWith("matrix-"))) {
    // Each run makes a folder in it.
    const { mtimeMs } = statSync(join(cache, name));
    if (Date.now() - mtimeMs > FORGOTTEN_MS) rmSync(join(cache, name), { recursive: true, force: true });
  }
  // Two runs may begin at once; whoever is first has the name.
  const making = mkdtempSync(join(cache, "matrix-new-"));
  try {
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(source, file), join(making, file));
    // Not `npm ci`: it refuses a lock file that has not every platform's binaries, and registries' mirrors have not all of
    // them. What is in the lock file is installed as it is there, by its hash.
    const npm = ["install", "--ignore-scripts", "--include=dev", "--include=optional", "--engine-strict=false", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", npm, { cwd: making, env: environment(), quiet: true });
    try {
      renameSync(making, tools);
    } catch (error) {
      if (!existsSync(tools)) throw error;
    }
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** Packs the built package: the tarball's path, and what npm says of it. */
function pack(to) {
  const printed = ask("npm", ["pack", join(root, "pkg"), "--json", "--ignore-scripts", "--pack-destination", to], { cwd: to, env: environment() });
  if (!printed) throw new Error("`npm pack` failed");
  // Newer versions of npm list by name.
  const said = Object.values(JSON.parse(printed))[0];
  return { ...said, path: join(to, said.filename) };
}

/** A fresh folder in which the packed package is installed, and nothing else; the tools are found above it. */
export async function freshFolder() {
  const folder = mkdtempSync(join(tools, "run-"));
  const { path, files } = pack(folder);
  writeFileSync(join(folder, "package.json"), '{ "name": "matrix", "private": true, "type": "module" }\n');
  await run("npm", ["install", path, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder, env: environment(), quiet: true });
  return { folder, tarball: path, files, installed: join(folder, "node_modules", "openrouter-wasm") };
}

/** The files that all cases share: what is in this folder, but for what makes the matrix. */
const shared = readdirSync(source, { withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(js|cjs|html)$/.test(entry.name))
  .map(({ name }) => name);

/** A case's folder: what is shared, and its own files, or those of the case that it is `like`, `without` some. */
export function caseFolder(folder, { folder: name, like = name, without }) {
  const made = join(folder, name);
  if (existsSync(made)) return made;
  mkdirSync(made);
  for (const file of shared) cpSync(join(source, file), join(made, file));
  if (existsSync(join(source, like))) cpSync(join(source, like), made, { recursive: true });
  if (without) rmSync(join(made, without), { recursive: true });
  if (!existsSync(join(made, "package.json"))) {
    writeFileSync(join(made, "package.json"), `{ "name": "matrix-${name}", "private": true, "type": "module" }\n`);
  }
  return made;
}

/** A tool's program with its arguments: `vite`, or `@scope/name#program`; a path is the program itself. */
export function commandOf([tool, ...args]) {
  if (tool === "node") return [newNode(), ...args];
  const own = native[tool]?.();
  if (own) return [own, ...args];
  const [name, program = name.split("/").at(-1)] = tool.split("#");
  const { bin } = JSON.parse(readFileSync(join(tools, "node_modules", name, "package.json"), "utf8"));
  return [newNode(), join(tools, "node_modules", name, typeof bin === "string" ? bin : bin[program]), ...args];
}

/** Programs that are no JavaScript: their packages fetch or link them in scripts, which are not run. */
const native = {
  deno: () => firstFile("@deno", (name) => join(name, "deno")),
  bun: () => firstFile("@oven", (name) => join(name, "bin", "bun")),
  node20: () => firstFile("node20", () => join("bin", "node")),
  node22: () => firstFile("node22", () => join("bin", "node")),
};

function firstFile(scope, path) {
  const folder = join(tools, "node_modules", scope);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.map((name) => join(folder, path(name))).find((file) => existsSync(file));
}

/** Whether a tool is there: some are for Linux on x64 only. */
export const isInstalled = (tool) => (tool in native ? native[tool]() !== undefined : true);
