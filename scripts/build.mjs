// Builds what is not up to date and prints how large it is.
//
//   node scripts/build.mjs [package] [worker] [site] [page]
//
//   package  pkg/           the npm package: wasm, its glue, and the files of npm/
//   worker   worker/build/  what wrangler uploads
//   site     target/site/   the documentation, which the page serves under /docs
//   page     www/dist/      the static page, which uses pkg/
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { trimPanics } from "./link.mjs";
import { Failure, ask, main, run } from "./processes.mjs";
import {
  CARGO_TOOLS,
  WASM_FEATURES,
  WASM_TARGET,
  npmProgram,
  root,
  toolDirectory,
  toolchainForWasm,
  wasmEnvironment,
} from "./toolchain.mjs";
import { withImports, withoutNames } from "./wasm.mjs";

const stamps = join(root, "target", "build-stamps");
const pkg = join(root, "pkg");
/** The package's module with the names of its functions, after and before wasm-opt: bench/parts.mjs reads them. */
export const named = join(root, "target", "names", "openrouter.wasm");
export const linked = join(root, "target", "names", "linked.wasm");
const workerBuild = join(root, "worker", "build");
/** The Worker's, for scripts/names.mjs. */
export const workerNamed = join(root, "target", "names", "worker.wasm");
const site = join(root, "target", "site");
const page = join(root, "www", "dist");

const builders = { package: buildPackage, worker: buildWorker, site: buildSite, page: buildPage };

/** Builds the named parts (all of them by default) in the order that they need each other. */
export async function build(parts = Object.keys(builders)) {
  const unknown = parts.find((part) => !builders[part]);
  if (unknown) throw new Failure(`unknown part ${unknown}; usage: node scripts/build.mjs [package] [worker] [site] [page]`);
  const isComplete = existsSync(npmProgram("vite")) && toolchainForWasm() !== null;
  if (!isComplete || !toolDirectory(CARGO_TOOLS.wasmBindgen)) {
    throw new Failure("some tools are missing. Run `npm run setup` first.");
  }
  const env = wasmEnvironment();
  for (const part of Object.keys(builders)) if (parts.includes(part)) await builders[part](env);
}

async function buildPackage(env) {
  const { target, version } = metadata(env);
  // One kind of library: with two, cargo leaves out the optimisation of the whole, which is 9 kB with gzip.
  const crate = ["-p", "openrouter-wasm", "--lib", "--crate-type", "cdylib", "--features", "freestanding"];
  // These names tell what a generic function was made for.
  const names = ["--", "-C", "symbol-mangling-version=v0"];
  await run("cargo", ["rustc", "--release", ...crate, "--target", WASM_TARGET, ...names], { cwd: root, env });
  const wasm = join(target, WASM_TARGET, "release", "openrouter_wasm.wasm");
  const written = ["npm", "src/browser/types.d.ts", "LICENSE-MIT", "LICENSE-APACHE"].map((path) => join(root, path));

  const linking = ["link.mjs", "reader.mjs", "wasm.mjs"].map((file) => join(import.meta.dirname, file));
  await unlessFresh("package", [wasm, ...written, import.meta.filename, ...linking], [version], [pkg, named, linked], async () => {
    const out = join(root, "target", "pkg");
    const dist = join(out, "dist");
    const bindings = join(dist, "wasm");
    rmSync(out, { recursive: true, force: true });
    mkdirSync(bindings, { recursive: true });

    const where = ["--out-name", "openrouter", "--out-dir", bindings];
    await run("wasm-bindgen", ["--target", "web", "--no-typescript", "--omit-default-module-path", "--keep-debug", ...where, wasm], { cwd: root, env });
    const bound = join(bindings, "openrouter_bg.wasm");
    mkdirSync(dirname(named), { recursive: true });
    if (trimPanics(bound, linked) === 0) throw new Failure("the module's panics have other names now: see scripts/link.mjs");
    await optimise(linked, named, env);
    writeFileSync(bound, withoutNames(readFileSync(named)));
    // For pages that cannot fetch a second file.
    const inline = gzip(readFileSync(bound)).toString("base64");
    writeFileSync(join(bindings, "openrouter_bg.inline.js"), `export default "${inline}";\n`);

    const [npm, types, ...licences] = written;
    for (const entry of readdirSync(npm)) {
      const to = entry === "src" ? dist : join(out, entry);
      // Of the widget only what it is bundled to, and its types.
      cpSync(join(npm, entry), to, { recursive: true, filter: (path) => basename(dirname(path)) !== "widget" || path.endsWith(".d.ts") });
    }
    rmSync(join(dist, "widget", "css.d.ts"));
    await bundleWidget(join(dist, "widget"));
    await writeStrings(join(dist, "widget", "strings.json"));
    cpSync(join(root, "node_modules", "marked", "LICENSE"), join(dist, "widget", "LICENSE-marked"));
    cpSync(types, join(dist, "types.d.ts"));
    for (const licence of licences) cpSync(licence, join(out, basename(licence)));
    const manifest = JSON.parse(readFileSync(join(npm, "package.json"), "utf8"));
    writeFileSync(join(out, "package.json"), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);

    rmSync(pkg, { recursive: true, force: true });
    renameSync(out, pkg);
  });
  report("package wasm", [join(pkg, "dist/wasm/openrouter_bg.wasm")]);
  report("package glue", [join(pkg, "dist/wasm/openrouter.js")]);
  report("widget", files(join(pkg, "dist/widget")).filter((path) => path.endsWith(".js")));
}

