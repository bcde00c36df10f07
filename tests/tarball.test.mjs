// What is in the package that npm packs: its files and how large they are, its manifest, what importing it does, and what
// the tools that look at packages say.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { root } from "../scripts/toolchain.mjs";
import { caseFolder, commandOf, freshFolder, installTools, toolEnvironment, tools } from "./matrix/folder.mjs";

/** The folder that wasm-bindgen names by a hash, and the widget's parts. */
const plain = (path) => path.replace(/(snippets\/openrouter-wasm-)[0-9a-f]+/, "$1HASH").replace(/(dist\/widget\/\w+-)[0-9A-Z]{8}(?=\.js$)/, "$1HASH");

/** Each of the widget's parts is loaded when it is needed; `chunk` is what they share with it. */
const parts = [
  "attachments", "chunk", "colours", "comparison", "conversations", "copied", "costs", "editing", "errors", "keeping", "keyboard", "offline", "picker", "popup", "shelf", "tools", "views",
];

/** Every file, by what it is for, and how many bytes each group may have. A new feature may raise one, a slip may not. */
const groups = {
  manifest: { most: 2_500, files: ["package.json"] },
  documents: { most: 16_000, files: ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] },
  facade: {
    most: 16_000,
    files: ["client", "compare", "edge", "index", "oauth", "public", "session", "slim", "workerd"].map((name) => `dist/${name}.js`),
  },
  types: { most: 95_000, files: ["compare", "index", "oauth", "session", "types"].map((name) => `dist/${name}.d.ts`) },
  glue: {
    most: 105_000,
    files: [
      "dist/wasm/openrouter.js",
      ...["auth", "conversation", "error", "events", "exchange", "models", "openrouter", "parts", "stream", "structured", "tools"].map(
        (name) => `dist/wasm/snippets/openrouter-wasm-HASH/src/browser/${name}.js`,
      ),
    ],
  },
  wasm: { most: 140_000, files: ["dist/wasm/openrouter_bg.wasm"] },
  widget: {
    most: 210_000,
    files: [
      "dist/widget/define.js",
      "dist/widget/index.js",
      "dist/widget/LICENSE-marked",
      ...parts.map((name) => `dist/widget/${name}-HASH.js`),
    ],
  },
  "widget's types": { most: 60_000, files: ["custom-elements.json", "dist/widget/strings.json", ...["define", "index", "react"].map((name) => `dist/widget/${name}.d.ts`)] },
  "wasm in a text": { most: 85_000, files: ["dist/wasm/openrouter_bg.inline.js"] },
};

let folder;
let tarball;
let files;
let installed;
let manifest;

before(async () => {
  await installTools();
  ({ folder, tarball, files, installed } = await freshFolder());
  manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
});

after(() => folder && rmSync(folder, { recursive: true, force: true }));

const run = async ([tool, ...args], cwd = folder) => {
  const [program, ...given] = commandOf([tool, ...args]);
  const options = { cwd, env: toolEnvironment(), maxBuffer: 50_000_000 };
  const { stdout } = await promisify(execFile)(program, given, options).catch((error) => assert.fail(`${tool} ${args.join(" ")}:\n${error.stdout}${error.stderr}`));
  return stdout;
};

const read = (path) => readFileSync(join(installed, path), "utf8");
const scripts = () => files.map(({ path }) => path).filter((path) => path.endsWith(".js"));

test("the tarball has the files that it is meant to have, and no other", () => {
  assert.deepEqual(files.map(({ path }) => plain(path)).sort(), Object.values(groups).flatMap(({ files }) => files).sort());
});

for (const [group, { most, files: wanted }] of Object.entries(groups)) {
  test(`the tarball's ${group} is no larger than it may be`, () => {
    const size = files.filter(({ path }) => wanted.includes(plain(path))).reduce((sum, { size }) => sum + size, 0);
    assert.ok(size > 0 && size <= most, `${size} bytes, and ${most} are allowed`);
  });
}

test("what is installed is what was packed", () => {
  const found = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.equal(found.length, files.length);
});

test("there are no source maps, and nothing says that there were", () => {
  for (const { path } of files) {
    assert.ok(!path.endsWith(".map"), path);
    if (!path.endsWith(".wasm")) assert.ok(!read(path).includes("sourceMappingURL"), path);
  }
  const module = new WebAssembly.Module(readFileSync(join(installed, "dist/wasm/openrouter_bg.wasm")));
  for (const section of ["sourceMappingURL", "name", ".debug_info"]) assert.deepEqual(WebAssembly.Module.customSections(module, section), []);
});

test("both licences are in it, word for word, and the manifest names them", () => {
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) assert.equal(read(licence), readFileSync(join(root, licence), "utf8"));
  assert.equal(manifest.license, "MIT OR Apache-2.0");
});

test("it has no dependency and runs nothing when it is installed", () => {
  for (const field of ["dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies", "scripts", "bin"]) assert.equal(manifest[field], undefined, field);
});

