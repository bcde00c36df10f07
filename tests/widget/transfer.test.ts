import assert from "node:assert/strict";
import test from "node:test";
import type { SavedConversation } from "../../npm/src/widget/index.d.ts";
import { fromJSON, toJSON } from "../../npm/src/widget/transfer.ts";
import { Words } from "../../npm/src/widget/words.ts";

const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, cost: 0.5, prompt_tokens_details: { cached_tokens: 1 }, completion_tokens_details: null };
const answer = {
  id: "a", role: "assistant", createdAt: 2, messages: [{ role: "assistant", content: "So" }], parts: [{ type: "text", text: "So" }], sources: [], state: "done", children: [], shown: 0,
  model: "the/model", provider: "Somebody", usage, usedBefore: usage, finishReason: "stop", firstTokenMs: 5, totalMs: 6, tokensPerSecond: 7.5,
};
const question = {
  id: "q", role: "user", createdAt: 1, messages: [{ role: "user", content: "How?" }], parts: [{ type: "text", text: "How?" }], sources: [], state: "done", children: [answer], shown: 0,
  forgets: 4,
};
const conversation = (entries: unknown[] = [question]): SavedConversation => ({
  version: 1, id: "c", title: "How", createdAt: 1, updatedAt: 2, revision: 3, text: "how?", thread: { version: 1, id: "c", shown: 0, entries },
});

test("what of a conversation is no longer sent, and what its answers took, comes back from a file", () => {
  const [back] = fromJSON(toJSON([conversation()]), new Words());
  assert.deepEqual(JSON.parse(JSON.stringify(back!.thread)), conversation().thread);
});

test("fields for requests are not taken: a file is not the page", () => {
  const [back] = fromJSON(toJSON([conversation([{ ...question, request: { plugins: [{ id: "web" }] } }])]), new Words());
  assert.deepEqual(JSON.parse(JSON.stringify(back!.thread)), conversation().thread);
});

test("what was used is a number, or the file is refused", () => {
  for (const [name, value] of Object.entries({ cost: "1e9", prompt_tokens: {}, completion_tokens: -1 })) {
    const wrong = conversation([{ ...question, children: [{ ...answer, usage: { ...usage, [name]: value } }] }]);
    assert.throws(() => fromJSON(toJSON([wrong]), new Words()), new RegExp(`children\\[0\\]\\.usage\\.${name} is`));
  }
});

test("all of what is wrong with a file is said in the reader's language", () => {
  const german = new Words({
    importWrong: "{place} ist {found}, erwartet {expected}", importFile: "die Datei", importMissing: "nicht da",
    importObject: "ein Objekt", importList: "eine Liste", importText: "ein Text", importNumber: "eine Zahl", importId: "eine Kennung",
  });
  const cases: [unknown, string][] = [
    [[], "die Datei ist eine Liste, erwartet ein Objekt"],
    [{ version: 1, format: "openrouter-chat" }, "conversations ist nicht da, erwartet eine Liste"],
    [{ version: 1, shown: {}, entries: [] }, "thread.shown ist ein Objekt, erwartet eine Zahl"],
    [{ version: 1, id: 1, shown: 0, entries: [] }, "thread.id ist 1, erwartet ein Text"],
    [{ version: 1, id: "a/b", shown: 0, entries: [] }, "thread.id ist a/b, erwartet eine Kennung"],
  ];
  for (const [given, message] of cases) assert.throws(() => fromJSON(JSON.stringify(given), german), { message });
});
