// Colours for a closed block of code. Loaded with the first one.
// A scanner of our own: what colours best backtracks, and code in an answer may be written to make it do so for minutes.
// Every alternative below ends after one pass over its text.
import { h } from "./dom.ts";

/** A block that is longer is left as it is, in UTF-16 units. */
const MOST = 50_000;

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?`;
const NUMBER = String.raw`\b\d[\w.]*`;
const NAME = String.raw`[\p{L}_$][\p{L}\p{N}_$]*`;

interface Grammar {
  comment: string;
  string?: string;
  keywords: string;
}

const SLASHES = String.raw`\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?`;
const HASH = String.raw`#[^\n]*`;

const C = "auto bool break case catch char class const constexpr continue default delete do double else enum extern false final float for goto if inline int interface long namespace new nullptr operator override private protected public return short signed sizeof static struct super switch template this throw true try typedef union unsigned using virtual void volatile while";

const GRAMMARS: Record<string, Grammar> = {
  c: { comment: SLASHES, keywords: C },
  java: { comment: SLASHES, keywords: `${C} abstract as async await boolean byte extends fun implements import in instanceof internal is null object package record sealed string synchronized throws val var when` },
  go: { comment: SLASHES, string: "`[^`]*`?", keywords: "break bool byte case chan const continue default defer else error fallthrough false float64 for func go goto if import int int64 interface map nil package range return rune select string struct switch true type uint var" },
  rust: { comment: SLASHES, string: String.raw`"(?:[^"\\]|\\.)*"?|'(?:[^'\\\n]|\\.)'`, keywords: "Self as async await bool break const continue crate dyn else enum extern f32 f64 false fn for i32 i64 if impl in let loop match mod move mut pub ref return self static str struct super trait true type u8 u32 u64 unsafe use usize where while" },
  js: { comment: SLASHES, string: "`(?:[^`\\\\]|\\\\.)*`?", keywords: "abstract any as async await boolean break case catch class const continue declare default delete do else enum export extends false finally for from function get if implements import in infer instanceof interface is keyof let namespace never new null number of private protected public readonly return satisfies set static string super switch this throw true try type typeof undefined unknown var void while with yield" },
  python: { comment: HASH, string: String.raw`"""(?:[^"]|"(?!""))*(?:""")?|'''(?:[^']|'(?!''))*(?:''')?`, keywords: "False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return self try while with yield" },
  ruby: { comment: HASH, keywords: "alias and begin break case class def defined do else elsif end ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when while yield" },
  shell: { comment: HASH, keywords: "case do done elif else esac export fi for function if in local return select set then until while cd echo exit sudo" },
  sql: { comment: String.raw`--[^\n]*`, keywords: "all alter and as asc between by case constraint create cross default delete desc distinct drop else end exists foreign from full group having in index inner insert into is join key left like limit not null offset on or order outer primary references right select set table then union unique update using values view when where with" },
  json: { comment: SLASHES, keywords: "false null true" },
  toml: { comment: HASH, keywords: "false null true yes no on off" },
  css: { comment: String.raw`\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?`, keywords: "auto inherit initial none unset important" },
  html: { comment: String.raw`<!--(?:[^-]|-(?!->))*(?:-->)?`, keywords: "" },
};

const NAMES: Record<string, string> = {
  "c++": "c", cpp: "c", h: "c", hpp: "c", csharp: "java", cs: "java", kotlin: "java", kt: "java", swift: "java", dart: "java", php: "java",
  golang: "go", rs: "rust", javascript: "js", jsx: "js", mjs: "js", ts: "js", tsx: "js", typescript: "js", py: "python", rb: "ruby",
  bash: "shell", sh: "shell", zsh: "shell", console: "shell", dockerfile: "shell", makefile: "shell", postgresql: "sql", mysql: "sql", sqlite: "sql",
  json5: "json", jsonc: "json", yaml: "toml", yml: "toml", ini: "toml", scss: "css", less: "css", xml: "html", svg: "html", vue: "html",
};

const made = new Map<string, { pattern: RegExp; keywords: Set<string> }>();

function grammarOf(name: string) {
  const known = made.get(name);
  if (known) return known;
  if (!Object.hasOwn(GRAMMARS, name)) return undefined;
  const { comment, string, keywords } = GRAMMARS[name]!;
  const strings = string ? `${string}|${name === "rust" ? "(?!)" : STRING}` : STRING;
  const pattern = new RegExp(`(?<comment>${comment})|(?<string>${strings})|(?<number>${NUMBER})|(?<name>${NAME})`, "gu");
  const grammar = { pattern, keywords: new Set(keywords.split(" ")) };
  made.set(name, grammar);
  return grammar;
}

/** The code in colours, as nodes with the same text; undefined where the language is not known. */
export function highlight(code: string, language: string): Node | undefined {
  const name = language.toLowerCase();
  const grammar = grammarOf(Object.hasOwn(NAMES, name) ? NAMES[name]! : name);
  if (!grammar || code.length > MOST) return undefined;
  const { pattern, keywords } = grammar;
  const nodes = document.createDocumentFragment();
  let end = 0;
  for (const match of code.matchAll(pattern)) {
    const kind = kindOf(match, code, keywords, name === "sql");
    if (!kind) continue;
    nodes.append(code.slice(end, match.index), h("span", { class: `code-${kind}` }, match[0]));
    end = match.index + match[0].length;
  }
  nodes.append(code.slice(end));
  return nodes;
}

function kindOf(match: RegExpExecArray, code: string, keywords: Set<string>, ignoresCase: boolean): string | undefined {
  const { comment, string, number, name } = match.groups!;
  if (comment) return "comment";
  if (string) return "string";
  if (number) return "number";
  if (!name) return undefined;
  if (keywords.has(ignoresCase ? name.toLowerCase() : name)) return "keyword";
  return code[match.index + name.length] === "(" ? "function" : undefined;
}
