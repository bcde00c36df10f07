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
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + 32_000, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(16_000, 24);
  head.writeUInt32LE(32_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(32_000, 40);
  return Buffer.concat([head, Buffer.alloc(32_000)]);
})();
