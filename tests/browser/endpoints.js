// The scenarios of the endpoints beside chat, of the account, and of signing in.
import { NOWHERE, collect, connect, equal, fresh, hi, ok, rejection } from "./support.js";

const typesOf = (events) => events.map(({ type }) => type);

const ask = (model, fields) => ({ model, input: "hi", ...fields });
const say = (model, fields) => ({ model, max_tokens: 100, messages: [{ role: "user", content: "hi" }], ...fields });

export const endpointsAlone = {
  async a_wrong_request_to_an_endpoint_is_refused_before_anything_is_sent({ OpenRouter }) {
    const client = new OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    const cases = [
      [() => client.embeddings({ model: "a/b" }), "input"],
      [() => client.rerank({ model: "a/b", query: "q", documents: [] }), "documents"],
      [() => client.images({ model: "a/b", prompt: "p", n: 11 }), "n"],
      [() => client.images({ model: "a/b", prompt: "p", stream: true }), "stream"],
      [() => collect(client.streamImages({ model: "a/b", prompt: "p", stream: false })), "stream"],
      [() => client.speech({ model: "a/b" }), "input"],
      [() => client.transcription({ model: "a/b" }), "input_audio"],
      [() => client.transcription({ model: "a/b", file: "a.mp3" }), "file"],
      [() => client.transcription({ model: "a/b", file: new Blob(["x"]) }), "input_audio.format"],
      [() => client.responses(ask("a/b", { temperature: 3 })), "temperature"],
      [() => client.messages(say("a/b", { messages: [] })), "messages"],
      [() => collect(client.streamMessages(say(5))), "model"],
      [() => client.generation(), "id"],
      [() => client.exchangeCode({}), "code"],
      [() => client.request("DELETE", "/keys/1"), "method"],
      [() => client.request("GET", "https://evil.example"), "path"],
      [() => client.request("GET", "/models", {}), "body"],
      [() => client.request("POST", "/x", 5n), undefined],
      [() => client.key({ timeOut: 5 }), "timeOut"],
    ];
    for (const [call, field] of cases) {
      const error = await rejection(call());
      equal([error.code, error.field], ["invalid_request", field], String(call));
    }
    equal((await rejection(client.transcription({ model: "a/b", file: new Blob(["x"], { type: "audio/wav" }) }))).code, "network");
  },
};

