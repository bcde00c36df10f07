// Brings what is missing to build, run and test this project, and says so; a second run finds nothing to do.
//
//   node scripts/setup.mjs [--browsers]
//
// Each need is first met in the ordinary way. Where only package registries are reached, that fails soon, and the
// fallback takes what is needed from Debian's archive; that needs root, so for others the commands are printed.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, ask, main, run } from "./processes.mjs";
import {
  CARGO_TOOLS,
  DEBIAN_TOOLCHAIN,
  STD_STAMP,
  WASM_TARGET,
  browsers,
  cache,
  forgetToolchain,
  hasWasmStd,
  isAtLeast,
  newNode,
  nodeModules,
  root,
  toolDirectory,
  toolRoot,
  toolchainForWasm,
  versionIn,
  which,
} from "./toolchain.mjs";

const NODE_MINIMUM = "20.12.0";
const NODE_FOR_TOOLS = "22.12.0";
/** What set-up and builds take; tests with browsers take more. */
const DISK_GB = 4;
const DISK_GB_WITH_BROWSERS = 7;
/** An ordinary way is given up after this long without progress. */
const STALL_MS = 20_000;
const NO_RUSTUP = `This Rust cannot compile for ${WASM_TARGET}. Install Rust with https://rustup.rs and run this again.`;
const BUILD_STD = "-Zbuild-std=std,panic_abort,proc_macro,test";

const say = (text) => console.log(`setup: ${text}`);
const isDebian = () => existsSync("/etc/debian_version") && which("apt-get") !== undefined;
const mayUseApt = () => isDebian() && process.getuid?.() === 0;

/**
 * Meets every need of building and running, with `browsers` also those of testing.
 *
 * @returns whether anything had to be done
 */
export async function setup({ browsers: withBrowsers = false } = {}) {
  checkPrerequisites();
  const compiler = [cCompiler()];
  const system = [npmDependencies(), wasmStd(), ...(withBrowsers ? [browserPackages()] : [])];
  const compiled = [
    cargoTool(CARGO_TOOLS.wasmBindgen, "1 minute"),
    ...(withBrowsers ? [CARGO_TOOLS.wasmPack, CARGO_TOOLS.geckodriver].map((tool) => cargoTool(tool, "1 minute")) : []),
  ];
  const missing = [...compiler, ...system, ...compiled].filter((need) => !need.isMet());
  if (missing.length === 0) return false;
  // What only root can do is told before anything is done.
  const barred = mayUseApt() ? [] : missing.filter((need) => !need.ordinary);
  if (barred.length > 0) throw new Failure(barred.map(refusal).join("\n"));
  checkDisk(withBrowsers ? DISK_GB_WITH_BROWSERS : DISK_GB);
  await meet(compiler);
  // Downloads and compilers wait for different things.
  await Promise.all([meet(system), meet(compiled)]);
  return true;
}

async function meet(needs) {
  for (const need of needs) {
    if (need.isMet()) continue;
    const began = Date.now();
    let reason;
    if (need.ordinary) {
      say(`installing ${need.name} (${need.ordinary.how})`);
      try {
        await need.ordinary.run();
      } catch (error) {
        if (!(error instanceof Failure) || !need.fallback) throw error;
        reason = error;
      }
    }
    if (need.fallback && !need.isMet()) {
      if (reason) say(`that failed: ${gist(reason.message)}`);
      if (!mayUseApt()) throw new Failure(refusal(need));
      say(`installing ${need.name} (${need.fallback.how})`);
      await need.fallback.run();
    }
    if (!need.isMet()) throw new Failure(`${need.name} was installed, but is not usable. ${need.remedy ?? ""}`);
    say(`${need.name}: done in ${Math.round((Date.now() - began) / 1000)} s`);
  }
}

const refusal = (need) => `${need.name}: missing. ${need.fallback.remedy()}`;

/** The line of a failed command's output that names the error. */
function gist(message) {
  const lines = message.split("\n");
  return (lines.find((line) => /^error/i.test(line)) ?? lines[0]).slice(0, 300).replace(/:$/, "");
}

function checkPrerequisites() {
  if (!isAtLeast(process.versions.node, NODE_MINIMUM)) {
    throw new Failure(
      `Node ${NODE_MINIMUM} or newer is needed, this is ${process.versions.node}. Install one from https://nodejs.org and run this again.`,
    );
  }
  if (!which("npm")) throw new Failure("npm is missing. Install it (Debian: apt-get install npm) and run this again.");
  if (!which("cargo") || !which("rustc")) {
    throw new Failure(
      "cargo (Rust) is not in PATH. If it is installed, run `. ~/.cargo/env`; else install it with `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`. Then run this again.",
    );
  }
  const rust = versionIn(ask("rustc", ["--version"]));
  if (!rust) {
    throw new Failure("rustc does not run. Choose a toolchain with `rustup default stable` and run this again.");
  }
  const minimum = readFileSync(join(root, "Cargo.toml"), "utf8").match(/^rust-version = "(.+)"$/m)?.[1];
  if (minimum && !isAtLeast(rust, minimum)) {
    throw new Failure(`Rust ${minimum} or newer is needed, this is ${rust}. Run \`rustup update stable\` and run this again.`);
  }
}

