// The types of the package as published, by `tsc --strict`.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { newNode, npmProgram, root } from "../scripts/toolchain.mjs";
import { freshFolder, installTools, tools } from "./matrix/folder.mjs";

const check = (project) => {
  const { status, stdout, stderr } = spawnSync(npmProgram("tsc"), ["--project", join(root, project)], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
};

test("what users write compiles, and what is wrong does not", () => check("tests/types/tsconfig.json"));

test("the page compiles", { skip: !existsSync(join(root, "www", "tsconfig.json")) && "the page has no types" }, () => check("www/tsconfig.json"));

test("the widget compiles", () => check("npm/src/widget/tsconfig.json"));

/** Compilers, oldest first. From version 6 on the library of the DOM always has its async iterators. */
const compilers = {
  "TypeScript 5": () => [newNode(), join(tools, "node_modules", "typescript", "bin", "tsc")],
  "TypeScript 6": () => [newNode(), join(tools, "node_modules", "typescript6", "bin", "tsc")],
  "TypeScript 7": () => [npmProgram("tsc")],
};

const node = { module: "nodenext" };
const bundler = { module: "preserve", moduleResolution: "bundler", verbatimModuleSyntax: true, isolatedModules: true };
const dom = ["es2022", "dom", "dom.iterable"];

/** What people's own projects say, beside `strict`. */
const projects = {
  "for Node's resolution": { ...node, lib: dom },
  "with the DOM's async iterators": { ...node, lib: [...dom, "dom.asynciterable"] },
  "with exact optional properties": { ...node, lib: dom, exactOptionalPropertyTypes: true },
  "for a bundler": { ...bundler, lib: dom },
  "for a bundler, with all of it": { ...bundler, lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"], exactOptionalPropertyTypes: true },
  "on a server, without the DOM": { ...node, lib: ["es2022"], types: ["node"], files: ["server.ts"] },
};

describe("installed from its tarball", () => {
  let folder;
  before(async () => {
    await installTools();
    ({ folder } = await freshFolder());
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  for (const [compiler, command] of Object.entries(compilers)) {
    for (const [name, { files = ["usage.ts"], ...options }] of Object.entries(projects)) {
      test(`the types hold in ${compiler}, ${name}`, () => {
        const project = join(folder, "project");
        mkdirSync(project, { recursive: true });
        for (const file of files) cpSync(join(root, "tests", "types", file), join(project, file));
        const compilerOptions = { target: "es2022", types: [], strict: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true, ...options };
        writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
        const [program, ...args] = command();
        const { status, stdout, stderr } = spawnSync(program, [...args, "--project", project], { encoding: "utf8" });
        assert.equal(status, 0, stdout + stderr);
      });
    }
  }

  test("each compiler is the version that its name says", () => {
    for (const [compiler, command] of Object.entries(compilers)) {
      const [program, ...args] = command();
      const { stdout } = spawnSync(program, [...args, "--version"], { encoding: "utf8" });
      assert.ok(stdout.replace("Version", "TypeScript").startsWith(`${compiler}.`), stdout);
    }
  });
});

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
