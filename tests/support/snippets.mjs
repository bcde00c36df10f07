// The fenced blocks of the documents, and what stands before them about how they are run.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/toolchain.mjs";

/** What users read. */
export const documents = globSync(["*.md", "npm/README.md", "docs/**/*.md", "examples/**/README.md"], {
  cwd: root,
  exclude: (path) => /node_modules|^CHANGELOG|^docs\/site\//.test(path),
}).sort();

/**
 * The blocks of a document. A comment before a block says what the page does not show:
 *
 * - `<!-- not run: why -->`: its types are checked, and that is all.
 * - `<!-- not checked: why -->`: it is looked at by nobody.
 * - `<!-- upstream: sim/tools -->`: the slug of the simulator that answers, whatever model is asked.
 */
export function snippets(document) {
  const text = readFileSync(join(root, document), "utf8");
  // A fence may stand in a list.
  const fence = /^(?<before>(?:<!--.*-->\n+)*)(?<indent> *)```(?<info>[^\n`]*)\n(?<code>[\s\S]*?)^\k<indent>```$/gm;
  return [...text.matchAll(fence)].map(({ index, groups: { before, indent, info, code } }) => {
    const told = Object.fromEntries([...before.matchAll(/<!-- ([a-z ]+?): (.*) -->/g)].map(([, name, value]) => [name, value]));
    const unknown = Object.keys(told).find((name) => !["not run", "not checked", "upstream"].includes(name));
    const line = text.slice(0, index + before.length).split("\n").length;
    if (unknown) throw new Error(`${document}:${line}: what is "${unknown}"?`);
    return {
      document,
      line,
      name: `${document}:${line}`,
      language: info.trim(),
      code: indent ? code.replaceAll(new RegExp(`^${indent}`, "gm"), "") : code,
      notRun: told["not run"],
      notChecked: told["not checked"],
      upstream: told.upstream,
    };
  });
}
