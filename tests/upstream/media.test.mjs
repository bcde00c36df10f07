import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { words } from "./chat.mjs";
import { KEY, ask, eventsIn } from "./client.mjs";
import { TEXT } from "./scenario.mjs";
import { startUpstream } from "./server.mjs";

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream.close());

const at = (path, body) => ask(upstream, { messages: undefined, ...body }, { path });
const picture = (more) => at("/images", { model: "openai/gpt-image-1", prompt: "a red pixel", ...more });
const speak = (more) => at("/audio/speech", { model: "openai/gpt-4o-mini-tts", input: "one two three", ...more });
const audio = { data: Buffer.alloc(64_000).toString("base64"), format: "wav" };
const transcribe = (more) => at("/audio/transcriptions", { model: "openai/whisper-1", input_audio: audio, ...more });

test("images come in base64, as many as asked for", async () => {
  const { created, data, usage } = await (await picture({ n: 2 })).json();
  assert.ok(created > 1_700_000_000);
  assert.deepEqual([data.length, data[0].media_type], [2, "image/png"]);
  assert.match(data[0].b64_json, /^iVBOR/);
  assert.deepEqual([usage.completion_tokens, usage.total_tokens, usage.cost], [544, 544 + usage.prompt_tokens, 0.022]);
  const [vector] = (await (await picture({ output_format: "svg" })).json()).data;
  assert.equal(vector.media_type, "image/svg+xml");
  assert.match(Buffer.from(vector.b64_json, "base64").toString(), /^<svg/);
});

test("images stream in parts where the provider can", async () => {
  const streamed = async (more) => eventsIn(await (await picture({ stream: true, ...more })).text());
  const events = await streamed({});
  assert.equal(events.pop(), "[DONE]");
  assert.deepEqual(
    events.map(({ type, partial_image_index }) => [type, partial_image_index]),
    [
      ["image_generation.partial_image", 0],
      ["image_generation.partial_image", 1],
      ["image_generation.completed", undefined],
    ],
  );
  assert.deepEqual([events.at(-1).media_type, events.at(-1).usage.cost], ["image/png", 0.011]);
  const drawn = await streamed({ output_format: "svg" });
  const text = drawn.filter(({ type }) => type === "image_generation.text_chunk").map((event) => event.text);
  assert.equal(text.join(""), Buffer.from(drawn.at(-2).b64_json, "base64").toString());
  const whole = await picture({ model: "black-forest-labs/flux.2-pro", stream: true });
  assert.equal(whole.headers.get("content-type"), "application/json");
  assert.equal((await whole.json()).data.length, 1);
});

test("a stream of images can fail or be cut", async () => {
  const failing = eventsIn(await (await picture({ model: "sim/midstream-error", stream: true })).text());
  assert.deepEqual(
    failing.slice(-2).map((event) => event.type ?? event),
    ["error", "[DONE]"],
  );
  assert.equal(typeof failing.at(-2).error.message, "string");
  await assert.rejects((await picture({ model: "sim/cut", stream: true })).text(), TypeError);
});

test("speech is bytes, a piece for each word, in the format asked for", async () => {
  const pcm = await speak({});
  assert.equal(pcm.headers.get("content-type"), "audio/pcm");
  assert.match(pcm.headers.get("x-generation-id"), /^gen-tts-/);
  assert.equal((await pcm.arrayBuffer()).byteLength, 3 * 4800);
  const mp3 = await speak({ response_format: "mp3" });
  assert.equal(mp3.headers.get("content-type"), "audio/mpeg");
  const bytes = Buffer.from(await mp3.arrayBuffer());
  assert.deepEqual([bytes.readUInt16BE(0), bytes.readUInt16BE(417)], [0xfffb, 0xfffb]);
  await assert.rejects((await speak({ model: "sim/cut" })).arrayBuffer(), TypeError);
  assert.equal((await speak({ model: "sim/429-retry-after" })).headers.get("retry-after"), "7");
});

