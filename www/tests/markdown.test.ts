import assert from "node:assert/strict";
import test from "node:test";
import { FakeElement } from "./document.ts";
import { MarkdownView } from "../src/markdown.ts";

let frames: (() => void)[] = [];
/** The page's clock, in ms. It stands still, so that no frame is left out, unless a test moves it. */
let now = 0;
Object.assign(globalThis, {
  performance: { now: () => now },
  requestAnimationFrame: (callback: () => void) => frames.push(callback),
  cancelAnimationFrame: () => (frames = []),
});

/** Shows the pieces, one frame for each. */
function shown(...pieces: string[]): FakeElement {
  const root = new FakeElement("div");
  const view = new MarkdownView(root as unknown as HTMLElement);
  for (const piece of pieces) {
    view.append(piece);
    for (const frame of frames.splice(0)) frame();
  }
  view.finish();
  return root;
}

const EVERYTHING = `# Title &amp; more

A paragraph with **strong**, *em*, ~~del~~, \`code\`, a [link](https://example.com/?a=1&amp;b=2 "t") and
<https://auto.example>, with [a reference][late] too.

Setext
------

- one
  - nested

    \`\`\`rust
    fn main() {}

    // end
    \`\`\`
- two

1. [ ] task

   loose
3. three

> quote
> - in it

| a | b |
|:-:|--:|
| 1<br>2 | 3 |

---

\`\`\`js
const a = "<b>";

done();
\`\`\`
<div onclick="x">raw</div>

[late]: https://late.example

The end.`;

test("an answer looks the same however it came in pieces", () => {
  const whole = shown(EVERYTHING).html;
  for (let size = 1; size <= 40; size += 1) {
    const pieces = EVERYTHING.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    assert.equal(shown(...pieces).html, whole, `pieces of ${size}`);
  }
});

test("frames that are left out because reading is slow change nothing in the end", () => {
  const whole = shown(EVERYTHING).html;
  const real = performance.now;
  try {
    performance.now = () => (now += 10);
    const pieces = EVERYTHING.match(/[^]{1,7}/g) ?? [];
    assert.equal(shown(...pieces).html, whole);
  } finally {
    performance.now = real;
    now = 0;
  }
});

test("every construct has its element", () => {
  const tags = new Set(shown(EVERYTHING).elements.map(({ tag }) => tag));
  for (const tag of "h3 h4 p strong em del code pre a ul ol li blockquote table th td br hr input".split(" ")) {
    assert.ok(tags.has(tag), tag);
  }
});

test("only links to safe addresses are links, and they leave no trace", () => {
  const hostile = [
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java&#x73;cript:alert(1))",
    "[a](data:text/html,x)",
    "[a](vbscript:x)",
    "[a](//evil.example)",
    "[a](<\u0001javascript:alert(1)>)",
    "<javascript:alert(1)>",
    "![a](javascript:alert(1))",
  ];
  for (const source of hostile) assert.doesNotMatch(shown(source).html, /<a /, source);
  const [link] = shown("[a](https://good.example/?a=1&amp;b=2)").elements.filter(({ tag }) => tag === "a");
  assert.equal(link?.attributes.get("href"), "https://good.example/?a=1&b=2");
  assert.equal(link?.attributes.get("rel"), "noopener noreferrer nofollow");
});

test("HTML stays text", () => {
  for (const source of ["<img src=x onerror=alert(1)>", "a <script>alert(1)</script> b", "<iframe src=x></iframe>"]) {
    const root = shown(source);
    assert.equal(root.textContent, source);
    assert.deepEqual([...new Set(root.elements.map(({ tag }) => tag))], ["p"]);
  }
});

test("an image is a link, so nothing is fetched", () => {
  const root = shown("![a chart](https://example.com/x.png?q=secret)");
  assert.equal(root.querySelector("img"), undefined);
  assert.equal(root.querySelector("a")?.textContent, "🖼 a chart");
});

test("character references become characters, except in code", () => {
  assert.equal(shown("&lt;b&gt; &copy; &#233; &#x1F44B; &unknown; &toString;").textContent, "<b> © é 👋 &unknown; &toString;");
  assert.equal(shown("`&lt;`").textContent, "&lt;");
});

test("what marked cannot digest is shown as text", () => {
  const deep = `${">".repeat(20_000)} x`;
  assert.equal(shown(deep).textContent, deep);
});

test("a growing code block stays the same element", () => {
  const root = new FakeElement("div");
  const view = new MarkdownView(root as unknown as HTMLElement);
  const step = (text: string) => {
    view.append(text);
    for (const frame of frames.splice(0)) frame();
    return root.querySelector("pre");
  };
  const pre = step("```js\nlet a");
  assert.equal(step(" = 1;\n"), pre);
  assert.equal(step("let b;\n```\n"), pre);
  assert.equal(pre?.textContent, "let a = 1;\nlet b;");
});
