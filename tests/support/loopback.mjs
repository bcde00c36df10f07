// Servers on loopback, each on a port that is free.
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { createServer } from "node:net";

/** Has a server of node:http or node:net listen; once `close()` resolves, nobody is connected to it. */
export async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections?.();
      server.close();
      await once(server, "close");
    },
  };
}

export async function freePort() {
  const { port, close } = await listen(createServer());
  await close();
  return port;
}

/** Closes all of them, whatever happens to one, and tells of the first that failed. */
export async function closeAll(...open) {
  const outcomes = await Promise.allSettled(open.map((one) => one?.close()));
  const failed = outcomes.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
}

/** The status that a POST is answered with before its body has come to its end. */
export async function answerBeforeEnd(url, { headers, sent }) {
  const request = httpRequest(url, { method: "POST", agent: false, headers });
  request.on("error", () => {}); // what is left is not taken any more
  request.flushHeaders();
  request.write(sent);
  const [{ statusCode }] = await once(request, "response");
  request.destroy();
  return statusCode;
}
