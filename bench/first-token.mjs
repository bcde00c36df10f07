// `node bench/first-token.mjs`: from request to first token, through the Worker in bare workerd and from the simulator directly,
// turn by turn in one run. Only the ratio and the difference mean anything on another machine.
import { startWorker } from "../tests/support/workerd.mjs";
import { startUpstream } from "../tests/upstream/server.mjs";

const ROUNDS = 400;
const WARM_UP = 50;
const KEY = "sk-bench";

const upstream = await startUpstream({ apiKey: KEY });
const worker = await startWorker({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl, AUTH_MODE: "local", ALLOWED_ORIGINS: "self" });

const ways = {
  direct: { url: `${upstream.baseUrl}/chat/completions`, headers: { authorization: `Bearer ${KEY}` } },
  worker: { url: `${worker.directUrl}/api/v1/chat/completions`, headers: { origin: worker.directUrl } },
};
const body = JSON.stringify({ model: "sim/no-comments", stream: true, messages: [{ role: "user", content: "hi" }] });

/** Milliseconds until the first bytes of an event are here. */
async function firstToken({ url, headers }) {
  const began = performance.now();
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  const reader = response.body.getReader();
  await reader.read();
  const took = performance.now() - began;
  while (!(await reader.read()).done);
  return took;
}

const times = { direct: [], worker: [] };
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  for (const [name, way] of Object.entries(ways)) {
    const took = await firstToken(way);
    if (round >= WARM_UP) times[name].push(took);
  }
}
await worker.close();
await upstream.close();

const quantile = (values, at) => values.toSorted((a, b) => a - b)[Math.floor(values.length * at)];
const row = (name) => `${name.padEnd(8)} median ${quantile(times[name], 0.5).toFixed(2)} ms, p95 ${quantile(times[name], 0.95).toFixed(2)} ms`;
const [direct, through] = ["direct", "worker"].map((name) => quantile(times[name], 0.5));
console.log(`request to first token, ${ROUNDS} of each, in turn`);
console.log(row("direct"));
console.log(row("worker"));
console.log(`the Worker adds ${(through - direct).toFixed(2)} ms (${(through / direct).toFixed(2)} times direct)`);
