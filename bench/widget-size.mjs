// What a page loads for `<openrouter-chat>`, with gzip, each file by itself, as a server sends it; the client and its wasm
// aside. `node bench/widget-size.mjs` prints it, and writes it into docs/widget.md.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "../scripts/toolchain.mjs";
import { fill, table } from "./report.mjs";

/** When each file is loaded; the first three are a text chat in which the picker is opened. */
const WHEN = {
  define: "the chat is on the page",
  chunk: "with it",
  picker: "the picker is opened",
  shelf: "it is filtered, has favourites, or compares",
  comparison: "models stand side by side",
  costs: "somebody asks what a chat cost, or it is long",
  colours: "an answer has code in a known language",
  views: "an answer has tools or images, a question files",
  tools: "the page has tools",
  attachments: "files are chosen, pasted or dropped",
  keeping: "conversations are kept",
  conversations: "their list is opened",
  errors: "something went wrong",
  offline: "the chat has the focus first, to know when it is offline",
  editing: "a question is edited",
  copied: "something was copied",
  popup: "it is a popup",
  keyboard: "it is written to by a keyboard on the screen",
};

const nameOf = (file) => file.replace(/-\w+\.js$|\.js$/, "");

/** Bytes by file: `first` is the chat with its picker, `later` what comes when it is needed. */
export function widgetSizes(folder = join(root, "pkg", "dist", "widget")) {
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "index.js");
  const loaded = new Set();
  const load = (name) => {
    if (!scripts.includes(name) || loaded.has(name)) return;
    loaded.add(name);
    for (const [, other] of readFileSync(join(folder, name), "utf8").matchAll(/(?:from|import)"\.\/([^"]+)"/g)) load(other);
  };
  load("define.js");
  load(scripts.find((name) => nameOf(name) === "picker"));
  if (loaded.size < 3) throw new Error("the widget's files have other names now: see bench/widget-size.mjs");
  const unknown = scripts.map(nameOf).find((name) => !(name in WHEN));
  if (unknown) throw new Error(`nobody says when ${unknown} is loaded: see bench/widget-size.mjs`);
  const sizes = (files) => {
    const bytes = {};
    // What several share may be in chunks of its own.
    for (const file of files) bytes[nameOf(file)] = (bytes[nameOf(file)] ?? 0) + gzipSync(readFileSync(join(folder, file)), { level: 9 }).length;
    return bytes;
  };
  const first = sizes([...loaded]);
  return { first, later: sizes(scripts.filter((name) => !loaded.has(name))), total: Object.values(first).reduce((sum, bytes) => sum + bytes, 0) };
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  const { first, later, total } = widgetSizes();
  const bytes = { ...first, ...later };
  const rows = Object.entries(WHEN).flatMap(([name, when]) => (name in bytes ? [[when, `\`${name}\``, bytes[name].toLocaleString("en")]] : []));
  const written = table(["loaded when", "file", "bytes, gzip"], [...rows, ["a text chat with the picker opened", Object.keys(first).join(" + "), total.toLocaleString("en")]]);
  console.log(written);
  fill(join(root, "docs", "widget.md"), "sizes", written);
}
