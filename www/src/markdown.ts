// Markdown that may still be growing, as DOM. marked only reads it; nodes are made by name from the list below, so
// that nothing in an answer can become anything else. Raw HTML stays text, and images are links: fetching one would
// tell its server what the address says.
import { Lexer, type MarkedToken, type Token, type Tokens } from "marked";
import { copyButton, h } from "./dom.ts";

const SAFE_ADDRESS = /^(?:https?:\/\/|mailto:)/i;

/** Blocks that the next words may still change: the last one, and the one that it may turn out to belong to. */
const OPEN_BLOCKS = 2;

/** A single block that is longer than this (in UTF-16 units) is read in parts, and as one only at the end. */
const MAX_OPEN = 32 * 1024;

/** Up to here the whole source may be read once more at the end. */
const MAX_SOURCE = 1024 * 1024;

/** Reading may take this share of the time: when it gets slow, it happens less often. */
const SHARE = 1 / 4;

interface Block {
  raw: string;
  node: Node & ChildNode;
}

/** Shows Markdown while it comes: each frame only the last blocks are read again. */
export class MarkdownView {
  readonly #root: HTMLElement;
  #source = "";
  /** The end of the source, from the first block that is still open. */
  #tail = "";
  /** What is shown for the tail. */
  #blocks: Block[] = [];
  #frame = 0;
  #restUntil = 0;
  /** Whether what is shown may differ from what the whole source means. */
  #isProvisional = false;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  get source(): string {
    return this.#source;
  }

  append(text: string): void {
    // marked would read CRLF as LF too, but then its blocks would not add up to what we have.
    const clean = text.replaceAll("\r", "");
    this.#source += clean;
    this.#tail += clean;
    this.#frame ||= requestAnimationFrame(() => this.#onFrame());
  }

  /** Shows what is still missing. */
  finish(): void {
    cancelAnimationFrame(this.#frame);
    this.#render();
    if (!this.#isProvisional || this.#source.length > MAX_SOURCE) return;
    this.#tail = this.#source;
    this.#blocks = [];
    this.#root.replaceChildren();
    this.#render();
  }

  #onFrame(): void {
    const start = performance.now();
    if (start < this.#restUntil) {
      this.#frame = requestAnimationFrame(() => this.#onFrame());
      return;
    }
    this.#frame = 0;
    this.#render();
    const end = performance.now();
    this.#restUntil = end + (end - start) * (1 / SHARE - 1);
  }

  #render(): void {
    const tokens = lex(this.#tail);
    // Links may be defined after the place where they are used.
    this.#isProvisional ||= tokens.some(({ type }) => type === "def");
    const visible = tokens.filter(isVisible);
    for (const { node } of this.#blocks.splice(visible.length)) node.remove();
    this.#blocks = visible.map((token, i) => this.#show(token, this.#blocks[i]));
    this.#close(tokens);
  }

  #show(token: Token, shown: Block | undefined): Block {
    if (shown?.raw === token.raw) return shown;
    if (shown && grow(shown, token)) return { raw: token.raw, node: shown.node };
    const node = block(token);
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
    this.#blocks = this.#blocks.slice(closed.filter(isVisible).length);
    if (this.#tail.length > MAX_OPEN) {
      this.#isProvisional = true;
      this.#tail = "";
      this.#blocks = [];
    }
  }
}

/** marked throws on what it cannot digest, e.g. thousands of nested quotes: then the text is shown as it is. */
function lex(source: string): Token[] {
  try {
    return Lexer.lex(source);
  } catch {
    return [{ type: "html", raw: source, text: source }];
  }
}

const isVisible = ({ type }: Token) => type !== "space" && type !== "def";

/** Lets a code block grow in place, which keeps its selection and scroll position. */
function grow(shown: Block, token: Token): boolean {
  if (token.type !== "code" || !(shown.node instanceof HTMLElement)) return false;
  const code = shown.node.querySelector("code");
  if (!code || code.dataset.lang !== language(token as Tokens.Code)) return false;
  const before = code.textContent;
  const text = (token as Tokens.Code).text;
  if (!text.startsWith(before)) return false;
  code.append(text.slice(before.length));
  return true;
}

function block(given: Token): Node & ChildNode {
  const token = given as MarkedToken;
  switch (token.type) {
    case "heading":
      // Below the page's own headings.
      return h(HEADINGS[token.depth - 1] ?? "h6", {}, ...inline(token.tokens));
    case "code":
      return codeBlock(token);
    case "blockquote":
      return h("blockquote", {}, ...token.tokens.filter(isVisible).map(block));
    case "list":
      return list(token);
    case "table":
      return table(token);
    case "hr":
      return h("hr");
    case "html":
      return h("p", { class: "raw" }, token.text.trimEnd());
    default:
      return h("p", {}, ...inline([token]));
  }
}

