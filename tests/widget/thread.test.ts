import assert from "node:assert/strict";
import test from "node:test";
import type { Message } from "../../npm/src/index.d.ts";
import type { AnswerEvent, Ask } from "../../npm/src/widget/ask.ts";
import { Thread, textOf, type Change } from "../../npm/src/widget/thread.ts";

type Asked = Parameters<Ask>[0];

/** A thread whose answers come as they are told to. */
function scripted() {
  const asked: Asked[] = [];
  const waiting: ((event: AnswerEvent | Error | undefined) => void)[] = [];
  const given: (AnswerEvent | Error | undefined)[] = [];
  const next = () => (given.length > 0 ? Promise.resolve(given.shift()) : new Promise<AnswerEvent | Error | undefined>((resolve) => waiting.push(resolve)));
  async function* events(signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    for (;;) {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => {
          waiting.length = 0;
          reject(signal.reason);
        });
      });
      const event = await Promise.race([next(), aborted]);
      if (event instanceof Error) throw event;
      if (!event) return;
      yield event;
      if (event.type === "end") return;
    }
  }
  const thread = new Thread((question) => {
    asked.push(question);
    return { model: "the/model", events: events(question.signal) };
  });
  const changes: Change[] = [];
  thread.subscribe((change) => changes.push(change));
  const give = (...all: (AnswerEvent | Error)[]) => {
    for (const event of all) {
      const wake = waiting.shift();
      if (wake) wake(event);
      else given.push(event);
    }
  };
  const until = (type: Change["type"], count = 1) =>
    new Promise<void>((resolve) => {
      const check = () => changes.filter((change) => change.type === type).length >= count && resolve();
      thread.subscribe(check);
      check();
    });
  return { thread, asked, give, until, changes };
}

const text = (text: string): AnswerEvent => ({ type: "text", text });
const end = (content: string): AnswerEvent => ({ type: "end", messages: [{ role: "assistant", content }], model: "who/wrote" });
const shown = (thread: Thread) => thread.path.map((entry) => textOf(entry));

test("an answer is shown as it comes, and sent along with the next question as the client put it together", async () => {
  const { thread, asked, give, until } = scripted();
  thread.send("one");
  assert.equal(thread.isBusy, true);
  give(text("fir"), text("st"), end("first"));
  await until("end");
  assert.deepEqual(shown(thread), ["one", "first"]);
  assert.equal(thread.path[1]!.model, "who/wrote");
  thread.send("two");
  assert.deepEqual(asked[1]!.messages, [{ role: "user", content: "one" }, { role: "assistant", content: "first" }, { role: "user", content: "two" }]);
});

test("another answer is a branch beside the first, and either can be shown", async () => {
  const { thread, asked, give, until } = scripted();
  thread.send("q");
  give(text("a"), end("a"));
  await until("end");
  thread.regenerate();
  give(text("b"), end("b"));
  await until("end", 2);
  const last = thread.path[1]!;
  assert.deepEqual(thread.branch(last), { index: 1, count: 2 });
  assert.deepEqual(asked[1]!.messages, [{ role: "user", content: "q" }], "the first answer is not sent along");
  thread.turn(last, -1);
  assert.deepEqual(shown(thread), ["q", "a"]);
  thread.turn(thread.path[1]!, -1);
  assert.deepEqual(shown(thread), ["q", "a"], "there is nothing before the first");
});

test("an edited question is a branch with answers of its own", async () => {
  const { thread, give, until } = scripted();
  const question = thread.send("q");
  give(text("a"), end("a"));
  await until("end");
  thread.edit(question, "Q");
  give(text("A"), end("A"));
  await until("end", 2);
  assert.deepEqual(shown(thread), ["Q", "A"]);
  thread.turn(thread.path[0]!, -1);
  assert.deepEqual(shown(thread), ["q", "a"]);
});

test("stopping keeps what there is, and the next question goes on from it", async () => {
  const { thread, asked, give, until } = scripted();
  thread.send("q");
  give(text("par"));
  await until("event");
  thread.stop();
  assert.equal(asked[0]!.signal.aborted, true);
  assert.equal(thread.isBusy, false);
  assert.equal(thread.path[1]!.state, "stopped");
  assert.deepEqual(thread.messages, [{ role: "user", content: "q" }, { role: "assistant", content: "par" }]);
});

