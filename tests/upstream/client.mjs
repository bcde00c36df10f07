// A plain client for the simulator's own tests: fetch where that is enough, a bare socket where bytes matter.
import { connect } from "node:net";

export const KEY = "sk-or-v1-test";
const QUESTION = [{ role: "user", content: "What is the time?" }];

/** A request to an inference endpoint; `body` is completed to a chat request. */
export function ask(upstream, body, { path = "/chat/completions", signal, headers = {} } = {}) {
  return fetch(upstream.baseUrl + path, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify({ messages: QUESTION, ...body }),
    signal,
  });
}

export const get = (upstream, path) => fetch(upstream.baseUrl + path, { headers: { authorization: `Bearer ${KEY}` } });

/** The data of each event, parsed unless it is `[DONE]`. */
export const eventsIn = (text) =>
  text
    .split("\n\n")
    .filter((event) => event.startsWith("data: "))
    .map((event) => event.slice("data: ".length))
    .map((data) => (data === "[DONE]" ? data : JSON.parse(data)));

/** All events of a chat stream. */
export async function eventsOf(upstream, model, more = {}) {
  const response = await ask(upstream, { model, stream: true, ...more });
  return eventsIn(await response.text());
}

/** The whole answer to a chat request that asks for no stream. */
export const complete = async (upstream, model, more = {}) => (await ask(upstream, { model, ...more })).json();

/** The deltas of the first choice, in order. */
export const deltasIn = (events) => events.flatMap((event) => event.choices?.[0]?.delta ?? []);

export const contentIn = (events) =>
  deltasIn(events)
    .map((delta) => delta.content ?? "")
    .join("");

/** The last finish reason that is not null. */
export const finishIn = (events) => events.flatMap((event) => event.choices?.[0]?.finish_reason ?? []).at(-1) ?? null;

/**
 * The same request on a bare socket: the head, the pieces as the chunked encoding delimits them, and whether the body
 * came to the end that HTTP wants.
 */
export async function askRaw(upstream, body) {
  const payload = JSON.stringify({ messages: QUESTION, ...body });
  const socket = connect(upstream.port, "127.0.0.1");
  socket.write(
    `POST /api/v1/chat/completions HTTP/1.1\r\nHost: simulator\r\nConnection: close\r\n` +
      `Authorization: Bearer ${KEY}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(payload)}\r\n\r\n${payload}`,
  );
  const received = [];
  for await (const bytes of socket) received.push(bytes);
  const bytes = Buffer.concat(received);
  const headEnd = bytes.indexOf("\r\n\r\n");
  return { head: bytes.toString("latin1", 0, headEnd), ...unchunk(bytes.subarray(headEnd + 4)) };
}

function unchunk(bytes) {
  const pieces = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return { pieces, body: Buffer.concat(pieces), isWhole: false };
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (size === 0) return { pieces, body: Buffer.concat(pieces), isWhole: true };
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
