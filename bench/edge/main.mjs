// `npm run bench:edge`: what the Worker costs in workerd itself, beside Workers that do nothing but pass requests on.
//
//   node bench/edge/main.mjs [--quick] [--part streams,requests,catalogue,first-byte,held,size]
//
// Rounds are interleaved: every Worker once a round, each time another one first. CPU is what the operating system counts
// for the workerd process. Without an option, results are written to bench/edge/results.md.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { Failure, main } from "../../scripts/processes.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { fill, table } from "../report.mjs";
import { estimate, median } from "../statistics.mjs";
import { firstByte, held, lists, requests, streams } from "./load.mjs";
import { FLOOR, KEY, MINIMAL, cleanUp, startWorkers } from "./workers.mjs";

const EVENTS = 20_000;
const chat = (model, more) => JSON.stringify({ model, messages: [{ role: "user", content: "x".repeat(900) }], ...more });

/** CPU time of a process so far, in µs: all threads, those that have ended too. */
function cpuTime(pid) {
  const [utime, stime] = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ").slice(11, 13).map(Number);
  return (utime + stime) * 10_000;
}

async function startUpstream(script, ...args) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const url = line.match(/http:\/\/[\d.:]+/)[0];
  return { baseUrl: `${url}/api/v1`, close: () => child.kill("SIGKILL") };
}

/** Runs `measure` for each worker, round by round; the figures of each. */
async function rounds(workers, count, measure) {
  const names = Object.keys(workers);
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < count; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round + names.length) % names.length];
      const figure = await measure(workers[name]);
      if (round >= 0) figures[name].push(figure); // the first round is to warm up
    }
  }
  return figures;
}

const cpuOf = async (worker, work) => {
  const before = cpuTime(worker.pid);
  const done = await work();
  return (cpuTime(worker.pid) - before) / done;
};

const number = (value, digits = 0) => value.toFixed(digits);
const interval = ({ median, low, high }, digits = 2) => `${number(median, digits)} (${number(low, digits)}–${number(high, digits)})`;

/** Rows with the figure of each, and how many times the floor's it is, round by round. */
function compared(figures, digits) {
  return Object.entries(figures).map(([name, values]) => {
    const ratio = estimate(values.map((value, round) => value / figures[FLOOR][round]));
    return { name, shown: number(median(values), digits), ratio };
  });
}

const ratioTable = (title, unit, rows) =>
  `### ${title}\n\n${table(["", unit, `times ${FLOOR}`], rows.map(({ name, shown, ratio }) => [name, shown, interval(ratio)]))}`;