test("editing while an answer comes ends that answer first", async () => {
  const { thread, asked, give, until, changes } = scripted();
  const question = thread.send("q");
  give(text("par"));
  await until("event");
  thread.edit(question, "other");
  assert.equal(asked[0]!.signal.aborted, true);
  assert.deepEqual(changes.map(({ type }) => type), ["path", "start", "event", "end", "path", "start"]);
  give(text("A"), end("A"));
  await until("end", 2);
  assert.deepEqual(shown(thread), ["other", "A"]);
});

test("who hears of a question may end it at once, and then nothing is asked or begun", async () => {
  const { thread, asked, changes } = scripted();
  thread.subscribe(({ type }) => type === "path" && thread.stop());
  thread.send("q");
  assert.deepEqual(changes.map(({ type }) => type), ["path", "end"]);
  assert.deepEqual([thread.isBusy, thread.path[1]!.state, asked], [false, "stopped", []]);
});

test("there is one answer at a time, even where each end asks something", async () => {
  const { thread, asked, give, until } = scripted();
  const queue = ["queued"];
  thread.subscribe(({ type }) => type === "end" && queue.length > 0 && thread.send(queue.pop()!));
  const question = thread.send("q");
  give(text("par"));
  await until("event");
  thread.edit(question, "other");
  assert.equal(asked.filter(({ signal }) => !signal.aborted).length, 1);
  assert.deepEqual(thread.answers.map(({ state }) => state).sort(), ["stopped", "stopped", "streaming"]);
  give(text("A"), end("A"));
  await until("end", 3);
  assert.deepEqual(shown(thread), ["other", "A"]);
});

test("what was thought about until somebody stopped it took its time", async () => {
  const { thread, give, until } = scripted();
  thread.send("q");
  give({ type: "reasoning", text: "hm" });
  await until("event");
  thread.stop();
  const [part] = thread.path[1]!.parts;
  assert.ok(part?.type === "reasoning" && part.seconds! > 0, JSON.stringify(part));
});

test("a failure keeps the partial answer, its error and what it cost", async () => {
  const { thread, give, until } = scripted();
  thread.send("q");
  const error = Object.assign(new Error("cut"), { code: "stream_cut", usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } });
  give(text("par"), error);
  await until("end");
  const answer = thread.path[1]!;
  assert.equal(answer.state, "failed");
  assert.equal(answer.error, error);
  assert.equal(answer.usage?.total_tokens, 3);
  assert.deepEqual(answer.messages, [{ role: "assistant", content: "par" }]);
});

test("a question that was refused is not sent along with the next one", async () => {
  const { thread, asked, give, until } = scripted();
  thread.send("bad");
  give(Object.assign(new Error("no"), { code: "content_refused" }));
  await until("end");
  thread.send("good");
  assert.deepEqual(asked[1]!.messages, [{ role: "user", content: "good" }]);
});

test("trying again takes the place of an answer that came to nothing", async () => {
  const { thread, give, until } = scripted();
  thread.send("q");
  give(Object.assign(new Error("no"), { code: "overloaded" }));
  await until("end");
  thread.retry(thread.path[1]!);
  give(text("a"), end("a"));
  await until("end", 2);
  assert.deepEqual(thread.branch(thread.path[1]!), { index: 0, count: 1 });
  assert.deepEqual(shown(thread), ["q", "a"]);
});

test("trying again takes nothing away of what was said since", async () => {
  const { thread, give, until } = scripted();
  thread.send("q");
  give(Object.assign(new Error("no"), { code: "overloaded" }));
  await until("end");
  const failed = thread.path[1]!;
  thread.send("next");
  give(text("a"), end("a"));
  await until("end", 2);
  thread.retry(failed);
  give(text("b"), end("b"));
  await until("end", 3);
  assert.deepEqual(shown(thread), ["q", "b"]);
  thread.turn(thread.path[1]!, -1);
  assert.deepEqual(shown(thread), ["q", "", "next", "a"]);
});

