// How the widget writes numbers and times.
import assert from "node:assert/strict";
import test from "node:test";
import { wait } from "../../npm/src/widget/waiting.ts";
import { Words } from "../../npm/src/widget/words.ts";

const words = new Words({}, "en");

test("numbers are written as people read them", () => {
  assert.deepEqual([8192, 131_072, 400_000, 1_047_576, 2_500_000].map((count) => words.tokens(count)), ["8.19K", "131K", "400K", "1.05M", "2.5M"]);
  assert.deepEqual([0, 0.00012, 0.0273, 0.5, 12.345].map((amount) => words.dollars(amount)), ["$0.00", "$0.00012", "$0.027", "$0.50", "$12.35"]);
});

test("a language has as many forms of a number as it has", () => {
  const polish = new Words({ modelCount: { one: "{count} model", few: "{count} modele", many: "{count} modeli", other: "{count} modelu" } }, "pl");
  assert.deepEqual([1, 3, 5].map((count) => polish.say("modelCount", { count })), ["1 model", "3 modele", "5 modeli"]);
  const short = new Words({ modelCount: { other: "{count} Modelle" } }, "de");
  assert.equal(short.say("modelCount", { count: 1 }), "1 Modelle");
});

test("a wait is told in seconds, in minutes, or by the clock", () => {
  assert.deepEqual([0.2, 7, 90, 91, 1800].map((seconds) => wait(words, seconds)), ["in 1 s", "in 7 s", "in 90 s", "in 2 min", "in 30 min"]);
  assert.match(wait(words, 6 * 3600), /^at \d\d:\d\d/);
  assert.match(wait(words, 12 * 24 * 3600), /^at \w{3} \d+, \d\d:\d\d/, "in twelve days that is not today");
});
