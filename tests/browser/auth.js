// Tokens that the caller's function gives, see scenarios.js.
import { NOWHERE, collect, connect, delta, equal, fresh, hi, ok, rejection } from "./support.js";

const REFUSED = { status: 401, body: '{"error":{"code":401,"message":"no such session"}}' };

/** A function that gives its tokens in turn, the last again and again, and notes why it was asked. */
const giving = (...tokens) => {
  const reasons = [];
  const auth = async ({ reason }) => {
    reasons.push(reason);
    return tokens.length > 1 ? tokens.shift() : tokens[0];
  };
  return { auth, reasons };
};

/** A client whose requests are answered by `answers` in turn, and the tokens with which they came. */
const serve = ({ OpenRouter }, auth, answers, options) => {
  const sent = [];
  const fetch = async (url, { headers, body }) => {
    sent.push(headers.Authorization?.replace("Bearer ", "") ?? null);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer(url, body);
  };
  return { sent, client: new OpenRouter({ baseURL: NOWHERE, maxRetries: 0, auth, fetch, ...options }) };
};

const refused = () => new Response(REFUSED.body, REFUSED);
const stream = (...chunks) => {
  const text = [...chunks, "[DONE]"].map((chunk) => `data: ${typeof chunk === "string" ? chunk : JSON.stringify(chunk)}\n\n`).join("");
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
};

/** Whatever is asked is answered. */
const answered = (url, body) => {
  if (url.endsWith("/models")) return new Response('{"data":[{"id":"a/b","context_length":9000}]}');
  if (body?.includes('"stream":true')) return stream(delta("yes", "stop"));
  return new Response('{"choices":[{"message":{"role":"assistant","content":"yes"}}],"data":[{}]}');
};

const later = () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

/** A function that gives a token when it is told to, and the signals with which it was asked. */
const held = () => {
  const asked = [];
  const auth = ({ signal }) => {
    const { promise, ...settle } = later();
    asked.push({ signal, promise, ...settle });
    return promise;
  };
  return { auth, asked };
};

/** Resolves once so many tokens have been asked for. */
const isAsked = async (asked, count) => {
  while (asked.length < count) await new Promise((resolve) => setTimeout(resolve));
};

const jwt = (end) => `e30.${btoa(JSON.stringify({ exp: end })).replace(/=/g, "")}.c2ln`;

