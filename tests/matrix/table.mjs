// What ran, as a table.
import { release } from "node:os";
import { devDependencies, versionOf } from "./folder.mjs";

export const ok = "ok";

const engineNames = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };
const columns = [...Object.keys(engineNames), "runtime"];

/** Tools that are told by another name than their package's. */
const toolNames = { vite: "Vite", rollup: "Rollup", rolldown: "Rolldown", parcel: "Parcel", next: "Next.js", node: "Node", node20: "Node", node22: "Node", deno: "Deno", bun: "Bun" };

const toolVersion = (tool) => (tool === "node" ? process.versions.node : tool === "import map" ? "" : versionOf(tool));

export class Table {
  #rows = [];
  #browsers = {};

  /** The row of a case; what ran is put into it by engine. */
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

  get markdown() {
    const heads = columns.map((column) => [engineNames[column] ?? "Runtime", this.#browsers[column]].filter(Boolean).join(" "));
    const cells = this.#rows.map((row) => [row.tool, row.version, row.name, ...columns.map((column) => row[column] ?? "")]);
    const line = (values) => `| ${values.join(" | ")} |`;
    return [line(["Tool", "Version", "Case", ...heads]), line(Array(3 + heads.length).fill("---")), ...cells.map(line)].join("\n");
  }

  print() {
    console.log(this.markdown);
  }
}
