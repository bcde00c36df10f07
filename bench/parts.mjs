// What a page that has our client ships, by part, and what it would save without the parts that few need.
//
//   node bench/parts.mjs
//
// The package is built first: the build keeps a copy of its wasm that still has the names of functions.
import binaryen from "binaryen";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build, linked, named, optimise } from "../scripts/build.mjs";
import { Failure, main } from "../scripts/processes.mjs";
import { root, wasmEnvironment } from "../scripts/toolchain.mjs";
import { code, dataSegments, functions, withoutNames } from "../scripts/wasm.mjs";
import { bundle, copyOfPackage, sourcesOf } from "./bundles.mjs";
import { section } from "./report.mjs";

/** The modules of src/ by what they do together; one that is not here is told by its name alone. */
const MODULES = {
  chat: "streams, and the message they add up to",
  browser: "what JavaScript calls",
  "client, call": "options, the request, its answer",
  json: "reading and writing it",
  error: "the upstream's, the network's, the caller's",
  models: "search, prices, costs",
  schema: "the check of requests, without its table",
  "events, api": "the endpoints beside chat",
  "structured, json_schema": "structured output",
  "conversation, parts": "conversations, files as content parts",
  oauth: "signing in",
  legacy: "spellings of older guides",
  sse: "server-sent events",
  tools: "the tool loop",
  retry: "when to send again, and time limits",
};

/** What exports of the wasm, and of the package, are there for one purpose that many pages do not have. */
const FEATURES = [
  { what: "model search, costs", exports: ["core_ask", "core_pricePerMillion"] },
  { what: "structured output, the tool loop", exports: ["core_judge"] },
  { what: "conversations", exports: ["core_conversation", "core_addUsage"], names: "{ Conversation }", from: "openrouter-wasm" },
  { what: "files and sound as parts", exports: ["core_partForm", "core_audioInput"], names: "{ contentPart }", from: "openrouter-wasm" },
  { what: "signing in", exports: ["oauthBegin", "oauthComplete"], names: "*", from: "openrouter-wasm/oauth" },
  { what: "sessions of the proxy", exports: [], names: "*", from: "openrouter-wasm/session" },
  { what: "comparing models", exports: ["core_tokensPerSecond"], names: "*", from: "openrouter-wasm/compare" },
];

const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;
const sum = (numbers) => [...numbers].reduce((all, number) => all + number, 0);

/** Cuts a whole into whole numbers in proportion to the weights: they add up to it exactly. */
export function shares(whole, weights) {
  const exact = weights.map((weight) => (weight / sum(weights)) * whole);
  const cut = exact.map(Math.floor);
  // What is missing goes to those that lost the most, one each.
  const byLoss = exact.map((_, index) => index).sort((a, b) => exact[b] - cut[b] - (exact[a] - cut[a]));
  for (const index of byLoss.slice(0, whole - sum(cut))) cut[index]++;
  return cut;
}

/** The part of a bundle that is none of the package. */
const PAGE = "the page that was measured, and the bundler";

/** What the compiler adds without being asked. */
const BUILT_IN = /^(?:mem(?:cmp|cpy|move|set)|__multi3)$/;

/**
 * Whose a function is, by its name: a module of ours (`{module}`) or a crate (`{crate}`). A generic function of another
 * crate is ours if it was made for a closure or, if there is none, for a type of ours.
 */
