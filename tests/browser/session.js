// Sessions of the proxy, an entry of its own: only the package has it. See scenarios.js.
import { connect, equal, fresh, hi, ok, rejection, responses } from "./support.js";

/** A session, a client that uses it, and what it asked of the proxy and of Turnstile. */
const open = async (context, answers, options) => {
  const path = `/sessions/${fresh()}`;
  const challenges = [];
  const turnstileToken = ({ reason }) => `challenge-${challenges.push(reason)}`;
  const session = context.proxySession({ url: `${context.simulator}/api/v1${path}`, turnstileToken, ...options });
  const connected = connect(context, { apiKey: undefined, auth: session });
  await connected.define({ path, sequence: answers });
  return { ...connected, session, challenges, opened: () => connected.sent(path), path };
};

const granted = (token, seconds = 900) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify({ token, expiresAt: Date.now() + seconds * 1000 }) });
const refused = { status: 401, body: '{"error":{"code":401,"message":"no such session"}}' };

export const sessions = {
  async a_session_is_opened_for_the_first_calls_and_renewed_when_it_is_refused(context) {
    const { client, define, asked, challenges, opened, path } = await open(context, [granted("one"), granted("two")]);
    equal(challenges, [], "before the first call:");
    const model = fresh();
    await Promise.all([client.chat(hi("sim/text")), client.stream(hi("sim/text")).finalMessage()]);
    await define({ model, sequence: [refused, { builtin: "sim/text" }] });
    await client.chat(hi(model));
    equal([challenges, await opened()], [["first", "refused"], [{ turnstileToken: "challenge-1" }, { turnstileToken: "challenge-2" }]]);
    equal((await asked(model)).map(({ headers }) => headers.authorization), ["Bearer one", "Bearer two"]);
    equal((await asked(path)).map(({ headers }) => headers.authorization || null), [null, null]);
  },

  async a_session_is_given_for_other_requests_until_shortly_before_its_end(context) {
    const { session, challenges } = await open(context, [granted("one", 60), granted("two", 20), granted("three")]);
    equal([await session(), await session({ reason: "first" })], ["one", "one"]);
    equal(await session({ reason: "expired" }), "two");
    equal([await session(), await session()], ["three", "three"], "it is almost over when it comes:");
    equal(challenges, ["first", "expired", "first"]);
  },

  async why_there_is_no_session_is_the_error_of_the_call(context) {
    const html = { body: "<html>", headers: { "content-type": "text/html" } };
    for (const [answer, code, status] of [
      [{ status: 401, body: '{"error":{"code":401,"message":"Turnstile did not accept the token"}}' }, "authentication", 401],
      [{ status: 503, body: '{"error":{"code":503,"message":"later"}}' }, "overloaded", 503],
      [{ status: 404, body: "{}" }, "not_found", 404],
      [html, "malformed_response", 200],
      [{ body: '{"session":"secret"}' }, "malformed_response", undefined],
      [{ body: "null" }, "malformed_response", undefined],
    ]) {
      const { client, opened, challenges } = await open(context, [answer]);
      const error = await rejection(client.chat(hi("sim/text"), { maxRetries: 2 }));
      equal([error.name, error.code, error.status, (await opened()).length, challenges], ["OpenRouterError", code, status, 1, ["first"]]);
      ok(!String(error).includes("secret") && !String(error).includes("challenge-"), "no token in the error");
    }
  },

  async what_turnstile_fails_with_ends_the_call_as_it_is(context) {
    const reason = new Error("300010");
    const { client, opened } = await open(context, [granted("one")], { turnstileToken: () => Promise.reject(reason) });
    ok((await rejection(client.chat(hi("sim/text")))) === reason, "just that");
    const none = await open(context, [granted("one")], { turnstileToken: () => undefined });
    const error = await rejection(none.client.chat(hi("sim/text")));
    equal([error.code, error.field], ["authentication", "turnstileToken"]);
    equal([(await opened()).length, (await none.opened()).length], [0, 0], "sessions asked for:");
  },

  async leaving_the_call_ends_the_request_for_a_session(context) {
    const { when, hooks } = responses();
    const { client, waitFor, path } = await open(context, [{ body: "{", end: "hold" }], { hooks });
    const controller = new AbortController();
    const error = rejection(client.chat(hi("sim/text"), { signal: controller.signal }));
    await when;
    controller.abort("enough");
    equal(await error, "enough");
    await waitFor(path, "client-gone");
  },

  async a_session_that_cannot_work_is_refused_when_it_is_made({ proxySession }) {
    const error = await rejection((async () => proxySession({ url: "/session" }))());
    equal([error.name, error.code, error.field], ["OpenRouterError", "configuration", "turnstileToken"]);
    equal((await rejection((async () => proxySession({ url: "https://", turnstileToken: () => "t" }))())).field, "url");
  },
};
