// `npm test`: sets up what is missing, builds, and runs every suite. `npm test -- worker page` runs only these.
import { connect } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installTools } from "../tests/matrix/folder.mjs";
import { freePort } from "../tests/support/loopback.mjs";
import { Failure, main, run, start } from "./processes.mjs";
import { setup } from "./setup.mjs";
import { browsers, environment, newNode, root, wasmEnvironment } from "./toolchain.mjs";

const node = (...files) => ({ command: newNode(), args: ["--test", "--test-reporter=spec", ...files] });
const cargo = (...args) => ({ command: "cargo", args: ["test", ...args] });

/** A suite is a list of commands; each prints how many tests passed and failed. */
const suites = {
  core: () => [cargo("--no-default-features", "-p", "openrouter-wasm")],
  policy: () => [cargo("-p", "openrouter-wasm-worker", "--lib")],
  simulator: () => [node("tests/upstream/*.test.mjs")],
  worker: () => [node("tests/worker*.test.mjs")],
  browser: (simulator) => [wasmPack("chrome", "chromium", simulator), wasmPack("firefox", "firefox", simulator)],
  package: () => [node("tests/package.test.mjs")],
  widget: () => [node("tests/widget/*.test.ts"), node("tests/widget*.test.mjs")],
  types: () => [node("tests/types.test.mjs", "tests/types-document.test.mjs")],
  docs: () => [node("tests/docs.test.mjs")],
  site: () => [node("tests/site.test.mjs")],
  snippets: () => [node("tests/snippets.test.mjs")],
  examples: () => [node("tests/examples.test.mjs")],
  validators: () => [node("tests/validators.test.mjs")],
  clients: () => [node("tests/clients.test.mjs")],
  matrix: () => [node("tests/matrix.test.mjs"), node("tests/tarball.test.mjs")],
  bench: () => [node("bench/*.test.mjs")],
  page: () => [node("www/tests/*.test.ts"), node("tests/page.test.mjs", "tests/session.test.mjs", "tests/admin.test.mjs")],
};

/**
 * The runner's server has four threads to begin with and hands them out twice if more connections come at once, so that a
 * browser may wait for ever. Connections that say nothing take these threads first; who comes later gets new ones.
 */
function occupyServer(port) {
  const sockets = new Set();
  const timer = setInterval(() => {
    if (sockets.size >= 6) return;
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => sockets.add(socket));
    socket.on("error", () => {}); // it does not listen yet, or not any more
    socket.once("close", () => sockets.delete(socket));
  }, 10);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
}

function wasmPack(browser, engine, simulator) {
  const driver = { chrome: "chromedriver", firefox: "geckodriver" }[browser];
  const args = ["test", "--headless", `--${browser}`, `--${driver}`, browsers()[engine].driver];
  const options = ["--features", "simulator-tests", "--test", "browser"];
  // The runner's own limit is 20 s for all tests together.
  const own = { OPENROUTER_SIMULATOR: simulator, WASM_BINDGEN_TEST_TIMEOUT: "300" };
  return { command: "wasm-pack", args: [...args, ...options], env: { ...wasmEnvironment(), ...own }, isServed: true };
}

await main("test", async () => {
  const chosen = process.argv.slice(2);
  const unknown = chosen.find((name) => !suites[name]);
  if (unknown) throw new Failure(`there is no suite ${unknown}; there are ${Object.keys(suites).join(", ")}`);

  await setup({ browsers: true });
  const env = environment();
  const { code } = await count({ command: newNode(), args: [join(root, "scripts", "build.mjs")] }, env);
  if (code !== 0) throw new Failure("the build failed, see above");

  for (const [folder, suite] of Object.entries({ snippets: "snippets", validators: "validators", frameworks: "widget" })) {
    if (chosen.length > 0 && !chosen.includes(suite)) continue;
    const npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", npm, { cwd: join(root, "tests", folder), env, quiet: true });
  }

  if (chosen.length === 0 || chosen.includes("clients")) {
    const { install } = await import(pathToFileURL(join(root, "tests", "clients", "install.mjs")));
    await install(env);
  }

  if (chosen.length === 0 || chosen.some((name) => ["matrix", "types"].includes(name))) await installTools();

  const { startUpstream } = await import(pathToFileURL(join(root, "tests", "upstream", "server.mjs")));
  const upstream = await startUpstream();
  const rows = [];
  for (const [name, commands] of Object.entries(suites)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const began = Date.now();
    const row = { name, passed: 0, failed: 0, skipped: 0 };
    for (const command of commands(upstream.url)) {
      console.log(`\ntest: ${name}: ${[command.command, ...command.args].join(" ").replaceAll(`${root}/`, "")}`);
      const { code, passed, failed, skipped } = await count(command, env);
      row.passed += passed;
      row.skipped += skipped;
      // A command that fails without a failed test has failed all the same, and one that ran nothing too.
      row.failed += code === 0 && passed > 0 ? failed : Math.max(failed, 1);
    }
    rows.push({ ...row, seconds: Math.round((Date.now() - began) / 1000) });
  }
  await upstream.close();

  console.log("");
  for (const { name, passed, failed, skipped, seconds } of rows) {
    console.log(`${name.padEnd(10)} ${String(passed).padStart(4)} passed, ${failed} failed, ${skipped} skipped  (${seconds} s)`);
  }
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  console.log(`\n${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
  if (total("failed") > 0) throw new Failure("some tests failed, see above");
});

/** Runs a command, shows what it prints, and counts by the closing lines of cargo's and Node's test runners. */
async function count({ command, args, env: own, isServed = false }, env) {
  const port = isServed && (await freePort());
  const served = isServed && { WASM_BINDGEN_TEST_ADDRESS: `127.0.0.1:${port}` };
  const release = isServed ? occupyServer(port) : () => {};
  return new Promise((resolve, reject) => {
    const child = start(command, args, { cwd: root, env: { ...(own ?? env), ...served }, stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    child.stdout.on("data", (data) => {
      printed += data;
      process.stdout.write(data);
    });
    child.stderr.on("data", (data) => process.stderr.write(data));
    child.once("error", reject);
    child.once("close", (code) => {
      release();
      const sum = (...patterns) =>
        patterns.flatMap((pattern) => [...printed.matchAll(pattern)]).reduce((total, [, number]) => total + Number(number), 0);
      resolve({
        code,
        passed: sum(/^test result: \w+\. (\d+) passed/gm, /^ℹ pass (\d+)/gm),
        failed: sum(/^test result: .* (\d+) failed/gm, /^ℹ fail (\d+)/gm),
        skipped: sum(/^test result: .* (\d+) ignored/gm, /^ℹ skipped (\d+)/gm),
      });
    });
  });
}
