import assert from "node:assert/strict";
import { test } from "node:test";
import { code, dataSegments, functions, withoutNames } from "../scripts/wasm.mjs";
import { ownerOf, shares } from "./parts.mjs";

test("shares add up to the whole, and what rounding takes goes to those that lost the most", () => {
  assert.deepEqual(shares(10, [1, 1, 1]), [4, 3, 3]);
  assert.deepEqual(shares(7, [50, 30, 20]), [4, 2, 1]);
  assert.deepEqual(shares(3, [0, 5]), [0, 3]);
});

for (const [name, owner] of [
  ["<openrouter_wasm[278e55a33ff8d448]::chat::Reading as openrouter_wasm[278e55a33ff8d448]::sse::Events>::event", { module: "chat" }],
  ["openrouter_wasm[278e55a33ff8d448]::schema::check::{closure#0}", { module: "schema" }],
  // A generic function of core: its closure says more than the values that it goes over.
  ["<core[c5930c85a12de822]::slice::iter::Iter<openrouter_wasm[2]::json::Value> as core::iter::Iterator>::any::<openrouter_wasm[2]::legacy::modernise::{closure#1}>", { module: "legacy" }],
  ["openrouter_wasm[2]::json::each::<openrouter_wasm[2]::chat::find_error::{closure#0}>", { module: "json" }],
  ["core::ptr::drop_in_place::<openrouter_wasm[2]::error::Error>", { module: "error" }],
  ["wasm_bindgen::__rt::maybe_catch_unwind::<<openrouter_wasm[2]::browser::Core>::ask::{closure#0}, alloc::string::String>", { module: "browser" }],
  ["wasm_bindgen::__rt::throw_null", { crate: "wasm-bindgen" }],
  ["core_ask", { crate: "wasm-bindgen" }],
  ["core_ask multivalue shim", { crate: "wasm-bindgen" }],
  ["memcmp", { crate: "core, alloc" }],
  ["<str>::trim_ascii", { crate: "core, alloc" }],
  ["core[c5930c85a12de822]::slice::memchr::memrchr", { crate: "core, alloc" }],
  ["memchr::memchr::memchr2::h73a6e965048262b0", { crate: "memchr" }],
  ["<talc::base::Talc<talc::wasm::WasmGrowAndExtend, talc::wasm::WasmBinning>>::claim", { crate: "talc" }],
  [undefined, { crate: "wasm-opt" }],
]) {
  test(`${name ?? "a function without a name"} belongs to ${owner.module ?? owner.crate}`, () => {
    assert.deepEqual(ownerOf(name), owner);
  });
}

const text = (string) => [string.length, ...Buffer.from(string)];
const section = (id, content) => [id, content.length, ...content];
const HEAD = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Imports a memory with a maximum and one function; has the functions `first` and, without a name, another one. */
const parts = {
  types: section(1, [1, 0x60, 0, 0]),
  imports: section(2, [2, ...text("m"), ...text("memory"), 2, 1, 1, 3, ...text("m"), ...text("imported"), 0, 0]),
  functions: section(3, [2, 0, 0]),
  code: section(10, [2, 2, 0, 0x0b, 3, 0, 0x01, 0x0b]),
  data: section(11, [1, 0, 0x41, 16, 0x0b, ...text("abc")]),
  names: section(0, [...text("name"), 1, 18, 2, 0, ...text("imported"), 1, ...text("first")]),
  producers: section(0, text("producers")),
};
const whole = Buffer.from([...HEAD, ...Object.values(parts).flat()]);

test("the module that is read here is one", () => {
  assert.ok(WebAssembly.validate(whole));
});

test("functions have the names that count imported ones first, and the size with their head", () => {
  assert.deepEqual(functions(whole), [{ name: "first", size: 3 }, { name: undefined, size: 4 }]);
});

test("code and data are found where they are", () => {
  assert.deepEqual([...code(whole)], parts.code.slice(2));
  const [{ start, size, offset }] = dataSegments(whole);
  assert.equal(start, 16);
  assert.equal(whole.toString("latin1", offset, offset + size), "abc");
});

test("a module without its names is the same module otherwise", () => {
  const { names: _, ...others } = parts;
  assert.deepEqual(withoutNames(whole), Buffer.from([...HEAD, ...Object.values(others).flat()]));
});