const HEADINGS = ["h3", "h4", "h5", "h6"] as const;

const language = ({ lang }: Tokens.Code) => /^\S*/.exec(lang ?? "")?.[0] ?? "";

function codeBlock(token: Tokens.Code): HTMLElement {
  const lang = language(token);
  const code = h("code", { "data-lang": lang }, token.text);
  const head = h("div", { class: "code-head" }, h("span", {}, lang || "text"), copyButton(() => code.textContent));
  const pre = h("pre", { tabindex: 0, role: "group", "aria-label": `Code${lang && `, ${lang}`}`, dir: "ltr" }, code);
  return h("div", { class: "code" }, head, pre);
}

function list(token: Tokens.List): HTMLElement {
  const items = token.items.map((item) =>
    h("li", { class: item.task && "task" }, ...item.tokens.filter(isVisible).flatMap(listed)),
  );
  if (!token.ordered) return h("ul", {}, ...items);
  return h("ol", { start: token.start === 1 || token.start === "" ? undefined : token.start }, ...items);
}

/** The text of a tight item is no paragraph. */
function listed(token: Token): Node[] {
  if (token.type === "text" || token.type === "checkbox") return inline([token]);
  return [block(token)];
}

function table({ header, rows }: Tokens.Table): HTMLElement {
  const row = (cells: Tokens.TableCell[], tag: "td" | "th") =>
    h("tr", {}, ...cells.map((cell) => h(tag, { "data-align": cell.align ?? undefined }, ...inline(cell.tokens))));
  const body = h("tbody", {}, ...rows.map((cells) => row(cells, "td")));
  const whole = h("table", {}, h("thead", {}, row(header, "th")), body);
  return h("div", { class: "table", tabindex: 0, role: "group", "aria-label": "Table" }, whole);
}

function inline(tokens: Token[] = []): Node[] {
  return tokens.flatMap((given): Node[] => {
    const token = given as MarkedToken;
    switch (token.type) {
      case "strong":
      case "em":
      case "del":
        return [h(token.type, {}, ...inline(token.tokens))];
      case "paragraph":
        return inline(token.tokens);
      case "text":
        return token.tokens ? inline(token.tokens) : [text(decoded(token.text))];
      case "escape":
        return [text(token.text)];
      case "codespan":
        return [h("code", {}, token.text)];
      case "br":
        return [h("br")];
      case "checkbox":
        return [h("input", { type: "checkbox", disabled: true, checked: token.checked, "aria-label": "Done" }), text(" ")];
      case "link":
        return token.autolink
          ? [link(token.href, [text(token.text)])]
          : [link(decoded(token.href), inline(token.tokens))];
      case "image":
        return [link(decoded(token.href), [text(`🖼 ${decoded(token.text) || "image"}`)])];
      case "html":
        // The only way to break a line in a table, so models use it there.
        return [/^<br\s*\/?>$/i.test(token.text) ? h("br") : text(token.text)];
      default:
        return [text(given.raw)];
    }
  });
}

const text = (data: string) => document.createTextNode(data);

/** A link that leaves no trace of this page at its target; without an address that is safe to follow, only its text. */
function link(href: string, children: Node[]): HTMLElement {
  if (!SAFE_ADDRESS.test(href)) return h("span", {}, ...children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

/** marked leaves character references to the HTML parser that we do not use. */
function decoded(source: string): string {
  return source.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z]{2,8}));/g, (reference, decimal, hex, name) => {
    if (name) return ENTITIES.get(name) ?? reference;
    const codePoint = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return codePoint > 0 && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : "\ufffd";
  });
}

/** The references that models really use; others stay as they are written. */
const ENTITIES = new Map([
  ["amp", "&"], ["apos", "'"], ["bull", "•"], ["cent", "¢"], ["copy", "©"], ["deg", "°"], ["divide", "÷"],
  ["emsp", "\u2003"], ["ensp", "\u2002"], ["euro", "€"], ["ge", "≥"], ["gt", ">"], ["harr", "↔"],
  ["hellip", "…"], ["infin", "∞"], ["laquo", "«"], ["larr", "←"], ["ldquo", "“"], ["le", "≤"], ["lsquo", "‘"],
  ["lt", "<"], ["mdash", "—"], ["middot", "·"], ["minus", "−"], ["nbsp", "\u00a0"], ["ndash", "–"],
  ["ne", "≠"], ["pi", "π"], ["plusmn", "±"], ["pound", "£"], ["quot", '"'], ["raquo", "»"], ["rarr", "→"],
  ["rdquo", "”"], ["reg", "®"], ["rsquo", "’"], ["sect", "§"], ["times", "×"], ["trade", "™"],
]);
