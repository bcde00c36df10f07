// What a deploy would upload, as far as that goes without an account: wrangler's own dry run, for each environment.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { environment, npmProgram, root } from "../scripts/toolchain.mjs";

const folder = mkdtempSync(join(tmpdir(), "openrouter-deploy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What a dry run prints. It has no account, even where this machine has one. */
async function dryRun(...options) {
  const { CLOUDFLARE_API_TOKEN: _token, CLOUDFLARE_API_KEY: _key, ...env } = environment();
  const { stdout, stderr } = await promisify(execFile)(npmProgram("wrangler"), ["deploy", "--dry-run", "--outdir", join(folder, "out"), ...options], {
    cwd: join(root, "worker"),
    env: { ...env, XDG_CONFIG_HOME: folder, NO_COLOR: "1" },
  });
  return stdout + stderr;
}

/** `env.NAME` of what the dry run says the Worker has. */
const bound = (printed) => [...printed.matchAll(/^env\.(\w+)(?: \((.*)\))?\s{2,}(.*\S)\s*$/gm)].map(([, name, value, kind]) => ({ name, value, kind }));

const settings = readFileSync(join(root, "worker", "wrangler.toml"), "utf8");
const said = (name) => settings.match(new RegExp(`^\\[env\\.${name}\\.vars\\]\\n((?:(?!\\[).*\\n)*)`, "m"))[1].match(/^\w+(?= = )/gm);

for (const name of ["local", "staging", "production"]) {
  test(`${name} would be deployed with its bindings and variables, and nothing is wrong with it`, async () => {
    const printed = await dryRun("--env", name);
    assert.match(printed, /--dry-run: exiting now/);
    assert.doesNotMatch(printed, /WARNING|ERROR/);
    const found = bound(printed);
    const ofKind = (kind) => found.filter((binding) => binding.kind === kind).map((binding) => binding.name);
    assert.deepEqual(ofKind("Environment Variable"), said(name));
    const objects = found.filter(({ kind }) => kind === "Durable Object").map((binding) => `${binding.name}: ${binding.value}`);
    for (const object of ["LEDGER: Ledger", "SITE: Site", "STATS: Stats"]) assert.ok(objects.includes(object), objects.join());
    assert.deepEqual(ofKind("Rate Limit"), ["RATE_LIMITER"]);
    assert.deepEqual(ofKind("Assets"), ["ASSETS"]);
  });
}

test("without a named environment nothing is bound but the page's files, and so nobody is let in", async () => {
  const printed = await dryRun("--env", "");
  assert.match(printed, /--dry-run: exiting now/);
  assert.deepEqual(bound(printed).map(({ name }) => name), ["ASSETS"]);
});

test("environments count addresses apart", () => {
  const numbers = [...settings.matchAll(/^namespace_id = "(\d+)"$/gm)].map(([, number]) => number);
  assert.equal(numbers.length, 3);
  assert.equal(new Set(numbers).size, 3);
});
