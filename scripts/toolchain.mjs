// Where the tools are, in which versions, and the environment in which they are run.
import { accessSync, constants, existsSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ask } from "./processes.mjs";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const nodeModules = join(root, "node_modules");
const npmBin = join(nodeModules, ".bin");

/** What is compiled once and used by every clone. */
export const cache =
  process.env.OPENROUTER_WASM_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "openrouter-wasm");

export const WASM_TARGET = "wasm32-unknown-unknown";

/** Name under which Debian's own Rust is linked into rustup, where rustup's has no wasm32 target. */
export const DEBIAN_TOOLCHAIN = "debian";

/** Feature set that today's engines have. Never --all-features: engines refuse what it makes. */
export const WASM_FEATURES = [
  "--enable-bulk-memory",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-reference-types",
  "--enable-multivalue",
];

/** Tools that cargo installs. The wasm-bindgen CLI must equal the wasm-bindgen crate, so Cargo.lock tells its version. */
export const CARGO_TOOLS = {
  wasmBindgen: {
    crate: "wasm-bindgen-cli",
    version: lockedVersion("wasm-bindgen"),
    binaries: ["wasm-bindgen", "wasm-bindgen-test-runner"],
  },
  wasmPack: { crate: "wasm-pack", version: "0.15.1", binaries: ["wasm-pack"] },
  geckodriver: { crate: "geckodriver", version: "0.37.1", binaries: ["geckodriver"] },
};

function lockedVersion(crate) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  return lock.match(new RegExp(`^name = "${crate}"\\nversion = "(.+)"$`, "m"))?.[1];
}

/** First version number in what a program says about itself. */
export function versionIn(text) {
  return text?.match(/\d+\.\d+\.\d+/)?.[0];
}

/** Whether dotted version `a` is at least `b`. */
export function isAtLeast(a, b) {
  return a.localeCompare(b, "en", { numeric: true }) >= 0;
}

/** Path of a program in PATH, or undefined. */
export function which(name, path = process.env.PATH) {
  for (const directory of (path ?? "").split(delimiter)) {
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** Folder that cargo installs a tool into: one for each version. */
export function toolRoot(tool) {
  return join(cache, `${tool.crate}-${tool.version}`);
}

/** Folder of a cargo tool's programs in exactly its version: our own or one in PATH; undefined if there is none. */
export function toolDirectory(tool) {
  const found = which(tool.binaries[0]);
  for (const directory of [join(toolRoot(tool), "bin"), found && dirname(found)]) {
    if (!directory || !tool.binaries.every((name) => existsSync(join(directory, name)))) continue;
    if (versionIn(ask(join(directory, tool.binaries[0]), ["--version"])) === tool.version) return directory;
  }
  return undefined;
}

/** Whether a toolchain (rustup's choice if none is named) can compile for wasm32. */
export function hasWasmStd(toolchain) {
  const directory = ask("rustc", [
    ...(toolchain ? [`+${toolchain}`] : []),
    ...["--print", "target-libdir", "--target", WASM_TARGET],
  ]);
  if (!directory || !existsSync(directory)) return false;
  if (!readdirSync(directory).some((file) => /^libstd-.*\.rlib$/.test(file))) return false;
  if (toolchain !== DEBIAN_TOOLCHAIN) return true;
  // Its linker is a link into rustup's toolchain, and that one may be gone.
  const rustlib = join(directory, "..", "..");
  if (!readdirSync(rustlib).some((host) => existsSync(join(rustlib, host, "bin", "rust-lld")))) return false;
  // A std that we built stays behind when apt brings the next compiler, which cannot read it.
  const stamp = join(directory, STD_STAMP);
  return !existsSync(stamp) || readFileSync(stamp, "utf8") === ask("rustc", [`+${toolchain}`, "-V"]);
}

/** Beside a std that we built: the compiler that it was built with. */
export const STD_STAMP = "built-by-openrouter-wasm";

let wasmToolchain;

/** Toolchain to select for wasm32 builds, undefined for rustup's own choice; null if none can. */
export function toolchainForWasm() {
  wasmToolchain ??= { name: hasWasmStd() ? undefined : hasWasmStd(DEBIAN_TOOLCHAIN) ? DEBIAN_TOOLCHAIN : null };
  return wasmToolchain.name;
}

/** To be called when set-up has changed which toolchains there are. */
export function forgetToolchain() {
  wasmToolchain = undefined;
}

/** Environment for child processes: the pinned tools come first. Without the OpenRouter key: no tool needs it. */
export function environment() {
  const { OPENROUTER_API_KEY: _key, ...inherited } = process.env;
  const tools = Object.values(CARGO_TOOLS).map(toolDirectory);
  return {
    ...inherited,
    PATH: [npmBin, ...tools.filter(Boolean), inherited.PATH].join(delimiter),
    WRANGLER_SEND_METRICS: "false",
  };
}

/** {@link environment} for builds, tests and clippy for wasm32. Native ones keep rustup's own toolchain. */
export function wasmEnvironment() {
  const toolchain = toolchainForWasm();
  return toolchain ? { ...environment(), RUSTUP_TOOLCHAIN: toolchain } : environment();
}

/** The Node that runs what needs Node 22.12 or newer. */
export function newNode() {
  return join(npmBin, "node");
}

/** Path of a program from npm's dependencies. */
export function npmProgram(name) {
  return join(npmBin, name);
}

/** Browsers and their drivers: paths, undefined where there is none. */
export function browsers() {
  const first = (...names) => names.map((name) => which(name)).find(Boolean);
  const gecko = toolDirectory(CARGO_TOOLS.geckodriver);
  return {
    chromium: {
      browser: first("chromium", "google-chrome", "google-chrome-stable", "chromium-browser"),
      driver: first("chromedriver"),
    },
    firefox: { browser: first("firefox", "firefox-esr"), driver: gecko && join(gecko, "geckodriver") },
    webkit: {
      browser: miniBrowser(),
      driver: first("WebKitWebDriver"),
      /** The display that it needs: it has no headless mode. */
      xvfb: first("Xvfb"),
    },
  };
}

function miniBrowser() {
  for (const lib of ["/usr/lib", "/usr/libexec"]) {
    for (const api of ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"]) {
      for (const folder of ["", ...(existsSync(lib) ? readdirSync(lib) : [])]) {
        const file = join(lib, folder, api, "MiniBrowser");
        if (existsSync(file)) return file;
      }
    }
  }
  return undefined;
}