function checkDisk(gigabytes) {
  for (const folder of [root, cache, process.env.CARGO_HOME || join(homedir(), ".cargo")]) {
    let existing = folder;
    while (!existsSync(existing)) existing = dirname(existing);
    const { bavail, bsize } = statfsSync(existing);
    const free = (bavail * bsize) / 2 ** 30;
    if (free >= gigabytes) continue;
    throw new Failure(
      `${gigabytes} GB of free disk are needed, ${folder} has ${free.toFixed(1)} GB. Make room there${folder === cache ? " or set OPENROUTER_WASM_CACHE to another folder" : ""} and run this again.`,
    );
  }
}

/** For root on Debian; the same commands for people to run themselves. */
async function apt(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // An earlier run may have been interrupted.
  await run("dpkg", ["--configure", "-a"], { env, quiet: true });
  // A repository that is out of reach fails here; what is needed may well be in the others.
  await run("apt-get", ["-q", "update"], { env, quiet: true }).catch(() => {});
  // Debian's Rust conflicts with Debian's rustup: better a failure than a removal.
  const options = ["-q", "-y", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=120"];
  await run("apt-get", ["install", ...options, ...packages], { env, quiet: true });
}

function aptRemedy(packages) {
  const commands = `apt-get update && apt-get install --no-install-recommends ${packages.join(" ")}`;
  return isDebian()
    ? `Run this as root, then run this again:\n  ${commands}`
    : `Install what Debian calls ${packages.join(" ")}, then run this again.`;
}

function systemNeed(name, isMet, packages) {
  return {
    name,
    isMet,
    fallback: { how: `apt-get install ${packages.join(" ")}`, run: () => apt(packages), remedy: () => aptRemedy(packages) },
  };
}

function cCompiler() {
  return systemNeed("a C compiler", () => which("cc") !== undefined, ["gcc", "libc6-dev"]);
}

function browserPackages() {
  const packages = ["chromium", "chromium-driver", "firefox-esr", "webkit2gtk-driver", "xvfb", "xauth"];
  const isMet = () => {
    const { chromium, firefox, webkit } = browsers();
    const needed = [chromium.browser, chromium.driver, firefox.browser, webkit.browser, webkit.driver, webkit.xvfb];
    return needed.every(Boolean);
  };
  return systemNeed("Chromium, Firefox and WebKit with their drivers", isMet, packages);
}

function npmDependencies() {
  const stamp = join(nodeModules, ".setup-stamp");
  const wanted = () => createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
  const hasNode = () => {
    const version = existsSync(newNode()) && versionIn(ask(newNode(), ["--version"]));
    return Boolean(version) && isAtLeast(version, NODE_FOR_TOOLS);
  };
  return {
    name: "npm dependencies",
    isMet: () => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted() && hasNode(),
    ordinary: {
      how: "npm ci",
      run: async () => {
        const options = { cwd: root, env: outsideNpm(), quiet: true };
        // Whatever npm's configuration says: the tools are all dev dependencies, and some want the Node that comes with them.
        await run("npm", ["ci", "--include=dev", "--engine-strict=false", "--no-audit", "--no-fund"], options);
        // Where npm's configuration forbids install scripts, the one that brings Node has not run.
        if (!hasNode()) await run("npm", ["rebuild", "node", "--ignore-scripts=false"], options);
        writeFileSync(stamp, wanted());
      },
    },
    remedy: "Remove node_modules and run this again.",
  };
}

/** `npm ci` removes node_modules, so neither npm itself nor its children may run the Node in there. */
function outsideNpm() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return { ...process.env, PATH: folders.filter((folder) => !folder.endsWith("node_modules/.bin")).join(delimiter) };
}

function wasmStd() {
  const debianPackages = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy"];
  const isMet = () => {
    forgetToolchain();
    return toolchainForWasm() !== null;
  };
  return {
    name: `Rust's standard library for ${WASM_TARGET}`,
    isMet,
    ordinary: which("rustup") && {
      how: "rustup target add",
      run: () => {
        const home = process.env.RUSTUP_HOME || join(homedir(), ".rustup");
        const progress = () => sizeOf(join(home, "downloads")) + sizeOf(join(home, "tmp"));
        return run("rustup", ["target", "add", WASM_TARGET], { cwd: root, quiet: true, stall: { ms: STALL_MS, progress } });
      },
    },
    fallback: {
      how: "Debian's Rust, and its std compiled once, about 2 minutes",
      run: async () => {
        if (!which("rustup")) throw new Failure(NO_RUSTUP);
        await apt(debianPackages);
        await debianStd();
      },
      remedy: () => {
        if (!which("rustup")) return NO_RUSTUP;
        if (!isDebian()) return "Run this again where https://static.rust-lang.org is reached.";
        const commands = debianStdCommands(debianPackages);
        return `Run this again where https://static.rust-lang.org is reached, or after these commands:\n${commands}`;
      },
    },
  };
}

