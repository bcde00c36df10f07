// What workerd asks for the Cache API (`cacheApiOutbound`): a server that keeps responses by URL, and can be made to fail.
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * Starts it. `entries` is what is kept, by URL; `mode` is `"on"`, `"fail"` (500 to everything) or `"hang"`;
 * `waitFor(url => …)` resolves when something has been put that fits.
 */
export async function startCache() {
  const entries = new Map();
  const watchers = new Set();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method } = request;
    const url = `${request.headers.host}${request.url}`;
    if (cache.mode === "hang") return;
    if (cache.mode === "fail") return response.writeHead(500).end();
    if (method === "PUT") {
      entries.set(url, Buffer.concat(chunks));
      response.writeHead(204).end();
      for (const look of watchers) look();
      return;
    }
    const kept = entries.get(url);
    if (!kept) return response.writeHead(504, { "cf-cache-status": "MISS" }).end();
    // What was put is a whole response, head and all.
    const end = kept.indexOf("\r\n\r\n");
    const [status, ...lines] = kept.subarray(0, end).toString("latin1").split("\r\n");
    const headers = lines.map((line) => line.split(/: (.*)/s).slice(0, 2)).filter(([name]) => !/^(transfer-encoding|content-length)$/i.test(name));
    let body = kept.subarray(end + 4);
    if (lines.some((line) => /^transfer-encoding: *chunked/i.test(line))) body = unchunked(body);
    response.writeHead(Number(status.split(" ")[1]), Object.fromEntries([...headers, ["cf-cache-status", "HIT"]]));
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cache = {
    address: `127.0.0.1:${server.address().port}`,
    mode: "on",
    entries,
    waitFor(fits) {
      return new Promise((resolve) => {
        const look = () => {
          if (![...entries.keys()].some(fits)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      });
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return cache;
}

function unchunked(body) {
  const pieces = [];
  for (let at = 0; ; ) {
    const end = body.indexOf("\r\n", at);
    const length = Number.parseInt(body.subarray(at, end).toString(), 16);
    if (!(length > 0)) return Buffer.concat(pieces);
    pieces.push(body.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
