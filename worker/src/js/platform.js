// What the module has done in one call, because each way between it and JavaScript costs. Texts go by lines: no header has a
// line feed or a NUL in it, nor has a URL.
import { settled } from "../../../target/worker/index.js";

let stamp = 0;

/** Tells the module when a promise has settled, by its place there and by the number that is returned. */
export function waitFor(promise, place) {
  // A number is never given out twice, not even to the module that comes after this one.
  const own = (stamp = (stamp + 1) >>> 0);
  promise.then(
    (value) => settled(place, own, true, value),
    (error) => settled(place, own, false, error),
  );
  return own;
}

/** A name that nobody can guess, the method, the parts of the URL, and headers; NUL for one that is not there. */
export function readHead(request, names) {
  const { origin, pathname, search } = new URL(request.url);
  const { method, headers } = request;
  return [crypto.randomUUID(), method, origin, pathname, search, ...names.map((name) => headers.get(name) ?? "\0")].join("\n");
}

/** A header of a request or response. */
export const headerOf = (message, name) => message.headers.get(name) ?? undefined;

/** Headers from lines: a name, its value, and so on. */
function headersFrom(lines, from = 0) {
  const headers = {};
  for (let at = from; at + 1 < lines.length; at += 2) headers[lines[at]] = lines[at + 1];
  return headers;
}

/** An answer with these headers and, where there is one, those of the upstream's answer that have one of the names. */
export function makeResponse(status, lines, body, upstream, names) {
  const headers = headersFrom(lines.split("\n"));
  for (const name of upstream ? names : []) {
    const value = upstream.headers.get(name);
    if (value !== null) headers[name] ??= value;
  }
  return new Response(body, { status, headers });
}

/** What `fetch` takes. Redirects are not followed: a key goes to one host. */
function outgoing(head, body, signal) {
  const lines = head.split("\n");
  const [method, url] = lines;
  return [url, { method, headers: headersFrom(lines, 2), body, redirect: "manual", signal }];
}

/** Sends a request and waits for the answer's head: for so many ms, and as long as the client is there. */
export async function send(head, body, client, ms) {
  // The platform gives a signal where that is switched on.
  const signal = client?.signal;
  const controller = new AbortController();
  if (signal?.aborted) return { isGone: true, controller };
  const abort = () => controller.abort();
  if (signal) signal.onabort = abort;
  const timer = setTimeout(abort, ms);
  try {
    return { response: await fetch(...outgoing(head, body, controller.signal)), controller };
  } catch {
    return { isGone: signal?.aborted ?? false, isLate: controller.signal.aborted, controller };
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a request and reads a small text, all within so many ms. */
export async function sendForText(head, body, ms) {
  const response = await fetch(...outgoing(head, body, AbortSignal.timeout(ms)));
  return { response, text: await response.text() };
}

/** The cache of the place where this runs; nothing where the runtime has none. */
export const defaultCache = () => globalThis.caches?.default;
