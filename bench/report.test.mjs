import assert from "node:assert/strict";
import { test } from "node:test";
import { section, targets } from "./report.mjs";

const grown = (wasm, heap = 0) => ({
  memory: {
    node: {
      garbage: {},
      longStream: { ours: [{ text: 500_000, wasm: 2_000_000, heap: 0 }, { text: 4_500_000, wasm: 2_000_000 + wasm, heap }] },
      endings: {},
    },
  },
});
const target = (results, what) => targets(results).find((found) => found.what.includes(what));

test("wasm may grow by the text of the answer, and by less than 900 kB beside it", () => {
  const found = target(grown(4_899_000), "growth of wasm");
  assert.equal(found.what, "Node: growth of wasm beyond the text's 4,000 kB from 100,000 to 1,000,000 events, kB");
  assert.deepEqual([found.found, found.isMet], ["899", true]);
  assert.equal(target(grown(4_900_000), "growth of wasm").isMet, false);
});

test("the heap keeps no text and may grow by less than 900 kB", () => {
  assert.equal(target(grown(0, 899_000), "growth of heap").isMet, true);
  assert.equal(target(grown(0, 900_000), "growth of heap").isMet, false);
});

test("the table of parts ends with their sums", () => {
  const rows = [
    { part: "sse", what: "server-sent events", raw: 3000, gzip: 1000 },
    { part: "glue", raw: 10, gzip: 5 },
  ];
  const shown = section("parts", { parts: { rows, features: [{ what: "signing in", wasm: 2000, javascript: 700 }, { what: "tools", wasm: 30 }] } });
  assert.match(shown, /\| sse: server-sent events \| +3,000 \| +1,000 \|/);
  assert.match(shown, /\| glue +\| +10 \| +5 \|\n\| all +\| +3,010 \| +1,005 \|/);
  assert.match(shown, /\| signing in +\| +2,000 \| +700 \|\n\| tools +\| +30 \| +– \|/);
});