export function ownerOf(name) {
  if (name === undefined) return { crate: "wasm-opt" }; // it makes one out of functions that are alike
  const plain = name.replace(/\[[0-9a-f]+\]/g, "");
  const own = /^<*openrouter_wasm::(\w+)/.exec(plain);
  const closure = /openrouter_wasm::(\w+)(?:(?!::<|, ).)*\{closure/.exec(plain);
  const module = (own ?? closure ?? /openrouter_wasm::(\w+)/.exec(plain))?.[1];
  if (module) return { module };
  // Exports have their JavaScript name.
  if (!plain.includes("::")) return { crate: BUILT_IN.test(plain) ? "core, alloc" : "wasm-bindgen" };
  const crate = /^<*(talc|memchr|wasm_bindgen)::/.exec(plain)?.[1];
  return { crate: crate?.replace("_", "-") ?? "core, alloc" };
}

/** The code by owner, ours first, the largest first: `{part, what, raw}`. */
function codeByOwner(bytes) {
  const partOf = (module) => Object.keys(MODULES).find((part) => part.split(", ").includes(module)) ?? module;
  const rows = new Map();
  for (const { name, size } of functions(bytes)) {
    const { module, crate } = ownerOf(name);
    const part = crate ?? partOf(module);
    const row = rows.get(part) ?? { part, what: MODULES[part], isOurs: module !== undefined, raw: 0 };
    row.raw += size;
    rows.set(part, row);
  }
  return [...rows.values()].sort((a, b) => b.isOurs - a.isOurs || b.raw - a.raw);
}

/** The rows of the wasm. Code, each kind of data, and the rest are compressed by themselves to weigh them. */
function rowsOfWasm(shipped) {
  const withNames = readFileSync(named);
  if (!withoutNames(withNames).equals(shipped)) throw new Failure("the named copy is of another build: remove target/build-stamps/package");
  const functionBytes = code(shipped);
  const data = Buffer.concat(dataSegments(shipped).map(({ offset, size }) => shipped.subarray(offset, offset + size)));
  const schema = readFileSync(join(root, "src/request.schema"));
  const at = data.indexOf(schema);
  if (at < 0) throw new Failure("the wasm has no request.schema in one piece");
  const texts = Buffer.concat([data.subarray(0, at), data.subarray(at + schema.length)]);

  const density = gzip(functionBytes) / functionBytes.length;
  const rows = codeByOwner(withNames).map((row) => ({ ...row, weight: row.raw * density }));
  const rest = shipped.length - data.length - sum(rows.map(({ raw }) => raw));
  rows.push(
    { part: "request.schema", what: "the table for the check of requests", raw: schema.length, weight: gzip(schema) },
    { part: "other data", what: "texts of errors, names of fields", raw: texts.length, weight: gzip(texts) },
    { part: "other sections", what: "types, exports", raw: rest, weight: rest * density },
  );
  return divided(gzip(shipped), rows);
}

function rowsOfJavaScript(file, sources) {
  const bytes = readFileSync(file);
  const raws = new Map();
  const add = (part, raw) => raws.set(part, (raws.get(part) ?? 0) + raw);
  const shown = (path) => {
    if (path.endsWith("/dist/wasm/openrouter.js")) return "wasm-bindgen's glue";
    const [, own] = /\/(src\/browser\/\w+\.js)$/.exec(path) ?? [];
    const [, entry] = /\/openrouter-wasm\/dist\/(\w+\.js)$/.exec(path) ?? [];
    return own ?? (entry ? `npm/src/${entry}` : PAGE);
  };
  for (const [path, raw] of sources) add(shown(path), raw);
  add(PAGE, bytes.length - sum(raws.values()));
  const rows = [...raws].filter(([, raw]) => raw > 0).sort((a, b) => b[1] - a[1]);
  return divided(gzip(bytes), rows.map(([part, raw]) => ({ part, raw, weight: raw })));
}

function divided(whole, weighed) {
  const gzips = shares(whole, weighed.map(({ weight }) => weight));
  return weighed.map(({ part, what, raw }, index) => ({ part, what, raw, gzip: gzips[index] }));
}

/** What each feature adds: the wasm is optimised again without its exports, the bundle made again with its import. */
async function features(shipped, packages, out) {
  const env = wasmEnvironment();
  const scripts = async (name, also = "") => {
    const module = join(out, `${name}.js`);
    writeFileSync(module, `export { default } from ${JSON.stringify(join(import.meta.dirname, "contenders/ours.js"))};\n${also}`);
    const [first] = await bundle(module, packages, join(out, name));
    return gzip(readFileSync(first));
  };
  const alone = await scripts("alone");
  const found = [];
  for (const [index, { what, exports, names, from }] of FEATURES.entries()) {
    const [cut, smaller] = ["cut", "smaller"].map((name) => join(out, `${name}-${index}.wasm`));
    leaveOut(linked, cut, exports);
    await optimise(cut, smaller, env);
    found.push({
      what,
      wasm: gzip(shipped) - gzip(withoutNames(readFileSync(smaller))),
      ...(from && { javascript: (await scripts(`with-${index}`, `export ${names} from "${from}";\n`)) - alone }),
    });
  }
  return found.sort((a, b) => b.wasm - a.wasm);
}

function leaveOut(from, to, exports) {
  const module = binaryen.readBinary(readFileSync(from));
  for (const name of exports) {
    if (!module.getExport(name)) throw new Failure(`the wasm has no export ${name}: see FEATURES`);
    module.removeExport(name);
  }
  binaryen.setDebugInfo(true);
  writeFileSync(to, module.emitBinary());
  module.dispose();
}

/** @returns {Promise<{rows: {part: string, what: string, raw: number, gzip: number}[], features: object[]}>} */
export async function parts() {
  const folder = join(root, "pkg");
  const out = mkdtempSync(join(tmpdir(), "openrouter-parts-"));
  try {
    const packages = copyOfPackage(out, folder);
    const shipped = readFileSync(join(folder, "dist/wasm/openrouter_bg.wasm"));
    const slim = join(out, "slim");
    const sources = await sourcesOf("ours-slim.js", packages, slim);
    const rows = [...rowsOfWasm(shipped), ...rowsOfJavaScript(join(slim, "main.mjs"), sources)];
    return { rows, features: await features(shipped, packages, out) };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main("parts", async () => {
    await build(["package"]);
    console.log(section("parts", { parts: await parts() }));
  });
}
