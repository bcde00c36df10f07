import assert from "node:assert/strict";
import { test } from "node:test";
import { estimate, median, speed } from "./statistics.mjs";

const upTo = (n) => Array.from({ length: n }, (_, index) => index + 1);

test("the median of an even number of values lies between the middle ones", () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([3, 1, 2]), 2);
});

// Ranks from a table of the sign test's confidence intervals.
for (const [n, low, high] of [[6, 1, 6], [10, 2, 9], [20, 6, 15], [24, 7, 18], [30, 10, 21]]) {
  test(`the interval of ${n} values reaches from the ${low}. to the ${high}.`, () => {
    assert.deepEqual(estimate(upTo(n).reverse()), { median: (n + 1) / 2, low, high });
  });
}

test("of too few values the interval is all of them", () => {
  assert.deepEqual(estimate([2, 1, 3]), { median: 2, low: 1, high: 3 });
});

test("speed is compared within each round", () => {
  assert.equal(speed([10, 100, 20], [5, 50, 10]).median, 2);
  assert.equal(speed([10, 100, 20], [5, 50, 10]).low, 2);
});
