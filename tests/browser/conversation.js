// Content parts, conversations, and comparisons: scenarios as those in scenarios.js, which runs them.
import { NOWHERE, collect, connect, delta, equal, fresh, ok, rejection, responses } from "./support.js";

const PIXEL = "iVBORw0KGgo=";
const bytes = Uint8Array.from(atob(PIXEL), (character) => character.charCodeAt(0));

const conversationAlone = {
  async a_file_becomes_the_part_that_fits_it({ contentPart }) {
    const url = (type) => `data:${type};base64,${PIXEL}`;
    const cases = [
      [new Blob([bytes], { type: "image/png" }), { type: "image_url", image_url: { url: url("image/png") } }],
      [new Blob([bytes]), { type: "image_url", image_url: { url: url("image/webp"), detail: "low" } }, { name: "a.WEBP", detail: "low" }],
      [new File([bytes], "a.pdf", { type: "application/pdf" }), { type: "file", file: { filename: "a.pdf", file_data: url("application/pdf") } }],
      [new Blob([bytes], { type: "audio/mpeg" }), { type: "input_audio", input_audio: { data: PIXEL, format: "mp3" } }],
      [new File([bytes], "a.mov"), { type: "video_url", video_url: { url: url("video/quicktime") } }],
      [new File(["a,é\n"], "a.csv", { type: "text/csv" }), { type: "text", text: "a.csv:\n\na,é\n" }],
      [new Blob(["{}"], { type: "application/json" }), { type: "text", text: "{}" }],
      [`data:image/gif;base64,${PIXEL}`, { type: "image_url", image_url: { url: url("image/gif") } }],
      ["https://a.example/b.jpg?c=d", { type: "image_url", image_url: { url: "https://a.example/b.jpg?c=d" } }],
      [new URL("https://a.example/b.pdf"), { type: "file", file: { filename: "b.pdf", file_data: "https://a.example/b.pdf" } }],
      ["https://v.example/watch?v=1", { type: "video_url", video_url: { url: "https://v.example/watch?v=1" } }, { type: "video/mp4" }],
    ];
    for (const [source, expected, options] of cases) equal(await contentPart(source, options), expected);
  },

  async a_large_file_is_whole_in_its_part({ contentPart }) {
    const large = new Uint8Array(200_001).map((_, index) => index * 7);
    const { input_audio } = await contentPart(new Blob([large], { type: "audio/wav" }));
    const read = Uint8Array.from(atob(input_audio.data), (character) => character.charCodeAt(0));
    ok(read.length === large.length && read.every((byte, index) => byte === large[index]), "the same bytes");
  },

  async a_file_that_the_api_does_not_take_is_refused({ contentPart }) {
    const cases = [
      [new Blob(["<svg/>"], { type: "image/svg+xml" })],
      [new Blob([Uint8Array.of(0xff, 0xfe)], { type: "application/zip" })],
      [new Blob([], { type: "image/png" })],
      [new Blob([bytes], { type: "image/png" }), { maxBytes: 5 }],
      [new Blob([new Uint8Array(5_000_001)], { type: "image/png" })],
      ["https://a.example/b.mp3"],
      ["http://a.example/b.png"],
      ["data:image/png;base64,*"],
      ["hello"],
      [undefined],
      [5],
    ];
    for (const [source, options] of cases) {
      const error = await rejection(contentPart(source, options));
      equal([error.name, error.code, error.field], ["OpenRouterError", "invalid_request", "source"], String(source));
    }
    await contentPart(new Blob([new Uint8Array(5_000_001)], { type: "image/png" }), { maxBytes: 6e6 });
  },

  async what_is_no_conversation_is_refused_with_its_field({ Conversation, OpenRouter }) {
    const client = new OpenRouter({ baseURL: NOWHERE });
    const problem = async (saved) => {
      const error = await rejection(Conversation.from(saved, client));
      equal([error.name, error.code], ["OpenRouterError", "invalid_request"]);
      return error.field;
    };
    equal(await problem({ version: 2, messages: [] }), "version");
    equal(await problem({ version: 1 }), "messages");
    equal(await problem({ version: 1, messages: [{ role: "user" }] }), "messages[0].content");
    equal(await problem('{"version":1,"messages":[],"request":{"top_p":2}}'), "request.top_p");
    equal(await problem("not JSON"), undefined);
  },

  async a_wrong_message_is_refused_and_can_be_taken_back({ Conversation, OpenRouter }) {
    const conversation = new Conversation({ client: new OpenRouter({ baseURL: NOWHERE }), model: "a/b" });
    equal((await rejection(conversation.send([{ type: "text" }]))).field, "messages[0].content[0].text");
    equal([conversation.pending, conversation.messages.length], [true, 1]);
    conversation.truncate(0);
    equal(conversation.pending, false);
    conversation.contextLength = "long";
    equal((await rejection(conversation.send("hi"))).field, "contextLength");
    conversation.request.extra = 10n;
    equal((await rejection(conversation.send("hi"))).code, "invalid_request");
  },
};

