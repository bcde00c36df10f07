import assert from "node:assert/strict";
import test from "node:test";
import { idsOf, merge } from "../../npm/src/widget/merge.ts";
import type { SavedEntry, SavedThread } from "../../npm/src/widget/thread.ts";

let now = 0;
const entry = (id: string, children: SavedEntry[] = [], own: Partial<SavedEntry> = {}): SavedEntry => ({
  id, role: "user", createdAt: ++now, messages: [], parts: [{ type: "text", text: id }], sources: [], state: "done", children, shown: Math.max(0, children.length - 1), ...own,
});
const thread = (entries: SavedEntry[], shown = 0): SavedThread => ({ version: 1, id: "t", shown, entries });
const ids = (merged: SavedThread) => [...idsOf(merged)].sort().join("");

test("what is new on either side is there, in the order of its time, and my branch is the one that is shown", () => {
  const [a, b, c] = [entry("a"), entry("b"), entry("c")];
  const merged = merge(thread([{ ...a, children: [c] }]), thread([{ ...a, children: [b] }]), new Set("a"));
  assert.deepEqual(merged.entries[0]!.children.map(({ id }) => id), ["b", "c"]);
  assert.equal(merged.entries[0]!.shown, 1);
});

test("what one has removed is gone, unless the other has gone on from it", () => {
  const mine = thread([entry("a")]);
  assert.equal(ids(merge(mine, thread([entry("a", [entry("b")])]), new Set("ab"))), "a");
  assert.equal(ids(merge(mine, thread([entry("a", [entry("b", [entry("c")])])]), new Set("ab"))), "abc");
  assert.equal(ids(merge(thread([entry("a", [entry("b")])]), thread([entry("a")]), new Set("ab"))), "a");
});

test("of an answer that was kept while it came, the later version stays", () => {
  const [half, whole] = [entry("a", [], { state: "stopped", totalMs: 5 }), entry("a", [], { state: "done", totalMs: 3 })];
  for (const merged of [merge(thread([half]), thread([whole]), new Set("a")), merge(thread([whole]), thread([half]), new Set("a"))]) {
    assert.equal(merged.entries[0]!.state, "done");
  }
  const further = entry("a", [], { state: "stopped", totalMs: 9 });
  assert.equal(merge(thread([half]), thread([further]), new Set("a")).entries[0]!.totalMs, 9);
});
