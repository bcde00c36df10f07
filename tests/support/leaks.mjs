// Looks at every byte that a Worker sends: a relay stands between it and who asks, and what must not leave is looked for
// in status lines, headers, bodies and the log.
import { createServer, connect } from "node:net";
import { listen } from "./loopback.mjs";

/** As much of what came before as a secret that is cut by two pieces can need. */
const KEPT = 2048;

/** Variables whose values never leave. A site key is for everybody to see. */
const isSecret = (name) => name !== "TURNSTILE_SITE_KEY" && /(_KEYS?|_SECRETS?|_TOKEN)$/.test(name);

/** Names and values; a list of secrets is taken apart, and so is a secret with its name. */
export function secretsOf(variables) {
  return Object.entries(variables)
    .filter(([name]) => isSecret(name))
    .flatMap(([name, value]) => value.split(/[\s,]+/).map((secret) => [name, secret.replace(/^[\w.-]{1,32}:/, "")]))
    .filter(([, secret]) => secret.length >= 4);
}

/** What of this must not be in a text; names only, for a test's output is read by others too. */
function found(secrets, text) {
  // A body in chunks has their lengths between them.
  const whole = text.replace(/\r\n[0-9a-f]{1,8}\r\n/gi, "");
  const names = secrets.filter(([, secret]) => text.includes(secret) || whole.includes(secret)).map(([name]) => name);
  if (/^set-cookie:/im.test(text)) names.push("Set-Cookie");
  if (/^content-encoding:/im.test(text)) names.push("a body that cannot be looked into");
  return names;
}

const namesTheAccount = (text) => /user_sim_owner|(?<!\\)"user_id"/.test(text.replace(/\r\n[0-9a-f]{1,8}\r\n/gi, ""));

/** The answers of one connection, as they pass. */
export class Scan {
  #secrets;
  #mayNameTheAccount;
  #tail = "";
  #status = 0;

  /**
   * @param {Record<string, string>} variables the Worker's; where nobody looks into a 200, it may name the account:
   * docs/passing.md says so
   */
  constructor(variables) {
    this.#secrets = secretsOf(variables);
    this.#mayNameTheAccount = variables.STREAM_MODE !== "inspect";
  }

  /** What is wrong with these bytes. */
  push(bytes) {
    const text = this.#tail + bytes.toString("latin1");
    const problems = found(this.#secrets, text);
    // One answer after the other: what stands behind a status line is that status's.
    const cut = Math.max(0, text.length - KEPT);
    let status = this.#status;
    let begin = 0;
    for (const head of [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g), { index: text.length }]) {
      const part = text.slice(begin, head.index);
      if (!(status === 200 && this.#mayNameTheAccount) && namesTheAccount(part)) problems.push(`the account's id, in a ${status}`);
      if (!head[1]) break;
      status = Number(head[1]);
      begin = head.index;
      // What is kept may begin in the middle of this very line.
      if (begin < cut) this.#status = status;
    }
    this.#tail = text.slice(cut);
    return problems;
  }
}

/** What is wrong with a Worker's log. */
export function problemsOfLog(variables, log) {
  const problems = found(secretsOf(variables), log);
  if (namesTheAccount(log)) problems.push("the account's id");
  return problems.map((problem) => `${problem}, in the log`);
}

/**
 * Stands before a port: hands everything on both ways, with its end or reset, and collects what is wrong with what comes
 * back.
 */
export async function relay(port, variables) {
  const problems = new Set();
  let bytes = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const worker = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const scan = new Scan(variables);
    client.setNoDelay(true);
    worker.setNoDelay(true);
    worker.on("data", (data) => {
      bytes += data.length;
      for (const problem of scan.push(data)) problems.add(problem);
    });
    for (const [from, to] of [[client, worker], [worker, client]]) {
      from.pipe(to);
      from.on("error", () => to.destroyed || to.resetAndDestroy());
      from.on("close", () => from.readableEnded || to.destroyed || to.resetAndDestroy());
    }
  });
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const { url, close } = await listen(server);
  return {
    url,
    /** How much has been looked at. */
    bytes: () => bytes,
    problems,
    close() {
      for (const socket of sockets) socket.destroy();
      return close();
    },
  };
}
