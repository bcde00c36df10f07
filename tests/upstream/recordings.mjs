// Recorded answers, looked up in a directory beside the repository: none of them is part of this tree.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const DEFAULT_FIXTURES =
  process.env.OPENROUTER_FIXTURES ?? fileURLToPath(new URL("../../../shared/openrouter/fixtures", import.meta.url));

/** What the recorder wrote down about the connection and not about the answer. */
const ABOUT_THE_CONNECTION = ["connection", "transfer-encoding", "content-length"];

/** A file name and nothing else: no path leads out of the directory. */
const FILE_NAME = /^\w[\w.-]*$/;

export class Recordings {
  #directory;

  constructor(directory) {
    this.#directory = directory;
  }

  /** The recorded answer `{ status, headers, bytes }`, or undefined if there is no such file. */
  read(name) {
    const bytes = this.#bytes(name);
    if (!bytes) return undefined;
    const { status = 200, headers = {} } = JSON.parse(this.#bytes("HEADERS.json") ?? "{}")[name] ?? {};
    const contentType = name.endsWith(".sse") ? "text/event-stream" : "application/json";
    const recorded = Object.entries(headers).filter(([header]) => !ABOUT_THE_CONNECTION.includes(header));
    return { status, headers: { "content-type": contentType, ...Object.fromEntries(recorded) }, bytes };
  }

  #bytes(name) {
    if (!FILE_NAME.test(name)) return undefined;
    try {
      return readFileSync(join(this.#directory, name));
    } catch (error) {
      if (error.code === "ENOENT") return undefined;
      throw error;
    }
  }
}
