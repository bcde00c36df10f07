// What axe finds in the widget, counted as its tests run: `node tests/widget/axe.mjs` runs them in each engine (all must be
// built), prints how many states were checked, and writes that into docs/widget.md.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fill, table } from "../../bench/report.mjs";
import { Failure, main, run } from "../../scripts/processes.mjs";
import { environment, newNode, root } from "../../scripts/toolchain.mjs";

/** What the states of each suite are. */
const STATES = {
  "widget.test.mjs": "empty, streaming, answers, failed, editing, picker",
  "widget-models.test.mjs": "costs and a nearly full context, picker with a favourite, filters while comparing, models side by side",
  "widget-trouble.test.mjs": "no credit, rate limit and a cut answer at 320 pixels, offline",
  "widget-keeping.test.mjs": "list of conversations, as a sheet, renaming, before all is deleted",
  "widget-attachments.test.mjs": "files to send, sent, refused, an image opened, a model that does not take them, from right to left at 320 pixels",
};
const COLUMNS = [
  ["chromium", "light", "Chromium, light"], ["chromium", "dark", "dark"], ["chromium", "forced", "forced colours"],
  ["firefox", "light", "Firefox, light"], ["firefox", "dark", "dark"],
  ["webkit", "light", "WebKit, light"], ["webkit", "dark", "dark"],
];

await main("axe", async () => {
  const notes = join(root, "target", "axe-checks.jsonl");
  rmSync(notes, { force: true });
  const files = Object.keys(STATES).map((name) => join("tests", name));
  await run(newNode(), ["--test", "--test-reporter=dot", ...files], { cwd: root, env: { ...environment(), AXE_CHECKS: notes } });

  const checks = readFileSync(notes, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const stray = checks.find(({ suite, engine, look }) => !STATES[suite] || !COLUMNS.some(([name, colours]) => name === engine && colours === look));
  if (stray) throw new Failure(`there is no place in the table for ${JSON.stringify(stray)}`);
  const count = (suite, [engine, look]) => checks.filter((each) => each.suite === suite && each.engine === engine && each.look === look).length;
  const found = checks.reduce((sum, each) => sum + each.found, 0);
  const { version } = JSON.parse(readFileSync(join(root, "node_modules", "axe-core", "package.json"), "utf8"));
  const rows = Object.entries(STATES).map(([suite, states]) => [`${states} (\`${suite}\`)`, ...COLUMNS.map((column) => String(count(suite, column) || ""))]);
  const text = `axe-core ${version}: ${checks.length} checks, ${found} violations.\n\n${table(["states", ...COLUMNS.map(([, , title]) => title)], rows)}`;
  console.log(text);
  fill(join(root, "docs", "widget.md"), "axe", text);
});
