// `npm run bench`: the package against its peers. See README.md.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, endAll, main, run, whenEnding } from "../scripts/processes.mjs";
import { setup } from "../scripts/setup.mjs";
import { environment, newNode, root } from "../scripts/toolchain.mjs";
import { bundle, copyOfPackage } from "./bundles.mjs";
import { coldStarts } from "./cold-start.mjs";
import { contenders, isInstalled, takesPart, versions } from "./contenders.mjs";
import { openChromium, openNode } from "./engines.mjs";
import { scenarios } from "./inside/inputs.js";
import { plot } from "./plot.mjs";
import { document, section, targets } from "./report.mjs";
import { sizes } from "./size.mjs";

const PARTS = ["speed", "size", "parts", "memory", "cold"];
const ROUNDS = 20;
/** Fewer rounds show where one is, and prove nothing. */
const ENOUGH_ROUNDS = 20;
const COLD_ROUNDS = 15;
const STREAMS_THAT_END = 100;
/** So large a young generation, in MB, that nothing is collected unless it is asked for. */
const NO_COLLECTION = ["--min-semi-space-size=1024", "--max-semi-space-size=1024"];

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    rounds: { type: "string" },
    part: { type: "string" },
    only: { type: "string" },
    scenario: { type: "string" },
    contender: { type: "string" },
    package: { type: "string" },
    against: { type: "string" },
  },
});

function chosen(option, known, otherwise = known) {
  const given = options[option]?.split(",").map((name) => name.trim()) ?? otherwise;
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Failure(`--${option} ${unknown}: there are ${known.join(", ")}`);
  return given;
}

async function installPeers() {
  if (Object.values(contenders).every(isInstalled)) return;
  console.log("bench: installing the peers into bench/node_modules");
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: import.meta.dirname, env: environment(), quiet: true });
}

async function measureAll(wanted) {
  const folder = mkdtempSync(join(tmpdir(), "openrouter-bench-"));
  whenEnding(() => rmSync(folder, { recursive: true, force: true }));
  const bundles = await makeBundles(wanted.contenders, folder);
  const results = { machine: machine(), versions, inputs: {} };
  for (const part of wanted.parts) {
    console.log(`bench: ${part}`);
    results[part] = await measures[part]({ folder, bundles, wanted, results });
    console.log(`\n${section(part, results)}\n`);
  }
  return results;
}

const measures = {
  size: () => sizes(options.package),

  async parts() {
    if (options.package) throw new Failure("--part parts: only the build of pkg/ keeps the names that it needs, so not with --package");
    const { parts } = await import("./parts.mjs"); // set-up may have installed what it needs a moment ago
    return parts();
  },

  speed: ({ folder, bundles, wanted, results }) =>
    inEach(wanted.engines, (name) =>
      inEngine(name, { folder, bundles: partOf(bundles, "speed"), results }, async (engine, names) => {
        console.log(`bench: ${engine.version}, ${wanted.rounds} rounds`);
        const measured = {};
        for (const scenario of wanted.scenarios) {
          results.inputs[scenario] = await engine.call("describe", scenario);
          measured[scenario] = inOrder(await engine.call("measure", scenario, names, wanted.rounds), names);
          console.log(`bench: ${scenario} is done`);
        }
        return measured;
      }),
    ),

  /** Each figure in an engine of its own, so that all the memory there belongs to it. */
  memory: ({ folder, bundles, wanted, results }) =>
    inEach(wanted.engines, async (name) => {
      const measured = { garbage: {}, longStream: {}, endings: {} };
      for (const [contender, file] of partOf(bundles, "memory")) {
        const alone = { folder, bundles: new Map([[contender, file]]), results, flags: NO_COLLECTION };
        const ask = (...call) => inEngine(name, alone, (engine) => engine.call(...call));
        measured.garbage[contender] = await ask("garbage", "reads-16k", contender);
        if (!["ours", "tuned"].includes(contender)) continue;
        measured.longStream[contender] = await ask("longStream", contender, [100_000, 1_000_000]);
        if (contender !== "ours") continue;
        for (const way of ["end", "cancel", "error"]) measured.endings[way] = await ask("endings", contender, way, STREAMS_THAT_END);
      }
      return measured;
    }),

  cold: ({ folder, bundles, wanted }) =>
    inEach(wanted.engines, (name) => {
      const able = new Map([...partOf(bundles, "cold")].filter(([contender]) => name === "chromium" || !contenders[contender].needsPage));
      return coldStarts(name, able, folder, options.quick ? wanted.rounds : COLD_ROUNDS);
    }),
};

