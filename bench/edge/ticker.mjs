// An upstream for many streams at once: each gets an event every 100 ms that says which one it is and when it was sent.
// Prints its URL; a process of its own, so that its work is nobody else's.
import { createServer } from "node:http";

const INTERVAL_MS = 100;
const streams = new Set();

const server = createServer((request, response) => {
  request.resume();
  if (request.method === "GET") {
    // A price list without prices; no records of generations.
    const isList = request.url.includes("/models");
    response.writeHead(isList ? 200 : 404, { "content-type": "application/json", "cache-control": "max-age=3600" });
    return response.end(isList ? '{"data":[]}' : "{}");
  }
  response.writeHead(200, { "content-type": "text/event-stream", "x-generation-id": "gen-1-bench" });
  const stream = { response, number: 0 };
  streams.add(stream);
  response.flushHeaders();
  response.on("close", () => streams.delete(stream));
});
setInterval(() => {
  const now = performance.timeOrigin + performance.now();
  for (const stream of streams) stream.response.write(`data: {"number":${stream.number++},"sent":${now}}\n\n`);
}, INTERVAL_MS);
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/api/v1`));
