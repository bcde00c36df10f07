// The OpenRouter simulator: an HTTP server on loopback that behaves on the wire as OpenRouter does. See README.md.
import { once } from "node:events";
import { createServer } from "node:http";
import { Api, BASE_PATH } from "./api.mjs";
import { readBody } from "./body.mjs";
import { Clock } from "./clock.mjs";
import { CONTROL_PATH, control } from "./control.mjs";
import { Exchange, Ledger } from "./exchange.mjs";
import { DEFAULT_FIXTURES, Recordings } from "./recordings.mjs";
import { Scripts } from "./scripts.mjs";

/** On every answer; `openrouter.ai` is behind Cloudflare, and a proxy must not hand its cookie on. */
const commonHeaders = (requestNumber) => ({
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "X-Generation-Id,X-Provider-Name,cf-ray",
  "cf-ray": `${requestNumber.toString(16).padStart(16, "0")}-SIM`,
  "set-cookie": "__cf_bm=simulator; Domain=openrouter.ai; HttpOnly",
  "x-content-type-options": "nosniff",
});

/** Whatever a browser asks for is allowed. */
const preflight = ({ headers }) => ({
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
  "access-control-max-age": "86400",
});

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * Starts a simulator; resolves once it listens. Rejects if the port is taken.
 *
 * - `apiKey`: the only key that is accepted beside those given out here; any key, if undefined.
 * - `fixtures`: where `sim/replay/…` finds recorded answers.
 * - `wordDelayMs`: the pause between the words of ordinary answers.
 * - `isControllable`: whether `/__sim/` answers. It shows every request to every web page, so a demo turns it off.
 */
export async function startUpstream({
  port = 0,
  host = "127.0.0.1",
  apiKey = undefined,
  fixtures = DEFAULT_FIXTURES,
  wordDelayMs = 0,
  isControllable = true,
} = {}) {
  const ledger = new Ledger();
  const recordings = new Recordings(fixtures);
  const scripts = new Scripts(recordings);
  const clock = new Clock();
  const api = new Api({ apiKey, clock, recordings, scripts, wordDelayMs });

  const upstream = {
    /** The records of all requests so far, oldest first. */
    get requests() {
      return ledger.records;
    },
    /** See `Ledger.waitFor`. */
    waitFor: (subject) => ledger.waitFor(subject),
    /** Registers a script under its model slug or path, instead of any before. */
    define: (spec) => scripts.define(spec),
    /** Lets the next piece of a stepped script go: that of a slug, or of `{ model }` or `{ path, method }`. */
    step: (subject) => scripts.step(typeof subject === "object" ? subject : { model: subject }),
    /** Lets time pass for codes and cached answers, which expire. */
    advanceClock: (ms) => clock.advance(ms),
    /** Forgets scripts, records and cached answers; answers under way go on. */
    reset() {
      scripts.clear();
      ledger.reset();
      api.reset();
    },
    /** Stops listening and cuts every connection. */
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };

  async function answer(request, response) {
    const { pathname, searchParams: query } = new URL(request.url, "http://simulator");
    const path = decoded(pathname);
    const { method, headers } = request;
    const received = await readBody(request);
    const { body } = received;

    if (isControllable && path.startsWith(CONTROL_PATH)) {
      if (method === "OPTIONS") return response.writeHead(204, preflight(request)).end();
      const result = await control({ upstream, ledger, method, path, query, body });
      const controlHeaders = { "content-type": "application/json", "access-control-allow-origin": "*" };
      return response.writeHead(result.status, controlHeaders).end(JSON.stringify(result.body));
    }

    const record = ledger.open({ method, path: pathname, query: Object.fromEntries(query), headers, body });
    const exchange = new Exchange(response, { record, ledger, commonHeaders: commonHeaders(record.receivedAt) });
    if (method === "OPTIONS") {
      return exchange.play({ status: 204, headers: preflight(request), pieces: () => [].values() });
    }
    return exchange.play(api.answer({ ...received, path, query, record }));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      // A request whose sender went away before it was whole was never received; anything else is a bug here.
      if (request.complete) console.error("the simulator failed:", error);
      response.destroy(error);
    });
  });
  // Idle connections are kept for ever: a client's pool that reuses one just as it closes would see a reset.
  server.keepAliveTimeout = 0;
  server.listen(port, host);
  await once(server, "listening");

  const { port: boundPort } = server.address();
  const url = `http://${host}:${boundPort}`;
  return Object.assign(upstream, { url, baseUrl: url + BASE_PATH, port: boundPort });
}