test("no path of the machine that built it is in it", () => {
  for (const { path } of files) assert.ok(!readFileSync(join(installed, path), "latin1").match(/\/(?:root|home|Users|tmp|work)\/[a-z.]/), path);
});

test("Parcel finds by alias what others find by exports", () => {
  const entries = Object.entries(manifest.exports).filter(([, target]) => target.default && target.default !== manifest.main);
  assert.deepEqual(manifest.alias, Object.fromEntries(entries.map(([entry, target]) => [entry, target.default]).sort()));
});

test("publint has nothing to say", async () => {
  const { publint } = await import(pathToFileURL(join(tools, "node_modules/publint/src/index-node.js")));
  const { messages } = await publint({ pkgDir: installed, level: "suggestion", strict: true });
  assert.deepEqual(messages, []);
});

test("attw finds every entry's types, the wasm's aside, which has none", async () => {
  const printed = await run(["@arethetypeswrong/cli#attw", tarball, "--profile", "esm-only", "--exclude-entrypoints", "openrouter.wasm", "--format", "json"]);
  const { analysis, problems } = JSON.parse(printed);
  assert.ok(Object.keys(analysis.entrypoints).length >= 5, printed);
  const found = Object.values(problems).flat().map(({ kind }) => kind);
  // What the profile leaves out: Node's resolution of old, and require() where it cannot load modules.
  assert.deepEqual(found.filter((kind) => !["NoResolution", "CJSResolvesToESM"].includes(kind)), []);
});

test("importing any of it needs nothing but the language and its streams, looks for nothing else, leaves nothing behind and never waits", async () => {
  const program = join(import.meta.dirname, "matrix", "import.mjs");
  for (const entries of [scripts().filter((path) => !path.includes("/wasm/")), ["dist/index.js"], ["dist/slim.js"], ["dist/workerd.js"], ["dist/edge.js"]]) {
    const printed = await run(["node", "--no-warnings", "--experimental-vm-modules", program, ...entries.map((path) => join(installed, path))]);
    const { looked, left, waiting, modules } = JSON.parse(printed);
    assert.ok(modules > 10);
    const element = entries.some((path) => path.includes("/widget/")) ? ["HTMLElement", "customElements"] : [];
    assert.deepEqual(looked, ["ReadableStream", "TextDecoder", "TextEncoder", ...element].sort());
    assert.deepEqual({ left, waiting }, { left: [], waiting: [] });
  }
});

test("an entry that makes a client finds the wasm when it is imported alone, and slim still waits to be told", async () => {
  const fetch = '{ fetch: async () => new Response(JSON.stringify({ token: "one", expiresAt: Date.now() + 1e6 })) }';
  const programs = {
    session: `import { proxySession } from "openrouter-wasm/session"; console.log(await proxySession({ url: "https://a.example/session", turnstileToken: () => "t", ...${fetch} })());`,
    oauth: 'import { beginSignIn } from "openrouter-wasm/oauth"; const storage = { getItem() {}, setItem() {}, removeItem() {} }; console.log((await beginSignIn({ callbackURL: "https://a.example/", storage })).url.length > 20 && "one");',
    slim: 'import { init } from "openrouter-wasm/slim"; import "openrouter-wasm/session"; import "openrouter-wasm/oauth"; console.log(await init().catch(({ message }) => /call init\\(source\\) first/.test(message) && "one"));',
  };
  for (const [name, program] of Object.entries(programs)) {
    assert.equal((await run(["node", "--input-type=module", "--eval", program])).trim(), "one", name);
  }
});

test("what a page imports and does not use is left out, but for where the wasm is", async () => {
  const { build } = await import(pathToFileURL(join(tools, "node_modules/esbuild/lib/main.js")));
  const cwd = caseFolder(folder, { folder: "unused" });
  const bundled = async (contents) => {
    const { outputFiles } = await build({ stdin: { contents, resolveDir: cwd }, bundle: true, minify: true, format: "esm", write: false, splitting: true, outdir: "out" });
    return outputFiles.find(({ path }) => path.endsWith("stdin.js")).text;
  };
  assert.equal((await bundled('import { compare } from "openrouter-wasm/compare"; import { proxySession } from "openrouter-wasm/session"; import { beginSignIn } from "openrouter-wasm/oauth";')).trim(), "");
  for (const [entry, name] of [["openrouter-wasm", "OpenRouterError"], ["openrouter-wasm/oauth", "beginSignIn"]]) {
    const used = await bundled(`import { ${name} } from "${entry}"; console.log(${name});`);
    assert.match(used, /import\("\.\/openrouter_bg\.inline-\w+\.js"\)/, entry);
  }
});

test("a test of what is left behind would see it", async () => {
  const program = join(import.meta.dirname, "matrix", "import.mjs");
  const printed = await run(["node", "--no-warnings", "--experimental-vm-modules", program, join(import.meta.dirname, "matrix", "rude.mjs")]);
  assert.deepEqual(JSON.parse(printed), { looked: ["document", "fetch", "polyfill"], left: ["polyfill"], waiting: [join(import.meta.dirname, "matrix", "rude.mjs")], modules: 1 });
});