/** Bytes in a folder, without its subfolders. */
function sizeOf(folder) {
  try {
    return readdirSync(folder)
      .map((file) => statSync(join(folder, file)).size)
      .reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}

/** Compiles Debian's Rust its std for wasm32 into its own sysroot, where every tool then finds it. */
async function debianStd() {
  const toolchain = `+${DEBIAN_TOOLCHAIN}`;
  await run("rustup", ["toolchain", "link", DEBIAN_TOOLCHAIN, "/usr"], { quiet: true });
  const sysroot = ask("rustc", [toolchain, "--print", "sysroot"]);
  const host = ask("rustc", [toolchain, "-vV"])?.match(/^host: (.+)$/m)?.[1];
  const rustlib = join(sysroot, "lib", "rustlib");

  // Debian's Rust has no linker for wasm; rustup's does for both.
  const linker = join(rustlib, host, "bin", "rust-lld");
  const rustupLinker = join(ask("rustc", ["--print", "sysroot"], { cwd: root }), "lib", "rustlib", host, "bin", "rust-lld");
  if (!existsSync(linker)) {
    mkdirSync(dirname(linker), { recursive: true });
    // A link to a toolchain that is gone.
    rmSync(linker, { force: true });
    symlinkSync(realpathSync(rustupLinker), linker);
  }

  const work = mkdtempSync(join(tmpdir(), "openrouter-wasm-std-"));
  try {
    mkdirSync(join(work, "src"));
    writeFileSync(join(work, "Cargo.toml"), '[package]\nname = "empty"\nedition = "2021"\n\n[workspace]\n');
    writeFileSync(join(work, "src", "lib.rs"), "");
    // Without the bitcode `lto = true` fails.
    const env = { ...process.env, RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Cembed-bitcode=yes", CARGO_TARGET_DIR: join(work, "target") };
    await run("cargo", [toolchain, "build", "--release", BUILD_STD, "--target", WASM_TARGET], { cwd: work, env, quiet: true });

    const built = join(work, "target", WASM_TARGET, "release", "deps");
    const lib = join(rustlib, WASM_TARGET, "lib");
    rmSync(lib, { recursive: true, force: true });
    mkdirSync(lib, { recursive: true });
    for (const file of readdirSync(built)) {
      if (file.endsWith(".rlib") && !file.startsWith("libempty-")) cpSync(join(built, file), join(lib, file));
    }
    writeFileSync(join(lib, STD_STAMP), ask("rustc", [toolchain, "-V"]));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  if (!hasWasmStd(DEBIAN_TOOLCHAIN)) throw new Failure(`Debian's Rust still cannot compile for ${WASM_TARGET}.`);
}

/** What {@link debianStd} does, for people without root to have done. */
function debianStdCommands(packages) {
  const commands = [
    "sudo apt-get update",
    `sudo apt-get install --no-install-recommends ${packages.join(" ")}`,
    `rustup toolchain link ${DEBIAN_TOOLCHAIN} /usr`,
    'host=$(rustc -vV | sed -n "s/^host: //p")',
    "sudo mkdir -p /usr/lib/rustlib/$host/bin",
    "sudo ln -sf $(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld /usr/lib/rustlib/$host/bin/",
    `cd $(mktemp -d) && cargo init --lib --vcs none --name empty`,
    `RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes cargo +${DEBIAN_TOOLCHAIN} build --release ${BUILD_STD} --target ${WASM_TARGET}`,
    `rm target/${WASM_TARGET}/release/deps/libempty-*`,
    `sudo install -D -m 644 -t /usr/lib/rustlib/${WASM_TARGET}/lib target/${WASM_TARGET}/release/deps/*.rlib`,
  ];
  return commands.map((command) => `  ${command}`).join("\n");
}

function cargoTool(tool, duration) {
  const name = `${tool.crate} ${tool.version}`;
  return {
    name,
    isMet: () => toolDirectory(tool) !== undefined,
    ordinary: {
      how: `cargo install, about ${duration}`,
      run: async () => {
        // Away from the clone: its own cargo configuration is not for the tools.
        const folder = toolRoot(tool);
        mkdirSync(folder, { recursive: true });
        const target = join(folder, "target");
        const env = {
          ...process.env,
          CARGO_TARGET_DIR: target,
          // Unoptimised they compile in less than half the time and still run for less than a second.
          CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
          CARGO_PROFILE_RELEASE_LTO: "off",
          CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
        };
        const install = (...flags) => {
          const args = ["install", ...flags, "--force", "--root", folder, tool.crate, "--version", `=${tool.version}`];
          return run("cargo", args, { cwd: folder, env, quiet: true });
        };
        // A registry's mirror can lag behind the lock file that a tool was published with.
        await install("--locked").catch(() => install());
        rmSync(target, { recursive: true, force: true });
      },
    },
    remedy: `Remove ${toolRoot(tool)} and run this again.`,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main("setup", async () => {
    const unknown = process.argv.slice(2).find((argument) => argument !== "--browsers");
    if (unknown) throw new Failure(`unknown argument ${unknown}; usage: node scripts/setup.mjs [--browsers]`);
    const changed = await setup({ browsers: process.argv.includes("--browsers") });
    say(changed ? "everything is there now" : "everything is there");
  });
}
