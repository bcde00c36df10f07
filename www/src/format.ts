// Numbers as people read them.

/** A context length: `400000` is `400K`. */
export function tokenCount(tokens: number): string {
  if (tokens >= 999_500) return `${trimmed(tokens / 1e6)}M`;
  return tokens >= 1000 ? `${Math.round(tokens / 1000)}K` : String(tokens);
}

const trimmed = (value: number) => value.toFixed(1).replace(/\.0$/, "");

/** An amount of dollars, exact as text, with at least two decimals: `"0.4"` is `$0.40`. */
export function price(dollars: string): string {
  const [whole, decimals = ""] = dollars.split(".");
  return `$${whole}.${decimals.padEnd(2, "0")}`;
}

/** What an answer cost: two digits that matter, however small it is. */
export function cost(dollars: number): string {
  if (!(dollars > 0)) return "$0";
  if (dollars >= 1) return `$${dollars.toFixed(2)}`;
  const decimals = Math.max(2, 1 - Math.floor(Math.log10(dollars)));
  return `$${dollars.toFixed(Math.min(decimals, 12))}`;
}

/** An amount of many dollars, with cents; of less than one, two digits that matter. */
export function dollars(amount: number): string {
  if (amount < 1) return cost(amount);
  return `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

const DAY = 24 * 3600;

/** When a wait is over: `in 7 s`, `in 5 min`, `at 14:05`. */
export function wait(seconds: number, now = new Date()): string {
  if (seconds <= 90) return `in ${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds <= 30 * 60) return `in ${Math.ceil(seconds / 60)} min`;
  const end = new Date(now.getTime() + seconds * 1000);
  const time = end.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return seconds < DAY ? `at ${time}` : `on ${end.toLocaleDateString()} at ${time}`;
}

/** A number of things: `1 token`, `2,000 tokens`. */
export function count(value: number, thing?: string): string {
  const number = value.toLocaleString("en-US");
  return thing ? `${number} ${thing}${value === 1 ? "" : "s"}` : number;
}
