// Takes out of a module what no run of it can need: what a panic would say. A panic is a RuntimeError in JavaScript: its
// text, and the places that it would name (paths of the machine that compiled), are 5 kB with gzip of the package and 10 of
// the Worker. Where it was, its stack tells by numbers of functions, and scripts/names.mjs what they are called.
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";
import { dataSegments } from "./wasm.mjs";

/** Ends of the program, and what only they use: nothing of ours formats a value for people. */
const UNREACHABLE =
  /panic|unwrap_failed|expect_failed|handle_alloc_error|handle_error|capacity_overflow|slice_(?:index|error)_fail|fmt::Debug>::fmt|fmt::Formatter>::pad|fmt::Write>::write_char/;

const PATH = /^[ -~]+\.rs$/;

/** Reads a module that has names and writes a smaller one, with them; how many functions it could do without. */
export function trimPanics(from, to) {
  const module = binaryen.readBinary(readFileSync(from));
  let count = 0;
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const reference = module.getFunctionByIndex(index);
    const { name, module: imported } = binaryen.getFunctionInfo(reference);
    if (imported || !UNREACHABLE.test(name)) continue;
    new binaryen.Function(reference).body = module.unreachable();
    count++;
  }
  binaryen.setDebugInfo(true);
  const bytes = Buffer.from(module.emitBinary());
  module.dispose();
  blankPlaces(bytes);
  writeFileSync(to, bytes);
  return count;
}

/** Blanks each `core::panic::Location` (address and length of a path, line, column) and its path. */
function blankPlaces(bytes) {
  const segments = dataSegments(bytes);
  const at = (address) => {
    const segment = segments.find(({ start, size }) => address >= start && address < start + size);
    return segment && address - segment.start + segment.offset;
  };
  const blank = [];
  for (const { offset, size } of segments) {
    for (let place = offset; place + 16 <= offset + size; place += 4) {
      const [address, length, line, column] = [0, 4, 8, 12].map((field) => bytes.readUInt32LE(place + field));
      const path = length > 3 && length < 300 && line > 0 && line < 50_000 && column < 1000 ? at(address) : undefined;
      if (path === undefined || !PATH.test(bytes.toString("latin1", path, path + length))) continue;
      blank.push([place, 16], [path, length]);
    }
  }
  for (const [start, length] of blank) bytes.fill(0, start, start + length);
}
