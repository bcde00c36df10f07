// What the functions are called that a stack of the Worker's log has as numbers, by the build that is there.
//
//   node scripts/names.mjs 122 150      of `wasm-function[122]` and `wasm-function[150]`
import { readFileSync } from "node:fs";
import { workerNamed } from "./build.mjs";
import { functionNames } from "./wasm.mjs";

const names = functionNames(readFileSync(workerNamed));
for (const number of process.argv.slice(2)) console.log(`${number} ${names.get(Number(number)) ?? "?"}`);
