// Markdown that may still be growing, as DOM. marked only reads it; nodes are made by name from the list below, so
// that nothing in an answer can become anything else. Raw HTML stays text, and no image is fetched before somebody asks
// for it, or from hosts that the page trusts: the fetch would tell its server what the address says.
// Seam: `MarkdownView.show()` with the whole source so far, `finish()` at the end; `highlight` is the host's, or ours.
import { Lexer, type MarkedToken, type Token, type Tokens, type TokensList } from "marked";
import { button, h, icon } from "./dom.ts";
import { mended } from "./mend.ts";
import type { Words } from "./words.ts";

const SAFE_ADDRESS = /^(?:https?:\/\/|mailto:)/i;

/** Blocks that the next words may still change: the last one, and the one that it may turn out to belong to. */
const OPEN_BLOCKS = 2;

/** A single block that is longer than this (in UTF-16 units) is read in parts, and as one only at the end. */
const MAX_OPEN = 16 * 1024;

/** Up to here the whole source may be read once more at the end. */
const MAX_SOURCE = 256 * 1024;

/** What lies deeper than so many blocks is shown as it is written. */
const MAX_DEPTH = 24;

/** Reading may take this share of the time: when it gets slow, it happens less often. */
const SHARE = 1 / 4;

export type Highlight = (code: string, language: string) => Node | undefined | Promise<Node | undefined>;

export interface MarkdownContext {
  words: Words;
  /** Copies a text, and says so. */
  copy(text: string, button: HTMLElement): void;
  highlight: Highlight;
  /** Whose images need no press. */
  readonly imageHosts: string[];
}

interface Block {
  /** What it was made of, with a mark where that was not yet complete. */
  raw: string;
  node: Node & ChildNode;
}

/** Shows Markdown while it comes: only the last blocks are read again. */
export class MarkdownView {
  readonly #root: HTMLElement;
  readonly #context: MarkdownContext;
  #length = 0;
  /** The end of the source, from the first block that is still open. */
  #tail = "";
  /** What is shown for the tail. */
  #blocks: Block[] = [];
  #restUntil = 0;
  /** Whether what is shown may differ from what the whole source means. */
  #isProvisional = false;

  constructor(root: HTMLElement, context: MarkdownContext) {
    this.#root = root;
    this.#context = context;
  }