export const authAlone = {
  async a_token_is_asked_for_once_by_all_that_begin_together_and_kept(context) {
    const { auth, reasons } = giving("one", "two");
    const { client, sent } = serve(context, auth, [answered]);
    const calls = [client.chat(hi("a/b")), client.stream(hi("a/b")).finalMessage(), client.models(), client.request("GET", "/x"), client.stream(hi("a/b")).text().getReader().read()];
    await Promise.all(calls);
    await client.key();
    equal([reasons, sent.length, new Set(sent).size, sent[0]], [["first"], 6, 1, "one"]);
    const other = serve(context, auth, [answered]);
    await other.client.chat(hi("a/b"));
    equal([reasons.length, other.sent], [1, ["one"]], "another client that has the same function:");
  },

  async a_token_may_be_a_text_or_given_at_once_and_a_calls_own_goes_first(context) {
    const { client, sent } = serve(context, "text", [answered, answered, answered, answered, answered, refused]);
    await client.chat(hi("a/b"));
    await client.chat(hi("a/b"), { auth: () => "own" });
    await client.chat(hi("a/b"), { auth: "own text" });
    await client.chat(hi("a/b"), { apiKey: "key" });
    await client.chat(hi("a/b"), { auth: undefined });
    equal((await rejection(client.chat(hi("a/b")))).code, "authentication", "a text is all there is:");
    equal(sent, ["text", "own", "own text", "key", "text", "text"]);
    const asked = giving("one");
    const other = serve(context, asked.auth, [answered]);
    await other.client.chat(hi("a/b"), { apiKey: "key" });
    await other.client.chat(hi("a/b"), { auth: "own" });
    equal([other.sent, asked.reasons], [["key", "own"], []]);
  },

  async a_refused_token_is_replaced_once_which_is_no_retry(context) {
    const seen = [];
    const hooks = {
      onRequest: ({ attempt }) => seen.push(attempt),
      onResponse: ({ status }) => seen.push(status),
      onRetry: () => seen.push("retry"),
    };
    for (const call of [
      (client) => client.chat(hi("a/b")),
      (client) => client.stream(hi("a/b")).finalMessage(),
      (client) => collect(client.stream(hi("a/b")).events()),
      (client) => client.models(),
      (client) => client.request("POST", "/x", {}),
    ]) {
      const { auth, reasons } = giving("one", "two");
      const { client, sent } = serve(context, auth, [refused, answered], { hooks });
      seen.length = 0;
      await call(client);
      equal([sent, reasons, seen], [["one", "two"], ["first", "refused"], [1, 401, 2, 200]], String(call));
      await client.chat(hi("a/b"));
      equal([sent.at(-1), reasons.length], ["two", 2], "it stays:");
    }
  },

  async a_second_refusal_is_the_error(context) {
    const { auth, reasons } = giving("secret-one", "secret-two");
    const { client, sent } = serve(context, auth, [refused], { maxRetries: 2 });
    for (const call of [() => client.chat(hi("a/b")), () => collect(client.stream(hi("a/b")))]) {
      const error = await rejection(call());
      equal([error.name, error.code, error.status, error.attempts], ["OpenRouterError", "authentication", 401, 2]);
      ok(!JSON.stringify({ ...error, message: error.message, stack: error.stack }).includes("secret"), "no token in the error");
    }
    equal([sent.length, reasons], [4, ["first", "refused", "refused"]]);
  },

  async all_that_are_refused_together_ask_for_one_token(context) {
    const { auth, reasons } = giving("one", "two", "three");
    let late;
    const answer = (token) => (token === "one" ? refused() : answered(""));
    const fetch = async (url, { headers }) => {
      const token = headers.Authorization.replace("Bearer ", "");
      // The last refusal comes when the others have the new token already.
      if (url.endsWith("/late") && token === "one") await (late = later()).promise;
      return answer(token);
    };
    const client = new context.OpenRouter({ baseURL: NOWHERE, maxRetries: 0, auth, fetch });
    const last = client.request("GET", "/late");
    await Promise.all(["/a", "/b", "/c"].map((path) => client.request("GET", path)));
    late.resolve();
    await last;
    equal(reasons, ["first", "refused"]);
  },

  async who_comes_while_a_refused_token_is_replaced_waits_for_the_new_one(context) {
    const { auth, asked } = held();
    const { client, sent } = serve(context, auth, [refused, answered]);
    const first = client.chat(hi("a/b"));
    await isAsked(asked, 1);
    asked[0].resolve("one");
    await isAsked(asked, 2);
    const second = client.chat(hi("a/b"));
    asked[1].resolve("two");
    await Promise.all([first, second]);
    equal([sent, asked.length], [["one", "two", "two"], 2]);
  },

  async a_token_that_is_soon_over_is_replaced_before_it_is_sent(context) {
    const real = Date.now;
    const start = Math.floor(real() / 1000);
    let seconds = 0;
    Date.now = () => (start + seconds) * 1000;
    try {
      const [one, two] = [jwt(start + 900), jwt(start + 5000)];
      const { auth, reasons } = giving(one, two);
      const { client, sent } = serve(context, auth, [answered]);
      for (seconds of [0, 869, 870, 2000]) await client.chat(hi("a/b"));
      equal([sent, reasons], [[one, one, two, two], ["first", "expired"]]);
    } finally {
      Date.now = real;
    }
  },

  async what_the_function_throws_ends_the_calls_that_wait(context) {
    const reason = new RangeError("not signed in");
    const answers = [() => Promise.reject(reason), () => { throw reason; }, () => "one"];
    const { client, sent } = serve(context, () => answers.shift()(), [answered], { maxRetries: 2 });
    for (const call of [() => client.chat(hi("a/b")), () => client.stream(hi("a/b")).finalMessage()]) ok((await rejection(call())) === reason, "just that");
    equal(sent, [], "sent:");
    await client.chat(hi("a/b"));
    equal(sent, ["one"], "the next call asks again:");
    const unread = serve(context, () => Promise.reject(reason), [answered]);
    unread.client.stream(hi("a/b"));
    ok((await rejection(unread.client.models())) === reason, "just that");
  },

  async what_is_no_token_is_named(context) {
    for (const given of [undefined, null, "", 5, { token: "secret" }, ["secret"], "secret\n", "sécret"]) {
      const { client, sent } = serve(context, async () => given, [answered]);
      for (const call of [() => client.chat(hi("a/b")), () => client.models(), () => collect(client.stream(hi("a/b")).text())]) {
        const error = await rejection(call());
        equal([error.name, error.code, error.field, error.retryable], ["OpenRouterError", "authentication", "auth", false], JSON.stringify(given));
        ok(!String(error).includes("cret"), "no token in the message");
      }
      equal(sent, [], "sent:");
    }
    // After a refusal too, and the next call asks again.
    const { auth, reasons } = giving("one", undefined, "two");
    const { client, sent } = serve(context, auth, [refused, answered]);
    equal((await rejection(client.chat(hi("a/b")))).field, "auth");
    await client.chat(hi("a/b"));
    equal([sent, reasons], [["one", "two"], ["first", "refused", "first"]]);
  },

  async wrong_ways_to_say_who_calls_are_refused_before_anything_is_sent(context) {
    const { OpenRouter } = context;
    const asked = giving("one");
    for (const auth of ["one", asked.auth]) {
      const error = await rejection(new OpenRouter({ baseURL: NOWHERE, apiKey: "k", auth }).models());
      equal([error.code, error.field], ["configuration", "auth"]);
      ok(/either apiKey or auth/.test(error.message), "words");
      const client = new OpenRouter({ baseURL: NOWHERE, apiKey: "k" });
      const own = await rejection(client.chat(hi("a/b"), { apiKey: "own", auth }));
      equal([own.code, own.field], ["invalid_request", "auth"]);
    }
    for (const auth of ["", 5, {}, true]) equal((await rejection(new OpenRouter({ baseURL: NOWHERE, auth }).models())).field, "auth", String(auth));
    const nobody = new OpenRouter({ baseURL: NOWHERE, auth: "\0" });
    equal((await rejection(nobody.chat(hi("a/b")))).field, "auth", "what stands for a function inside:");
    const { client } = serve(context, asked.auth, [answered]);
    equal((await rejection(client.chat({}))).field, "messages");
    equal(asked.reasons, [], "asked for a call that is wrong:");
  },

  async who_leaves_while_a_token_is_asked_for_is_told_at_once(context) {
    const { auth, asked } = held();
    const { client, sent } = serve(context, auth, [answered]);
    const [a, b] = [new AbortController(), new AbortController()];
    const first = client.chat(hi("a/b"), { signal: a.signal });
    const second = client.stream(hi("a/b"), { signal: b.signal });
    await isAsked(asked, 1);
    a.abort("enough");
    equal(await rejection(first), "enough");
    ok(!asked[0].signal.aborted, "the function to be asked for the other");
    second.cancel("enough too");
    equal(await rejection(second.finalMessage()), "enough too");
    ok(asked[0].signal.aborted, "nobody to wait any more");
    const third = client.chat(hi("a/b"));
    await isAsked(asked, 2);
    asked[0].resolve("old");
    await asked[0].promise;
    await new Promise((resolve) => setTimeout(resolve));
    const fourth = client.chat(hi("a/b"));
    await new Promise((resolve) => setTimeout(resolve));
    asked[1].resolve("new");
    await Promise.all([third, fourth]);
    ok(!asked[1].signal.aborted, "no abort after the answer");
    await client.chat(hi("a/b"));
    equal([sent, asked.length], [["new", "new", "new"], 2], "what came too late is not kept:");
  },

  async a_call_does_not_wait_for_a_token_longer_than_it_may_take(context) {
    const { auth, asked } = held();
    const { client, sent } = serve(context, auth, [answered, refused]);
    const error = await rejection(client.chat(hi("a/b"), { timeout: 50, firstTokenTimeout: 5, idleTimeout: 5, maxRetries: 2 }));
    equal([error.code, error.errorType, sent.length], ["timeout", "timeout", 0]);
    ok(asked[0].signal.aborted, "nobody to wait any more");
    const patient = client.stream(hi("a/b"), { firstTokenTimeout: 1, idleTimeout: 1 });
    await isAsked(asked, 2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    asked[1].resolve("one");
    // The limits of an answer count from the request on; a millisecond may be too little for one.
    const outcome = await patient.finalMessage().catch(({ errorType }) => errorType);
    ok(sent.length === 1 && outcome !== "timeout", "a request");
  },

  async each_token_has_its_own_catalogue(context) {
    const list = (id) => () => new Response(JSON.stringify({ data: [{ id }] }), { headers: { "cache-control": "max-age=600" } });
    const { auth } = giving("one", "two");
    const { client, sent } = serve(context, auth, [list("of one"), refused, list("of two"), list("of two again")]);
    const ids = async (options) => (await client.models({}, options)).data.map(({ id }) => id).join();
    equal([await ids(), await ids()], ["of one", "of one"]);
    equal(sent, ["one"], "kept:");
    // The token is refused at the next request, and everything that was kept for it is nobody's.
    await client.chat(hi("a/b")).catch(() => {});
    equal([await ids(), await ids()], ["of two again", "of two again"]);
    equal(sent, ["one", "one", "two", "two"]);
  },

  async a_list_for_a_token_that_was_refused_is_not_kept_as_its_own(context) {
    const list = (id) => () => new Response(JSON.stringify({ data: [{ id }] }), { headers: { "cache-control": "max-age=600" } });
    const { auth } = giving("one", "two");
    const { client } = serve(context, auth, [refused, list("of two"), list("of one")]);
    const ids = async (options) => (await client.models({}, options)).data.map(({ id }) => id).join();
    equal(await ids(), "of two");
    equal(await ids({ auth: "one" }), "of one", "who has the old token all the same:");
    // With the next token they may be two people.
    const [mine, yours] = [giving("same"), giving("same")].map(({ auth }) => ({ auth, cache: "reload" }));
    const other = serve(context, undefined, [list("of somebody")]);
    await Promise.all([mine, mine, yours].map((options) => other.client.models({}, options)));
    equal(other.sent, ["same", "same"], "requests that are shared:");
  },

  async tool_runs_conversations_and_comparisons_use_it_alike(context) {
    const { tool, Conversation, compare } = context;
    const call = { index: 0, id: "call-1", type: "function", function: { name: "f", arguments: "{}" } };
    const calling = () => stream({ choices: [{ index: 0, delta: { tool_calls: [call] } }] }, { choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] });
    const { auth, reasons } = giving("one", "two");
    const { client, sent } = serve(context, undefined, [calling, refused, answered]);
    const run = client.runTools(hi("a/b", { tools: [tool({ name: "f", run: () => 1 })] }), { auth });
    equal((await run.finalMessage()).content, "yes");
    equal([sent, reasons], [["one", "one", "two"], ["first", "refused"]]);
    const conversation = new Conversation({ client, model: "a/b", contextLength: "auto" });
    equal((await conversation.send("hi", { auth })).content, "yes");
    equal(sent.slice(3), ["two", "two"], "the list and the answer:");
    if (compare === undefined) return; // an entry of the package, which is not part of the crate
    const results = await compare(client, { messages: hi().messages }, ["a/b", "c/d"], { auth }).results();
    equal([results.map(({ text }) => text), sent.slice(5), reasons.length], [["yes", "yes"], ["two", "two"], 2]);
  },
};

