// The streams as bars, for the README: speed as a multiple of hand-written, with the intervals as whiskers.
import { REFERENCE } from "./contenders.mjs";
import { ENGINES, STREAMS } from "./report.mjs";
import { speed } from "./statistics.mjs";

const WIDTH = 920;
const LABELS = 150;
const PANEL = 360;
const GAP = 20;
const TOP = 76;
const BAR = 13;
const ROW = 18;
const HEADING = 34;
/** Logarithmic: the contenders lie three powers of ten apart. */
const TICKS = [0.01, 0.1, 1, 10];
const [LEAST, MOST] = [0.008, 60];

// It carries its own background, so that it is readable whatever the page's is.
const STYLE = `
  svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0; --ours: #d4550c; --plain: #6e7781; --peer: #a8b1bb; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #f0f6fc; --faint: #9198a1; --line: #3d444d; --ours: #ff8a3d; --plain: #8b949e; --peer: #57606a; }
  }
  text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--ink); }
  .title { font-size: 16px; font-weight: 600; } .scenario { font-weight: 600; } .faint { fill: var(--faint); }
  .value { font-size: 12px; } .note { font-size: 11px; } .line { stroke: var(--line); } .one { stroke: var(--faint); } .whisker { stroke: var(--ink); }
  .ours { fill: var(--ours); } .plain { fill: var(--plain); } .peer { fill: var(--peer); }`;

const kindOf = (name) => (name.startsWith("ours") ? "ours" : ["tuned", "createParser"].includes(name) ? "plain" : "peer");

const panelAt = (panel) => LABELS + 12 + panel * (PANEL + GAP);

const along = (ratio) => (Math.log(ratio / LEAST) / Math.log(MOST / LEAST)) * PANEL;

export function plot({ speed: engines, inputs, machine, versions }) {
  const shown = STREAMS.filter((scenario) => Object.values(engines).every((measured) => measured[scenario]));
  const parts = [];
  let y = TOP;
  for (const scenario of shown) {
    const names = Object.keys(Object.values(engines)[0][scenario]).filter((name) => name !== REFERENCE);
    parts.push(`<text class="scenario" x="16" y="${y + 20}">${scenario}<tspan class="faint" font-weight="400" dx="8">${inputs[scenario].what}</tspan></text>`);
    y += HEADING;
    for (const name of names) {
      parts.push(`<text x="${LABELS}" y="${y + 11}" text-anchor="end">${name}</text>`);
      Object.values(engines).forEach((measured, panel) => parts.push(bar(measured[scenario], name, panelAt(panel), y)));
      y += ROW;
    }
  }
  const panels = Object.keys(engines).map((engine, panel) => axis(ENGINES[engine], panelAt(panel), y));
  const measured = [...Object.values(machine.engines), ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)];
  y += 24;
  parts.push(`<text class="faint note" x="16" y="${y}">${measured.join(" · ")}</text>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 16}" width="${WIDTH}" height="${y + 16}" role="img" aria-label="Speed of streams as a multiple of hand-written JavaScript">`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${y + 16}" rx="8" fill="var(--paper)"/>`,
    `<text class="title" x="16" y="28">Speed as a multiple of hand-written JavaScript (right is faster, logarithmic)</text>`,
    ...panels,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function axis(engine, x, bottom) {
  const ticks = TICKS.map((ratio) => {
    const at = x + along(ratio);
    return `<line class="${ratio === 1 ? "one" : "line"}" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/><text class="faint" x="${at}" y="${TOP - 6}" text-anchor="middle">${ratio}×</text>`;
  });
  return [`<text class="scenario" x="${x + PANEL}" y="${TOP - 26}" text-anchor="end">${engine}</text>`, ...ticks].join("\n");
}

/** From 1 to the ratio, whichever way that is. */
function bar(times, name, x, y) {
  const { median, low, high } = speed(times[REFERENCE], times[name]);
  const [one, at, from, to] = [1, median, low, high].map((ratio) => (x + along(ratio)).toFixed(1)).map(Number);
  const middle = y + BAR / 2;
  const isFaster = median >= 1;
  const beside = isFaster ? Math.max(at, to) + 5 : Math.min(at, from) - 5;
  return [
    `<rect class="${kindOf(name)}" x="${Math.min(one, at)}" y="${y}" width="${Math.abs(at - one).toFixed(1)}" height="${BAR}"/>`,
    `<path class="whisker" d="M${from} ${middle}H${to}M${from} ${middle - 3}v6M${to} ${middle - 3}v6" fill="none"/>`,
    `<text class="value" x="${beside.toFixed(1)}" y="${y + 11}" text-anchor="${isFaster ? "start" : "end"}">${median.toFixed(2)}</text>`,
  ].join("");
}
