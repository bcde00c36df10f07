// When a wait is over, in words. Loaded with the errors.
import type { Words } from "./words.ts";

export const WORDS = {
  inSeconds: "in {count} s",
  inMinutes: "in {count} min",
  atTime: "at {time}",
};

/** `in 7 s`, `in 5 min`, `at 14:05`. */
export function wait(words: Words, seconds: number): string {
  if (seconds <= 90) return words.of(WORDS, "inSeconds", { count: Math.max(1, Math.ceil(seconds)) });
  if (seconds <= 30 * 60) return words.of(WORDS, "inMinutes", { count: Math.ceil(seconds / 60) });
  return words.of(WORDS, "atTime", { time: words.time(Date.now() + seconds * 1000) });
}
