// The look at every byte that leaves a Worker, looked at itself: what is planted is found, wherever it is cut.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { Scan, problemsOfLog, relay, secretsOf } from "./support/leaks.mjs";
import { closeAll, listen } from "./support/loopback.mjs";
import { OPEN, startWorker } from "./support/workerd.mjs";
import { startUpstream } from "./upstream/server.mjs";

const KEY = "sk-or-v1-the-key-that-stays-at-the-edge";
const ORIGIN = "https://app.example";
const VARIABLES = { OPENROUTER_API_KEY: KEY, OPENROUTER_API_KEYS: "sk-second,sk-third", SESSION_SECRETS: "new:signs-now old:signed-once", APP_TITLE: "The App" };

let upstream;
before(async () => (upstream = await startUpstream({ apiKey: KEY })));
after(() => closeAll(upstream));

/** What is found if the bytes come in two pieces, wherever they are cut. */
function scanned(text, variables = VARIABLES) {
  const bytes = Buffer.from(text, "latin1");
  const wherever = new Set();
  for (let cut = 0; cut <= bytes.length; cut++) {
    const scan = new Scan(variables);
    const problems = new Set([...scan.push(bytes.subarray(0, cut)), ...scan.push(bytes.subarray(cut))]);
    wherever.add([...problems].sort().join());
  }
  assert.equal(wherever.size, 1, [...wherever].join(" or "));
  return [...wherever][0];
}

const answer = (body, { status = 200, headers = "" } = {}) => `HTTP/1.1 ${status} Any\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

test("every secret is looked for, without its name and each of a list, and nothing else", () => {
  assert.deepEqual(secretsOf(VARIABLES).map(([, secret]) => secret), [KEY, "sk-second", "sk-third", "signs-now", "signed-once"]);
});

test("a secret is found in the status line, a header and a body, and between two chunks", () => {
  assert.equal(scanned(`HTTP/1.1 500 ${KEY}\r\n\r\n`), "OPENROUTER_API_KEY");
  assert.equal(scanned(answer("", { headers: "X-Any: sk-third\r\n" })), "OPENROUTER_API_KEYS");
  assert.equal(scanned(answer("{signed-once}")), "SESSION_SECRETS");
  assert.equal(scanned("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{signe\r\n7\r\nd-once}\r\n0\r\n\r\n"), "SESSION_SECRETS");
  assert.equal(scanned(answer("The App signs sk- and no more")), "");
});

test("a cookie is found, and what nobody could look into", () => {
  assert.equal(scanned(answer("", { headers: "set-cookie: a=b\r\n" })), "Set-Cookie");
  assert.match(scanned(answer("", { headers: "Content-Encoding: gzip\r\n" })), /looked into/);
});

test("the account's id is found in everything but a 200 that nobody looks into", () => {
  const body = '{"user_id":"user_sim_owner"}';
  assert.equal(scanned(answer(body)), "");
  assert.equal(scanned(answer(body, { status: 404 })), "the account's id, in a 404");
  assert.equal(scanned(answer("{}", { status: 404 }) + answer(body)), "");
  assert.equal(scanned(answer("") + answer(body, { status: 502 })), "the account's id, in a 502");
  assert.equal(scanned(answer(body), { STREAM_MODE: "inspect" }), "the account's id, in a 200");
});

test("a status line far behind still counts", () => {
  const scan = new Scan(VARIABLES);
  scan.push(Buffer.from(answer("x".repeat(100_000), { status: 500 })));
  for (let piece = 0; piece < 50; piece++) assert.deepEqual(scan.push(Buffer.from("y".repeat(1_000))), []);
  assert.deepEqual(scan.push(Buffer.from('{"user_id":"user_sim_owner"}')), ["the account's id, in a 500"]);
});

test("a log is looked at as well", () => {
  assert.deepEqual(problemsOfLog(VARIABLES, "all is well"), []);
  assert.deepEqual(problemsOfLog(VARIABLES, `tried ${KEY} for user_sim_owner`), ["OPENROUTER_API_KEY, in the log", "the account's id, in the log"]);
});

test("a Worker that let a secret out does not close without saying so, by its name alone", async () => {
  // No Worker of ours does that by itself: the upstream says the word in a body that passes untouched.
  const secret = "a-word-that-the-upstream-happens-to-say-0123456789";
  upstream.define({ model: "test/says-it", events: [{ choices: [{ index: 0, delta: { content: secret } }] }, "[DONE]"] });
  const worker = await startWorker({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: upstream.baseUrl, ALLOWED_ORIGINS: ORIGIN, ...OPEN, SERVICE_SECRET: secret });
  const response = await fetch(`${worker.url}/api/v1/chat/completions`, {
    method: "POST",
    headers: { origin: ORIGIN, "content-type": "application/json" },
    body: JSON.stringify({ model: "test/says-it", stream: true, messages: [{ role: "user", content: "hi" }] }),
  });
  assert.ok((await response.text()).includes(secret));
  await assert.rejects(worker.close(), ({ message }) => /SERVICE_SECRET/.test(message) && !message.includes(secret));
});

test("bytes, ends and resets pass the relay both ways", async () => {
  const seen = [];
  const server = await listen(
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", ({ code }) => seen.push(code));
      socket.on("data", (data) => {
        if (data.toString() === "reset me") return socket.resetAndDestroy();
        seen.push(data.toString());
        socket.write(`HTTP/1.1 200 ${data}`);
      });
      socket.on("end", () => (seen.push("end"), socket.end("bye")));
    }),
  );
  const front = await relay(server.port, {});
  const { port } = new URL(front.url);
  const open = async () => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    return socket;
  };

  const polite = await open();
  polite.write("one");
  assert.equal(String((await once(polite, "data"))[0]), "HTTP/1.1 200 one");
  polite.end();
  assert.equal(String((await once(polite, "data"))[0]), "bye");
  await once(polite, "end");

  const rude = await open();
  rude.write("two");
  await once(rude, "data");
  rude.resetAndDestroy();
  while (seen.at(-1) !== "ECONNRESET") await new Promise(setImmediate);

  const thrownOut = await open();
  thrownOut.write("reset me");
  const [{ code }] = await once(thrownOut, "error");
  assert.equal(code, "ECONNRESET");
  assert.deepEqual(seen, ["one", "end", "two", "ECONNRESET"]);
  await closeAll(front, server);
});
