// Who is measured. Each is one module of contenders/ with the same default export: `connect({baseURL, apiKey})` makes
//
//   read(request)    streams an answer and adds up what its chunks say
//   chunks(request)  the chunks themselves, where it gives out OpenRouter's own
//   chat(request)    one whole answer, its text
//   models()         the ids of the model list
//
// and a page that uses all of it ships what that module's bundle holds.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Everything is a multiple of this one's speed. */
export const REFERENCE = "hand-written";

/**
 * `peers`: the packages that must be installed. `only`: the parts of the benchmark that it differs in; all, if absent.
 * `needsPage`: it fetches its wasm, and Node's fetch reads no files.
 */
export const contenders = {
  [REFERENCE]: { module: "handwritten.js" },
  ours: { module: "ours.js" },
  "ours slim": { module: "ours-slim.js", only: ["size", "cold"], needsPage: true },
  "ours text()": { module: "ours-text.js", only: ["speed", "memory"] },
  tuned: { module: "tuned.js" },
  createParser: { module: "create-parser.js", peers: ["eventsource-parser"] },
  openai: { module: "openai.js", peers: ["openai"] },
  "@openrouter/sdk": { module: "openrouter-sdk.js", peers: ["@openrouter/sdk"] },
  "ai sdk": { module: "ai-sdk.js", peers: ["ai", "@openrouter/ai-sdk-provider"] },
};

export const takesPart = (name, part) => contenders[name].only?.includes(part) ?? true;

/** The peers and their pinned versions. */
export const versions = manifest(".").dependencies;

/** Whether what it imports is there, in the version that is pinned. */
export const isInstalled = ({ peers = [] }) => peers.every((peer) => manifest(join("node_modules", peer))?.version === versions[peer]);

function manifest(folder) {
  const file = join(import.meta.dirname, folder, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
