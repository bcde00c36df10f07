import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import type { OpenRouterErrorCode } from "openrouter-wasm";
import { Conversation } from "../src/conversation.ts";
import { explain, isRefusal } from "../src/errors.ts";
import { cost, price, tokenCount, wait } from "../src/format.ts";

const types = readFileSync(new URL("../../src/browser/types.d.ts", import.meta.url), "utf8");
const union = types.slice(types.indexOf("type OpenRouterErrorCode"), types.indexOf("interface OpenRouterErrorProperties"));
const codes = [...union.matchAll(/\| "(\w+)"/g)].map(([, code]) => code as OpenRouterErrorCode);
const circumstances = { model: "a/b", isOffline: false };

test("every error code has its own words and a way on", () => {
  assert.ok(codes.length >= 20);
  const titles = codes.map((code) => explain({ code }, circumstances).title);
  assert.equal(new Set(titles).size, codes.length);
  for (const code of codes) assert.ok(explain({ code }, circumstances).remedies.length > 0, code);
});

test("a code from the future is explained, too", () => {
  for (const code of ["brand_new", "toString"]) {
    assert.match(explain({ code: code as OpenRouterErrorCode }, circumstances).title, /stopped with an error/);
  }
});

test("a rate limit says how long to wait", () => {
  assert.match(explain({ code: "rate_limited", retryAfter: 7 }, circumstances).advice, /in 7 s/);
});

test("without a connection the network error says so", () => {
  assert.match(explain({ code: "network" }, { ...circumstances, isOffline: true }).title, /offline/);
});

test("refused questions are not sent again", () => {
  const conversation = new Conversation();
  const refused = conversation.add("refused");
  refused.isRefused = isRefusal({ code: "content_refused" });
  const answered = conversation.add("first");
  answered.answer = { role: "assistant", content: "answer", reasoning_details: [{ type: "reasoning.text", text: "t" }] };
  const last = conversation.add("second");
  assert.deepEqual(conversation.messagesUntil(last), [
    { role: "user", content: "first" },
    answered.answer,
    { role: "user", content: "second" },
  ]);
  assert.deepEqual(conversation.messagesUntil(refused), [{ role: "user", content: "refused" }]);
});

test("numbers are written as people read them", () => {
  assert.deepEqual([8192, 131_072, 400_000, 999_999, 1_047_576, 2_500_000].map(tokenCount), ["8K", "131K", "400K", "1M", "1M", "2.5M"]);
  assert.deepEqual(["0.4", "15", "0.0229", "0.05"].map(price), ["$0.40", "$15.00", "$0.0229", "$0.05"]);
  assert.deepEqual([0, 0.00012, 0.0273, 0.5, 12.345].map(cost), ["$0", "$0.00012", "$0.027", "$0.50", "$12.35"]);
  assert.deepEqual([0.2, 7, 90, 91, 1800].map((seconds) => wait(seconds)), ["in 1 s", "in 7 s", "in 90 s", "in 2 min", "in 30 min"]);
});
