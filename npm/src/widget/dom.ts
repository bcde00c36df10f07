// Elements from text and attributes only: nothing in the widget is ever parsed as HTML.

type Attributes = Record<string, string | number | boolean | undefined>;

/** A new element. Attributes that are `false` or `undefined` are left out, `true` is an empty one. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

export function button(content: Node | string, attributes: Attributes, onClick: () => void): HTMLButtonElement {
  const element = h("button", { type: "button", ...attributes }, content);
  element.addEventListener("click", onClick);
  return element;
}

/** A button with only an icon: its name is read out, and shown as a tooltip. */
export const iconButton = (name: Icon, label: string, attributes: Attributes, onClick: () => void): HTMLButtonElement =>
  button(icon(name), { "aria-label": label, title: label, ...attributes }, onClick);

/** 24 × 24, drawn with a line. */
const ICONS = {
  attach: "m20 11.5-7.8 7.8a5 5 0 0 1-7.1-7.1l8-8a3.4 3.4 0 0 1 4.8 4.8l-7.8 7.8a1.7 1.7 0 0 1-2.4-2.4l7.1-7.1",
  bubble: "M4 5.5h16v11H11l-4.5 3.5v-3.5H4z",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  down: "M12 5v14m-6-6 6 6 6-6",
  download: "M12 4v12m-5-5 5 5 5-5M5 20h14",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  more: "m7 10 5 5 5-5",
  next: "m10 6 6 6-6 6",
  previous: "m14 6-6 6 6 6",
  plus: "M12 5v14M5 12h14",
  retry: "M19 12a7 7 0 1 1-2.2-5.1L19 9M19 4v5h-5",
  search: "M17 11a6 6 0 1 1-12 0 6 6 0 0 1 12 0zM20 20l-4.5-4.5",
  send: "M12 19V5m-6 6 6-6 6 6",
  stop: "M8 8h8v8H8z",
} as const;

/** One of these, or a path that begins with `M` or `m`, of a part that is loaded later. */
export type Icon = keyof typeof ICONS | `${"M" | "m"}${number}${string}`;

/** One of the icons, or the path of another. */
export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  // Those that point along the line point the other way where it is read the other way.
  if (name === "next" || name === "previous") svg.setAttribute("class", "directed");
  path.setAttribute("d", ICONS[name as keyof typeof ICONS] ?? name);
  svg.append(path);
  return svg;
}

const sheets = new Map<string, CSSStyleSheet>();

/** Adds a style sheet to a shadow root, once. Sheets that are made by script need no permission of a policy. */
export function adopt(root: ShadowRoot, css: string): void {
  let sheet = sheets.get(css);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    sheets.set(css, sheet);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

/** A touch keyboard has no Shift+Enter, so there Enter starts a new line, and the button sends. */
export const hasTouchKeyboard = (): boolean => matchMedia("(pointer: coarse) and (not (any-pointer: fine))").matches;
