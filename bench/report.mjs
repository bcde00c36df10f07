// Tables and targets out of what was measured.
import { readFileSync, writeFileSync } from "node:fs";
import { REFERENCE } from "./contenders.mjs";
import { estimate, median, speed } from "./statistics.mjs";

export const ENGINES = { node: "Node", chromium: "Chromium" };
export const STREAMS = ["reads-16k", "one-per-read", "random-splits", "tools", "one-2mib-event"];
const CALLS = ["startup", "chat", "models"];

const two = (number) => number.toFixed(2);
const whole = (number) => Math.round(number).toLocaleString("en");
const withRange = ({ median, low, high }, show = two) => `${show(median)} (${show(low)}–${show(high)})`;

/** A table of Markdown that is one for the eye, too. Numbers are aligned right. */
export function table(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => [...row[column]].length)));
  const line = (row) => `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

/** Writes into a page of the documentation, between `<!-- mark: … -->` and `<!-- /mark -->`. */
export function fill(path, mark, content) {
  const page = readFileSync(path, "utf8");
  const place = new RegExp(`(<!-- ${mark}: [^\\n]* -->\\n)[^]*?(<!-- /${mark} -->)`);
  if (!place.test(page)) throw new Error(`${path} has no place for ${mark}`);
  writeFileSync(path, page.replace(place, (_, begin, end) => `${begin}\n${content}\n\n${end}`));
}

/** A row for each contender that took part in any of the columns. `cell` is given a figure and the column's others. */
function byContender(head, columns, cell) {
  const names = [...new Set(columns.flatMap((column) => Object.keys(column)))];
  return table(
    ["", ...head],
    names.map((name) => [name, ...columns.map((column) => (name in column ? cell(column[name], column) : "–"))]),
  );
}

const inMs = (times) => withRange(estimate(times), (ms) => ms.toFixed(3));
const multiple = (times, all) => (all[REFERENCE] ? withRange(speed(all[REFERENCE], times)) : `${inMs(times)} ms`);

const makers = {
  speed(measured, { inputs }) {
    const title = (engine, what) => `### ${ENGINES[engine]}: ${what}`;
    const asked = (names, engine) => names.filter((name) => measured[engine][name]);
    const tables = Object.keys(measured).flatMap((engine) => {
      const [streams, calls] = [asked(STREAMS, engine), asked(CALLS, engine)];
      const columns = (names) => names.map((name) => measured[engine][name]);
      return [
        streams.length > 0 && `${title(engine, "streams, speed as a multiple of hand-written")}\n\n${byContender(streams, columns(streams), multiple)}`,
        calls.length > 0 && `${title(engine, "calls, milliseconds each")}\n\n${byContender(calls, columns(calls), inMs)}`,
      ];
    });
    const rows = Object.entries(inputs).map(([name, { what, events, reads, bytes }]) => [
      name,
      what,
      events ? whole(events) : "–",
      reads ? whole(reads) : "–",
      whole(bytes),
      ...Object.values(measured).map((scenarios) => (scenarios[name]?.[REFERENCE] ? median(scenarios[name][REFERENCE]).toFixed(3) : "–")),
    ]);
    const head = ["scenario", "what", "chunks", "reads", "bytes", ...Object.keys(measured).map((engine) => `${REFERENCE}, ${ENGINES[engine]}, ms`)];
    return [...tables.filter(Boolean), table(head, rows)].join("\n\n");
  },

  size(measured) {
    const rows = Object.entries(measured).map(([name, { raw, gzip, brotli }]) => [name, whole(raw), whole(gzip), whole(brotli)]);
    return `### What a page ships, bytes\n\n${table(["", "raw", "gzip -9", "brotli 11"], rows)}`;
  },

  parts({ rows, features }) {
    const total = (figure) => whole(rows.reduce((sum, row) => sum + row[figure], 0));
    const parts = rows.map(({ part, what, raw, gzip }) => [what ? `${part}: ${what}` : part, whole(raw), whole(gzip)]);
    const optional = features.map(({ what, wasm, javascript }) => [what, whole(wasm), javascript === undefined ? "–" : whole(javascript)]);
    return `### What it is made of, bytes

What ships with "ours slim". The wasm's code is told apart by the names that its functions had; what the compiler inlined
is where it was inlined. A part's gzip is its share of the file's, by raw bytes: to leave a part out saves less than that
where others use its code, and more where only it used theirs.

${table(["", "raw", "gzip -9"], [...parts, ["all", total("raw"), total("gzip")]])}

What the wasm would save without a feature (optimised again without its exports; its texts stay), and the JavaScript
that a page has only where it imports it ("–": every bundle has it):

${table(["", "wasm, gzip -9", "JavaScript, gzip -9"], optional)}`;
  },

  memory(measured) {
    const engines = Object.keys(measured);
    const head = engines.map((engine) => ENGINES[engine]);
    const garbage = byContender(head, engines.map((engine) => measured[engine].garbage), whole);
    const kB = (bytes) => whole(bytes / 1000);
    const long = engines.flatMap((engine) =>
      Object.entries(measured[engine].longStream).map(([name, places]) => [
        `${name}, ${ENGINES[engine]}`,
        ...places.flatMap(({ heap, wasm }) => [kB(heap), kB(wasm)]),
      ]),
    );
    const texts = Object.values(measured[engines[0]].longStream)[0]?.map(({ text }) => kB(text)).join(" kB and then ");
    const inKb = (seen) => seen.map(kB).join(" → ");
    const ends = byContender(head, engines.map((engine) => measured[engine].endings), inKb);
    return [
      `### JavaScript heap taken for each event (reads-16k), bytes\n\n${garbage}`,
      long.length > 0 && `### Memory in a stream of 1,000,000 events, kB\n\nThe text of the answer, which wasm keeps for the final message, is ${texts} kB.\n\n${table(["", "heap after 100,000", "wasm", "heap after 1,000,000", "wasm"], long)}`,
      measured[engines[0]].endings.end && `### Ours: wasm memory after 10 and after 100 streams with 1 MiB in the parser, by how they end, kB\n\n${ends}`,
    ]
      .filter(Boolean)
      .join("\n\n");
  },

  cold(measured) {
    const head = Object.keys(measured).map((engine) => ENGINES[engine]);
    const shown = byContender(head, Object.values(measured), (times) => withRange(estimate(times), (ms) => ms.toFixed(1)));
    return `### Cold start: import, initialization and the first streamed answer, ms\n\n${shown}`;
  },

  targets(measured) {
    const rows = measured.map(({ what, found, wanted, isMet }) => [what, found, wanted, isMet ? "yes" : "NO"]);
    return `### Targets\n\n${table(["", "measured", "wanted", "met"], rows)}`;
  },
};

