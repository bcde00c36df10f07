// Markdown as an enemy would have a model write it. Each is shown, and nothing else may happen.

const many = (text, count) => text.repeat(count);

export const HOSTILE = {
  script: "<script>window.harmed = 1</script>\n\n<script src=/harm></script>\n\ntext <script>window.harmed = 1</script>",
  handlers: "<img src=/harm onerror=\"window.harmed = 1\">\n\n<svg onload=window.harmed=1>\n\n<details open ontoggle=window.harmed=1>x</details>\n\n<a href=/harm onclick=window.harmed=1>x</a>",
  embedded: "<iframe src=/harm></iframe><object data=/harm></object><embed src=/harm><link rel=stylesheet href=/harm><style>@import '/harm'</style><meta http-equiv=refresh content='0;url=/harm'><base href=/harm><form action=/harm><input type=image src=/harm></form>",
  javascript: [
    "[a](javascript:window.harmed=1)", "[a](JaVaScRiPt:window.harmed=1)", "[a](javascript&colon;window.harmed=1)", "[a](&#106;avascript:window.harmed=1)",
    "[a](java\tscript:window.harmed=1)", "[a](<java\nscript:window.harmed=1>)", "[a](\u0001javascript:window.harmed=1)", "[a](%6aavascript:window.harmed=1)",
    "<javascript:window.harmed=1>", "[a][b]\n\n[b]: javascript:window.harmed=1", "[a](vbscript:x)", "![a](javascript:window.harmed=1)", "[a](blob:null/1)", "[a](file:///etc/passwd)",
  ].join("\n\n"),
  data: "[a](data:text/html,<script>window.harmed=1</script>)\n\n![a](data:image/svg+xml,<svg onload=window.harmed=1>)\n\n[a](data:text/html;base64,PHNjcmlwdD4=)",
  images: "![a](/harm)\n\n![a](http://127.0.0.1:9/harm?q=secret)\n\n![a](//127.0.0.1:9/harm)\n\n[![a](https://evil.example/x.png)](https://evil.example/)\n\n![a][i]\n\n[i]: https://evil.example/y.png",
  entities: "&lt;script&gt;window.harmed = 1&lt;/script&gt; &#60;img src=/harm&#62; &#0; &#x110000; &#xd800;",
  bidi: "[pay\u202egnp.elgoog//:sptth\u202c](https://evil.example/) \u2066x\u2069 `a\u202eb`\n\n```js\nif (admin\u202e \u2066// check\u2069 \u2066) {\n```",
  invisible: "[g\u200boogle.com](https://evil.example/) goo\u200dgle \ufeff\u2060",
  homograph: "[аррӏе.com](https://аррӏе.com/) <https://gооgle.com/>",
  titles: "[a](https://a.example/ \"\\\" onmouseover=window.harmed=1 x=\\\"\") ![a](https://a.example/ \"\\\"><script>window.harmed=1</script>\")",
  fences: "````html\n<script>window.harmed = 1</script>\n````\n\n```\"onmouseover=window.harmed=1\nx\n```\n\n~~~<b>\nx",
  tables: "|a|b|\n|-|-|\n|<script>window.harmed=1</script>|[a](javascript:window.harmed=1)|\n|![x](/harm)|<img src=/harm onerror=window.harmed=1>|",
  quotes: many("> ", 5000) + "deep",
  quotesClosely: many(">", 20000) + "deep",
  lists: Array.from({ length: 3000 }, (_, i) => `${" ".repeat(2 * i)}- x`).join("\n").slice(0, 200_000),
  listsOnOneLine: many("- ", 20000) + "x",
  emphasis: many("*a ", 20000),
  underscores: many("_a __b ", 8000),
  strong: many("**", 30000) + "a",
  brackets: many("[", 50000),
  bracketsPaired: many("[", 20000) + "a" + many("]", 20000),
  links: many("[a](", 20000),
  linksNested: many("[a](b", 10000) + many(")", 10000),
  pictures: many("![", 30000),
  backticks: Array.from({ length: 400 }, (_, i) => "`".repeat(i + 1)).join("a"),
  angles: many("<", 50000),
  comments: many("<!-- ", 20000),
  tags: "<a" + many(" b", 30000),
  tagSpaces: "<a" + many("  a", 20000) + "\n\n```html\n<a" + many("  a", 5000) + "\n```",
  references: many("[a]: b\n", 10000),
  referenceOpen: "[a]: <" + many("a", 50000),
  strikes: many("~", 40000) + "a",
  escapes: many("\\", 60000),
  autolinks: many("a@b.", 20000),
  wwws: many("www.", 20000),
  spaces: "a" + many(" ", 100000) + "b",
  newlines: many("\n", 100000),
  tabs: many("\t", 20000) + "a",
  tableWide: "|" + many("a|", 5000) + "\n|" + many("-|", 5000) + "\n" + many("|" + many("a|", 50) + "\n", 50),
  tableLong: "|a|b|\n|-|-|\n" + many("|x|y|\n", 10000),
  headings: many("# ", 30000),
  setext: many("a\n", 20000) + "===",
  rules: many("- - ", 20000) + "x",
  numbers: many("1. ", 20000) + "x",
  line: many("word ", 60000),
  word: many("w", 300000),
  codeLine: "```js\n" + many("\"\\", 40000) + "\n```",
  codeComments: "```js\n" + many("/*", 24000) + "\n```",
  codeStrings: "```python\n" + many("'''", 16000) + "\n```",
  codeNames: "```rust\n" + many("a", 49000) + "\n```",
};

/** Everything that Markdown has, to compare what is shown however it comes. */
export const EVERYTHING = `# Title &amp; more

A paragraph with **strong**, *em*, ~~del~~, \`code\`, a [link](https://example.com/?a=1&amp;b=2 "t") and
<https://auto.example>, with [a reference][late] too.

Setext
------

- one
  - nested

    \`\`\`rust
    fn main() {}
    \`\`\`
- two

- loose

1. first
2. second

> a quote
> - with a list

- [x] done
- [ ] open

| a | b |
|:--|--:|
| 1 | **2** |
| <br> | \`x\` |

\`\`\`js
const x = 1; // one

const y = \`2\`;
\`\`\`

    indented

![an image](https://example.com/i.png)

***

<div>html</div>

Line  
break, café, 你好, 👋🏽.

[late]: https://late.example/
`;

/** What an answer is made of, with each mark that begins before it ends, and with some that are none. */
export const GROWING = `## A **title**

Some **bold**, *slanted*, ***both***, _too_, __this__, ~~gone~~ and \`code **as is** \`\` \`, \`\`a \` b\`\`, with a
[link](https://a.example/b_(c)?d=e "of (some) kind"), **[a bold _one_](<https://b.example/f g>)**, ![a picture](https://c.example/g.png)
and [![a badge](https://d.example/h.png)](https://e.example/), (**in brackets**), \\*escaped\\*, \\[ x_1 \\], snake_case_name, 2 * 3 * 4,
$5 to $6, $x_1 + y_2$, about ~5 of ~6, a[0], f(x)[1], 中文**粗体**中文. See https://f.example/i_j?k=l#m, www.g.example/n and o@h.example now.

A power: x**2.

- one **item**
* two \`codes\`
  - three [links](https://i.example/p), *four
     lines*
- [ ] **open**
- [x] done

> quoted **words**
> - a *list*

| name | **what** |
|------|----------|
| a    | \`b\`    |
| **c** | [d](https://j.example/q) |

Text before
- a list, **not** a heading

\`\`\`
const a = "**b"; // [c](d
\`\`\`

The *end*.
`;
