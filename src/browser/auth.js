// Asks the caller's function for tokens, once for all calls that need one at the same time, and keeps what it gives.
// Whether a token will do, and for how long, is the core's to say.

import { unlessAborted } from "./exchange.js";

/** What each function gave: `{ token, since }`, and `asked` while it is asked. */
const kept = new WeakMap();

/** What is given instead of a token when a call's time is over. */
const LATE = Symbol("late");

/** Gives a call the token that it lacks, if it lacks one. If it has none then, it has an error. */
export async function authorize(call, auth, signals) {
  const state = kept.get(auth) ?? { token: "", since: 0 };
  const reason = call.offer(state.token, state.since, Date.now());
  if (!reason) return;
  kept.set(auth, state);
  state.asked ??= ask(auth, reason, state);
  const wait = call.wait(Date.now());
  let timer;
  const over = new Promise((resolve) => {
    // As in exchange.js, a little later.
    if (wait !== undefined) timer = setTimeout(resolve, wait + 5, LATE);
  });
  try {
    const given = await join(state.asked, signals, over);
    if (given === LATE) return call.broke(Date.now());
    state.token = typeof given === "string" ? given : "";
    state.since = Date.now();
    call.offer(state.token, undefined, state.since);
  } finally {
    clearTimeout(timer);
  }
}

function ask(auth, reason, state) {
  const cancel = new AbortController();
  const { signal } = cancel;
  const shared = { waiters: 0, cancel, done: (async () => auth({ reason, signal }))() };
  shared.forget = () => {
    if (state.asked === shared) state.asked = undefined;
  };
  // Who has answered need not be told that nobody waits any more.
  const settle = () => {
    shared.forget();
    shared.cancel = undefined;
  };
  shared.done.then(settle, settle);
  // Who needs a token meanwhile waits for the new one.
  state.token = "";
  return shared;
}

/** Waits for what others may wait for too, or for `other`; it is ended when nobody waits any more. */
export async function join(shared, signals, other) {
  shared.waiters += 1;
  try {
    return await signals.reduce(unlessAborted, other ? Promise.race([shared.done, other]) : shared.done);
  } finally {
    shared.waiters -= 1;
    if (shared.waiters === 0) {
      shared.forget();
      shared.cancel?.abort();
    }
  }
}
