// The part that runs inside the engine, Node or browser. It prints nothing and decides nothing: figures go out.
import { REQUEST, endlessParts, scenarios } from "./inputs.js";
import { answerWith, replaceFetch, streaming, whole } from "./upstream.js";

const SETTINGS = { baseURL: "https://openrouter.test/api/v1", apiKey: "sk-or-v1-bench" };

/** The answer of a contender is not what it should be. */
class WrongContents extends Error {}

const calls = { load, describe, measure, garbage, longStream, endings };

/** Calls a function of this module from outside the engine: `{ value }` or `{ error }`. */
export async function outcomeOf(name, ...given) {
  try {
    return { value: await calls[name](...given) };
  } catch (error) {
    return { error: error instanceof WrongContents ? error.message : String(error.stack ?? error) };
  }
}

/** By then engines have compiled what is worth it. Those who take longer than the time run more code in each run, too. */
const WARM_UPS = 15;
const WARM_UP_MS = 1500;

const clients = new Map();
const prepared = new Map();

/** Memories of the wasm instances that were made: ours keeps its own to itself. */
const memories = [];

function watchMemories() {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate(...given);
    memories.push((made.instance ?? made).exports.memory);
    return made;
  };
}

/** Imports the contenders: `[name, url of the bundle]`. */
async function load(contenders) {
  replaceFetch();
  watchMemories();
  for (const [name, url] of contenders) {
    const { default: connect } = await import(url);
    clients.set(name, connect(SETTINGS));
  }
}

const prepare = (name) => {
  if (!prepared.has(name)) prepared.set(name, scenarios[name].prepare());
  return prepared.get(name);
};

/** Facts about a scenario's input. */
function describe(scenario) {
  const { what, kind, calls } = scenarios[scenario];
  const { reads, chunks, bytes, text } = prepare(scenario);
  return { what, kind, calls, reads: reads?.length, events: chunks?.length, bytes: bytes ?? text.length };
}

function can(name, scenario) {
  const client = clients.get(name);
  const { kind } = scenarios[scenario];
  if (kind !== "stream") return client[kind] !== undefined;
  return !client.isTextOnly || prepare(scenario).expected.text !== "";
}

/** One measurement: milliseconds. The contents are compared outside of it. */
async function once(name, scenario) {
  const client = clients.get(name);
  const { kind, calls } = scenarios[scenario];
  const { reads, text, expected } = prepare(scenario);
  answerWith(reads ? streaming(reads) : whole(text));
  let found;
  // Everybody begins with an empty nursery. A full collection would also throw away what was learned of the code.
  globalThis.gc?.({ type: "minor", execution: "sync" });
  const began = performance.now();
  for (let call = 0; call < calls; call++) {
    if (kind === "stream") found = await client.read(REQUEST);
    else if (kind === "chat") found = await client.chat(REQUEST);
    else found = await client.models();
  }
  const took = performance.now() - began;
  compare(name, scenario, kind === "models" ? found.join(" ") : found, expected);
  return took;
}

function compare(name, scenario, found, expected) {
  const fail = (what) => {
    throw new WrongContents(`${name} got ${what} of ${scenario} wrong`);
  };
  if (typeof expected === "string") {
    if (found !== expected) fail("the contents");
    return;
  }
  // Only what a contender tells: the text-only ones have no more.
  for (const what of Object.keys(found)) {
    if (JSON.stringify(found[what]) !== JSON.stringify(expected[what])) fail(what);
  }
}

/** Those who give out OpenRouter's own chunks must give out all of each, to keep and to change. */
async function compareChunks(name, scenario) {
  const { reads, chunks } = prepare(scenario);
  if (!clients.get(name).chunks || !chunks) return;
  answerWith(streaming(reads));
  const found = [];
  for await (const chunk of await clients.get(name).chunks(REQUEST)) found.push(chunk);
  if (JSON.stringify(found) !== JSON.stringify(chunks)) throw new WrongContents(`${name} got a chunk of ${scenario} wrong`);
  const seen = new Set();
  const visit = (value) => {
    if (typeof value !== "object" || value === null) return;
    if (seen.has(value)) throw new WrongContents(`in ${name} two chunks of ${scenario} share an object`);
    seen.add(value);
    Object.values(value).forEach(visit);
  };
  found.forEach(visit);
}