/** Markdown of one part of the results. */
export const section = (part, results) => makers[part](results[part], results);

export const document = (results) => `# Benchmark

Printed by \`npm run bench\`; see [README.md](README.md) for what is measured and how. Medians of paired rounds, in
brackets the interval that holds the true median in 95 of 100 runs. ${results.machine.cores} cores (${results.machine.cpu}),
${Object.values(results.machine.engines).join(", ")}; ${Object.entries(results.versions).map(([name, version]) => `${name} ${version}`).join(", ")}.
Only ratios of one run mean anything on another machine.

${Object.keys(makers).filter((part) => results[part]).map((part) => section(part, results)).join("\n\n")}
`;

/**
 * What this project promises, as far as it was measured. A rule is no promise of ours: without it the comparison would
 * be worth nothing.
 */
export function targets({ speed: speeds = {}, size, memory = {}, cold = {} }) {
  const found = [];
  const add = (what, figure, isMet, wanted, { show = two, isRule = false } = {}) => {
    if (Number.isFinite(figure)) found.push({ what, found: show(figure), wanted, isMet: isMet(figure), isRule });
  };
  for (const [engine, scenarios] of Object.entries(speeds)) {
    const faster = (name, scenario, other, least, more) => {
      const times = scenarios[scenario] ?? {};
      if (!times[name] || !times[other]) return;
      const { median } = speed(times[other], times[name]);
      add(`${ENGINES[engine]}, ${scenario}: ${name} against ${other}`, median, (ratio) => ratio >= least, `at least ${two(least)}x`, more);
    };
    faster("ours", "reads-16k", REFERENCE, 2);
    faster("ours text()", "reads-16k", REFERENCE, 5);
    faster("ours", "one-per-read", "tuned", 1.05);
    faster("ours", "tools", "tuned", 1);
    faster("ours", "random-splits", "tuned", 1);
    for (const scenario of STREAMS) faster("tuned", scenario, "createParser", 0.9, { isRule: true });
  }
  for (const [engine, { garbage, longStream, endings }] of Object.entries(memory)) {
    add(`${ENGINES[engine]}: garbage of ours against tuned`, garbage.ours / garbage.tuned, (ratio) => ratio <= 0.5, "at most 0.50x");
    const growth = (from, to) => (to - from) / 1000;
    const [early, late] = longStream.ours ?? [];
    // A byte for each event would be 900 kB. wasm keeps the text for the final message, and must keep nothing else.
    const few = (what, kB) => add(`${ENGINES[engine]}: growth of ${what} from 100,000 to 1,000,000 events, kB`, kB, () => kB < 900, "less than 900", { show: whole });
    if (early) {
      const text = growth(early.text, late.text);
      few("heap", growth(early.heap, late.heap));
      few(`wasm beyond the text's ${whole(text)} kB`, growth(early.wasm, late.wasm) - text);
    }
    for (const [way, [few, many]] of Object.entries(endings)) {
      add(`${ENGINES[engine]}: growth of wasm by 90 streams that end by ${way}, kB`, growth(few, many), (kB) => kB === 0, "0", { show: whole });
    }
  }
  if (size?.["ours slim"]) add("size with gzip, wasm and JavaScript", size["ours slim"].gzip, (bytes) => bytes <= 50_000, "at most 50,000", { show: whole });
  for (const [engine, times] of Object.entries(cold)) {
    const [ours, theirs] = [times.ours, times["@openrouter/sdk"]];
    if (ours && theirs) add(`${ENGINES[engine]}: cold start of ours against @openrouter/sdk`, 1 / speed(theirs, ours).median, (ratio) => ratio < 1, "below 1.00x");
  }
  return found;
}
