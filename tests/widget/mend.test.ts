// How Markdown is shown whose end has not come.
import assert from "node:assert/strict";
import test from "node:test";
import { mended } from "../../npm/src/widget/mend.ts";
import { GROWING, HOSTILE } from "./corpus.js";

const TAILS: Record<string, string> = {
  // Closed, in the right order.
  "**bo": "**bo**",
  "**bo*": "**bo**",
  "**bo ": "**bo**",
  "***bo": "***bo***",
  "***bo**": "***bo***",
  "**a *b": "**a *b***",
  "*a **b": "*a **b***",
  "**a** *b": "**a** *b*",
  "__a _b": "__a _b___",
  "~~de": "~~de~~",
  "~~de~": "~~de~~",
  "(**a": "(**a**",
  "中文**粗": "中文**粗**",
  "`co": "`co`",
  "``co`": "``co``",
  "`` a ` b": "`` a ` b``",
  "**a `co": "**a `co`**",
  "`a` **b": "`a` **b**",
  "[a](b 'c') x **y": "[a](b 'c') x **y**",
  "**[a](https://b) c": "**[a](https://b) c**",
  // Only begun.
  "a *": "a",
  "a **": "a",
  "a _": "a",
  "a ~~": "a",
  "a `": "a",
  "a\n``": "a",
  "**`": "",
  "a\\": "a",
  "**a\\": "**a**",
  // A link is its text alone until its address is whole, and an image nothing.
  "[te": "te",
  "[te **xt": "te **xt**",
  "[text]": "text",
  "[text](": "text",
  "[text](htt": "text",
  "[text](https://a.example/b(c)": "text",
  "[text](<https://a.example/b c": "text",
  "[text](https://a.example 'ti": "text",
  "[text][re": "text",
  "**[](htt": "",
  "**[text](htt": "**text**",
  "[text](https://a.example)": "[text](https://a.example)",
  "a !": "a",
  "a!": "a!",
  "a ![": "a",
  "a ![alt": "a",
  "a ![alt]": "a",
  "a ![al **t](htt": "a",
  "[![alt](htt": "",
  "[![alt](https://a.example/b.png)](htt": "![alt](https://a.example/b.png)",
  "https://exam": "https\\://exam",
  "**www.exam": "**www\\.exam**",
  "a@exam": "a\\@exam",
  "https://a.example ": "https://a.example",
  // A task or a table, maybe.
  "[": "",
  "[x]": "",
  "| a | **b": "",
  "| a | b |\n|--": "",
  "|a| b": "|a| b",
  "| a\nb": "| a\nb",
  // What is no mark stays as it is.
  "2 * 3": "2 * 3",
  "2 * ": "2 *",
  "x**2": "x**2",
  "2*3*4": "2*3*4",
  "f(x)*2": "f(x)*2",
  "snake_case_": "snake_case_",
  "$5 or $x_1 * y_2$": "$5 or $x_1 * y_2$",
  "~5 to ~6": "~5 to ~6",
  "a[0": "a[0",
  "a[0]": "a[0]",
  "[ 0, 1": "[ 0, 1",
  "[^1": "[^1",
  "[a](b c d": "[a](b c d",
  "\\*a \\[b \\`c": "\\*a \\[b \\`c",
  "`**a` b": "`**a` b",
  "`[a](b` c": "`[a](b` c",
  "**a** _b_ ~~c~~ `d`": "**a** _b_ ~~c~~ `d`",
  "": "",
};

for (const [tail, shown] of Object.entries(TAILS)) {
  test(`${JSON.stringify(tail)} is shown as ${JSON.stringify(shown)}`, () => assert.equal(mended(tail), shown));
}

test("what is complete stays as it is", () => {
  for (const block of GROWING.split("\n\n")) if (!/^[-|`]/.test(block)) assert.equal(mended(`${block} end`), `${block} end`);
});

// In ms: what has to go back for each letter takes minutes of this.
test("128 KB are looked at once, whatever is in them", { timeout: 60_000 }, () => {
  const more = { addresses: "[a](b \"", titles: "](a 'b'", closed: "`a` ``b`` ", pairs: "**a** [b](c) ", opened: "a] ![b](c ", marks: "*a_b~~" };
  for (const text of [...Object.values(HOSTILE), ...Object.values(more)]) {
    const long = text.repeat(Math.ceil(2 ** 17 / text.length)).slice(0, 2 ** 17);
    assert.ok(mended(long).length < 2 * long.length);
  }
});
