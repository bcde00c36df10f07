// Imports modules where there is nothing but the language, and prints what they look for beside it, what they leave
// behind, and which of them wait. Needs node --experimental-vm-modules.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import vm from "node:vm";

const language = vm.runInContext("globalThis", vm.createContext());

/** What they may expect everywhere. */
const given = { TextDecoder, TextEncoder, ReadableStream };

const looked = new Set();
const left = new Set();
const isForeign = (name) => typeof name === "string" && !(name in language);
/** Symbols are Node's. */
const leave = (name) => typeof name !== "string" || Boolean(left.add(name));
const context = vm.createContext(
  new Proxy(
    {},
    {
      get(_, name) {
        if (isForeign(name)) looked.add(name);
        return name === "globalThis" ? own : (given[name] ?? language[name]);
      },
      set: (_, name) => leave(name),
      defineProperty: (_, name) => leave(name),
    },
  ),
);

const own = vm.runInContext("this", context);

const modules = new Map();

function load(path) {
  if (modules.has(path)) return modules.get(path);
  const wasm = () => new vm.SyntheticModule(["default"], () => {}, { context });
  const module = /\.wasm(\?module)?$/.test(path) ? wasm() : new vm.SourceTextModule(readFileSync(path, "utf8"), { context, identifier: path });
  modules.set(path, module);
  return module;
}

for (const path of process.argv.slice(2)) {
  const module = load(resolve(path));
  if (module.status === "unlinked") await module.link((specifier, { identifier }) => load(resolve(identifier, "..", specifier)));
  await module.evaluate();
}
const waiting = [...modules].filter(([, module]) => module.hasTopLevelAwait?.()).map(([path]) => path);
console.log(JSON.stringify({ looked: [...looked].sort(), left: [...left], waiting, modules: modules.size }));
