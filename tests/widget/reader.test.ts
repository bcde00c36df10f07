// The widget bundles a part of marked, rewritten by scripts/reader.mjs: it has to read as the whole does.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { pathToFileURL } from "node:url";
import { Lexer } from "marked";
import { reader } from "../../scripts/reader.mjs";
import { EVERYTHING, HOSTILE } from "./corpus.js";

const folder = mkdtempSync(join(tmpdir(), "reader-"));
const file = join(folder, "reader.mjs");
writeFileSync(file, reader());
const { Lexer: Ours } = (await import(pathToFileURL(file).href)) as { Lexer: typeof Lexer };
after(() => rmSync(folder, { recursive: true }));

/** What no test of its own looks for, and is in few answers. */
const RARE = [
  "<div>\n\n<!-- a -->\n<pre>*a*</pre> <kbd>*b*</kbd>\n</div>", "a<br>b <a href=\"x\">https://a.example</a> <? x ?>", "[a [b](c) d](e) [![i](j)](k)", "- [x] a\n- [ ] b\n\n  c\n3) d\n   > e\n   f",
  "> - a\n> b\n>> c\n\n\td\n", "www.a.example/b?c=(d). a@b.example mailto:c@d.example xmpp:e@f.example/g", "|a|b|\n|:-|-:|\n|`\\|`|c|d|\n|e", "a  \nb\\\nc\n===\nd\n---", "[a]: <b c> 'd'\n[e][a] ![f][a] [a]",
  "~a~ ~~b~~ ***c*** __d__ _e_f_ *g**h* **i*j**", "``a ` b`` ` c `", "&amp; &#106; &#x6a; &#38;lt; &nope; &", "\\* \\[ \\a", "1. a\n   ```js\n   b\n   ```\n2. c\n\n\n- d", "    a\n\n    b\n* * *\n#a\n# b #\n###### c",
];

/** Facts that nobody asks for, and some of them go by other names in ours. */
const UNASKED = /^(?:pre|block|codeBlockStyle|inLink|inRawBlock|_.*)$/;

/** Tokens, as far as markdown.ts looks at them. `references`: what is left of character references in text, which it reads itself. */
const told = (tokens: unknown, references: (text: string) => string): string =>
  JSON.stringify(tokens, function (this: { type?: string; tokens?: unknown }, key, value) {
    if (UNASKED.test(key)) return undefined;
    return key === "text" && this.type === "text" && !this.tokens ? references(value as string) : (value as unknown);
  }, 1);

const character = (code: number) => (code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : "\ufffd");
const whole = (text: string) => text.replaceAll("&amp;", "&");
const ours = (text: string) =>
  text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|amp);/gi, (_, decimal, hex) => (decimal ? character(Number(decimal)) : hex ? character(Number.parseInt(hex, 16)) : "&"));

const sources = Object.entries({ ...HOSTILE, everything: EVERYTHING, ...RARE });

for (const [name, text] of sources) {
  test(`${name} is read as by all of marked`, () => {
    // Deeper or longer ones are not given to it: see lex() in markdown.ts.
    const source = text.slice(0, name === "everything" ? 5000 : 600);
    for (let end = 0; end <= source.length; end += name === "everything" ? 1 : 61) {
      const part = source.slice(0, end || source.length);
      assert.equal(told(Ours.lex(part), ours), told(Lexer.lex(part), whole));
    }
  });
}