async function inEach(engines, measure) {
  const measured = {};
  for (const name of engines) measured[name] = await measure(name);
  return measured;
}

async function inEngine(name, { folder, bundles, results, flags = [] }, work) {
  const engine = await (name === "node" ? openNode : openChromium)(folder, flags);
  results.machine.engines[name] = engine.version;
  try {
    await engine.call("load", [...bundles].map(([contender, file]) => [contender, engine.urlOf(file)]));
    return await work(engine, [...bundles.keys()]);
  } finally {
    await engine.close();
  }
}

const partOf = (bundles, part) => new Map([...bundles].filter(([name]) => takesPart(name, part)));

/** WebDriver sorts what it returns. */
function inOrder(measured, names) {
  return Object.fromEntries(names.filter((name) => name in measured).map((name) => [name, measured[name]]));
}

async function makeBundles(names, folder) {
  const bundles = new Map();
  const packages = new Map();
  for (const name of names) {
    const { module, package: from = options.package ?? join(root, "pkg") } = contenders[name];
    const own = join(folder, String(bundles.size));
    if (!packages.has(from)) packages.set(from, copyOfPackage(own, from));
    bundles.set(name, (await bundle(module, packages.get(from), join(own, "bundle")))[0]);
  }
  return bundles;
}

function machine() {
  const list = cpus();
  return { date: new Date().toISOString().slice(0, 10), cpu: list[0].model, cores: list.length, engines: {} };
}

/** Each list of numbers on one line. */
function compact(results) {
  const rounded = JSON.stringify(results, (_, value) => (typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value), 1);
  return rounded.replace(/\[[^[\]{}"]*\]/g, (list) => list.replace(/\s+/g, " "));
}

await main("bench", async () => {
  const wanted = {
    parts: chosen("part", PARTS, options.quick ? ["speed"] : PARTS.filter((part) => part !== "parts" || !options.package)),
    engines: chosen("only", ["node", "chromium"]),
    scenarios: chosen("scenario", Object.keys(scenarios)),
    contenders: chosen("contender", Object.keys(contenders)),
    rounds: Number(options.rounds ?? (options.quick ? 3 : ROUNDS)),
  };
  if (options.against) {
    contenders["ours before"] = { module: "ours.js", only: ["speed", "memory"], package: options.against };
    wanted.contenders.push("ours before");
  }
  await setup({ browsers: wanted.engines.includes("chromium") });
  await installPeers();
  if (!options.package) await run(newNode(), [join(root, "scripts", "build.mjs"), "package"], { cwd: root, env: environment(), quiet: true });

  const results = await measureAll(wanted);
  results.targets = targets(results);
  if (results.targets.length > 0) console.log(section("targets", results));
  if (Object.keys(options).length === 0) {
    writeFileSync(join(import.meta.dirname, "results.json"), `${compact(results)}\n`);
    writeFileSync(join(import.meta.dirname, "results.md"), document(results));
    writeFileSync(join(root, "docs", "bench.svg"), plot(results));
  }
  const broken = results.targets.find(({ isRule, isMet }) => isRule && !isMet);
  if (broken && wanted.rounds >= ENOUGH_ROUNDS) throw new Failure(`the tuned JavaScript is a straw man: ${broken.what} is ${broken.found}, ${broken.wanted}`);
  await endAll();
});
