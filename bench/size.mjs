// What a page ships for a complete client (constructor, chat, stream, models) with each contender.
//
//   node bench/size.mjs [--max BYTES]   fails if ours, wasm and JavaScript with gzip, is larger
//
// The peers are included where they are installed. The package must be built.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { Failure, main } from "../scripts/processes.mjs";
import { root } from "../scripts/toolchain.mjs";
import { bundle, copyOfPackage } from "./bundles.mjs";
import { contenders, isInstalled, takesPart } from "./contenders.mjs";

/** @returns {Promise<Record<string, {raw: number, gzip: number, brotli: number}>>} bytes, by contender */
export async function sizes(folder = join(root, "pkg")) {
  if (!existsSync(folder)) throw new Failure("there is no package: run `npm run build` first");
  const out = mkdtempSync(join(tmpdir(), "openrouter-sizes-"));
  const packages = copyOfPackage(out, folder);
  try {
    const measured = {};
    for (const [name, contender] of Object.entries(contenders)) {
      if (!takesPart(name, "size") || !isInstalled(contender)) continue;
      measured[name] = sizeOf(await bundle(contender.module, packages, join(out, contender.module)));
    }
    return measured;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** Each file is compressed by itself, as servers do. */
function sizeOf(files) {
  const contents = files.map((file) => readFileSync(file));
  const sum = (size) => contents.reduce((all, content) => all + size(content), 0);
  return {
    raw: sum(({ length }) => length),
    gzip: sum((content) => gzipSync(content, { level: 9 }).length),
    brotli: sum((content) => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main("size", async () => {
    const { values: options } = parseArgs({ options: { max: { type: "string" }, package: { type: "string" } } });
    const measured = await sizes(options.package);
    for (const [name, { raw, gzip, brotli }] of Object.entries(measured)) {
      const [r, g, b] = [raw, gzip, brotli].map((bytes) => bytes.toLocaleString("en").padStart(9));
      console.log(`${name.padEnd(18)} ${r} raw ${g} gzip ${b} brotli`);
    }
    const { gzip } = measured["ours slim"];
    if (gzip > Number(options.max ?? Infinity)) {
      throw new Failure(`a page ships ${gzip} bytes with gzip for our client, and may ship ${options.max} at most`);
    }
  });
}