export const authWithSimulator = {
  async a_session_that_was_refused_upstream_is_renewed_for_every_kind_of_call(context) {
    for (const call of [
      (client, model) => client.chat(hi(model)),
      (client, model) => client.stream(hi(model)).finalMessage(),
      (client, model) => client.streamResponses({ model, input: "hi" }).finalResponse(),
      (client, model) => client.embeddings({ model, input: "hi" }),
      (client, model) => client.request("POST", "/chat/completions", hi(model)),
    ]) {
      const { auth, reasons } = giving("one", "two");
      const { client, define, asked } = connect(context, { apiKey: undefined, auth });
      const model = fresh("sim");
      await define({ model, sequence: [REFUSED, { builtin: String(call).includes("embeddings") ? "openai/text-embedding-3-small" : "sim/text" }] });
      await call(client, model);
      equal((await asked(model)).map(({ headers }) => headers.authorization), ["Bearer one", "Bearer two"], String(call));
      equal(reasons, ["first", "refused"]);
    }
  },

  async a_stream_that_has_begun_is_not_asked_for_again_with_another_token(context) {
    const { auth, reasons } = giving("one", "two");
    const { client, define, asked } = connect(context, { apiKey: undefined, auth });
    const model = fresh();
    await define({ model, events: [delta("half"), { error: { code: 401, message: "the session is over" } }, "[DONE]"] });
    const error = await rejection(client.stream(hi(model)).finalMessage());
    equal([error.code, error.partialText, (await asked(model)).length, reasons], ["authentication", "half", 1, ["first"]]);
  },
};
