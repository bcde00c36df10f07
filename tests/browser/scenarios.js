// What the JavaScript surface does, told once: `wasm-pack test` runs it against the crate's own exports, the package
// test against the published files, in every engine. `alone` needs no server, `withSimulator` needs the simulator.

import { authAlone, authWithSimulator } from "./auth.js";
import { alone as toolsAlone, withSimulator as toolsWithSimulator } from "./tools.js";
import { endpoints, endpointsAlone } from "./endpoints.js";
import { robustAlone, robustWithSimulator } from "./robustness.js";
import { conversationAlone, conversationWithSimulator } from "./conversation.js";
import * as models from "./models.js";
import { NOWHERE, collect, connect, delta, equal, fresh, hi, ok, readAll, rejection, responses, until } from "./support.js";

export const alone = {
  ...toolsAlone,

  ...endpointsAlone,
  ...robustAlone,
  ...authAlone,
  ...conversationAlone,
  ...models.alone,

  async a_wrong_option_is_named({ OpenRouter }) {
    const problem = async (options) => {
      const error = await rejection((async () => new OpenRouter(options).models())());
      return [error.name, error.code, error.field];
    };
    equal(await problem({ baseUrl: NOWHERE }), ["OpenRouterError", "configuration", "baseUrl"]);
    equal(await problem({ baseURL: "openrouter.ai" }), ["OpenRouterError", "configuration", "baseURL"]);
    equal(await problem({ baseURL: 5 }), ["OpenRouterError", "configuration", "baseURL"]);
    equal(await problem({ apiKey: "" }), ["OpenRouterError", "configuration", "apiKey"]);
    equal(await problem({ headers: { "not a name": "x" } }), ["OpenRouterError", "configuration", "headers.not a name"]);
    const error = await rejection((async () => new OpenRouter({ apiKey: "secret\n" }).models())());
    ok(!String(error).includes("secret"), "no key in the message");
  },

  async a_wrong_request_is_refused_before_anything_is_sent({ OpenRouter }) {
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    const cases = [
      [undefined, undefined],
      ["hi", undefined],
      [{}, "messages"],
      [{ messages: [] }, "messages"],
      [{ messages: undefined }, "messages"],
      [hi(5), "model"],
      [hi("a/b", { temperature: 3 }), "temperature"],
      [{ messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] }, "messages[0].content[0].image_url.url"],
    ];
    for (const [request, field] of cases) {
      for (const error of [await rejection(client.chat(request)), await rejection(collect(client.stream(request)))]) {
        equal([error.code, error.field], ["invalid_request", field], JSON.stringify(request));
        ok(error instanceof Error && error.stack, "an Error with a stack");
      }
    }
    const big = await rejection(client.chat(hi("a/b", { extra: 10n })));
    equal(big.code, "invalid_request");
    equal((await rejection(client.chat(hi("a/b", { stream: true })))).field, "stream");
    equal((await rejection(collect(client.stream(hi("a/b", { stream: false }))))).field, "stream");
    equal((await rejection(client.models({ limit: 0 }))).field, "limit");
    equal((await rejection(client.chat(hi("a/b"), { timeOut: 5 }))).field, "timeOut");
    equal((await rejection(client.chat(hi("a/b"), { signal: "now" }))).field, "signal");
    const header = await rejection(client.chat(hi("a/b"), { headers: [["x-token", "sécret\u0000"]] }));
    equal(header.field, "headers.x-token");
    ok(!String(header).includes("cret"), "no value in the message");
  },

  async an_undefined_field_is_an_absent_one({ OpenRouter }) {
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    equal((await rejection(client.chat(hi(undefined, { temperature: undefined, tools: null })))).code, "network");
  },

  async a_server_that_is_not_there_is_a_network_error({ OpenRouter, OpenRouterError }) {
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    for (const error of await Promise.all([client.chat(hi("a/b")), collect(client.stream(hi("a/b"))), client.models()].map(rejection))) {
      ok(error instanceof OpenRouterError, "an OpenRouterError");
      equal([error.code, error.retryable, error.status], ["network", true, undefined]);
    }
  },

  async an_aborted_signal_rejects_with_its_reason({ OpenRouter }) {
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    for (const reason of ["a text", 0, new Error("an error"), { any: "thing" }]) {
      const signal = AbortSignal.abort(reason);
      ok((await rejection(client.chat(hi("a/b"), { signal }))) === reason, "the reason itself");
      ok((await rejection(client.models({}, { signal }))) === reason, "the reason itself");
      ok((await rejection(collect(client.stream(hi("a/b"), { signal })))) === reason, "the reason itself");
    }
    equal((await rejection(client.chat(hi("a/b"), { signal: AbortSignal.abort() }))).name, "AbortError");
    const reason = new Error("all of them");
    const ended = new OpenRouter({ baseURL: NOWHERE, signal: AbortSignal.abort(reason) });
    for (const call of [() => ended.chat(hi("a/b")), () => ended.models(), () => collect(ended.stream(hi("a/b"), { signal: new AbortController().signal }))]) {
      ok((await rejection(call())) === reason, "the reason of the client's signal");
    }
  },

  async a_stream_is_there_at_once_and_nobody_has_to_read_it({ OpenRouter }) {
    const unhandled = [];
    const listen = (event) => unhandled.push(event.reason);
    globalThis.addEventListener?.("unhandledrejection", listen);
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    const stream = client.stream(hi("a/b"));
    ok(stream instanceof ReadableStream, "a ReadableStream");
    equal(stream.locked, false);
    ok(typeof stream[Symbol.asyncIterator] === "function", "an async iterator");
    await rejection(client.stream(hi("a/b")).finalMessage());
    await new Promise((resolve) => setTimeout(resolve, 0));
    globalThis.removeEventListener?.("unhandledrejection", listen);
    equal(unhandled.length, 0, "unhandled rejections");
  },

  async prices_are_told_per_million({ pricePerMillion, ready }) {
    await ready();
    equal(pricePerMillion("0.00000015"), "0.15");
    equal(pricePerMillion("0"), "0");
    equal(pricePerMillion("-1"), undefined);
    equal(pricePerMillion("a lot"), undefined);
  },
};

