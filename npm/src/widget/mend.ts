// Markdown whose end has not come yet: what it leaves open is closed, or not shown, so that no mark is seen that is gone
// with the next words.
// Seam: `mended(text)` of the last paragraph, heading, item or cell. It goes over the text once, and its expressions have
// nothing to go back for.

interface Open {
  mark: string;
  at: number;
  /** How much of the mark has no counterpart yet. */
  left: number;
}

/** Whoever opens more at once does not write an answer. */
const MOST_OPEN = 32;

/** After these, marks belong to names, powers, products, calls, indices and addresses. */
const NAME = /[\w)\]/]/;

const SPACE = /\s/;
const PUNCTUATION = /[\p{P}\p{S}]/u;

/** The text as it would be if it ended here. */
export function mended(source: string): string {
  // The box of a task, or what will be a table if its second line says so.
  if (/^\[[ xX]?\]?$|^\|(?: [^\n]*(?:\n[|: -]*)?)?$/.test(source)) return "";
  const marks = /\\[^]?|`+|!\[?|\[|\]|\*+|_+|~+/g;
  let end = before(source, source.length, SPACE);
  let open: Open[] = [];
  const hidden: number[] = [];
  /** Behind what is a link or code for sure. */
  let done = 0;
  /** Brackets before this hold no address. */
  let barren = 0;

  for (let found; (found = marks.exec(source)) && found.index < end; ) {
    const { 0: mark, index: at } = found;
    const { length } = mark;
    const [previous = "", next = ""] = [source[at - 1], source[at + length]];
    const bracket = open.findLastIndex((each) => each.mark.endsWith("["));
    if (open.length > MOST_OPEN) return source;
    if (mark === "\\" || (mark === "!" && !next && /^[\s[*_]?$/.test(previous))) end = at;
    else if (mark[0] === "`") {
      const ticks = /`+/g;
      ticks.lastIndex = at + length;
      let last;
      while ((last = ticks.exec(source)) && last[0].length !== length);
      if (!last) {
        open.push({ mark, at, left: length });
        end = before(source, end, /`/);
        break;
      }
      done = marks.lastIndex = ticks.lastIndex;
    } else if (mark.endsWith("[")) {
      if (length > 1 || !(NAME.test(previous) || /[\s^]/.test(next))) open.push({ mark, at, left: 0 });
    } else if (mark === "]") {
      const opened = open[bracket];
      if (!opened) continue;
      // What was opened between brackets is not closed outside of them.
      open.length = bracket;
      const address = next === "[" ? /\[[^\]]*(\]?)/y : /\(\s*(?:<[^<>\n]*>?|(?:[^\s()\\]|\\[^]?|\([^\s()]*\)?)*)\s*(?:"(?:[^"\\]|\\[^]?)*"?|'(?:[^'\\]|\\[^]?)*'?|\([^)]*\)?)?\s*(\)?)/y;
      address.lastIndex = at + 1;
      const close = at < barren ? undefined : address.exec(source)?.[1];
      if (close) done = marks.lastIndex = address.lastIndex;
      else if (!next || (close === "" && address.lastIndex >= end)) {
        const isText = opened.mark === "[" && at > opened.at + 1;
        if (isText) hidden.push(opened.at);
        end = isText ? at : opened.at;
      } else barren = Math.max(barren, address.lastIndex);
    } else if (!/[\\!]/.test(mark) && (mark[0] !== "~" || length === 2 || !next)) {
      // With one “~” an amount may begin.
      const place = open.findLastIndex((each) => each.mark[0] === mark[0]);
      const opener = open[place];
      if (opener && place > bracket && !SPACE.test(previous) && (mark[0] !== "_" || !/\w/.test(next))) {
        opener.left -= Math.min(length, opener.left);
        open.length = place + (opener.left && 1);
      } else if (!SPACE.test(next) && !NAME.test(previous) && (!PUNCTUATION.test(next) || /^[\s\p{P}\p{S}]?$/u.test(previous))) open.push({ mark, at, left: length });
    }
  }

  const image = open.findIndex(({ mark }) => mark === "![");
  if (image >= 0) {
    end = open[image]!.at;
    open = open.slice(0, image);
  }
  // What has nothing after it is not shown before it has.
  for (;;) {
    end = before(source, end, SPACE);
    const last = open.at(-1);
    if (!last || last.at + last.mark.length < end) break;
    end = last.at;
    open.pop();
  }

  let shown = "";
  let from = 0;
  for (const at of [...open.flatMap(({ mark, at }) => (mark === "[" ? at : [])), ...hidden]) {
    shown += source.slice(from, at);
    from = at + 1;
  }
  // An address may be cut: with a mark escaped it is text.
  const isOpen = end === source.length && open.at(-1)?.mark[0] !== "`";
  const word = isOpen ? Math.max(done, from, before(source, end, /\S/)) : end;
  const closing = open.map(({ mark, left }) => mark[0]!.repeat(left)).reverse();
  return shown + source.slice(from, word) + source.slice(word, end).replace(/:(?=\/\/)|@|\.(?<=www\.)/gi, "\\$&") + closing.join("");
}

/** Where characters of one kind begin, which end at a place. */
function before(text: string, end: number, kind: RegExp): number {
  while (end > 0 && kind.test(text[end - 1]!)) end--;
  return end;
}
