// Which clients there are, what each of them can call, and in which version: what the suite runs and the table shows.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/toolchain.mjs";

const folder = join(root, "tests", "clients");

/** Where `npm test` puts Python's packages. */
export const PYTHON = join(root, "target", "clients-python");

/** What every client is asked for, whatever it is. */
const EVERY = ["chat", "stream", "tools", "structured"];
/** What OpenAI's own clients call besides. */
const OPENAI = ["toolsStream", "models", "model", "responses", "responsesStream", "responsesTools", "responsesStructured", "embeddings", "speech", "transcription", "images"];

/** `packages` are npm's; `calls` are the methods that the module's `connect()` gives back, each tested. */
export const CLIENTS = [
  { name: "openai", packages: ["openai"], calls: [...EVERY, ...OPENAI] },
  { name: "openrouter-sdk", packages: ["@openrouter/sdk"], calls: [...EVERY, "toolsStream", "models", "model", "responses", "responsesStream", "embeddings", "speech", "transcription", "images", "rerank"] },
  { name: "ai-openrouter", packages: ["ai", "@openrouter/ai-sdk-provider"], calls: [...EVERY, "toolsStream", "embeddings", "images"] },
  { name: "ai-openai-compatible", packages: ["ai", "@ai-sdk/openai-compatible"], calls: [...EVERY, "toolsStream", "embeddings", "images"] },
  { name: "langchain-openai", packages: ["@langchain/openai"], calls: [...EVERY, "toolsStream", "responses", "responsesStream", "responsesTools", "responsesStructured", "embeddings"] },
  // It leaves errors inside of a stream out, whoever sends them: the text ends, and nothing is thrown.
  { name: "langchain-openrouter", packages: ["@langchain/openrouter"], calls: [...EVERY, "toolsStream"], isDeafToErrorsInStreams: true },
  { name: "python", title: "`openai` (Python)", calls: [...EVERY, ...OPENAI] },
  { name: "curl", title: "curl", calls: [...EVERY, "models", "model", "responses", "embeddings", "speech", "transcription", "images"] },
];

/** What must go wrong in the same way for all of them. */
export const FAILURES = ["401", "402", "429", "retry", "error in a stream", "cut stream", "abort"];

export const titleOf = ({ title, packages }) => title ?? packages.map((name) => `\`${name}\``).join(" + ");

/** As the lock files have it; of curl this machine's own is taken. */
export function versionOf({ name, packages }) {
  if (packages) {
    const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
    return packages.map((each) => lock.packages[`node_modules/${each}`].version).join(" + ");
  }
  if (name === "python") return /^openai==(\S+)/m.exec(readFileSync(join(folder, "requirements.txt"), "utf8"))[1];
  return "the system's";
}

/** Words of the table for calls that are not everybody's. */
export const OTHERS = {
  toolsStream: "tools in streams",
  models: "model list",
  model: "one model",
  responses: "Responses",
  responsesStream: "its stream",
  responsesTools: "its tools",
  responsesStructured: "its structured output",
  embeddings: "embeddings",
  speech: "speech",
  transcription: "transcription (a form)",
  images: "images",
  rerank: "rerank",
};

/** The table of docs/clients.md; `mark` says how a client's case went. */
export function table(mark = () => "✓") {
  const columns = [...EVERY, ...FAILURES];
  const rows = CLIENTS.map((client) => {
    const others = Object.keys(OTHERS).filter((call) => client.calls.includes(call));
    const told = others.map((call) => (mark(client, call) === "✓" ? OTHERS[call] : `${OTHERS[call]} ${mark(client, call)}`));
    const marks = columns.map((column) => (column === "error in a stream" && client.isDeafToErrorsInStreams ? "¹" : mark(client, column)));
    return [titleOf(client), versionOf(client), ...marks, told.join(", ") || "—"];
  });
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(["client", "version", ...columns, "also"]), line(["---", "---", ...columns.map(() => ":-:"), "---"]), ...rows.map(line)].join("\n");
}