export const endpoints = {
  async embeddings_reranks_and_images_come_as_sent(context) {
    const { client } = connect(context);
    const { data, usage } = await client.embeddings({ model: "sim/text", input: ["one", "two"] });
    equal([data.length, usage.total_tokens > 0], [2, true]);
    const { results } = await client.rerank({ model: "sim/text", query: "cat", documents: ["a dog", "the cat"], top_n: 1 });
    equal(results.map(({ index }) => index), [1]);
    const { data: images } = await client.images({ model: "sim/text", prompt: "red", n: 2 });
    equal(images.map(({ media_type }) => media_type), ["image/png", "image/png"]);
  },

  async speech_is_a_response_whose_bytes_can_be_read(context) {
    const { client } = connect(context);
    const request = { model: "sim/text", input: "one two", response_format: "pcm" };
    const response = await client.speech(request);
    ok(response instanceof Response, "a Response");
    equal(response.headers.get("content-type"), "audio/pcm");
    equal((await response.arrayBuffer()).byteLength, 2 * 4800);
    const blob = await (await client.speech(request)).blob();
    equal([blob.size, blob.type], [2 * 4800, "audio/pcm"]);
    equal((await rejection(client.speech({ ...request, model: "sim/402" }))).code, "payment_required");
  },

  async the_bytes_of_speech_end_with_the_call(context) {
    const { client, define, waitFor } = connect(context);
    const stuck = { headers: { "content-type": "audio/mpeg" }, body: "one", end: "hold" };
    const ask = async (options) => {
      const model = fresh();
      await define({ model, ...stuck });
      const response = await client.speech({ model, input: "one" }, options);
      return { response, gone: () => waitFor(model, "client-gone") };
    };
    const late = await ask({ timeout: 300, firstTokenTimeout: 250 });
    // Firefox and WebKit tell a body no reason.
    const { name } = await rejection(late.response.arrayBuffer());
    ok(["TimeoutError", "AbortError"].includes(name), `an end, got ${name}`);
    await late.gone();
    const controller = new AbortController();
    const left = await ask({ signal: controller.signal });
    controller.abort();
    equal((await rejection(left.response.arrayBuffer())).name, "AbortError");
    await left.gone();
  },

  async a_recording_is_transcribed_from_a_blob(context) {
    const { client, define, waitFor } = connect(context);
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const base64 = btoa(String.fromCharCode(...bytes));
    for (const [file, format] of [
      [new Blob([bytes], { type: "audio/webm;codecs=opus" }), "webm"],
      [new File([bytes], "memo.m4a"), "m4a"],
    ]) {
      const model = fresh();
      await define({ model, builtin: "sim/text" });
      const request = { model, file, language: "en", provider: { options: {} } };
      const answer = client.transcription(request);
      request.provider.options.late = true;
      ok((await answer).text.length > 0, "a text");
      equal((await waitFor(model, "finished")).body, { model, language: "en", provider: { options: {} }, input_audio: { data: base64, format } });
    }
    equal((await client.transcription({ model: "sim/text", input_audio: { data: base64, format: "wav" } })).usage.seconds, 0.01);
  },

  async responses_and_messages_come_whole(context) {
    const { client } = connect(context);
    const response = await client.responses(ask("sim/text"));
    equal([response.object, response.status], ["response", "completed"]);
    const message = await client.messages(say("sim/text"));
    equal([message.type, message.content[0].type], ["message", "text"]);
    equal((await rejection(client.responses(ask("sim/midstream-error")))).code, "provider_unavailable");
    equal((await rejection(client.messages(say("sim/midstream-error")))).code, "provider_unavailable");
    equal((await rejection(client.messages(say("sim/401")))).code, "authentication");
  },

  async a_stream_of_responses_gives_its_events_its_text_and_its_response(context) {
    const { client, define, waitFor } = connect(context);
    const stream = client.streamResponses(ask("sim/text"));
    ok(stream instanceof ReadableStream, "a ReadableStream");
    const events = await collect(stream);
    equal(events.map(({ sequence_number }) => sequence_number), events.map((_, index) => index));
    equal([typesOf(events)[0], typesOf(events).at(-1)], ["response.created", "response.completed"]);
    const response = await stream.finalResponse();
    equal(response, events.at(-1).response);
    const { text } = response.output[0].content[0];
    equal((await collect(client.streamResponses(ask("sim/text")).text())).join(""), text);
    ok((await stream.response()).generationId, "the id of the generation");
    const model = fresh();
    await define({ model, events: [{ type: "response.completed", response: null }] });
    equal((await rejection(client.streamResponses(ask(model)).finalResponse())).code, "malformed_response");
    equal((await waitFor(model, "finished")).body, ask(model, { stream: true }));
  },

  async a_stream_of_messages_gives_its_events_and_its_message(context) {
    const { client } = connect(context);
    const whole = await client.messages(say("sim/reasoning"));
    const stream = client.streamMessages(say("sim/reasoning"));
    const message = stream.finalMessage();
    const events = await collect(stream);
    equal([typesOf(events)[0], typesOf(events).at(-1)], ["message_start", "message_stop"]);
    ok(typesOf(events).includes("ping"), "a ping");
    const { id, ...rest } = whole;
    const { id: other, ...streamed } = await message;
    ok(id !== other, "another message");
    const sorted = (value) => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    equal(sorted(streamed), sorted(rest), "the same as one that is not streamed:");
    equal((await collect(client.streamMessages(say("sim/reasoning")).text())).join(""), rest.content.find(({ type }) => type === "text").text);
    const begun = client.streamMessages(say("sim/text"));
    await begun.finalMessage();
    let thrown;
    try {
      begun.text();
    } catch (error) {
      thrown = error;
    }
    ok(thrown instanceof TypeError, "a TypeError for text() too late");
  },

  async a_message_with_a_tool_call_has_its_input(context) {
    const { client } = connect(context);
    const { content, stop_reason } = await client.streamMessages(say("sim/tools-parallel", { tools: [] })).finalMessage();
    const calls = content.filter(({ type }) => type === "tool_use");
    equal([calls.length, stop_reason], [2, "tool_use"]);
    for (const { input, partial_json } of calls) ok(Object.keys(input).length > 0 && partial_json === undefined, "an input");
  },

  async images_are_streamed_or_come_in_one_document(context) {
    const { client, define } = connect(context);
    const streamed = typesOf(await collect(client.streamImages({ model: "sim/text", prompt: "red" })));
    equal(streamed, ["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"]);
    const model = fresh();
    const body = JSON.stringify({ created: 1, data: [{ b64_json: "QQ==" }], usage: { cost: 2 } });
    await define({ model, body, headers: { "content-type": "application/json" }, cutAt: [5] });
    equal(await collect(client.streamImages({ model, prompt: "red" })), [
      { type: "image_generation.completed", b64_json: "QQ==", created: 1, usage: { cost: 2 } },
    ]);
    equal((await rejection(collect(client.streamImages({ model: "sim/midstream-error", prompt: "red" })))).code, "server_error");
  },

  async a_stream_of_events_that_fails_says_so_after_its_events(context) {
    const { client } = connect(context);
    for (const [stream, code] of [
      [client.streamResponses(ask("sim/midstream-error")), "provider_unavailable"],
      [client.streamMessages(say("sim/midstream-error")), "provider_unavailable"],
      [client.streamResponses(ask("sim/cut-clean")), "stream_cut"],
      [client.streamMessages(say("sim/cut-clean")), "stream_cut"],
    ]) {
      const events = [];
      const error = await rejection((async () => {
        for await (const event of stream) events.push(event);
      })());
      equal(error.code, code);
      const text = events.map(({ type, delta }) => (type === "response.output_text.delta" ? delta : type === "content_block_delta" ? delta.text : "")).join("");
      ok(text.length > 0, "some text");
      equal(error.partialText, text);
    }
    equal((await rejection(client.streamResponses(ask("sim/429")).finalResponse())).code, "rate_limited");
  },

  async leaving_a_stream_of_events_ends_the_request_and_the_upstream_sees_it(context) {
    const { client, define, waitFor } = connect(context);
    const model = fresh();
    await define({ model, builtin: "sim/idle" });
    for await (const { type } of client.streamResponses(ask(model))) if (type === "response.output_text.delta") break;
    ok((await waitFor(model, "client-gone")).clientGone, "that the upstream sees it");
  },

  async a_raw_request_goes_to_its_path(context) {
    const { client, define, asked } = connect(context);
    equal((await client.request("GET", "/auth/key")).data, await client.key());
    ok((await client.request("GET", "/models?limit=1")).data.length === 1, "a model");
    const path = `/brand/${fresh().slice("test/".length)}`;
    await define({ path, body: '{"a":1}', headers: { "content-type": "application/json" } });
    equal(await client.request("POST", path, { b: [null] }, { headers: { "x-a": "1" } }), { a: 1 });
    const record = (await asked(path)).at(-1);
    equal([record.method, record.body, record.headers["x-a"]], ["POST", { b: [null] }, "1"]);
  },

  async the_key_tells_about_itself(context) {
    const { client } = connect(context);
    const { label, limit_remaining } = await client.key();
    ok(label.length > 0 && limit_remaining > 0, "a label and a limit");
  },

  async a_generation_is_looked_up_until_it_is_there(context) {
    const { client, define } = connect(context);
    const { client: retrying } = connect(context, { maxRetries: undefined });
    const { id, model } = await client.chat(hi("sim/text"));
    equal((await rejection(client.generation(id))).code, "not_found", "without retries:");
    const retries = [];
    const generation = await retrying.generation(id, { hooks: { onRetry: ({ delayMs }) => retries.push(delayMs) } });
    equal([generation.id, generation.model, retries], [id, model, [320]]);
    const late = await rejection(retrying.generation("gen-none", { timeout: 1200 }));
    equal(late.code, "not_found");
  },

  async a_code_is_exchanged_without_a_key(context) {
    const { client, define, asked } = connect(context);
    const path = "/auth/keys";
    await define({ path, body: '{"key":"sk-or-v1-new","user_id":null}', headers: { "content-type": "application/json" } });
    equal(await client.exchangeCode({ code: "c", code_verifier: "v", code_challenge_method: "S256" }), { key: "sk-or-v1-new", user_id: null });
    const record = (await asked(path)).at(-1);
    equal([record.headers.authorization, record.body.code], [undefined, "c"]);
    await define({ path, builtin: true });
    equal((await rejection(client.exchangeCode({ code: "nonsense" }))).code, "permission_denied");
  },
};

