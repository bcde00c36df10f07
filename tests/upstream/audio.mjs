// POST /audio/speech and /audio/transcriptions: sound as bytes, and text from sound.
import { words } from "./chat.mjs";
import { json } from "./exchange.mjs";
import { TEXT } from "./scenario.mjs";

const isText = (value) => typeof value === "string" && value !== "";

const SAMPLES_PER_SECOND = 24_000;

/** A tenth of a second of a tone: 16 bits per sample, little-endian, one channel. */
function tone() {
  const bytes = Buffer.alloc((SAMPLES_PER_SECOND / 10) * 2);
  for (let i = 0; i < bytes.length / 2; i += 1) {
    bytes.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / SAMPLES_PER_SECOND)), i * 2);
  }
  return bytes;
}

/** 26 ms of silence: the head of an MPEG 1 layer III frame (128 kbit/s, 44.1 kHz, mono), and nothing in it. */
function silence() {
  const frame = Buffer.alloc(417);
  frame.writeUInt32BE(0xfffb90c4);
  return frame;
}

const FORMATS = {
  pcm: { contentType: "audio/pcm", piece: tone() },
  mp3: { contentType: "audio/mpeg", piece: Buffer.concat(Array(4).fill(silence())) },
};

/** One piece for each word. */
export const speech = {
  fault({ input, response_format = "pcm", voice }) {
    if (!isText(input)) return "input: Required";
    if (voice !== undefined && !isText(voice)) return "voice: expected text";
    return Object.hasOwn(FORMATS, response_format) ? null : "response_format: expected mp3 or pcm";
  },
  answer({ id, body, scenario }) {
    const { contentType, piece } = FORMATS[body.response_format ?? "pcm"];
    return {
      status: 200,
      headers: { "content-type": contentType, "x-generation-id": id.replace("gen-", "gen-tts-") },
      *pieces() {
        for (const _ of words(body.input)) {
          yield piece;
          if (scenario.interruption) return scenario.interruption.end ?? "destroy";
        }
      },
    };
  },
};

/** As if all sound came in 16 kHz and 16 bits. */
const BYTES_PER_SECOND = 32_000;

const round = (seconds) => Number(seconds.toFixed(2));

/** The words, one after the other over the whole time. */
function timed(seconds) {
  const all = words(TEXT);
  return all.map((word, i) => ({
    word: word.trim(),
    start: round((seconds * i) / all.length),
    end: round((seconds * (i + 1)) / all.length),
  }));
}

export const transcriptions = {
  takesForms: true,
  fault({ model, input_audio, file, response_format = "json" }) {
    if (!isText(model)) return "model: Required";
    if (!["json", "verbose_json"].includes(response_format)) return "response_format: expected json or verbose_json";
    if (file !== undefined) return Number.isInteger(file.bytes) ? null : "file: expected a file";
    if (!isText(input_audio?.data)) return "input_audio.data: Required";
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(input_audio.data)) return "input_audio.data: expected base64, not a data URI";
    return isText(input_audio.format) ? null : "input_audio.format: Required";
  },
  answer({ id, body }) {
    const bytes = body.file?.bytes ?? Buffer.byteLength(body.input_audio.data, "base64");
    const seconds = round(bytes / BYTES_PER_SECOND);
    const [input_tokens, output_tokens] = [Math.ceil(seconds * 10), words(TEXT).length];
    const usage = {
      seconds,
      input_tokens,
      output_tokens,
      total_tokens: input_tokens + output_tokens,
      cost: Number((seconds * 0.0001).toPrecision(6)),
    };
    const granularities = body.timestamp_granularities ?? ["segment"];
    const verbose = {
      task: "transcribe",
      language: body.language ?? "en",
      duration: seconds,
      segments: [{ id: 0, seek: 0, start: 0, end: seconds, text: TEXT, temperature: 0, no_speech_prob: 0.01 }],
      ...(granularities.includes("word") && { words: timed(seconds) }),
    };
    const isVerbose = body.response_format === "verbose_json";
    const headers = { "x-generation-id": id.replace("gen-", "gen-stt-") };
    return json(200, { text: TEXT, ...(isVerbose && verbose), usage }, headers);
  },
};
