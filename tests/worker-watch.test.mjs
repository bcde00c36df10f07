// What notices a panic of the Worker's module: nothing that is deployed panics on request, so a module of a few bytes does.
import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { health, watched } from "../worker/src/js/watch.js";

const text = `(module
  (import "outer" "fail" (func $fail))
  (memory (export "memory") 1)
  (func (export "works") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func (export "fails") (call $fail))
  (func (export "panics") (unreachable)))`;

test("a panic is noticed and goes on; an exception of JavaScript's goes on only", (context) => {
  const logged = context.mock.method(console, "error", () => {});
  const error = new Error("from outside");
  const fail = () => {
    throw error;
  };
  const module = new WebAssembly.Module(binaryen.parseText(text).emitBinary());
  const exports = watched(new WebAssembly.Instance(module, { outer: { fail } }).exports);
  assert.equal(exports.memory.buffer.byteLength, 65_536);
  assert.equal(exports.works(5, 3), 2);
  assert.throws(exports.fails, error);
  assert.equal(health.isBroken, false);
  assert.throws(exports.panics, WebAssembly.RuntimeError);
  assert.equal(health.isBroken, true);
  assert.throws(exports.panics, WebAssembly.RuntimeError);
  assert.equal(logged.mock.callCount(), 1, "told once for each module");
});
