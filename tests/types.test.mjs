// The types of the package as published, by `tsc --strict`.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { npmProgram, root } from "../scripts/toolchain.mjs";

const check = (project) => {
  const { status, stdout, stderr } = spawnSync(npmProgram("tsc"), ["--project", join(root, project)], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
};

test("what users write compiles, and what is wrong does not", () => check("tests/types/tsconfig.json"));

test("the page compiles", { skip: !existsSync(join(root, "www", "tsconfig.json")) && "the page has no types" }, () => check("www/tsconfig.json"));

/** The fields of each type of the table that requests are checked against. */
const table = new Map(
  readFileSync(join(root, "src", "request.schema"), "utf8")
    .split("\n\n")
    .map((section) => section.trim().split("\n"))
    .map(([head, ...lines]) => [head, lines.map((line) => line.trim().split(/[* ]/)[0])]),
);

/** An interface or a type, from its head to the next. */
const declared = (name) => {
  const types = readFileSync(join(root, "src", "browser", "types.d.ts"), "utf8");
  const [, body] = types.split(new RegExp(`^export (?:interface|type) ${name}\\b`, "m"));
  return body?.split(/^export /m)[0];
};

for (const name of [
  "ChatRequest", "Reasoning", "ProviderPreferences", "EmbeddingsRequest", "RerankRequest", "ImagesRequest", "SpeechRequest",
  "TranscriptionRequest", "ResponsesRequest", "MessagesRequest", "ModelsQuery",
]) {
  test(`every field of ${name} that is checked is in the types`, () => {
    const body = declared(name);
    // Whether to stream is the method's to say.
    const fields = table.get(name).filter((field) => field !== "stream");
    assert.ok(fields.length > 3);
    for (const field of fields) assert.match(body, new RegExp(`^  (?:/\\*\\*.*\\*/ )?${field}\\??:`, "m"), field);
  });
}
