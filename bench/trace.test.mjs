import assert from "node:assert/strict";
import { test } from "node:test";
import { tasksOf } from "./trace.mjs";

const event = (name, ts, dur, more = {}) => ({ name, ph: "X", pid: 1, tid: 2, ts: ts * 1000, dur: dur * 1000, ...more });
const mark = event("bench", 10, 0, { ph: "R" });

test("a task is what it is made of: what is inside of another kind is taken from it", () => {
  const [task] = tasksOf([mark, event("RunTask", 20, 60, { tdur: 50_000 }), event("FunctionCall", 21, 30), event("v8.callFunction", 22, 20), event("Layout", 25, 10), event("MinorGC", 60, 5)]);
  assert.deepEqual(task, { ms: 60, cpu: 50, script: 20, layout: 10, paint: 0, collection: 5 });
});

test("other threads, what was before the mark, and what is in no task are left out", () => {
  const tasks = tasksOf([mark, event("RunTask", 1, 5), event("RunTask", 20, 5), event("FunctionCall", 30, 5), event("RunTask", 40, 5, { tid: 3 }), event("RunTask", 50, 2)]);
  assert.deepEqual(tasks.map(({ ms, script }) => [ms, script]), [[5, 0], [2, 0]]);
});

test("without the page's mark nobody knows whose tasks they are", () => {
  assert.throws(() => tasksOf([event("RunTask", 1, 5)]), /no mark/);
});
