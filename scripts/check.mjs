// What the compiler and the linters say, warnings denied: formatting, clippy on both targets, documentation, and the
// rules about what the wasm may hold. Types are a suite of `npm test`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { widgetSizes } from "../bench/widget-size.mjs";
import { build } from "./build.mjs";
import { Failure, ask, main, run } from "./processes.mjs";
import { environment, newNode, root, wasmEnvironment } from "./toolchain.mjs";
import { functionNames } from "./wasm.mjs";

const MOST_UPLOAD_BYTES = 130_000;
const MOST_WIDGET_BYTES = 35_000;

await main("check", async () => {
  const cargo = (args, env = environment()) => run("cargo", args, { cwd: root, env });
  const deny = ["--", "-D", "warnings"];
  const wasm = ["--target", "wasm32-unknown-unknown"];

  checkDependencies();
  await cargo(["fmt", "--all", "--check"]);
  await cargo(["clippy", "--workspace", "--all-targets", ...deny]);
  await cargo(["clippy", "-p", "openrouter-wasm", "--no-default-features", "--all-targets", ...deny]);
  // One package at a time for wasm32: cargo unifies features across a workspace.
  await cargo(["clippy", "-p", "openrouter-wasm", ...wasm, "--all-targets", "--features", "simulator-tests", ...deny], wasmEnvironment());
  await cargo(["clippy", "-p", "openrouter-wasm-worker", ...wasm, ...deny], wasmEnvironment());
  await cargo(["doc", "--workspace", "--no-deps"], { ...environment(), RUSTDOCFLAGS: "-D warnings" });

  await build(["package", "worker"]);
  checkWasm();
  checkUpload();
  checkWidget();
  // What a page ships for the whole client, wasm and JavaScript. The aim is 50,000; see bench/results.md.
  await run(newNode(), ["bench/size.mjs", "--max", "71000"], { cwd: root, env: environment() });
});

/** Where dependencies come from, and under which licences: what of deny.toml can be known offline. */
function checkDependencies() {
  const denied = readFileSync(join(root, "deny.toml"), "utf8");
  const list = (name) => denied.match(new RegExp(`^${name} = \\[(.*)\\]$`, "m"))[1].match(/(?<=")[^",]+(?=")/g).filter((word) => word.trim());
  const [licences, banned, registries] = [list("allow"), list("deny"), list("allow-registry")];
  // All words of an AND, one of an OR; a slash is an OR of old, and an exception only allows more.
  const isAllowed = (licence) =>
    /^\(([^()]*)\) AND /.test(licence)
      ? licence.split(" AND ").every((part) => isAllowed(part.replace(/[()]/g, "")))
      : licence.split(/ OR |\s*\/\s*/).some((choice) => choice.split(" AND ").every((word) => licences.includes(word.replace(/ WITH .*/, ""))));

  const { packages } = JSON.parse(ask("cargo", ["metadata", "--format-version", "1", "--locked"], { cwd: root, env: environment() }));
  const ours = packages.filter(({ source }) => source === null).map(({ name }) => name);
  for (const { name, version, license, source } of packages) {
    if (!license || !isAllowed(license)) throw new Failure(`${name} ${version} is under ${license}, which deny.toml does not allow`);
    if (source !== null && !registries.some((registry) => source === `registry+${registry}`)) throw new Failure(`${name} ${version} comes from ${source}`);
    if (banned.includes(name)) throw new Failure(`${name} is banned in deny.toml`);
  }
  if (ours.sort().join() !== "openrouter-wasm,openrouter-wasm-worker") throw new Failure(`packages without a registry: ${ours}`);

  // Nothing of npm's is shipped: these are tools.
  let tools = 0;
  for (const folder of ["", "tests/validators", "tests/frameworks", "tests/matrix"]) {
    const lock = join(folder, "package-lock.json");
    const { packages: locked } = JSON.parse(readFileSync(join(root, lock), "utf8"));
    for (const [path, { resolved, link, integrity, optional }] of Object.entries(locked)) {
      if (link || (resolved && !resolved.startsWith("https://registry.npmjs.org/"))) throw new Failure(`${path} of ${lock} comes from ${resolved ?? "a link"}`);
      if (path && !integrity && !optional) throw new Failure(`${path} has no hash in ${lock}`);
      if (path) tools += 1;
    }
  }
  console.log(`check: ${packages.length} crates and ${tools} npm packages, licences and sources allowed`);
}

/** What the browser's wasm must not hold, and the Worker's neither: by the (mangled) names of functions before wasm-opt. */
function checkWasm() {
  const release = join(root, "target", "wasm32-unknown-unknown", "release");
  const namesOf = (path) => {
    const names = [...functionNames(readFileSync(path)).values()];
    if (names.length === 0) throw new Failure(`${path} has no names to check`);
    return names;
  };
  const browser = namesOf(join(release, "openrouter_wasm.wasm"));
  const unwanted = {
    "a JSON parser": /serde_json/,
    "derived Deserialize": /Unexpected/,
    "the formatting of floats": /fmt5float|grisu|dragon/,
    "the parsing of floats": /dec2flt/,
    "URL tables": /idna/,
  };
  for (const [what, pattern] of Object.entries(unwanted)) {
    const found = browser.find((name) => pattern.test(name));
    if (found) throw new Failure(`the browser's wasm holds ${what}: ${found}`);
  }
  const worker = namesOf(join(release, "openrouter_wasm_worker.wasm"));
  const foreign = worker.find((name) => /openrouter_wasm7browser|gloo_net/.test(name));
  if (foreign) throw new Failure(`the Worker's wasm holds browser code: ${foreign}`);
  console.log(`check: ${browser.length} functions in the browser's wasm and ${worker.length} in the Worker's, none unwanted`);
}

/** What wrangler uploads: a slip may not make it larger than this. */
function checkUpload() {
  const folder = join(root, "worker", "build");
  const size = ["index.js", "index_bg.wasm"].reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0);
  if (size > MOST_UPLOAD_BYTES) throw new Failure(`the Worker's upload is ${size} bytes with gzip, and ${MOST_UPLOAD_BYTES} are allowed`);
  console.log(`check: the Worker's upload is ${size} bytes with gzip`);
}

/** What a page loads for a text chat in which the picker is opened, without the client; and what is loaded when it is needed. */
function checkWidget() {
  const { first, later, total } = widgetSizes();
  const list = (sizes) => Object.entries(sizes).map((each) => each.join(" ")).join(", ");
  if (total > MOST_WIDGET_BYTES) throw new Failure(`the widget with its picker is ${total} bytes with gzip, and ${MOST_WIDGET_BYTES} are allowed (${list(first)})`);
  console.log(`check: the widget with its picker is ${total} bytes with gzip (${list(first)})`);
  console.log(`check: loaded when it is needed: ${list(later)}`);
}
