import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ask } from "./client.mjs";
import { SLUGS } from "./scenarios.mjs";

const children = [];
after(() => children.forEach((child) => child.kill("SIGKILL")));

function run(...args) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("main.mjs", import.meta.url)), ...args]);
  children.push(child);
  child.output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (child.output += data));
  child.exited = once(child, "exit").then(([code]) => code);
  return child;
}

async function listening(child) {
  while (!child.output.includes("\n")) await once(child.stdout, "data");
  return /^openrouter simulator listening on (http:\/\/127\.0\.0\.1:(\d+))\n$/.exec(child.output);
}

test("it says where it listens, and exits cleanly when told to, even with a request open", async () => {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    const child = run("--key", "k");
    const [, url] = await listening(child);
    const upstream = { baseUrl: `${url}/api/v1` };
    assert.equal((await ask(upstream, { model: "sim/text" })).status, 401);
    await ask(upstream, { model: "sim/idle", stream: true }, { headers: { authorization: "Bearer k" } });
    child.kill(signal);
    assert.equal(await child.exited, 0);
  }
});

test("a demo delays its words and shows no one its requests", async () => {
  const child = run("--demo");
  const [, url] = await listening(child);
  const begun = performance.now();
  await (await ask({ baseUrl: `${url}/api/v1` }, { model: "openai/gpt-5.2", stream: true, max_tokens: 4 })).text();
  assert.ok(performance.now() - begun >= 90);
  assert.equal((await fetch(`${url}/__sim/requests`)).status, 404);
  child.kill();
  await child.exited;
});

test("a port that is taken is one line and exit code 1", async () => {
  const first = run();
  const [, , port] = await listening(first);
  const second = run("--port", port);
  assert.equal(await second.exited, 1);
  assert.equal(second.output, `port ${port} is already in use\n`);
  first.kill();
  await first.exited;
});

test("options that make no sense are refused", async () => {
  for (const args of [["--port", "x"], ["--word-delay-ms", "x"], ["--no-such-option"]]) {
    const child = run(...args);
    assert.equal(await child.exited, 1);
    assert.match(child.output, /^[^\n]+\n$/);
  }
});

test("the README lists every built-in slug, and no other", () => {
  const readme = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const listed = [...readme.matchAll(/^\| `(sim\/[^`]+)`/gm)].map(([, slug]) => slug.replace(/-N$/, ""));
  assert.deepEqual(listed.filter((slug) => !slug.startsWith("sim/replay/")).sort(), [...SLUGS].sort());
});