/**
 * The widget for browsers as they are: what it needs beside the client is in it, and what is loaded later is a file of
 * its own.
 */
async function bundleWidget(outdir) {
  const { build: bundle, transform } = await import("esbuild");
  const { reader } = await import("./reader.mjs");
  const source = join(root, "npm", "src", "widget");
  // The floor of light-dark(), so that the style sheets keep it as it is written.
  const target = ["es2022", "chrome123", "firefox120", "safari17.5"];
  const styles = {
    name: "styles",
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.css$/ }, async ({ path }) => {
        const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true, target });
        return { contents: code.trim(), loader: "text" };
      }),
  };
  const marked = { name: "marked", setup: ({ onLoad }) => onLoad({ filter: /marked\.esm\.js$/ }, () => ({ contents: reader() })) };
  // What is loaded later imports the whole of what is loaded before, so that this is one file: with a file for each
  // combination of parts that share something it is 1 kB more.
  const together = {
    name: "together",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^\.\/.*\.ts$/ }, ({ path, kind, resolveDir }) => ({
        path: join(resolveDir, path),
        pluginData: { isLater: kind === "dynamic-import" },
        sideEffects: true,
      }));
      onLoad({ filter: /\.ts$/ }, ({ path, pluginData }) =>
        pluginData?.isLater ? { contents: `${readFileSync(path, "utf8")}\nimport "./element.ts";`, loader: "ts" } : undefined,
      );
    },
  };
  await bundle({
    entryPoints: { index: join(source, "element.ts"), define: join(source, "register.ts") },
    chunkNames: "[name]-[hash]",
    external: ["../index.js", "../compare.js"],
    plugins: [styles, marked, together],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    logOverride: { "ignored-bare-import": "silent" },
    target,
    outdir,
  });
}

/** All that the widget says, for translators: the table that is always loaded, and those of the parts that come later. */
async function writeStrings(file) {
  const { build: bundle } = await import("esbuild");
  const source = join(root, "npm", "src", "widget");
  const tables = readdirSync(source).filter((name) => /(?<!\.d)\.ts$/.test(name) && /^export const (WORDS|ENGLISH)\b/m.test(readFileSync(join(source, name), "utf8")));
  const lines = tables.map((name, i) => `import * as part${i} from "./${name}"; Object.assign(strings, part${i}.ENGLISH ?? part${i}.WORDS);`);
  const client = { name: "client", setup: ({ onResolve }) => onResolve({ filter: /^\.\.\/(index|compare)\.js$/ }, ({ path }) => ({ path, external: true, sideEffects: false })) };
  const { outputFiles } = await bundle({
    stdin: { contents: `export const strings = {};\n${lines.join("\n")}`, resolveDir: source, loader: "ts" },
    plugins: [client],
    loader: { ".css": "empty" },
    logOverride: { "import-is-undefined": "silent" },
    bundle: true,
    format: "esm",
    write: false,
  });
  const { strings } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  writeFileSync(file, `${JSON.stringify(strings, null, 2)}\n`);
}