const usage = (prompt_tokens, cost) => ({ choices: [], usage: { prompt_tokens, completion_tokens: 2, total_tokens: prompt_tokens + 2, cost } });
const answer = (text, ...more) => ({ events: [delta(text), delta("", "stop"), ...more, "[DONE]"] });

/** What `sim/echo` was sent. */
const echo = ({ content }) => JSON.parse(content);

const conversationWithSimulator = {
  async a_conversation_sends_its_history({ Conversation, ...context }) {
    const { client } = connect(context);
    const conversation = new Conversation({ client, model: "sim/echo", system: "Be brief.", temperature: 0.5 });
    const first = await conversation.send("one");
    equal(echo(first), { temperature: 0.5, model: "sim/echo", messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "one" }], stream: true });
    ok(conversation.messages[2] === first, "the answer in the history");
    equal([first.role, first.model], ["assistant", "sim/echo"]);
    const second = await conversation.send([{ type: "text", text: "two" }]);
    equal(echo(second).messages, conversation.messages.slice(0, 4));
    const third = await conversation.send({ role: "tool", tool_call_id: "c", content: "3" });
    equal(echo(third).messages.at(-1), { role: "tool", tool_call_id: "c", content: "3" });
    equal(conversation.messages.length, 7);
  },

  async a_conversation_can_be_streamed_in_every_view({ Conversation, ...context }) {
    const { client } = connect(context);
    const conversation = new Conversation({ client, model: "sim/text" });
    const text = (await collect(conversation.stream("one").text())).join("");
    equal(conversation.messages.at(-1).content, text, "once it has ended:");
    const events = await collect(conversation.stream("two").events());
    equal(events.filter(({ type }) => type === "text").map((event) => event.text).join(""), text);
    ok((await collect(conversation.stream("three"))).length > 2, "chunks");
    equal(conversation.messages.map(({ role }) => role), ["user", "assistant", "user", "assistant", "user", "assistant"]);
  },

  async an_answer_that_fails_leaves_the_message_pending({ Conversation, ...context }) {
    const { client } = connect(context);
    const conversation = new Conversation({ client });
    for (const [model, code] of Object.entries({ "sim/cut": "stream_cut", "sim/midstream-error": "provider_unavailable", "sim/500": "server_error" })) {
      conversation.model = model;
      conversation.truncate(0);
      const error = await rejection(conversation.send("hi"));
      equal([error.code, conversation.pending, conversation.messages], [code, true, [{ role: "user", content: "hi" }]], model);
    }
    const cancelled = conversation.retry();
    await cancelled.cancel();
    equal(conversation.pending, true);
    conversation.model = "sim/echo";
    const message = await conversation.retry().finalMessage();
    equal(echo(message).messages, [{ role: "user", content: "hi" }]);
    equal([conversation.pending, conversation.messages.length], [false, 2]);
    await conversation.retry().finalMessage();
    equal(conversation.messages.length, 2, "another one in its place:");
    const edited = await conversation.edit(0, "hello").finalMessage();
    equal(echo(edited).messages, [{ role: "user", content: "hello" }]);
    equal(conversation.messages.length, 2);
  },

  async an_answer_that_the_caller_leaves_is_not_in_the_history({ Conversation, ...context }) {
    const { client, define, waitFor } = connect(context);
    const model = fresh();
    await define({ model, events: [delta("one")], end: "hold" });
    const conversation = new Conversation({ client, model });
    for await (const text of conversation.stream("hi").text()) {
      equal(text, "one");
      break;
    }
    await waitFor(model, "client-gone");
    equal([conversation.pending, conversation.messages.length], [true, 1]);
    const controller = new AbortController();
    const answer = conversation.send(undefined, { signal: controller.signal });
    controller.abort("enough");
    equal(await rejection(answer), "enough");
    equal([conversation.pending, conversation.messages.length], [true, 1]);
  },

  async one_answer_at_a_time({ Conversation, ...context }) {
    const { client } = connect(context);
    const conversation = new Conversation({ client, model: "sim/text" });
    const answer = conversation.send("one");
    equal((await rejection(conversation.send("two"))).code, "invalid_request");
    equal((await rejection((async () => conversation.truncate(0))())).code, "invalid_request");
    await answer;
    equal(conversation.messages.length, 2);
    await conversation.send("two");
    equal(conversation.messages.length, 4);
    conversation.model = "sim/500";
    await rejection(conversation.stream("a stream that nobody reads").response());
    conversation.model = "sim/text";
    await conversation.send();
    equal(conversation.messages.length, 6);
  },

  async callers_may_go_on_with_their_list_while_it_is_asked({ Conversation, ...context }) {
    const { client } = connect(context);
    const conversation = new Conversation({ client, model: "sim/echo", messages: [{ role: "user", content: "a" }] });
    const answer = conversation.send();
    conversation.messages[0].content = "changed";
    equal(echo(await answer).messages, [{ role: "user", content: "a" }]);
  },

  async what_does_not_fit_is_left_out_by_whole_turns({ Conversation, ...context }) {
    const { client } = connect(context);
    const trims = [];
    const long = "x".repeat(4000);
    const messages = [
      { role: "user", content: long },
      { role: "assistant", content: long },
      { role: "user", content: "short" },
      { role: "assistant", content: "short" },
    ];
    const conversation = new Conversation({ client, model: "sim/echo", system: "s", messages, contextLength: 2000, reserve: 100, onTrim: (notice) => trims.push(notice) });
    const sent = echo(await conversation.send("now")).messages;
    equal(sent.map(({ content }) => content), ["s", "short", "short", "now"]);
    equal([trims.length, trims[0].dropped, conversation.dropped], [1, messages.slice(0, 2), 2]);
    ok(trims[0].tokens > 10 && trims[0].tokens < 40, "an estimate of what is left");
    equal(conversation.messages.length, 7, "the history keeps all:");
    conversation.contextLength = undefined;
    equal(echo(await conversation.send("all")).messages.length, 8);
    equal([trims.length, conversation.dropped], [1, 0]);
  },

  async what_an_answer_says_of_its_prompt_is_what_it_counts({ Conversation, ...context }) {
    const { client, define, waitFor } = connect(context);
    const model = fresh();
    await define({ model, sequence: [answer("a", usage(900, 0.1)), answer("b")] });
    const conversation = new Conversation({ client, model, contextLength: 800, reserve: 0 });
    await conversation.send("one");
    equal(conversation.dropped, 0);
    await conversation.send("two");
    equal(conversation.dropped, 2);
    equal((await waitFor(model, "finished")).body.messages.length, 1);
  },

  async the_context_length_can_be_looked_up({ Conversation, ...context }) {
    const { client } = connect(context);
    const { id, context_length } = (await client.models()).data.filter((row) => row.context_length > 0).sort((a, b) => a.context_length - b.context_length)[0];
    const messages = [{ role: "user", content: "x".repeat(context_length * 4) }];
    const conversation = new Conversation({ client, model: id, messages, contextLength: "auto" });
    await conversation.send("hi");
    equal(conversation.dropped, 1);
    conversation.model = "sim/no-such-row";
    await rejection(conversation.send("hi"));
    equal(conversation.dropped, 0, "of an unknown model:");
    // Once only: a script for the path would meet the browser's cache.
    let asked = 0;
    const fetch = (url, init) => (asked++ > 0 ? globalThis.fetch(url, init) : new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason))));
    const { client: hanging } = connect(context, { fetch, maxRetries: undefined });
    const another = new Conversation({ client: hanging, model: id, contextLength: "auto" });
    const controller = new AbortController();
    const answer = another.send("hi", { signal: controller.signal });
    setTimeout(() => controller.abort("enough"), 50);
    equal(await rejection(answer), "enough", "while it is looked up:");
    await another.send();
  },

  async what_another_author_thought_goes_on_without_what_only_he_can_read({ Conversation, ...context }) {
    const { client, define, waitFor } = connect(context);
    const conversation = new Conversation({ client, model: "sim/reasoning" });
    const thought = await conversation.send("hi");
    ok(thought.reasoning_details.some(({ signature }) => signature), "a signature");
    conversation.model = "sim/reasoning-encrypted";
    const hidden = await conversation.send("hi");
    ok(hidden.reasoning_details.some(({ type }) => type === "reasoning.encrypted"), "encrypted reasoning");
    const kept = JSON.stringify(conversation.messages);
    conversation.model = "sim/echo";
    const same = echo(await conversation.send("same author")).messages;
    equal(same.slice(0, 4), JSON.parse(kept), "to its author:");
    conversation.model = fresh("other");
    await define({ model: conversation.model, ...answer("ok") });
    await conversation.send("other author");
    const { body } = await waitFor(conversation.model, "finished");
    const details = body.messages.flatMap(({ reasoning_details }) => reasoning_details ?? []);
    ok(details.length >= 2 && details.every((detail) => detail.type !== "reasoning.encrypted" && !("signature" in detail)), "neither signatures nor what is encrypted");
    equal(JSON.stringify(conversation.messages.slice(0, 4)), kept, "in the history:");
  },

  async usage_is_the_exact_sum({ Conversation, ...context }) {
    const { client, define } = connect(context);
    const model = fresh();
    const failed = { events: [delta("a"), { ...usage(1, 0.7), error: { code: 502, message: "lost" } }, "[DONE]"] };
    await define({ model, sequence: [answer("a", usage(10, 0.1)), answer("b", usage(20, 0.2)), answer("c"), failed] });
    const conversation = new Conversation({ client, model });
    equal(conversation.usage, {});
    await conversation.send("one");
    await conversation.send("two");
    await conversation.send("three");
    equal(conversation.usage, { prompt_tokens: 30, completion_tokens: 4, total_tokens: 34, cost: 0.3 });
    await rejection(conversation.send("four"));
    equal(conversation.usage.cost, 1, "with what failed:");
  },

  async a_conversation_is_saved_and_goes_on({ Conversation, ...context }) {
    const { client } = connect(context);
    const conversation = new Conversation({ client, model: "sim/echo", system: "s", contextLength: 9000, reserve: 10, temperature: 0.5 });
    await conversation.send("one");
    const saved = JSON.stringify(conversation);
    ok(!saved.includes("sk-test"), "no key");
    equal(JSON.parse(saved).version, 1);
    for (const form of [saved, JSON.parse(saved)]) {
      const restored = await Conversation.from(form, client);
      equal(JSON.stringify(restored), saved);
      const sent = echo(await restored.send("two"));
      equal([sent.temperature, sent.messages.length], [0.5, 4]);
      equal(restored.usage.total_tokens > conversation.usage.total_tokens, true, "usage goes on:");
    }
    equal(conversation.messages.length, 3);
  },

  async models_are_compared_side_by_side({ compare, ...context }) {
    if (compare === undefined) return; // an entry of the package, which is not part of the crate
    const { client, define, step } = connect(context);
    const [slow, quick] = [fresh(), fresh()];
    await define({ model: slow, ...answer("slow", usage(5, 0.25)), stepped: true });
    await define({ model: quick, events: [delta("qu"), delta("ick"), delta("", "stop"), usage(5, 0.5), "[DONE]"], delaysMs: [0, 50, 0, 0, 0] });
    const messages = [{ role: "user", content: "hi" }];
    const before = performance.now();
    const comparison = compare(client, { messages, model: "ignored/model" }, [slow, quick, "sim/cut", "sim/500"]);
    const events = [];
    for await (const event of comparison) {
      events.push(event);
      // The slow one begins when the others are over.
      if (events.filter(({ type }) => type === "done" || type === "error").length === 3) for (let piece = 0; piece < 4; piece++) await step(slow);
    }
    const results = await comparison.results();
    const elapsed = performance.now() - before;
    equal(results.map(({ model, text, error }) => [model, text || undefined, error?.code]).slice(0, 2), [[slow, "slow", undefined], [quick, "quick", undefined]]);
    equal(results.slice(2).map(({ error, message }) => [error.code, message]), [["stream_cut", undefined], ["server_error", undefined]]);
    equal(results[2].text, results[2].error.partialText ?? "", "what came before the cut:");
    const [first, second, , refused] = results;
    equal([first.cost, second.cost, second.usage.completion_tokens, second.finishReason, second.message.content], [0.25, 0.5, 2, "stop", "quick"]);
    for (const { timeToFirstTokenMs, totalMs } of [first, second]) ok(timeToFirstTokenMs >= 0 && totalMs >= timeToFirstTokenMs && elapsed >= totalMs, "times");
    ok(second.totalMs - second.timeToFirstTokenMs > 30, "the first token, not the last");
    ok(second.tokensPerSecond > 0 && second.tokensPerSecond < 2 / 0.03, `a rate, not ${second.tokensPerSecond}`);
    equal([refused.timeToFirstTokenMs, refused.tokensPerSecond, refused.cost], [undefined, undefined, undefined]);
    equal(events.filter(({ type }) => type === "done" || type === "error").map(({ index, type }) => [index, type]).sort(), [[0, "done"], [1, "done"], [2, "error"], [3, "error"]]);
    equal(events.at(-1).index, 0, "the slow one is the last:");
    equal(events.filter(({ index, type }) => index === 1 && type === "text").map(({ model, text }) => [model, text]), [[quick, "qu"], [quick, "ick"]]);
  },

  async each_compared_model_has_its_own_stream({ compare, ...context }) {
    if (compare === undefined) return; // an entry of the package, which is not part of the crate
    const { client, define, waitFor } = connect(context);
    const held = fresh();
    await define({ model: held, events: [delta("one")], end: "hold" });
    const messages = [{ role: "user", content: "hi" }];
    const comparison = compare(client, { messages }, ["sim/text", "sim/cut", held], { concurrency: 2 });
    messages.push({ role: "user", content: "later" });
    const [whole, cut, left] = comparison.streams;
    equal((await collect(whole.stream)).join(""), (await whole.result).text);
    equal((await rejection(collect(cut.stream))).code, "stream_cut");
    for await (const text of left.stream) {
      equal(text, "one");
      break;
    }
    const { body } = await waitFor(held, "client-gone");
    equal(body.messages.length, 1, "as it was asked:");
    equal((await comparison.results())[2].error.name, "AbortError");
  },

  async a_comparison_can_be_cancelled({ compare, ...context }) {
    if (compare === undefined) return; // an entry of the package, which is not part of the crate
    const { client, define, waitFor } = connect(context);
    const messages = [{ role: "user", content: "hi" }];
    const ways = {
      cancel: (comparison) => comparison.cancel("enough"),
      signal: (_, controller) => controller.abort("enough"),
      async leaving(comparison) {
        for await (const event of comparison) {
          ok(event, "an event");
          break;
        }
      },
    };
    for (const [way, end] of Object.entries(ways)) {
      const asked = [fresh(), fresh()];
      for (const model of asked) await define({ model, events: [delta("one")], end: "hold" });
      const controller = new AbortController();
      const { when, hooks } = responses(asked.length);
      const comparison = compare(client, { messages }, [...asked, "sim/text"], { signal: controller.signal, concurrency: 2, hooks });
      await when;
      await end(comparison, controller);
      for (const model of asked) await waitFor(model, "client-gone");
      const results = await comparison.results();
      equal(results.map(({ error }) => error?.name ?? error), Array(3).fill(way === "leaving" ? "AbortError" : "enough"), way);
    }
    for (const models of [undefined, [], "sim/text"]) {
      const error = await rejection((async () => compare(client, { messages }, models))());
      equal([error.code, error.field], ["invalid_request", "models"]);
    }
  },
};

export { conversationAlone, conversationWithSimulator };
