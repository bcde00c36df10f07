// When a wait is over, in words. Loaded with the errors.
import type { Words } from "./words.ts";

export const WORDS = {
  inSeconds: "in {count} s",
  inMinutes: "in {count} min",
  atTime: "at {time}",
};

/** `in 7 s`, `in 5 min`, `at 14:05`, `at Dec 1, 12:00 AM`. */
export function wait(words: Words, seconds: number): string {
  if (seconds <= 90) return words.of(WORDS, "inSeconds", { count: Math.max(1, Math.ceil(seconds)) });
  if (seconds <= 30 * 60) return words.of(WORDS, "inMinutes", { count: Math.ceil(seconds / 60) });
  const end = Date.now() + seconds * 1000;
  // The clock alone says the next time that it is so late.
  const time = seconds < 24 * 3600 ? words.time(end) : new Date(end).toLocaleString(words.language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return words.of(WORDS, "atTime", { time });
}
