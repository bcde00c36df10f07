// Import, initialization and the first streamed answer over real HTTP, in fresh processes and fresh pages, in turn.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Failure } from "../scripts/processes.mjs";
import { newNode } from "../scripts/toolchain.mjs";
import { startUpstream } from "../tests/upstream/server.mjs";
import { serve, startChromium } from "./engines.mjs";

const program = join(import.meta.dirname, "inside", "cold.js");

/** Each opens an engine; `start(file)` resolves to the milliseconds of one cold start of a bundle. */
const engines = {
  async node(settings) {
    return {
      async start(file) {
        const { stdout } = await promisify(execFile)(newNode(), [program, pathToFileURL(file).href, JSON.stringify(settings)]);
        return Number(stdout);
      },
      close: async () => {},
    };
  },

  async chromium(settings, folder) {
    const files = await serve({ "/inside/": join(import.meta.dirname, "inside"), "/bundles/": folder });
    const { driver, close } = await startChromium();
    let pages = 0;
    return {
      async start(file) {
        // A site of its own for each page: the same site would get the process back in which its code is compiled.
        await driver.get(`http://page${pages++}.localhost:${files.port}/`);
        const { took, error } = await driver.executeAsyncScript(START, `/bundles/${file.slice(folder.length + 1)}`, settings);
        if (error) throw new Failure(error);
        return took;
      },
      async close() {
        await close();
        await files.close();
      },
    };
  },
};

const START = `
  const [bundle, settings, done] = arguments;
  import("/inside/cold.js").then(({ coldStart }) => coldStart(bundle, settings)).then((took) => done({ took }), (error) => done({ error: String(error && error.stack || error) }));
`;

/**
 * @param {Map<string, string>} bundles files by contender
 * @returns {Promise<Record<string, number[]>>} milliseconds, round by round
 */
export async function coldStarts(engine, bundles, folder, rounds) {
  const upstream = await startUpstream();
  const { start, close } = await engines[engine]({ baseURL: upstream.baseUrl, apiKey: "sk-or-v1-bench" }, folder);
  const names = [...bundles.keys()];
  const times = Object.fromEntries(names.map((name) => [name, []]));
  try {
    // The first start of each warms the disk's cache, and is not counted.
    for (const name of names) await start(bundles.get(name));
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < names.length; turn++) {
        const name = names[(round + turn) % names.length];
        times[name].push(await start(bundles.get(name)));
      }
    }
  } finally {
    await close();
    await upstream.close();
  }
  return times;
}
