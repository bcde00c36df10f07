// What the scenarios are written with: how they check, what they ask, and how they talk to the simulator.

/** Whether both are the same as JSON, in the order of their fields too. */
export const equal = (actual, expected, what = "") => {
  const [a, e] = [actual, expected].map((value) => JSON.stringify(value) ?? String(value));
  if (a !== e) throw new Error(`${what} expected ${e}, got ${a}`);
};

export const ok = (value, what) => {
  if (!value) throw new Error(`expected ${what}`);
};

/** The error that a promise rejects with. */
export const rejection = async (promise) => {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
};

/** Asks again and again whether it holds, where no event tells. */
export const until = async (holds, what) => {
  for (let tries = 0; !(await holds()); tries += 1) {
    ok(tries < 1000, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/**
 * Hooks, and `when`: the page has so many responses. What is aborted before that may go on in WebKit: it loses an abort
 * that meets the headers of an answer after a preflight (2 of 400 bare fetches).
 */
export const responses = (count = 1) => {
  const { promise: when, resolve } = Promise.withResolvers();
  return { when, hooks: { onResponse: () => (count -= 1) === 0 && resolve() } };
};

export const collect = async (stream) => {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
};

/** The same of a native stream, which WebKit cannot iterate. */
export const readAll = async (stream) => {
  const items = [];
  const reader = stream.getReader();
  for (let result; !(result = await reader.read()).done; ) items.push(result.value);
  return items;
};

/** Nothing listens there: a request that is sent all the same ends as `network`. */
export const NOWHERE = "http://127.0.0.1:9/api/v1";

export const hi = (model, fields) => ({ model, messages: [{ role: "user", content: "hi" }], ...fields });

export const delta = (content, finish_reason = null) => ({ id: "gen-1", choices: [{ index: 0, delta: { content }, finish_reason }] });

let slugs = 0;
/** A model slug that no other scenario uses. */
export const fresh = (author = "test") => `${author}/${Date.now().toString(36)}-${++slugs}`;

/**
 * A client of the simulator, and its control. The client asks once unless the options say otherwise. Requests are found by
 * their subject: the model that they name, or, where it begins with a slash, their path.
 */
export const connect = ({ OpenRouter, simulator }, options) => {
  const baseURL = `${simulator}/api/v1`;
  const control = async (path, body) => {
    const response = await fetch(`${simulator}/__sim/${path}`, body && { method: "POST", body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`simulator: ${JSON.stringify(answer)}`);
    return answer;
  };
  const about = (subject, more) => new URLSearchParams({ ...(subject.startsWith("/") ? { path: `/api/v1${subject}` } : { model: subject }), ...more });
  const asked = async (subject) => (await control(`requests?${about(subject)}`)).filter(({ method }) => method !== "OPTIONS"); // not the preflights
  return {
    client: new OpenRouter({ baseURL, apiKey: "sk-test", maxRetries: 0, ...options }),
    define: (scenario) => control("scenarios", scenario),
    step: (model) => control("step", { model }),
    asked,
    sent: async (subject) => (await asked(subject)).map(({ body }) => body),
    // Chromium was seen to take more than 5 s to close the connection of an aborted request.
    waitFor: (subject, event, count = 1) => control(`wait?${about(subject, { for: event, count, timeoutMs: 20000 })}`),
  };
};