const parts = {
  async streams({ workers, count, targets, carried }) {
    const body = chat(`sim/bench-${EVENTS}`, { stream: true });
    const figures = await rounds(workers, count, (worker) => cpuOf(worker, () => streams(worker, body, { atOnce: 2 })));
    const rows = compared(figures, 2);
    targets.push(["untouched stream, CPU per event against the floor", ratioOf(rows, "ours"), 1.1]);
    carried.push(["an isolate, per core: events of untouched streams a second", 1e6 / median(figures.ours)]);
    return ratioTable(`Streams: CPU per event, µs (2 at once, ${EVENTS.toLocaleString("en")} events each)`, "µs", rows);
  },

  async requests({ workers, count, targets, carried, isQuick }) {
    const body = chat("sim/no-padding");
    const load = { count: isQuick ? 600 : 3000, atOnce: 32 };
    const rates = [];
    const figures = await rounds(workers, count, async (worker) => {
      const began = performance.now();
      const cpu = await cpuOf(worker, async () => (await requests(worker, body, load), load.count));
      // All of them are one user's.
      if (worker === workers["ours, budget"]) rates.push((load.count / (performance.now() - began)) * 1000);
      return cpu;
    });
    carried.push(["an isolate, per core: requests with token and policy a second", 1e6 / median(figures.ours)]);
    carried.push(["an isolate and its users' objects, per core: requests with limits and budget a second", 1e6 / median(figures["ours, budget"])]);
    carried.push(["one user's object: requests a second, with isolate, load and upstream on the same cores", median(rates)]);
    const rows = compared(figures, 0);
    targets.push(["JSON request with token and policy, CPU against the floor", ratioOf(rows, "ours"), 2.2]);
    targets.push(["JSON request with limits and budget too, CPU against the floor", ratioOf(rows, "ours, budget"), 5]);
    return ratioTable("Requests of 1 KB: CPU each, µs (32 at once)", "µs", rows);
  },

  async catalogue({ workers, count, targets, isQuick }) {
    // Half a megabyte, which the simulator writes anew each time.
    const load = { count: isQuick ? 50 : 150, atOnce: 4 };
    const figures = await rounds(workers, count, (worker) => cpuOf(worker, async () => (await lists(worker, load), load.count)));
    const rows = compared(figures, 0);
    targets.push(["list of models from cache, CPU against the floor that fetches it", ratioOf(rows, "ours"), 2]);
    return ratioTable("List of models: CPU each, µs (4 at once); ours from cache, the others fetch it", "µs", rows);
  },

  async "first-byte"({ workers, count, targets, isQuick }) {
    const body = chat("sim/no-comments", { stream: true });
    const figures = await rounds(workers, count * (isQuick ? 10 : 20), (worker) => firstByte(worker, body));
    const added = (name) => median(figures[name]) - median(figures[MINIMAL]);
    for (const name of ["ours", "ours, budget"]) targets.push([`first byte after the minimal Rust Worker's, ms: ${name}`, added(name), 2]);
    const rows = Object.entries(figures).map(([name, times]) => [name, interval(estimate(times)), number(added(name), 2)]);
    return `### First byte of a stream, ms\n\n${table(["", "ms", `after ${MINIMAL}`], rows)}`;
  },

  async held({ start, targets, carried, isQuick }) {
    const ticker = await startUpstream(join(import.meta.dirname, "ticker.mjs"));
    const workers = await start(ticker.baseUrl);
    const load = { atOnce: isQuick ? 200 : 2000, events: 50 };
    const body = chat("sim/text", { stream: true });
    const rows = [];
    const late = {};
    try {
      for (const [name, worker] of Object.entries(workers)) {
        const before = cpuTime(worker.pid);
        const began = performance.now();
        const { lags, lost } = await held(worker, body, load);
        const cpu = (cpuTime(worker.pid) - before) / 10 / (performance.now() - began);
        const sorted = lags.toSorted((a, b) => a - b);
        const at = (share) => sorted[Math.floor(sorted.length * share)];
        late[name] = at(0.99);
        rows.push([name, number(cpu), number(at(0.5), 1), number(at(0.99), 1), String(lost)]);
        if (name === "ours") targets.push([`events lost of ${load.atOnce} held streams`, lost, 0]);
      }
    } finally {
      for (const { close } of Object.values(workers)) await close();
      ticker.close();
    }
    targets.push(["held streams: p99 of the lag against the floor's", late.ours / late[FLOOR], 1.25]);
    const head = ["", "CPU %", "lag p50, ms", "lag p99, ms", "events lost"];
    carried.push([`an isolate: streams held at once, with the lag above`, load.atOnce]);
    return `### ${load.atOnce.toLocaleString("en")} streams held, an event each 100 ms\n\n${table(head, rows)}`;
  },

  async size({ targets }) {
    const folder = join(root, "worker", "build");
    const files = readdirSync(folder).filter((file) => /\.(js|wasm)$/.test(file));
    const rows = files.map((file) => {
      const bytes = readFileSync(join(folder, file));
      return { file, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
    });
    const total = rows.reduce((sum, { gzip }) => sum + gzip, 0);
    targets.push(["upload with gzip, bytes", total, 130_000]);
    const whole = (bytes) => bytes.toLocaleString("en");
    return `### Upload, bytes\n\n${table(["", "raw", "gzip -9"], [...rows.map(({ file, raw, gzip }) => [file, whole(raw), whole(gzip)]), ["all", "", whole(total)]])}`;
  },
};

const ratioOf = (rows, wanted) => rows.find(({ name }) => name === wanted)?.ratio.median ?? NaN;

await main("bench:edge", async () => {
  const { values: options } = parseArgs({ options: { quick: { type: "boolean" }, part: { type: "string" }, rounds: { type: "string" } } });
  const chosen = options.part?.split(",") ?? Object.keys(parts);
  const unknown = chosen.find((part) => !parts[part]);
  if (unknown) throw new Failure(`there is no part ${unknown}; there are ${Object.keys(parts).join(", ")}`);
  const isQuick = options.quick ?? false;
  const count = Number(options.rounds ?? (isQuick ? 3 : 11));

  const upstream = await startUpstream(join(root, "tests", "upstream", "main.mjs"), "--key", KEY);
  const targets = [];
  const carried = [];
  const sections = [];
  try {
    const workers = await startWorkers(upstream.baseUrl);
    try {
      for (const part of chosen) {
        const section = await parts[part]({ workers, count, targets, carried, isQuick, start: startWorkers });
        console.log(`\n${section}`);
        sections.push(section);
      }
    } finally {
      for (const { close } of Object.values(workers)) await close();
    }
  } finally {
    upstream.close();
    cleanUp();
  }
  const rows = targets.map(([what, figure, most]) => [what, most >= 1000 ? figure.toLocaleString("en") : number(figure, 2), `at most ${most.toLocaleString("en")}`, figure <= most ? "yes" : "NO"]);
  const last = `### Targets\n\n${table(["", "measured", "wanted", "met"], rows)}`;
  const carries = table(["", "measured"], carried.map(([what, figure]) => [what, Number(figure.toPrecision(2)).toLocaleString("en")]));
  console.log(`\n### What one carries\n\n${carries}\n\n${last}`);
  if (Object.keys(options).length > 0) return;
  const [{ model }] = cpus();
  const title = `# Benchmark of the Worker\n\nPrinted by \`npm run bench:edge\` on ${cpus().length} cores (${model}), the load and the upstream on the same ones; workerd\nitself, not \`wrangler dev\`. Medians of ${count} interleaved rounds, in brackets the interval that holds the true median in 95 of\n100 runs. Only the ratios mean anything on another machine.`;
  writeFileSync(join(import.meta.dirname, "results.md"), `${[title, ...sections, `### What one carries\n\n${carries}`, last].join("\n\n")}\n`);
  fill(join(root, "docs", "scale.md"), "carries", carries);
});