export const withSimulator = {
  ...toolsWithSimulator,

  ...endpoints,
  ...robustWithSimulator,
  ...authWithSimulator,
  ...conversationWithSimulator,
  ...models.withSimulator,

  async chat_gives_the_answer_as_sent(context) {
    const { client, define } = connect(context);
    const answer = await client.chat(hi("sim/text"));
    equal([answer.object, answer.choices[0].message.role], ["chat.completion", "assistant"]);
    ok(answer.usage.total_tokens > 0, "usage");
    const model = fresh();
    const sent = { brand_new: [1, null, "\ud83d"], choices: [{ message: { content: null } }] };
    await define({ model, headers: { "content-type": "application/json" }, body: JSON.stringify(sent) });
    equal(await client.chat(hi(model)), sent);
  },

  async the_request_is_sent_as_given(context) {
    const { client, waitFor } = connect(context);
    const model = "sim/no-usage";
    const request = hi(model, { zeta: 1, temperature: undefined, alpha: null, nested: { later: "\ud83d" } });
    const copy = JSON.stringify(request);
    await client.stream(request, { headers: { "X-Session-Id": "s1" } }).finalMessage();
    equal(JSON.stringify(request), copy, "the caller's own object");
    const { body, headers } = await waitFor(model, "finished");
    equal(body, { ...request, stream: true });
    equal([headers.authorization, headers["x-session-id"], headers["content-type"]], ["Bearer sk-test", "s1", "application/json"]);
  },

  async a_call_reads_its_request_when_it_is_made(context) {
    const { client, define, waitFor } = connect(context);
    await client.models({ limit: 1 });
    const calls = { stream: (request) => client.stream(request).finalMessage(), chat: (request) => client.chat(request) };
    for (const [name, call] of Object.entries(calls)) {
      const model = fresh();
      const body = name === "chat" ? { body: '{"choices":[]}' } : { events: [delta("", "stop"), "[DONE]"] };
      await define({ model, ...body });
      const request = hi(model);
      const answer = call(request);
      request.messages[0].content = "changed";
      request.messages.push({ role: "user", content: "more" });
      await answer;
      equal((await waitFor(model, "finished")).body.messages, [{ role: "user", content: "hi" }], name);
    }
  },

  async chunks_are_openrouters_own(context) {
    const { client, define } = connect(context);
    const model = fresh();
    const raw = ['{"a":1,"choices":[],"a":{"b":null}}', JSON.stringify(delta("a\ud83d")), JSON.stringify(delta("", "stop"))];
    await define({ model, events: [": OPENROUTER PROCESSING", ...raw, "[DONE]"] });
    const stream = client.stream(hi(model));
    const chunks = await collect(stream);
    equal(chunks, raw.map((text) => JSON.parse(text)));
    ok(chunks[1].choices[0].delta.content === "a\ud83d", "a lone surrogate stays as it is in a chunk");
    ok((await stream.finalMessage()).content === "a\ud83d", "and in the message");
  },

  async chunks_come_as_they_are_sent(context) {
    const { client, define, step } = connect(context);
    const model = fresh();
    await define({ model, events: [delta("one"), delta("two"), delta("", "stop"), "[DONE]"], stepped: true });
    const iterator = client.stream(hi(model))[Symbol.asyncIterator]();
    for (const expected of ["one", "two"]) {
      await step(model);
      equal((await iterator.next()).value.choices[0].delta.content, expected);
    }
    await step(model);
    await step(model);
    await iterator.next();
    equal((await iterator.next()).done, true);
    equal((await iterator.next()).done, true);
  },

  async the_answer_is_the_same_wherever_it_is_cut(context) {
    const { client, define } = connect(context);
    const events = [": é", delta("Grüße, "), delta("wörld ✔ 😀"), delta("", "stop"), "[DONE]"];
    const length = new TextEncoder().encode(events.map((event) => (typeof event === "string" ? (event.startsWith(":") ? `${event}\n\n` : `data: ${event}\n\n`) : `data: ${JSON.stringify(event)}\n\n`)).join("")).length;
    for (let at = 1; at < length; at += 11) {
      const model = fresh();
      await define({ model, events, cutAt: [at, Math.min(at + 1, length)] });
      equal((await client.stream(hi(model)).finalMessage()).content, "Grüße, wörld ✔ 😀");
    }
    equal((await client.stream(hi("sim/bytes")).finalMessage()).role, "assistant");
  },

  async a_stream_can_be_read_in_every_way(context) {
    const { client } = connect(context);
    const text = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("");
    const expected = text(await collect(client.stream(hi("sim/text"))));
    ok(expected.length > 10, "a text");

    const whole = client.stream(hi("sim/text"));
    const read = await readAll(whole);
    equal(text(read), expected, "getReader:");

    equal((await collect(client.stream(hi("sim/text")).text())).join(""), expected, "text():");
    equal((await readAll(client.stream(hi("sim/text")).text())).join(""), expected, "text() by a reader:");
    equal(text(await readAll(client.stream(hi("sim/text")).pipeThrough(new TransformStream()))), expected, "pipeThrough:");
    const branches = client.stream(hi("sim/text")).tee();
    equal((await Promise.all(branches.map(readAll))).map(text), [expected, expected], "tee:");

    const stream = client.stream(hi("sim/text"));
    const message = stream.finalMessage();
    equal(text(await collect(stream)), expected, "beside finalMessage():");
    equal((await message).content, expected);
    equal((await stream.finalCompletion()).choices[0].message.content, expected);

    const some = client.stream(hi("sim/text"));
    const first = some.getReader();
    const { value } = await first.read();
    first.releaseLock();
    equal(text([value, ...(await collect(some))]), expected, "first a reader, then the iterator:");

    const iterator = client.stream(hi("sim/text")).values();
    const results = await Promise.all(Array.from({ length: read.length + 2 }, () => iterator.next()));
    equal(text(results.filter(({ done }) => !done).map(({ value }) => value)), expected, "many next() at once:");
  },

  async events_tell_one_thing_at_a_time(context) {
    const { client } = connect(context);
    const events = await collect(client.stream(hi("sim/reasoning")).events());
    const types = [...new Set(events.map(({ type }) => type))];
    equal(types.filter((type) => ["reasoning", "text", "usage", "finish"].includes(type)), ["reasoning", "text", "usage", "finish"]);
    equal(events.filter(({ type }) => type === "finish").length, 1);
    const tools = await collect(client.stream(hi("sim/tools-parallel")).events());
    const calls = tools.filter(({ type }) => type === "tool_call");
    equal(calls.length, 2);
    for (const call of calls) ok(call.isComplete && JSON.parse(call.arguments), "complete arguments");
    const cut = await collect(client.stream(hi("sim/tools-cut-arguments")).events());
    equal(cut.find(({ type }) => type === "tool_call").isComplete, false);
    const begun = client.stream(hi("sim/text"));
    await begun.finalMessage();
    let thrown;
    try {
      begun.events();
    } catch (error) {
      thrown = error;
    }
    ok(thrown instanceof TypeError, "a TypeError for events() too late");
  },

  async the_final_message_can_be_sent_back(context) {
    const { client } = connect(context);
    for (const model of ["sim/tools", "sim/tools-duplicate-ids", "sim/tools-empty-ids", "sim/reasoning"]) {
      const message = await client.stream(hi(model)).finalMessage();
      const ids = (message.tool_calls ?? []).map(({ id }) => id);
      equal(new Set(ids).size, ids.length, `${model}: unique ids:`);
      const results = ids.map((tool_call_id) => ({ role: "tool", tool_call_id, content: "42" }));
      const answer = await client.chat({ model, messages: [{ role: "user", content: "hi" }, message, ...results] });
      equal(answer.choices[0].message.role, "assistant");
    }
  },

  async a_stream_that_fails_says_so_after_its_chunks(context) {
    const { client } = connect(context);
    const expected = {
      "sim/midstream-error": "provider_unavailable",
      "sim/midstream-error-no-done": "provider_unavailable",
      "sim/midstream-error-no-choices": "server_error",
      "sim/midstream-error-string-code": "server_error",
      "sim/choice-error": "provider_unavailable",
      "sim/cut": "stream_cut",
      "sim/cut-clean": "stream_cut",
      "sim/cut-in-event": "stream_cut",
      "sim/bad-json": "malformed_response",
      "sim/html-200": "malformed_response",
    };
    for (const [model, code] of Object.entries(expected)) {
      const stream = client.stream(hi(model));
      let text = "";
      const error = await rejection(
        (async () => {
          for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
        })(),
      );
      equal(error.code, code, model);
      ok(error.name === "OpenRouterError", `${model}: an OpenRouterError`);
      if (error.partialText !== undefined) equal(error.partialText, text, `${model}: partial text:`);
      equal((await rejection(stream.finalMessage())).code, error.code, model);
    }
  },

  async errors_have_their_codes(context) {
    const { client } = connect(context);
    const expected = {
      "sim/400-context": "context_length_exceeded",
      "sim/401": "authentication",
      "sim/402": "payment_required",
      "sim/403": "content_refused",
      "sim/403-guardrail": "content_refused",
      "sim/404": "model_unavailable",
      "sim/408": "timeout",
      "sim/413": "payload_too_large",
      "sim/422": "invalid_request",
      "sim/429": "rate_limited",
      "sim/429-daily": "rate_limited",
      "sim/500": "server_error",
      "sim/502": "provider_unavailable",
      "sim/503": "overloaded",
      "sim/504": "timeout",
      "sim/524": "timeout",
      "sim/529": "overloaded",
      "sim/html-502": "provider_unavailable",
      "sim/empty-500": "server_error",
      "no/such-model": "model_not_found",
    };
    for (const [model, code] of Object.entries(expected)) {
      for (const error of await Promise.all([client.chat(hi(model)), client.stream(hi(model)).finalMessage()].map(rejection))) {
        equal(error.code, code, model);
        ok(error.status >= 400, `${model}: a status`);
      }
    }
    equal((await rejection(client.chat(hi("sim/429")))).retryable, true);
    equal((await rejection(client.chat(hi("sim/429-daily")))).retryable, false);
    equal((await rejection(client.chat(hi("sim/error-in-200")))).name, "OpenRouterError");
    const inChoice = await rejection(client.chat(hi("sim/choice-error")));
    ok(inChoice.partialText.length > 0, "the partial text of a failed answer");
    const cut = await rejection(client.chat(hi("sim/cut")));
    ok(["network", "malformed_response"].includes(cut.code), "an error for a body that is cut");
  },

  async aborting_ends_the_request_and_the_upstream_sees_it(context) {
    const { client, waitFor, define, step } = connect(context);
    for (const reason of [undefined, "stop", new Error("enough")]) {
      const model = fresh();
      await define({ model, events: [delta("one"), delta("two")], end: "hold", stepped: true });
      const controller = new AbortController();
      const iterator = client.stream(hi(model), { signal: controller.signal })[Symbol.asyncIterator]();
      await step(model);
      await iterator.next();
      const next = iterator.next();
      controller.abort(reason);
      ok((await rejection(next)) === controller.signal.reason, "the signal's reason");
      await waitFor(model, "client-gone");
    }
    const model = fresh();
    await define({ model, events: [], end: "hold" });
    const controller = new AbortController();
    const answer = client.chat(hi(model), { signal: controller.signal });
    await waitFor(model, "received");
    controller.abort("never mind");
    equal(await rejection(answer), "never mind");
    await waitFor(model, "client-gone");
  },

  async leaving_a_stream_ends_the_request_and_the_upstream_sees_it(context) {
    const { client, waitFor, define } = connect(context);
    const ways = {
      "cancel()": (stream) => stream.cancel("enough"),
      "cancel() of a view": (stream) => stream.text().cancel(),
      "cancel() of a reader": async (stream) => {
        const reader = stream.getReader();
        await reader.read();
        await reader.cancel();
      },
      "leaving for await": async (stream) => {
        for await (const chunk of stream) {
          ok(chunk, "a chunk");
          break;
        }
      },
      "leaving for await of a view": async (stream) => {
        for await (const event of stream.events()) {
          ok(event, "an event");
          break;
        }
      },
    };
    for (const [way, leave] of Object.entries(ways)) {
      const model = fresh();
      await define({ model, events: [delta("one")], end: "hold" });
      const { when, hooks } = responses();
      const stream = client.stream(hi(model), { hooks });
      await when;
      await leave(stream);
      await waitFor(model, "client-gone");
      equal((await rejection(stream.finalMessage())).name ?? "reason", way === "cancel()" ? "reason" : "AbortError", way);
    }
    const model = fresh();
    await define({ model, status: 200, events: [], end: "hold", stepped: true });
    const stream = client.stream(hi("sim/hang"));
    await waitFor("sim/hang", "received");
    await stream.cancel();
    await waitFor("sim/hang", "client-gone");
  },

  async a_stream_that_failed_ends_its_request(context) {
    const { client, define, waitFor } = connect(context);
    for (const failing of [{ error: { code: 502, message: "lost" } }, "{not json"]) {
      const model = fresh();
      await define({ model, events: [delta("one"), failing], end: "hold" });
      const error = await rejection(collect(client.stream(hi(model))));
      equal([error.name, error.partialText], ["OpenRouterError", "one"]);
      await waitFor(model, "client-gone");
    }
  },

  async a_failed_stream_tells_all_that_came_before_the_error(context) {
    const { client, define } = connect(context);
    const model = fresh();
    const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, cost: 0.25 };
    const last = { ...delta("lo"), error: { code: 502, message: "lost" }, usage };
    await define({ model, events: [delta("hel"), last, "[DONE]"] });
    const events = [];
    const error = await rejection(
      (async () => {
        for await (const event of client.stream(hi(model)).events()) events.push(event);
      })(),
    );
    equal(events.map(({ type, text, usage }) => [type, text ?? usage]), [["text", "hel"], ["text", "lo"], ["usage", usage]], "events:");
    equal([error.partialText, error.usage], ["hello", usage]);
  },

  async cancel_ends_a_stream_that_is_being_read(context) {
    const { client, define, waitFor } = connect(context);
    const ways = {
      stream: (stream) => [stream, stream],
      "stream of a view": (stream) => [stream.text(), stream],
      view: (stream) => {
        const view = stream.events();
        return [view, view];
      },
    };
    for (const [way, choose] of Object.entries(ways)) {
      const model = fresh();
      await define({ model, events: [delta("one")], end: "hold" });
      const [read, cancelled] = choose(client.stream(hi(model)));
      const iterator = read[Symbol.asyncIterator]();
      await iterator.next();
      const next = iterator.next();
      await cancelled.cancel();
      equal((await rejection(next)).name, "AbortError", way);
      await waitFor(model, "client-gone");
    }
  },

  async a_signal_that_lives_on_is_let_go(context) {
    const { client } = connect(context);
    const controller = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    controller.signal.addEventListener = function (...given) {
      listeners += 1;
      return addEventListener.apply(this, given);
    };
    controller.signal.removeEventListener = function (...given) {
      listeners -= 1;
      return removeEventListener.apply(this, given);
    };
    await client.chat(hi("sim/text"), { signal: controller.signal });
    await client.stream(hi("sim/text"), { signal: controller.signal }).finalMessage();
    await rejection(client.chat(hi("sim/500"), { signal: controller.signal }));
    await rejection(client.stream(hi("sim/cut"), { signal: controller.signal }).finalMessage());
    const unread = client.stream(hi("sim/idle"), { signal: controller.signal });
    await unread.response();
    await unread.cancel();
    // The end of the body comes right after `[DONE]`.
    await until(() => listeners <= 0, "no listener to be left");
    equal(listeners, 0, "listeners left");
  },

  async a_connection_is_left_whole_after_done(context) {
    const { client, define, step, waitFor } = connect(context);
    const model = fresh();
    const body = `data: ${JSON.stringify(delta("a", "stop"))}\n\ndata: [DONE]\n\n`;
    // The end of the body has a step of its own.
    await define({ model, body, headers: { "content-type": "text/event-stream" }, cutAt: [body.length], stepped: true });
    const stream = client.stream(hi(model));
    await step(model);
    equal((await stream.finalMessage()).content, "a");
    await step(model);
    equal((await waitFor(model, "finished")).clientGone, null);
  },

  async a_body_that_stays_open_after_done_is_let_go(context) {
    const { client, define, waitFor } = connect(context);
    const model = fresh();
    await define({ model, events: [delta("a", "stop"), "[DONE]"], end: "hold" });
    equal((await client.stream(hi(model)).finalMessage()).content, "a");
    await waitFor(model, "client-gone");
  },

  async what_the_response_says_is_there(context) {
    const { client } = connect(context);
    const { status, generationId } = await client.stream(hi("sim/text")).response();
    equal(status, 200);
    ok(/^gen-/.test(generationId), "a generation id");
  },

  async the_model_list_comes_as_sent(context) {
    const { client } = connect(context);
    const all = await client.models();
    ok(all.data.length > 300 && all.data.every(({ id, pricing }) => id && pricing), "models");
    const some = await client.models({ limit: 2, q: "claude", output_modalities: ["text", "image"], unknown: undefined });
    equal(some.data.length, 2);
  },

  /** Chunks that are alike are not parsed one by one: see template.rs. */
  async every_chunk_is_what_the_engine_makes_of_its_event(context) {
    const { client, define } = connect(context);
    for (const name of STREAMS) {
      const answer = await fetch(`${context.simulator}/api/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer sk-test" },
        body: JSON.stringify(hi(`sim/${name}`, { stream: true })),
      });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const events = new TextDecoder()
        .decode(bytes)
        .split(/\r?\n/)
        .flatMap((line) => (line.startsWith("data: ") ? [line.slice("data: ".length)] : []));
      const expected = events.slice(0, events.indexOf("[DONE]") + 1 || undefined).filter((data) => data !== "[DONE]");
      const text = expected.map((data) => JSON.parse(data).choices[0]).map((choice) => (choice?.index ? "" : (choice?.delta?.content ?? ""))).join("");
      const bodyBase64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
      for (const cutAt of [[], [1, 700, 701], Array.from({ length: 40 }, (_, index) => 97 * (index + 1))].map((cuts) => cuts.filter((at) => at < bytes.length))) {
        const model = fresh();
        await define({ model, bodyBase64, cutAt, headers: { "content-type": "text/event-stream" } });
        const chunks = [];
        for await (const chunk of client.stream(hi(model))) {
          chunks.push(JSON.stringify(chunk));
          // What a caller does with his chunk is nobody else's business.
          for (const choice of chunk.choices ?? []) {
            choice.delta = Object.assign(choice.delta ?? {}, { spoilt: true });
            choice.delta.reasoning_details?.forEach((detail) => (detail.spoilt = true));
          }
          chunk.spoilt = true;
        }
        equal(chunks, expected.map((data) => JSON.stringify(JSON.parse(data))), `${name} cut at ${cutAt}:`);
        equal((await collect(client.stream(hi(model)).text())).join(""), text, `the text of ${name} cut at ${cutAt}:`);
      }
    }
  },
};

/** Answers of the simulator that hold no error. */
const STREAMS = [
  "text", "images", "audio", "annotations", "refusal", "two-choices", "lone-surrogate", "split-surrogates", "tools", "tools-single",
  "tools-parallel", "tools-duplicate-ids", "tools-empty-ids", "tools-no-index", "tools-trailing-space", "tools-finish-stop",
  "tools-missing-arguments", "tools-cut-arguments", "reasoning", "reasoning-late-signature", "reasoning-encrypted", "reasoning-plain",
  "length", "usage-empty-choices", "usage-null-finish", "usage-twice", "no-usage", "after-done", "finish-no-done", "comments", "crlf",
  "bench-300",
];

export const scenarios = { ...alone, ...withSimulator };

export const scenarioNames = () => Object.keys(scenarios);
