// What the documents say of the repository, checked against it.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../scripts/toolchain.mjs";
import { table } from "./clients/clients.mjs";
import { documents } from "./support/snippets.mjs";

const sources = ["src", "tests", "worker/src"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => /\.(rs|m?js)$/.test(file) && !file.includes("node_modules"))
    .map((file) => readFileSync(join(root, folder, file), "utf8")),
);
/** Functions in Rust, methods and functions in JavaScript. */
const functions = new Set(sources.flatMap((source) => [...source.matchAll(/\b([a-z][a-z0-9_]+)\s*(?:<[^>]*>)?\(/g)].map(([, name]) => name)));

/** The names of Node's tests; where one is made of parts, any part will do. */
const titles = ["tests", "tests/upstream", "tests/widget", "bench", "www/tests"]
  .flatMap((folder) => readdirSync(join(root, folder)).map((file) => join(root, folder, file)))
  .filter((file) => /\.test\.m?[jt]s$/.test(file))
  .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\b(?:test|describe|it)\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gs)])
  .map(([, , title]) => title)
  // A title of nothing but parts would be every name.
  .filter((title) => title.replace(/\$\{[^}]*\}/g, "").trim().length > 10)
  .map((title) => new RegExp(`^${title.replace(/[.*+?^()|[\]\\]|\$(?!\{)/g, "\\$&").replace(/\$\{[^}]*\}/g, ".+")}$`));

for (const document of documents) {
  const text = readFileSync(join(root, document), "utf8");
  // A test's name is a sentence. In Rust its words are joined; Node's are quoted, in the cells of tables.
  const joined = [...text.matchAll(/`([a-z0-9]+(?:_[a-z0-9]+){3,})`/g)].map(([, name]) => name);
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  const quoted = rows.flatMap((row) => [...row.matchAll(/"([^"]+)"/g)]).map(([, name]) => name).filter((name) => name.split(" ").length > 3);
  if (joined.length + quoted.length === 0) continue;
  test(`each test that ${document} names is there`, () => {
    assert.deepEqual(joined.filter((name) => !functions.has(name)), []);
    assert.deepEqual(quoted.filter((name) => !titles.some((title) => title.test(name))), []);
  });
}

test("the table of clients is current: node tests/clients/table.mjs", () => {
  assert.ok(readFileSync(join(root, "docs", "clients.md"), "utf8").includes(`<!-- table -->\n${table()}\n<!-- end of the table -->`));
});

test("links between the documents lead somewhere", () => {
  for (const document of documents) {
    for (const [, target] of readFileSync(join(root, document), "utf8").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(join(root, document, "..", target)), `${document}: ${target}`);
    }
  }
});
