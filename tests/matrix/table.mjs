// What ran, as a table: whole for docs/works-with.md, by tool for the README.
import { readFileSync, writeFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import { versionOf } from "./folder.mjs";

export const ok = "ok";
export const failed = "FAILED";
export const notRun = "not run";

const engineNames = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };
const places = [...Object.keys(engineNames), "runtime"];

/** Tools that people know by another name than their package's. */
const toolNames = { vite: "Vite", rollup: "Rollup", rolldown: "Rolldown", parcel: "Parcel", next: "Next.js", node: "Node", node20: "Node", node22: "Node", deno: "Deno", bun: "Bun" };

/** The Node of the repository runs the tools, and is no tool of the matrix's own. */
const toolVersion = (tool) => (tool === "node" ? process.versions.node : tool === "no tool" ? "" : versionOf(tool));

const line = (cells) => `| ${cells.join(" | ")} |`;
const rows = (heads, cells) => [heads, heads.map(() => "---"), ...cells].map(line).join("\n");

export class Table {
  #rows = [];
  #browsers = {};

  /** The row of a case; what became of it is put in by engine, or as `runtime`. */
  row({ tool, name }) {
    const row = { tool: toolNames[tool] ?? tool, version: toolVersion(tool), name };
    this.#rows.push(row);
    return row;
  }

  /** Asks the browsers for their versions. */
  async tellBrowsers(browsers) {
    for (const [engine, { driver }] of Object.entries(browsers)) {
      this.#browsers[engine] = (await driver.getCapabilities()).get("browserVersion");
    }
  }

  get #when() {
    const browsers = Object.entries(this.#browsers).map(([engine, version]) => `${engineNames[engine]} ${version}`);
    return `Run on ${new Date().toISOString().slice(0, 10)}, ${platform()} ${arch()}${browsers.map((browser) => `, ${browser}`).join("")}.`;
  }

  /** Each case. */
  get whole() {
    const cells = this.#rows.map((row) => [row.tool, row.version, row.name, ...places.map((place) => row[place] ?? "")]);
    return `${this.#when}\n\n${rows(["Tool", "Version", "Case", ...places.map((place) => engineNames[place] ?? "Runtime")], cells)}`;
  }

  /** Each tool, where nothing failed. */
  get short() {
    const byTool = Map.groupBy(this.#rows, ({ tool }) => tool);
    const cells = [...byTool].map(([tool, all]) => {
      const versions = [...new Set(all.map(({ version }) => version))];
      const where = places.filter((place) => all.some((row) => row[place]));
      const isWhole = all.every((row) => places.every((place) => row[place] !== failed));
      const shown = where.map((place) => engineNames[place] ?? "outside of browsers");
      return [`${tool} ${versions.join(", ")}`.trim(), [...new Set(all.map(({ name }) => name))].join("; "), isWhole ? shown.join(", ") : failed];
    });
    return `${this.#when}\n\n${rows(["Tool", "What was built and run", "Where it streamed"], cells)}`;
  }
}

const marks = { begin: "<!-- matrix: written by `npm run test:matrix` -->", end: "<!-- /matrix -->" };

/** What a document has between the marks. */
export function between(document) {
  const text = readFileSync(join(root, document), "utf8");
  const [from, to] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (from < 0 || to < from) throw new Error(`${document} has no place for the matrix`);
  return { before: text.slice(0, from + marks.begin.length), inside: text.slice(from + marks.begin.length, to).trim(), after: text.slice(to) };
}

export function write(document, table) {
  const { before, after } = between(document);
  writeFileSync(join(root, document), `${before}\n\n${table}\n\n${after}`);
}

/** A table without what every run changes: when, and in which browsers. */
export const lasting = (table) => table.slice(table.indexOf("|"));
