// What the documents say of the repository, checked against it.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../scripts/toolchain.mjs";

const sources = ["src", "tests", "worker/src"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => /\.(rs|m?js)$/.test(file) && !file.includes("node_modules"))
    .map((file) => readFileSync(join(root, folder, file), "utf8")),
);
/** Functions in Rust, methods and functions in JavaScript. */
const functions = new Set(sources.flatMap((source) => [...source.matchAll(/\b([a-z][a-z0-9_]+)\s*(?:<[^>]*>)?\(/g)].map(([, name]) => name)));

for (const document of readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"))) {
  const text = readFileSync(join(root, "docs", document), "utf8");
  // A test's name is a sentence.
  const named = [...text.matchAll(/`([a-z0-9]+(?:_[a-z0-9]+){3,})`/g)].map(([, name]) => name);
  if (named.length === 0) continue;
  test(`each test that docs/${document} names is there`, () => {
    assert.deepEqual(named.filter((name) => !functions.has(name)), []);
  });
}

test("links between the documents lead somewhere", () => {
  const documents = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(root, "docs")).map((file) => join("docs", file))];
  for (const document of documents.filter((file) => file.endsWith(".md"))) {
    for (const [, target] of readFileSync(join(root, document), "utf8").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(join(root, document, "..", target)), `${document}: ${target}`);
    }
  }
});
