// The types of the package as published, by `tsc --strict`.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { npmProgram, root } from "../scripts/toolchain.mjs";

const check = (project) => {
  const { status, stdout, stderr } = spawnSync(npmProgram("tsc"), ["--project", join(root, project)], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
};

test("what users write compiles, and what is wrong does not", () => check("tests/types/tsconfig.json"));

test("the page compiles", { skip: !existsSync(join(root, "www", "tsconfig.json")) && "the page has no types" }, () => check("www/tsconfig.json"));
