import { resolve } from "node:path";

// The tools are two folders up, as in a workspace.
const root = resolve(import.meta.dirname, "..", "..");

export default { turbopack: { root }, outputFileTracingRoot: root };
