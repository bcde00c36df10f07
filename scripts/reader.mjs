// marked as the widget needs it: the part that reads, of one dialect, with its expressions as they are once they are put
// together. All of marked is 9 kB more with gzip, for its classes hang together.
import { readFileSync } from "node:fs";
import { Lexer } from "marked";
import { Failure } from "./processes.mjs";

/** Options that are never set, and what is asked only for their sake. */
const FIXED = [
  [/this\.options\.(?:pedantic|breaks|silent)\b/g, "!1"],
  [/this\.options\.gfm\b/g, "!0"],
  [/this\.options\.extensions\b/g, "null"],
  [/this\.options\.hooks\?\.emStrongMask\?\.call\(\{lexer:this\},(\w+)\)\?\?\1/, "$1"],
  [/this\.options\.hooks\?\.emStrongMask\|\|this\.tokenizer\.emStrong!==(\w+)\.prototype\.emStrong\|\|this\.tokenizer\.del!==\1\.prototype\.del/, "!1"],
  [/this\.tokenizer\.paragraph===\w+\.prototype\.paragraph/, "!0"],
  [/options;rules;lexer;constructor\(\w+\)\{this\.options=\w+\|\|\w+\}/, "lexer;"],
  [/tokens;options;state;/, "tokens;state;"],
  [/this\.options=\w+\|\|\w+,this\.options\.tokenizer=this\.options\.tokenizer\|\|(new \w+),this\.tokenizer=this\.options\.tokenizer,this\.tokenizer\.options=this\.options,/, "this.tokenizer=$1,"],
  [/let (\w+)=\{other:\w+,block:\w+\.normal,[^}]*\};[^;]*,this\.tokenizer\.rules=\1\}static get rules\(\)\{.*?\}\}static lex\(/, "}static lex("],
  [/static lexInline\(\w+,\w+\)\{[^}]*\}/, ""],
  [/let\{blockSkip:(\w+),tag:(\w+),autolink:(\w+)\}=this\.tokenizer\.rules\.inline/, "let $1=this.rules.inline.blockSkip,$2=this.rules.inline.tag,$3=this.rules.inline.autolink"],
  // Where no rule takes anything, the next turn of the loop says so.
  [/if\((\w+)\)\{this\.infiniteLoopError\(\1\.charCodeAt\(0\)\);break\}/g, ""],
  // Character references are read by markdown.ts, all of them.
  [/text:\w+\?(\w+\[0\]):\w+\(\1\),escaped:/, "text:$1,escaped:"],
  // What is told of a token and is asked by nobody.
  [/block:!0,(raw:\w+),pre:(?:\w+\[1\]==="\w+"(?:\|\|)?)+/, "$1"],
  [/codeBlockStyle:"indented",/, ""],
];

/** Members that nobody asks for by their names but marked. */
const OWN = [
  "blockTokens", "infiniteLoopError", "inlineQueue", "lastPossibleDelCloserIndex", "lastPossibleEmStrongCloserIndex", "lastToken",
  "linkEmitted", "linkInText", "linkParenPossible", "maskedSrc", "inLink", "inRawBlock", "inlineText", "emStrong",
];

/** The module that has the Lexer and nothing else. */
export function reader() {
  const whole = readFileSync(new URL(import.meta.resolve("marked")), "utf8");
  const nameOf = (exported) => new RegExp(`[{,](\\w+) as ${exported}[,}]`).exec(whole)?.[1];
  const end = whole.indexOf(`var ${nameOf("Renderer")}=class`);
  if (end < 0 || whole.indexOf(`var ${nameOf("Lexer")}=class`) > end) throw new Failure("marked is written in another order now: see scripts/reader.mjs");
  let code = whole.slice(0, end);
  for (const [pattern, by] of FIXED) {
    const changed = code.replace(pattern, by);
    if (changed === code) throw new Failure(`marked is written in another way now, see scripts/reader.mjs: ${pattern}`);
    code = changed;
  }

  for (const [i, name] of OWN.entries()) {
    if (!code.includes(name)) throw new Failure(`marked has other members now, see scripts/reader.mjs: ${name}`);
    code = code.replace(new RegExp(`\\b${name}\\b`, "g"), `_${i.toString(36)}`);
  }

  // A rule is a variable instead of a member, so that who bundles gives it a short name, or leaves it out.
  const { other, block, inline } = new Lexer().tokenizer.rules;
  const variable = (kind, name) => `${kind}_${name}`;
  const written = (kind, rules) => Object.entries(rules).map(([name, rule]) => `var ${variable(kind, name)}=${rule};`);
  // Where the first table of rules begins, what its functions need, and where the last one ends.
  const names = Object.keys(other);
  const table = new RegExp(`var \\w+=\\(\\(\\w+=""\\)=>\\{try.*?\\(\\),(\\w+)=\\{(${names[0]}:.*?)\\}(?=,\\w+=/\\^\\(\\?:\\[ \\\\t\\]\\*)`, "s").exec(code);
  const tags = /,(\w+="address\|[^"]*")/.exec(code);
  const last = /\{normal:\w+,gfm:\w+,breaks:\w+,pedantic:\w+\};/.exec(code);
  if (!table || !tags || !last) throw new Failure("marked's rules have other names now: see scripts/reader.mjs");
  const values = names.map((name, i) => {
    const begin = table[2].indexOf(`${name}:`) + name.length + 1;
    const text = i + 1 < names.length ? table[2].slice(begin, table[2].indexOf(`,${names[i + 1]}:`)) : table[2].slice(begin);
    return `var ${variable("other", name)}=${text.replace(/^(\w+)\(/, "/* @__PURE__ */$1(")};`;
  });
  const rules = [`var ${tags[1]};`, ...values, ...written("block", block), ...written("inline", inline)].join("\n");
  code = `${code.slice(0, table.index)}${rules}${code.slice(last.index + last[0].length)}`
    .replace(/(?:this\.(?:tokenizer\.|lexer\.)*rules|\b[a-zA-Z])\.(other|block|inline)\.(\w+)/g, (_, kind, name) => variable(kind, name))
    .replace(new RegExp(`\\b${table[1]}\\.(${names.join("|")})\\b`, "g"), (_, name) => variable("other", name))
    .replaceAll(",this.rules)", ")");
  if (/\.rules\b/.test(code)) throw new Failure("marked asks for its rules in another way now: see scripts/reader.mjs");
  return `${code}export{${nameOf("Lexer")} as Lexer};`;
}
