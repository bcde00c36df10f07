// What the benchmark does to a Worker, over keep-alive connections of its own.
import { once } from "node:events";
import { Agent, get, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

/** Sends a chat; resolves with the response once its headers are here. */
export function send({ url, headers }, body, { pool = agent } = {}) {
  return new Promise((resolve, reject) => {
    const options = {
      method: "POST",
      agent: pool,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...headers },
    };
    request(`${url}/api/v1/chat/completions`, options, resolve).once("error", reject).end(body);
  });
}

async function bytesOf(response, status = 200) {
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (response.statusCode !== status) throw new Error(`HTTP ${response.statusCode}: ${bytes.subarray(0, 300)}`);
  return bytes;
}

/** Sends so many requests, some at a time. */
export async function requests(worker, body, { count, atOnce }) {
  await many(() => send(worker, body), { count, atOnce });
}

/** Asks for the list of models as often. */
export async function lists({ url, headers }, { count, atOnce }) {
  const ask = () => new Promise((resolve, reject) => get(`${url}/api/v1/models`, { agent, headers }, resolve).once("error", reject));
  await many(ask, { count, atOnce });
}

async function many(ask, { count, atOnce }) {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await bytesOf(await ask());
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** Reads streams at once; how many events came in all. */
export async function streams(worker, body, { atOnce }) {
  const read = async () => {
    const response = await send(worker, body);
    if (response.statusCode !== 200) await bytesOf(response);
    let events = 0;
    let last = 0;
    for await (const piece of response) {
      for (const byte of piece) {
        // An event ends with an empty line.
        if (byte === 10 && last === 10) events++;
        last = byte;
      }
    }
    return events;
  };
  const events = await Promise.all(Array.from({ length: atOnce }, read));
  return events.reduce((sum, count) => sum + count, 0);
}

/** Milliseconds from the request to the first byte of its body. */
export async function firstByte(worker, body) {
  const began = performance.now();
  const response = await send(worker, body);
  if (response.statusCode !== 200) await bytesOf(response);
  const ended = once(response, "close");
  await once(response, "data");
  const took = performance.now() - began;
  response.resume();
  await ended;
  return took;
}

/**
 * Holds streams of ticker.mjs open at once and, once all of them have begun, reads so many events of each: how late they
 * came, in ms, and how many were missing.
 */
export async function held(worker, body, { atOnce, events }) {
  const lags = [];
  let lost = 0;
  let opening = atOnce;
  const pool = new Agent({ maxSockets: Infinity });
  const read = async () => {
    const response = await send(worker, body, { pool });
    if (response.statusCode !== 200) await bytesOf(response);
    response.setEncoding("utf8");
    let rest = "";
    let next;
    let seen = 0;
    let hasBegun = false;
    for await (const text of response) {
      const now = performance.timeOrigin + performance.now();
      const parts = (rest + text).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const { number, sent } = JSON.parse(part.slice("data: ".length));
        lost += number - (next ?? number);
        next = number + 1;
        if (!hasBegun) opening--;
        hasBegun = true;
        if (opening > 0) continue;
        lags.push(now - sent);
        seen++;
      }
      if (seen >= events) break;
    }
    lost += Math.max(0, events - seen);
  };
  await Promise.all(Array.from({ length: atOnce }, read));
  pool.destroy();
  return { lags, lost };
}
