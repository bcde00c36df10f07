// Runs the simulator by itself: node tests/upstream/main.mjs [--port N] [--demo] [--word-delay-ms N] [--key K]
import { parseArgs } from "node:util";
import { startUpstream } from "./server.mjs";

const DEMO_WORD_DELAY_MS = 25;

function fail(message) {
  console.error(message);
  process.exit(1);
}

function options() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      demo: { type: "boolean", default: false },
      "word-delay-ms": { type: "string" },
      key: { type: "string" },
    },
  });
  const wordDelayMs = Number(values["word-delay-ms"] ?? (values.demo ? DEMO_WORD_DELAY_MS : 0));
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError(`--port: ${values.port} is no port`);
  if (!(wordDelayMs >= 0)) throw new TypeError(`--word-delay-ms: ${values["word-delay-ms"]} is no number`);
  return { port, wordDelayMs, apiKey: values.key, isControllable: !values.demo };
}

try {
  const upstream = await startUpstream(options());
  console.log(`openrouter simulator listening on ${upstream.url}`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => upstream.close().then(() => process.exit(0)));
} catch (error) {
  if (error.code === "EADDRINUSE") fail(`port ${error.port} is already in use`);
  if (error instanceof TypeError) fail(error.message);
  throw error;
}