/** Makes a module as small as it gets. The names of functions stay. */
export async function optimise(from, to, env) {
  // Functions that are called once stay functions: compressed, that is 1 kB less than inlined.
  const smallest = ["--flatten", "--rereloop", "-Oz", "-Oz", "--one-caller-inline-max-function-size", "0"];
  // Below the stack, which comes first, there is nothing: addresses may be added up without looking whether they wrap.
  const places = ["--low-memory-unused"];
  // Who compiled it, and for which features: for other tools.
  const told = ["--strip-producers", "--strip-target-features"];
  await run("wasm-opt", [...smallest, ...places, ...told, ...WASM_FEATURES, "-g", from, "-o", to], { cwd: root, env });
}

async function buildWorker(env) {
  const { target } = metadata(env);
  // What LLVM does for speed at the price of size, even where it is told to look at size alone: 2 kB with gzip.
  const left = ["-enable-pre=false", "-enable-gvn-memdep=false", "-disable-lsr", "-disable-licm-promotion", "-disable-machine-cse", "-disable-machine-licm"];
  const smaller = left.flatMap((argument) => ["-C", `llvm-args=${argument}`]);
  const names = ["--", "-C", "symbol-mangling-version=v0", ...smaller];
  await run("cargo", ["rustc", "--release", "-p", "openrouter-wasm-worker", "--lib", "--target", WASM_TARGET, ...names], { cwd: root, env });
  const wasm = join(target, WASM_TARGET, "release", "openrouter_wasm_worker.wasm");
  const scripts = join(root, "worker", "src", "js");

  const building = ["build.mjs", "link.mjs", "wasm.mjs"].map((file) => join(import.meta.dirname, file));
  await unlessFresh("worker", [wasm, scripts, ...building], [], [workerBuild, workerNamed], async () => {
    const out = join(root, "target", "worker");
    rmSync(out, { recursive: true, force: true });
    const where = ["--out-name", "index", "--out-dir", out];
    // A module that has panicked can be replaced.
    const how = ["--target", "module", "--no-typescript", "--keep-debug", "--experimental-reset-state-function"];
    await run("wasm-bindgen", [...how, ...where, wasm], { cwd: root, env });
    const bound = join(out, "index_bg.wasm");
    mkdirSync(dirname(workerNamed), { recursive: true });
    if (trimPanics(bound, bound) === 0) throw new Failure("the module's panics have other names now: see scripts/link.mjs");
    await optimise(bound, workerNamed, env);
    rewriteGlue(join(out, "index.js"), workerNamed, join(scripts, "watch.js"));

    rmSync(workerBuild, { recursive: true, force: true });
    mkdirSync(workerBuild, { recursive: true });
    const bundle = ["--bundle", "--minify", "--format=esm", "--external:./index_bg.wasm"];
    await run("esbuild", [join(scripts, "entry.js"), ...bundle, "--log-level=warning", `--outfile=${join(workerBuild, "index.js")}`], { cwd: root, env });
    writeFileSync(join(workerBuild, "index_bg.wasm"), withoutNames(readFileSync(workerNamed)));
  });
  report("worker wasm", [join(workerBuild, "index_bg.wasm")]);
  report("worker glue", [join(workerBuild, "index.js")]);
}

/**
 * Has wasm-bindgen's part go through watch.js, and import the module as the platform hands it out. What it gives to the
 * module gets short names (its own are half random, which no compression makes smaller); what is not asked for goes.
 */
function rewriteGlue(glue, wasm, watch) {
  const bytes = readFileSync(wasm);
  const names = new Map();
  const short = withImports(bytes, (module, name) => {
    if (module !== "./index_bg.js") throw new Failure(`the module imports ${name} from ${module}: see rewriteGlue`);
    names.set(name, `_${names.size.toString(36)}`);
    return ["_", names.get(name)];
  });
  const given = /^        (__wb\w+): [\s\S]*?\n        \}(?:, arguments\); \})?,\n/gm;
  const text = readFileSync(glue, "utf8");
  const found = new Set();
  const changed = text
    .replace("import source ", "import ")
    .replaceAll("wasmInstance.exports;", "watched(wasmInstance.exports);")
    .replace('"./index_bg.js": import0', "_: import0")
    .replace(given, (entry, name) => {
      found.add(name);
      return names.has(name) ? entry.replace(name, names.get(name)) : "";
    });
  // The first module's exports, and those of each that takes its place.
  const isComplete = changed.split("watched(").length === 3 && [...names.keys()].every((name) => found.has(name));
  if (!isComplete) throw new Failure("wasm-bindgen writes something else now: see rewriteGlue");
  writeFileSync(wasm, short);
  writeFileSync(glue, `import { watched } from ${JSON.stringify(watch)};\n${changed}`);
}

