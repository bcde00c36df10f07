// Charts as SVG, drawn at the size that they are shown at. What they show is in a table too.
import { dollars } from "./format.ts";

const NAMESPACE = "http://www.w3.org/2000/svg";

function svg(tag: string, attributes: Record<string, string | number>, ...children: (Node | string)[]): SVGElement {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

export interface Bar {
  /** Under it, where there is room. */
  name: string;
  value: number;
  /** What is told of it to who points at it. */
  title: string;
}

/** Where the scale ends, and its step: 1, 2 or 5 times a power of ten, four steps at most. */
export function scale(most: number): { end: number; step: number } {
  if (!(most > 0)) return { end: 1, step: 1 };
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = power * ([1, 2, 5, 10].find((times) => most / (power * times) <= 4) ?? 10);
  return { end: Math.ceil(most / step - 1e-9) * step, step };
}

const HEIGHT = 208;
const LEFT = 64;
const TOP = 12;
const BOTTOM = 24;

/** USD in bars, one beside the other. */
export function chart(label: string, bars: Bar[]): SVGElement {
  const highest = bars.reduce((high, bar) => (bar.value > high.value ? bar : high), { name: "", value: 0, title: "" });
  const root = svg("svg", { class: "days", role: "img", "aria-label": highest.title ? `${label}. Most on ${highest.title}` : label });
  const draw = () => {
    const width = root.clientWidth || 600;
    root.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    root.replaceChildren(...lines(highest.value, width), ...columns(bars, highest.value, width), ...names(bars, width));
  };
  new ResizeObserver(draw).observe(root);
  return root;
}

const height = (value: number, most: number) => (value / scale(most).end) * (HEIGHT - TOP - BOTTOM);

function lines(most: number, width: number): SVGElement[] {
  const { end, step } = scale(most);
  return Array.from({ length: Math.round(end / step) + 1 }, (_, at) => {
    const y = HEIGHT - BOTTOM - height(at * step, most);
    return svg(
      "g",
      {},
      svg("line", { x1: LEFT, x2: width, y1: y, y2: y }),
      svg("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, dollars(at * step)),
    );
  });
}

function columns(bars: Bar[], most: number, width: number): SVGElement[] {
  const room = (width - LEFT) / bars.length;
  const gap = room > 3 ? Math.min(room * 0.2, 6) : 0;
  return bars.map(({ value, title }, at) => {
    // What is there is seen.
    const tall = value > 0 ? Math.max(height(value, most), 1.5) : 0;
    const x = LEFT + at * room;
    return svg(
      "g",
      {},
      svg("title", {}, title),
      svg("rect", { class: "hit", x, y: TOP, width: room, height: HEIGHT - TOP - BOTTOM }),
      svg("rect", { class: "bar", x: x + gap / 2, y: HEIGHT - BOTTOM - tall, width: Math.min(room - gap, 48), height: tall, rx: Math.min(2, tall / 2) }),
    );
  });
}

function names(bars: Bar[], width: number): SVGElement[] {
  const room = (width - LEFT) / bars.length;
  const every = Math.max(1, Math.ceil(100 / room));
  return bars.flatMap(({ name }, at) => {
    const x = LEFT + at * room;
    return at % every > 0 || x + 76 > width + room ? [] : [svg("text", { x: Math.min(x, width - 74), y: HEIGHT - 6 }, name)];
  });
}

/** A part of the whole, for the eye only. */
export function share(part: number): SVGElement {
  const box = { viewBox: "0 0 1000 6", preserveAspectRatio: "none", class: "share", "aria-hidden": "true" };
  const width = part > 0 ? Math.max(part * 1000, 2) : 0;
  return svg("svg", box, svg("rect", { class: "track", width: 1000, height: 6 }), svg("rect", { class: "bar", width, height: 6 }));
}