/** Of localStorage's shape; asynchronous, as some are. */
const memory = () => {
  const kept = new Map();
  return {
    kept,
    getItem: async (key) => kept.get(key) ?? null,
    setItem: async (key, value) => void kept.set(key, value),
    removeItem: async (key) => void kept.delete(key),
  };
};

const CALLBACK = "https://app.example/back?a=1";

/** Signing in is an entry of its own: only the package has it. `consent` is what the people's browser does. */
const signingIn = (context) => {
  const { client, define, asked } = connect(context);
  const storage = memory();
  const begin = (options) => context.oauth.beginSignIn({ storage, callbackURL: CALLBACK, authURL: `${context.simulator}/auth`, ...options });
  /** The simulator consents at once; a page may not see where it sends people, so the answer is made here. */
  const consent = async (url, code) => {
    const back = new URL(new URL(url).searchParams.get("callback_url"));
    if (code !== undefined) back.searchParams.set("code", code);
    return back.href;
  };
  const complete = (url, options) => context.oauth.completeSignIn({ url, storage, client, ...options });
  return { begin, complete, consent, storage, define, asked };
};

export const signIn = {
  async people_sign_in_and_the_key_is_only_returned(context) {
    const { begin, complete, consent, storage, define, asked } = signingIn(context);
    const { url } = await begin({ keyLabel: "A & B", limit: 5 });
    const parameters = new URL(url).searchParams;
    equal([parameters.get("code_challenge_method"), parameters.get("key_label"), parameters.get("limit")], ["S256", "A & B", "5"]);
    const { verifier, state } = JSON.parse([...storage.kept.values()][0]);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
    equal(parameters.get("code_challenge"), btoa(String.fromCharCode(...digest)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, ""));
    ok(/^[\w-]{43}$/.test(verifier) && /^[\w-]{22}$/.test(state), "a verifier and a state");
    equal(new URL(parameters.get("callback_url")).searchParams.get("state"), state);
    await define({ path: "/auth/keys", body: '{"key":"sk-or-v1-new","user_id":"u1"}', headers: { "content-type": "application/json" } });
    try {
      const result = await complete(await consent(url, "c%1"));
      equal(result, { key: "sk-or-v1-new", userId: "u1", cleanURL: CALLBACK });
      const record = (await asked("/auth/keys")).at(-1);
      equal(record.body, { code: "c%1", code_verifier: verifier, code_challenge_method: "S256" });
      equal(record.headers.authorization, undefined);
    } finally {
      await define({ path: "/auth/keys", builtin: true });
    }
    equal(storage.kept.size, 0, "what is kept:");
  },

  async a_code_that_is_refused_is_an_error_and_nothing_is_kept(context) {
    const { begin, complete, consent, storage } = signingIn(context);
    const { url } = await begin();
    const back = await consent(url, "nonsense");
    equal((await rejection(complete(back))).code, "permission_denied");
    equal(storage.kept.size, 0, "what is kept:");
    equal((await rejection(complete(back))).code, "authentication", "a second time:");
  },

  async an_address_that_is_not_the_answer_is_refused_before_anything_is_sent(context) {
    const { begin, complete, consent, storage } = signingIn(context);
    const client = new context.OpenRouter({ baseURL: NOWHERE, maxRetries: 0 });
    for (const change of [
      (url) => url.searchParams.set("state", "another"),
      (url) => url.searchParams.delete("state"),
      (url) => url.searchParams.delete("code"),
      (url) => url.searchParams.append("code", "c2"),
    ]) {
      const url = new URL(await consent((await begin()).url, "c"));
      change(url);
      const error = await rejection(complete(url.href, { client }));
      equal([error.name, error.code], ["OpenRouterError", "authentication"], String(change));
      equal(storage.kept.size, 0, "what is kept:");
    }
  },

  async what_is_missing_for_a_sign_in_is_named(context) {
    const { begin } = signingIn(context);
    for (const [options, code, field] of [
      [{ callbackURL: "javascript:alert(1)" }, "invalid_request", "callbackURL"],
      [{ limit: "5" }, "invalid_request", "limit"],
      [{ keylabel: "x" }, "invalid_request", "keylabel"],
      [{ storage: {} }, "configuration", "storage"],
    ]) {
      const error = await rejection(begin(options));
      equal([error.code, error.field], [code, field]);
    }
    equal((await rejection(context.oauth.completeSignIn({ url: CALLBACK, storage: {} }))).field, "storage");
  },
};