test("reasoning, tools, images and sources are kept in order", async () => {
  const { thread, give, until } = scripted();
  thread.send("q");
  give(
    { type: "reasoning", text: "hm" },
    { type: "reasoning", text: "m" },
    { type: "tool_call", id: "1", name: "weather", arguments: "{}", isComplete: true },
    { type: "tool_result", id: "1", name: "weather", content: "sun", isError: false },
    text("It is sunny."),
    { type: "image", image: { type: "image_url", image_url: { url: "data:image/png;base64,AA" } } },
    { type: "annotation", annotation: { type: "url_citation", url_citation: { url: "https://a.example/", title: "A" } } },
    { type: "annotation", annotation: { type: "url_citation", url_citation: { url: "javascript:alert(1)" } } },
    { type: "annotation", annotation: { type: "url_citation" } },
    end("It is sunny."),
  );
  await until("end");
  const { parts, sources, state } = thread.path[1]!;
  assert.equal(state, "done", "a source without an address does no harm");
  assert.deepEqual(parts.map(({ type }) => type), ["reasoning", "tool", "text", "image"]);
  assert.equal(parts[0]!.type === "reasoning" && parts[0]!.text, "hmm");
  assert.deepEqual(parts[1], { type: "tool", id: "1", name: "weather", arguments: "{}", state: "done", result: "sun" });
  assert.deepEqual(sources, [{ url: "https://a.example/", title: "A" }]);
});

test("what is saved can be loaded, with its branches", async () => {
  const { thread, give, until } = scripted();
  thread.send("q");
  give(text("a"), end("a"));
  await until("end");
  thread.regenerate();
  give(text("b"), end("b"));
  await until("end", 2);
  const saved = JSON.parse(JSON.stringify(thread));
  const other = scripted().thread;
  other.load(saved);
  assert.deepEqual(shown(other), ["q", "b"]);
  other.turn(other.path[1]!, -1);
  assert.deepEqual(shown(other), ["q", "a"]);
  assert.deepEqual(JSON.parse(JSON.stringify(thread)), saved);
});

test("messages from elsewhere become a thread, tools' results with the answer they belong to", () => {
  const { thread } = scripted();
  thread.replace([
    { role: "system", content: "Be kind." },
    { role: "user", content: "q" },
    { role: "assistant", content: null, tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "1", content: "result" },
    { role: "assistant", content: "a" },
  ]);
  assert.deepEqual(thread.path.map(({ role }) => role), ["user", "assistant"]);
  assert.equal(thread.messages.length, 4);
  const [call] = thread.path[1]!.parts;
  assert.equal(call?.type === "tool" && call.result, "result");
});

test("what is loaded of the conversation that is shown stays the same entry, and what has changed is another one", () => {
  const { thread } = scripted();
  thread.replace([{ role: "user", content: "q" }, { role: "assistant", content: "a" }]);
  const saved = thread.toJSON();
  const [question, answer] = thread.path;
  saved.entries[0]!.children[0]!.totalMs = 7;
  thread.load(saved);
  assert.equal(thread.path[0], question);
  assert.notEqual(thread.path[1], answer);
  assert.equal(thread.path[1]!.parent, question);
  assert.throws(() => thread.load({ ...saved, version: 2 as 1 }), /version 2/);
});

test("an answer that still comes is saved as far as it is, and not at all before it begins", async () => {
  const { thread, give, until } = scripted();
  thread.send("q");
  assert.deepEqual(thread.toJSON().entries[0]!.children, []);
  give(text("half"));
  await until("event");
  const [kept] = thread.toJSON().entries[0]!.children;
  assert.deepEqual([kept!.state, kept!.messages], ["stopped", [{ role: "assistant", content: "half" }]]);
  assert.deepEqual(thread.path[1]!.messages, []);
});

const used = (prompt: number, completion: number, cost: number) =>
  ({ type: "usage", usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, cost } }) as AnswerEvent;

test("an answer that was cut off is gone on with in its place, as one text, and costs what both parts cost", async () => {
  const { thread, asked, give, until } = scripted();
  thread.send("q");
  give(text("The sky is "), used(10, 3, 0.5), new Error("cut"));
  await until("end");
  const [, answer] = thread.path;
  thread.resume(answer!);
  assert.deepEqual(asked[1]!.messages, [{ role: "user", content: "q" }, { role: "assistant", content: "The sky is" }], "no provider gets a space at the end");
  give(text(" blue"), text(", mostly."), used(13, 4, 0.25), end(" blue, mostly."));
  await until("end", 2);
  assert.deepEqual(shown(thread), ["q", "The sky is blue, mostly."]);
  assert.deepEqual(thread.messages[1], { role: "assistant", content: "The sky is blue, mostly." });
  assert.equal(thread.path[1], answer);
  assert.deepEqual([answer!.state, answer!.error, answer!.parts.length], ["done", undefined, 1]);
  const { prompt_tokens, completion_tokens, cost } = answer!.usage!;
  assert.deepEqual([prompt_tokens, completion_tokens, cost], [23, 7, 0.75]);
});