/**
 * Paired rounds: in each, every contender runs once, and each time another one is first.
 * @returns {Promise<Record<string, number[]>>} milliseconds for each call, by contender
 */
async function measure(scenario, names, rounds) {
  const able = names.filter((name) => can(name, scenario));
  for (const name of able) {
    await compareChunks(name, scenario);
    const until = performance.now() + WARM_UP_MS;
    for (let n = 0; n < WARM_UPS && performance.now() < until; n++) await once(name, scenario);
  }
  const times = Object.fromEntries(able.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < able.length; turn++) {
      const name = able[(round + turn) % able.length];
      times[name].push((await once(name, scenario)) / scenarios[scenario].calls);
    }
  }
  return times;
}

/** In bytes. Browsers tell it exactly if they are started with --enable-precise-memory-info. */
const heapUsed = () => globalThis.process?.memoryUsage().heapUsed ?? performance.memory.usedJSHeapSize;

const wasmBytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

/**
 * Bytes that a contender takes from the JavaScript heap for each event. For engines whose young generation is so large
 * that nothing is collected while a stream is read: then what is in use afterwards is what was taken. A collection in
 * between could only make it less, so the most of some runs counts.
 */
async function garbage(scenario, name) {
  const { reads, expected } = prepare(scenario);
  const taken = [];
  for (let run = 0; run < 8; run++) {
    answerWith(streaming(reads));
    globalThis.gc();
    const before = heapUsed();
    await clients.get(name).read(REQUEST);
    if (run >= 5) taken.push(heapUsed() - before); // compiled by then
  }
  return Math.max(...taken) / expected.events;
}

/**
 * Memory at some places (whole repeats) of a very long stream, collected before it is measured; `text` is the size of the answer so far
 * as it is written in the chunks, which whoever promises the whole message must keep.
 * @returns {Promise<{events: number, text: number, heap: number, wasm: number}[]>}
 */
async function longStream(name, places) {
  const { before, body, after, events, textLength, textBytes } = endlessParts();
  const repeats = Math.ceil(places.at(-1) / events);
  answerWith(
    streaming(
      (function* () {
        yield* before;
        for (let n = 0; n < repeats; n++) yield* body;
        yield* after;
      })(),
    ),
  );
  const measured = [];
  let count = 0;
  let length = 0;
  for await (const chunk of await clients.get(name).chunks(REQUEST)) {
    count++;
    length += chunk.choices[0].delta.content.length;
    if (!places.includes(count)) continue;
    globalThis.gc();
    measured.push({ events: count, text: (count / events) * textBytes, heap: heapUsed(), wasm: wasmBytes() });
  }
  if (count !== repeats * events + 2 || length !== repeats * textLength) throw new WrongContents(`${name} got the long stream wrong`);
  return measured;
}

const MIB = 2 ** 20;

/**
 * Wasm memory after many streams that end in one way (`end`, `cancel` or `error`), each of which has 1 MiB of an
 * unfinished event in its parser until shortly before. For engines that collect nothing meanwhile: a parser that waits
 * for that stays.
 * @returns {Promise<number[]>} bytes after a tenth of the streams and after all
 */
async function endings(name, way, streams) {
  const { reads, chunks } = prepare("startup");
  const encoder = new TextEncoder();
  const unfinished = encoder.encode(`data: {"x":"${"x".repeat(MIB)}`);
  // A chunk and the unfinished event come in one read: who has the chunk has given the parser the rest, too.
  const begun = [reads[0], new Uint8Array([...reads[1], ...unfinished])];
  const whole = [...begun, encoder.encode(`"}\n\n`), ...reads.slice(2)];
  const broken = function* () {
    yield* begun;
    throw new Error("the connection broke");
  };
  const seen = [];
  for (let n = 1; n <= streams; n++) {
    answerWith(streaming(way === "error" ? broken() : whole));
    let count = 0;
    let failure;
    try {
      for await (const _ of await clients.get(name).chunks(REQUEST)) {
        count++;
        if (way === "cancel") break;
      }
    } catch (error) {
      failure = error;
    }
    if (way === "end" && (failure || count !== chunks.length + 1)) throw failure ?? new WrongContents(`${name} left out chunks`);
    if (way === "error" && !failure) throw new WrongContents(`${name} takes a broken stream for a complete one`);
    if (n === streams / 10 || n === streams) seen.push(wasmBytes());
  }
  return seen;
}