  /** Shows the source as far as it is there; false if that must wait for a later frame. */
  show(source: string): boolean {
    const start = performance.now();
    if (start < this.#restUntil) return false;
    this.#render(source);
    const end = performance.now();
    this.#restUntil = end + (end - start) * (1 / SHARE - 1);
    return true;
  }

  /** Shows the source, which is complete. */
  finish(source: string): void {
    this.#render(source, true);
    if (this.#isProvisional && source.length <= MAX_SOURCE) {
      this.#length = 0;
      this.#tail = "";
      this.#blocks = [];
      this.#root.replaceChildren();
      this.#render(source, true);
    }
    for (const { node } of this.#blocks) this.#complete(node);
    this.#blocks = [];
  }

  #render(source: string, isOver = false): void {
    // marked would read CRLF as LF too, but then its blocks would not add up to what we have.
    this.#tail += source.slice(this.#length).replaceAll("\r", "");
    this.#length = source.length;
    const tokens = lex(this.#tail);
    // Links may be defined after the place where they are used.
    this.#isProvisional ||= tokens.some(({ type }) => type === "def");
    // What is longer stays as it is shown now until all of it is read again.
    const shown = isOver || this.#tail.length > MAX_OPEN ? tokens : withEnd(tokens);
    const visible = shown.filter(isVisible);
    for (const { node } of this.#blocks.splice(visible.length)) node.remove();
    this.#blocks = visible.map((token, i) => this.#place(token, this.#blocks[i]));
    this.#close(tokens);
  }

  #place(token: Token, shown: Block | undefined): Block {
    if (shown?.raw === token.raw) return shown;
    if (shown && grow(shown, token)) return { raw: token.raw, node: shown.node };
    const node = new Renderer(this.#context).block(token);
    if (shown) shown.node.replaceWith(node);
    else this.#root.append(node);
    return { raw: token.raw, node };
  }

  /** Blocks that no further word can change are not looked at again. */
  #close(tokens: Token[]): void {
    const content = tokens.filter(({ type }) => type !== "space");
    const open = content.at(-OPEN_BLOCKS);
    const closed = open ? tokens.slice(0, tokens.indexOf(open)) : [];
    this.#tail = this.#tail.slice(closed.reduce((length, { raw }) => length + raw.length, 0));
    for (const { node } of this.#blocks.splice(0, closed.filter(isVisible).length)) this.#complete(node);
    if (this.#tail.length > MAX_OPEN) {
      this.#isProvisional = true;
      this.#tail = "";
      this.#blocks = [];
    }
  }

  /** What had better wait until a block is made for the last time. */
  #complete(node: Node): void {
    if (!(node instanceof HTMLElement)) return;
    for (const image of node.querySelectorAll(".remote-image")) trusted.get(image)?.();
    for (const code of node.querySelectorAll<HTMLElement>("pre > code")) void colour(code, this.#context.highlight);
  }
}

async function colour(code: HTMLElement, highlight: Highlight): Promise<void> {
  const { textContent, dataset } = code;
  if (!dataset.lang || textContent === "") return;
  try {
    const coloured = await highlight(textContent, dataset.lang);
    // A block may have gone on since: a whole source that was read again has blocks of its own.
    if (coloured && code.textContent === textContent) code.replaceChildren(coloured);
  } catch {
    // It is as good without colours.
  }
}

/** More of these in a row, or so far from the margin, nest deeper than anybody writes: reading them would take very long. */
const NESTED = /^(?:[ \t]*(?:>|[-*+][ \t]|\d+[.)][ \t])){33}|^[ \t]{100,}(?:[-*+]|\d+[.)])[ \t]/m;

/** Brackets and the like that never close: reading each looks at all that follow. */
const MAX_OPENERS = 2000;

/** Tokens, with the links that are defined among them. */
type Read = Token[] & { links?: TokensList["links"] };

/** A source that marked cannot digest, or not in time, is shown as it is. */
function lex(source: string): Read {
  const plain = () => [{ type: "html", raw: source, text: source }];
  if (NESTED.test(source) || (source.length > MAX_OPENERS && isHeavy(source))) return plain();
  try {
    return Lexer.lex(source);
  } catch {
    return plain();
  }
}

/** What a token that has others holds at its end. */
interface Holder {
  type?: string;
  text?: string;
  tokens?: Token[];
  items?: Holder[];
  rows?: Holder[][];
}

/** The tokens, of which the last is shown as it would be with an end. */
function withEnd(tokens: Read): Token[] {
  // The line after a list may belong to it.
  const place = tokens.findLastIndex(({ type, raw }) => type !== "space" || /\n[ \t]*\n/.test(raw));
  const last = tokens[place];
  let leaf = last as Holder | undefined;
  while (leaf && (leaf.items || leaf.rows || /^(?:list_item|blockquote)$/.test(leaf.type ?? ""))) {
    leaf = (leaf.items ?? leaf.rows?.at(-1)?.filter(({ text }) => text) ?? (leaf.tokens as Holder[] | undefined))?.at(-1);
  }
  let { type } = last ?? {};
  let isSame = true;
  if (leaf?.type === "code") {
    // The fence that ends it.
    const code = leaf.text!.replace(/\n {0,3}[`~]{1,2}$/, "");
    isSame = code === leaf.text;
    leaf.text = code;
  } else if (leaf?.tokens) {
    const box = leaf.tokens.filter((token) => token.type === "checkbox");
    const text = leaf.text!.slice(box[0]?.raw.length);
    const complete = mended(text);
    // A line that begins a list is not yet the one below a heading.
    if (leaf === last && /\n {0,3}(?:--?|==?)[ \t]*$/.test(last.raw)) type = "paragraph";
    isSame = complete === text && type === last!.type;
    if (!isSame) {
      const lexer = new Lexer();
      Object.assign(lexer.tokens.links, tokens.links);
      leaf.tokens = [...box, ...lexer.inlineTokens(complete)];
    }
  }
  return isSame ? tokens : tokens.with(place, { ...last!, type, raw: `${last!.raw}\0` } as Token);
}

/** Code in a fence, where marks are text. No part of these two can be read in more than one way, which would take for ever. */
const FENCED = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))[^\n`]*\n[^]*?(?:\n {0,3}\1[ \t]*$|$(?![^]))/gm;

/** A table, by its second line: each of its rows is read for itself. */
const TABLE = /^[^\n]*\n[ \t]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t:-]*){1,200}\n/;

/** Whether one paragraph has more marks than text of that size ever has. */
const isHeavy = (source: string): boolean =>
  source
    .replace(FENCED, "")
    .split(/\n\s*\n/)
    .flatMap((paragraph) => (TABLE.test(paragraph) ? paragraph.split("\n") : [paragraph]))
    .some((text) => text.length > MAX_OPENERS && (text.match(/[[\]<*_~`!\\|@]/g)?.length ?? 0) > MAX_OPENERS);

const isVisible = ({ type }: Token) => type !== "space" && type !== "def";

/** Lets a code block grow in place, which keeps its selection and scroll position. */
function grow(shown: Block, token: Token): boolean {
  if (token.type !== "code" || !(shown.node instanceof HTMLElement)) return false;
  const code = shown.node.querySelector("code");
  if (!code || code.dataset.lang !== language(token as Tokens.Code)) return false;
  const before = code.textContent;
  const text = shownControls((token as Tokens.Code).text);
  if (!text.startsWith(before)) return false;
  code.append(text.slice(before.length));
  return true;
}

const HEADINGS = ["h3", "h4", "h5", "h6"] as const;

const language = ({ lang }: Tokens.Code) => /^\S*/.exec(lang ?? "")?.[0] ?? "";

class Renderer {
  readonly #context: MarkdownContext;
  #depth = 0;

  constructor(context: MarkdownContext) {
    this.#context = context;
  }

  block(given: Token): Node & ChildNode {
    const token = given as MarkedToken;
    if (this.#depth >= MAX_DEPTH) return h("p", { class: "raw" }, text(token.raw));
    this.#depth++;
    const node = this.#block(token);
    this.#depth--;
    return node;
  }

  #block(token: MarkedToken): Node & ChildNode {
    switch (token.type) {
      case "heading":
        // Below the page's own headings.
        return h(HEADINGS[token.depth - 1] ?? "h6", {}, ...this.#inline(token.tokens));
      case "code":
        return this.#code(token);
      case "blockquote":
        return h("blockquote", {}, ...token.tokens.filter(isVisible).map((each) => this.block(each)));
      case "list":
        return this.#list(token);
      case "table":
        return this.#table(token);
      case "hr":
        return h("hr");
      case "html":
        return h("p", { class: "raw" }, text(token.text.trimEnd()));
      default:
        return h("p", {}, ...this.#inline([token]));
    }
  }

  #code(token: Tokens.Code): HTMLElement {
    const { words, copy } = this.#context;
    const lang = language(token);
    const code = h("code", { "data-lang": lang }, shownControls(token.text));
    const copyCode = button(words.say("copy"), { class: "quiet", part: "code-copy" }, () => copy(code.textContent, copyCode));
    const head = h("div", { class: "code-head" }, h("span", {}, lang || words.say("plainText")), copyCode);
    const label = lang ? words.say("codeIn", { language: lang }) : words.say("code");
    const pre = h("pre", { tabindex: 0, role: "group", "aria-label": label, dir: "ltr" }, code);
    return h("div", { class: "code", part: "code" }, head, pre);
  }

  #list(token: Tokens.List): HTMLElement {
    const items = token.items.map((item) =>
      h("li", { class: item.task && "task" }, ...item.tokens.filter(isVisible).flatMap((each) => this.#listed(each))),
    );
    if (!token.ordered) return h("ul", {}, ...items);
    return h("ol", { start: token.start === 1 || token.start === "" ? undefined : token.start }, ...items);
  }

  /** The text of a tight item is no paragraph. */
  #listed(token: Token): Node[] {
    if (token.type === "text" || token.type === "checkbox") return this.#inline([token]);
    return [this.block(token)];
  }

  #table({ header, rows }: Tokens.Table): HTMLElement {
    const row = (cells: Tokens.TableCell[], tag: "td" | "th") =>
      h("tr", {}, ...cells.map((cell) => h(cell.text ? tag : "td", { "data-align": cell.align ?? undefined }, ...this.#inline(cell.tokens))));
    const body = h("tbody", {}, ...rows.map((cells) => row(cells, "td")));
    const whole = h("table", {}, h("thead", {}, row(header, "th")), body);
    return h("div", { class: "table", part: "table", tabindex: 0, role: "group", "aria-label": this.#context.words.say("table") }, whole);
  }

  #inline(tokens: Token[] = []): Node[] {
    if (this.#depth >= MAX_DEPTH) return [text(tokens.map(({ raw }) => raw).join(""))];
    this.#depth++;
    const nodes = tokens.flatMap((token) => this.#span(token as MarkedToken));
    this.#depth--;
    return nodes;
  }

  #span(token: MarkedToken): Node[] {
    const { words } = this.#context;
    switch (token.type) {
      case "strong":
      case "em":
      case "del":
        return [h(token.type, {}, ...this.#inline(token.tokens))];
      case "paragraph":
        return this.#inline(token.tokens);
      case "text":
        return token.tokens ? this.#inline(token.tokens) : [text(decoded(token.text))];
      case "escape":
        return [text(token.text)];
      case "codespan":
        return [h("code", {}, text(token.text))];
      case "br":
        return [h("br")];
      case "checkbox":
        return [h("input", { type: "checkbox", disabled: true, checked: token.checked, "aria-label": words.say("taskDone") }), text(" ")];
      case "link":
        return token.autolink
          ? link(token.href, [text(token.text)])
          : link(decoded(token.href), this.#inline(token.tokens));
      case "image":
        return [remoteImage(decoded(token.href), decoded(token.text), this.#context)];
      case "html":
        // The only way to break a line in a table, so models use it there.
        return [/^<br\s*\/?>$/i.test(token.text) ? h("br") : text(token.text)];
      default:
        return [text((token as Token).raw)];
    }
  }
}

/** A link that leaves no trace of this page at its target; without an address that is safe to follow, only its text. */
export function link(href: string, children: (Node | string)[]): Node[] {
  const url = SAFE_ADDRESS.test(href) ? parsed(href) : undefined;
  if (!url) return [h("span", {}, ...children)];
  const element = h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", referrerpolicy: "no-referrer", title: url.href }, ...children);
  // Text that looks like another address than it leads to, or letters that look like others: the true host stands beside it.
  const claimed = /^(?:https?:\/\/)?([^\s/?#]+\.[^\s/?#.]{2,})/i.exec(element.textContent.trim())?.[1];
  const isHonest = url.protocol === "mailto:" || !url.hostname.includes("xn--");
  const differs = claimed !== undefined && parsed(`https://${claimed}`)?.host !== url.host && url.protocol !== "mailto:";
  return isHonest && !differs ? [element] : [element, h("span", { class: "host" }, ` (${url.host})`)];
}

function parsed(href: string): URL | undefined {
  try {
    return new URL(href);
  } catch {
    return undefined;
  }
}

/** What fetches an image from a host of the page's, by its button. */
const trusted = new WeakMap<Element, () => void>();

/** A button that names the host and fetches the image when it is pressed; a link where the page's policy forbids that. */
function remoteImage(href: string, alt: string, { words, imageHosts }: MarkdownContext): Node {
  const url = /^https?:\/\//i.test(href) ? parsed(href) : undefined;
  const name = alt || words.say("image");
  if (!url) return text(name);
  const show = () => {
    const image = h("img", { alt: name, referrerpolicy: "no-referrer", part: "image" });
    const anchor = link(href, [name]);
    image.addEventListener("error", () => image.replaceWith(...anchor, h("span", { class: "host" }, ` (${url.host})`)));
    image.src = href;
    load.replaceWith(image);
  };
  const load = button(icon("download"), { class: "remote-image", part: "image-button" }, show);
  const isOf = (host: string) => url.host === host || (host.startsWith("*.") && url.host.endsWith(host.slice(1)));
  if (url.protocol === "https:" && imageHosts.some(isOf)) trusted.set(load, show);
  load.append(h("span", {}, words.say("loadImage", { name, host: url.host })));
  return load;
}

/** Marks that turn the reading direction make text look like other text, so they are shown instead of obeyed. */
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;

const shownControls = (data: string): string => data.replace(CONTROLS, (mark) => `‹U+${mark.codePointAt(0)!.toString(16).toUpperCase()}›`);

const text = (data: string): Text => document.createTextNode(shownControls(data));

/** marked leaves character references to the HTML parser that we do not use. */
function decoded(source: string): string {
  return source.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z]{2,8}));/g, (reference, decimal, hex, name) => {
    if (name) return ENTITIES.get(name) ?? reference;
    const codePoint = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    const isCharacter = codePoint > 0 && codePoint <= 0x10ffff && codePoint >> 11 !== 0x1b; // which is half of a pair
    return isCharacter ? String.fromCodePoint(codePoint) : "\ufffd";
  });
}

/** The references that models really use; others stay as they are written. */
const ENTITIES = new Map(
  "amp& apos' bull• cent¢ copy© deg° divide÷ emsp\u2003 ensp\u2002 euro€ ge≥ gt> harr↔ hellip… infin∞ laquo« larr← ldquo“ le≤ lsquo‘ lt< mdash— middot· minus− nbsp\u00a0 ndash– ne≠ pi\u03c0 plusmn± pound£ quot\" raquo» rarr→ rdquo” reg® rsquo’ sect§ times× trade™"
    .split(" ")
    .map((each) => [each.slice(0, -1), each.slice(-1)]),
);
