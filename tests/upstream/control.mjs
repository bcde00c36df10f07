// /__sim: how tests outside this process define scenarios, step through them and ask what happened.
import { WaitTimeout } from "./exchange.mjs";
import { InvalidScript } from "./script.mjs";

export const CONTROL_PATH = "/__sim/";

const MAX_WAIT_MS = 60_000;

const optional = (query, name) => query.get(name) ?? undefined;
const selection = (query) => ({ model: optional(query, "model"), path: optional(query, "path") });

const subject = ({ model, path, method }) => ({ model, path, method });

const HANDLERS = {
  "POST scenarios": ({ upstream, body }) => {
    upstream.define(body);
    return subject(body);
  },
  "POST step": ({ upstream, body }) => {
    upstream.step(subject(body ?? {}));
    return subject(body);
  },
  "POST clock": ({ upstream, body }) => {
    if (!(body?.advanceMs >= 0)) throw new TypeError("advanceMs: milliseconds");
    upstream.advanceClock(body.advanceMs);
    return {};
  },
  "POST reset": ({ upstream }) => {
    upstream.reset();
    return {};
  },
  "GET requests": ({ ledger, query }) => ledger.select(selection(query)),
  "GET wait": ({ ledger, query }) =>
    ledger.waitFor({
      ...selection(query),
      event: optional(query, "for"),
      count: Number(query.get("count") ?? 1),
      timeoutMs: Math.min(Number(query.get("timeoutMs") ?? 5000), MAX_WAIT_MS),
    }),
};

function statusOf(error) {
  if (error instanceof WaitTimeout) return 408;
  if (error instanceof InvalidScript || error instanceof TypeError) return 400;
  throw error;
}

/** The JSON result `{ status, body }` of a control request `{ upstream, ledger, method, path, query, body }`. */
export async function control(request) {
  const { method, path } = request;
  const handler = HANDLERS[`${method} ${path.slice(CONTROL_PATH.length)}`];
  if (!handler) return { status: 404, body: { error: `${method} ${path} is no control request` } };
  try {
    return { status: 200, body: await handler(request) };
  } catch (error) {
    return { status: statusOf(error), body: { error: error.message } };
  }
}