test("sound is transcribed, with times if asked for", async () => {
  const response = await transcribe({});
  assert.match(response.headers.get("x-generation-id"), /^gen-stt-/);
  const { text, usage, ...more } = await response.json();
  assert.deepEqual([text, usage.seconds, more], [TEXT, 2, {}]);
  assert.equal(usage.total_tokens, usage.input_tokens + usage.output_tokens);
  const verbose = { response_format: "verbose_json", language: "de", timestamp_granularities: ["word"] };
  const told = await (await transcribe(verbose)).json();
  assert.deepEqual([told.task, told.language, told.duration], ["transcribe", "de", 2]);
  assert.deepEqual([told.segments[0].end, told.segments[0].text], [2, TEXT]);
  assert.equal(told.words.length, words(TEXT).length);
});

test("sound can be sent as a file in a form, and the record tells the fields and the size", async () => {
  const form = new FormData();
  form.append("model", "openai/whisper-1");
  form.append("response_format", "verbose_json");
  form.append("timestamp_granularities[]", "segment");
  form.append("timestamp_granularities[]", "word");
  form.append("file", new Blob([new Uint8Array(32_000)], { type: "audio/wav" }), "speech.wav");
  const headers = { authorization: `Bearer ${KEY}` };
  const send = (path) => fetch(upstream.baseUrl + path, { method: "POST", headers, body: form });
  const told = await (await send("/audio/transcriptions")).json();
  assert.deepEqual([told.text, told.duration, told.words.length], [TEXT, 1, 8]);
  const record = upstream.requests.at(-1);
  assert.match(record.headers["content-type"], /^multipart\/form-data; boundary=/);
  assert.deepEqual(
    [record.model, record.body],
    [
      "openai/whisper-1",
      {
        model: "openai/whisper-1",
        response_format: "verbose_json",
        timestamp_granularities: ["segment", "word"],
        file: { filename: "speech.wav", contentType: "audio/wav", bytes: 32_000 },
      },
    ],
  );
  assert.equal((await send("/chat/completions")).status, 400);
});

test("a form can be scripted by its model, and must be one", async () => {
  upstream.define({ model: "test/whisper", status: 503, body: "{}" });
  const headers = { authorization: `Bearer ${KEY}` };
  const form = new FormData();
  form.append("model", "test/whisper");
  form.append("file", new Blob(["x"]), "a.mp3");
  const url = `${upstream.baseUrl}/audio/transcriptions`;
  assert.equal((await fetch(url, { method: "POST", headers, body: form })).status, 503);
  form.delete("file");
  form.append("file", "no file");
  assert.equal((await fetch(url, { method: "POST", headers, body: form })).status, 400);
  const broken = { ...headers, "content-type": "multipart/form-data; boundary=x" };
  assert.equal((await fetch(url, { method: "POST", headers: broken, body: "--y" })).status, 400);
});

test("requests for pictures and sound that make no sense are refused, naming the field", async () => {
  for (const [send, more, field] of [
    [picture, { prompt: "" }, "prompt"],
    [picture, { n: 11 }, "n"],
    [picture, { output_format: "gif" }, "output_format"],
    [picture, { input_references: Array(17).fill({}) }, "input_references"],
    [speak, { input: undefined }, "input"],
    [speak, { response_format: "wav" }, "response_format"],
    [speak, { voice: "" }, "voice"],
    [transcribe, { model: undefined }, "model"],
    [transcribe, { input_audio: undefined }, "input_audio.data"],
    [transcribe, { input_audio: { ...audio, data: "data:audio/wav;base64,AA" } }, "input_audio.data"],
    [transcribe, { input_audio: { data: "AA==" } }, "input_audio.format"],
    [transcribe, { response_format: "srt" }, "response_format"],
  ]) {
    const response = await send(more);
    assert.equal(response.status, 400, field);
    assert.ok((await response.json()).error.message.startsWith(`${field}: `), field);
  }
});