async function buildSite(env) {
  const docs = join(root, "docs");
  const generator = join(docs, "site");
  const written = ["package.json", "package-lock.json", "build.mjs", "style.css"].map((file) => join(generator, file));
  const texts = readdirSync(docs).filter((entry) => entry !== "site");
  const inputs = [...written, ...texts.map((entry) => join(docs, entry)), pkg, import.meta.filename];
  await unlessFresh("site", inputs, [], [site], async () => {
    // TypeDoc brings a TypeScript of its own.
    const npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", npm, { cwd: generator, env, quiet: true });
    await run("node", [join(generator, "build.mjs"), site], { cwd: root, env, quiet: true });
  });
  report("site", files(site));
}

async function buildPage(env) {
  const www = join(root, "www");
  const written = readdirSync(www).filter((entry) => !["dist", "node_modules"].includes(entry));
  const inputs = [...written.map((entry) => join(www, entry)), pkg, site, import.meta.filename];
  await unlessFresh("page", inputs, [], [page], async () => {
    await run("vite", ["build", "www", "--emptyOutDir", "--logLevel", "warn"], { cwd: root, env });
    if (existsSync(site)) cpSync(site, join(page, "docs"), { recursive: true });
  });
  report("page", files(page).filter((file) => !file.startsWith(join(page, "docs"))));
}

function metadata(env) {
  const options = { cwd: root, env };
  const answer = ask("cargo", ["metadata", "--no-deps", "--format-version", "1"], options);
  if (!answer) throw new Failure("`cargo metadata` failed: look into Cargo.toml.");
  const { target_directory: target, packages } = JSON.parse(answer);
  return { target, version: packages.find(({ name }) => name === "openrouter-wasm").version };
}

/** Has `make` done unless `outputs` are what it made the last time from the same inputs with the same tools. */
async function unlessFresh(part, inputs, parameters, outputs, make) {
  const tools = [lockedTools(), ...Object.values(CARGO_TOOLS).map(({ version }) => version), ...parameters];
  const wanted = digest(inputs, tools);
  const stamp = join(stamps, part);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === `${wanted} ${digest(outputs, [])}`) return;
  console.log(`build: ${part}`);
  rmSync(stamp, { force: true });
  await make();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, `${wanted} ${digest(outputs, [])}`);
}

/** What compiles: npm's lock file and the Rust compiler. */
function lockedTools() {
  const toolchain = toolchainForWasm();
  return [
    readFileSync(join(root, "package-lock.json"), "utf8"),
    ask("rustc", [...(toolchain ? [`+${toolchain}`] : []), "-vV"], { cwd: root }),
    process.env.RUSTFLAGS ?? "",
  ].join("\n");
}

function digest(paths, parameters) {
  const hash = createHash("sha256").update(JSON.stringify(parameters));
  for (const path of paths) {
    for (const file of files(path)) {
      const bytes = readFileSync(file);
      hash.update(`${relative(root, file)} ${bytes.length}\n`).update(bytes);
    }
  }
  return hash.digest("hex");
}

/** A file, or the files in a folder and its subfolders in a fixed order; none if there is nothing. */
function files(path) {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status) return [];
  if (!status.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((entry) => files(join(path, entry)));
}

/** The same bytes on every system: no time, no name of the operating system. */
function gzip(bytes) {
  const zipped = gzipSync(bytes, { level: 9 });
  zipped[9] = 255;
  return zipped;
}

function report(name, paths) {
  const contents = paths.map((path) => readFileSync(path));
  const size = (buffers) => buffers.reduce((sum, { length }) => sum + length, 0);
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9);
  const raw = kilobytes(size(contents));
  console.log(`build: ${name.padEnd(13)} ${raw}, ${kilobytes(size(contents.map(gzip)))} with gzip`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main("build", () => build(process.argv.length > 2 ? process.argv.slice(2) : undefined));
}
