// What every client says and hands over, so that the answers can be compared.
import { z } from "zod";

export const ask = () => [{ role: "user", content: "What is the weather?" }];
export const PROMPT = ask()[0].content;

/** What the tool answers. */
export const FORECAST = "sunny";
export const CITY = z.object({ city: z.string() });

/** The object that is asked for. */
export const PERSON = z.object({ name: z.string(), age: z.int() });

/** A second of silence: WAV, 16 kHz, 16 bits, one channel. */
export const SOUND = (() => {
  const bytes = new Uint8Array(44 + 32_000);
  const view = new DataView(bytes.buffer);
  const word = (at, text) => bytes.set(new TextEncoder().encode(text), at);
  word(0, "RIFF");
  view.setUint32(4, 36 + 32_000, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 16_000, true);
  view.setUint32(28, 32_000, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, 32_000, true);
  return bytes;
})();

/** In a page OpenAI's client wants to be told that what it holds is no key. */
export const isPage = typeof document !== "undefined";