test("what an answer used that was gone on with is summed with its details, and what is not told again is not forgotten", async () => {
  const { thread, give, until } = scripted();
  thread.send("q");
  const first = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13, cost: 0.5, prompt_tokens_details: { cached_tokens: 8 } };
  give(text("a"), { type: "usage", usage: first } as AnswerEvent, new Error("cut"));
  await until("end");
  thread.resume(thread.path[1]!);
  const second = { prompt_tokens: 13, completion_tokens: 4, total_tokens: 17, cost: null, prompt_tokens_details: { cached_tokens: 9, audio_tokens: null } };
  give(text("b"), { type: "usage", usage: second } as unknown as AnswerEvent, end("b"));
  await until("end", 2);
  assert.deepEqual(thread.path[1]!.usage, { prompt_tokens: 23, completion_tokens: 7, total_tokens: 30, cost: 0.5, prompt_tokens_details: { cached_tokens: 17, audio_tokens: null } });
});

test("a continuation that is stopped can be gone on with again, and nothing is there twice", async () => {
  const { thread, asked, give, until } = scripted();
  thread.send("q");
  give(text("one"));
  await until("event");
  thread.stop();
  thread.resume(thread.path[1]!);
  give(text(" two"));
  await until("event", 2);
  thread.stop();
  assert.deepEqual(thread.messages[1], { role: "assistant", content: "one two" });
  thread.resume(thread.path[1]!);
  assert.deepEqual(asked[2]!.messages.length, 2);
  give(text(" three"), end(" three"));
  await until("end", 3);
  assert.deepEqual(thread.messages, [{ role: "user", content: "q" }, { role: "assistant", content: "one two three" }]);
});

test("after steps with tools, only the text that was cut off is joined", async () => {
  const { thread, asked, give, until } = scripted();
  thread.send("q");
  const calls: Message[] = [
    { role: "assistant", content: null, tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "1", content: "result" },
  ];
  give({ type: "step", step: 1, messages: calls, usage: {} } as unknown as AnswerEvent, new Error("limit"));
  await until("end");
  thread.resume(thread.path[1]!);
  assert.deepEqual(asked[1]!.messages.slice(1), calls);
  give(text("So"), new Error("cut"));
  await until("end", 2);
  thread.resume(thread.path[1]!);
  give(text(" it is."), end(" it is."));
  await until("end", 3);
  assert.deepEqual(thread.path[1]!.messages, [...calls, { role: "assistant", content: "So it is." }]);
});

test("what was said before a tool that was stopped is kept, and nothing of a whole step is there twice", async () => {
  const { thread, give, until } = scripted();
  const call = { type: "tool_call", id: "1", name: "f", arguments: "{}", isComplete: true } as AnswerEvent;
  thread.send("q");
  give(text("Let me look."), call);
  await until("event", 2);
  thread.stop();
  assert.deepEqual(thread.messages.slice(1), [{ role: "assistant", content: "Let me look." }]);
  const step: Message[] = [
    { role: "assistant", content: "Again.", tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "1", content: "result" },
  ];
  thread.send("q2");
  give(text("Again."), call, { type: "tool_result", id: "1", name: "f", content: "result", isError: false }, { type: "step", step: 1, messages: step } as AnswerEvent, text("So"));
  await until("event", 7);
  thread.stop();
  assert.deepEqual(thread.path[3]!.messages, [...step, { role: "assistant", content: "So" }]);
});

test("what a question forgets is not sent, nor with the questions after it", async () => {
  const { thread, asked, give, until } = scripted();
  for (const [i, words] of ["one", "two", "three"].entries()) {
    thread.send(words);
    give(text(words.toUpperCase()), end(words.toUpperCase()));
    await until("end", i + 1);
  }
  const [, , , , third, answer] = thread.path;
  third!.forgets = 2;
  thread.retry(answer!);
  give(text("3"), end("3"));
  await until("end", 4);
  assert.deepEqual(asked[3]!.messages.map(({ content }) => content), ["two", "TWO", "three"]);
  thread.send("four");
  assert.deepEqual(asked[4]!.messages.map(({ content }) => content), ["two", "TWO", "three", "3", "four"]);
  assert.equal(thread.path.length, 8, "all of it is still shown");
});
