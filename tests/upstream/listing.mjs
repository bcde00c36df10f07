// What GET /models can be asked: which rows, in which order, which page of them, as JSON or as a feed.
import { EPOCH_SECONDS } from "./clock.mjs";
import { CATEGORIES, MODELS, hiddenFacts, providersOf, slugOf } from "./models.mjs";

const perMillion = (price) => Number(price) * 1e6;
/** Routers have the price "-1": none that could be compared. */
const isPriced = (row) => Number(row.pricing.prompt) >= 0;
const listOf = (csv) => csv.split(",").map((item) => item.trim());
const index = (row, name) => row.benchmarks.artificial_analysis?.[`${name}_index`] ?? null;
const elo = (row) => Math.max(...row.benchmarks.design_arena.map((entry) => entry.elo));
const ageInDays = (row) => (EPOCH_SECONDS - row.created) / 86_400;

/** What can be bounded by `min_…` and `max_…`. A row without the number is within no bounds. */
const MEASURES = {
  price: (row) => (isPriced(row) ? perMillion(row.pricing.prompt) : null),
  output_price: (row) => (isPriced(row) ? perMillion(row.pricing.completion) : null),
  age_days: ageInDays,
  intelligence_index: (row) => index(row, "intelligence"),
  coding_index: (row) => index(row, "coding"),
  agentic_index: (row) => index(row, "agentic"),
  tool_success_rate: (row) => hiddenFacts(row).toolSuccessRate,
};

const BOUNDS = Object.entries(MEASURES).flatMap(([name, measure]) => {
  const within = (holds) => (row, bound) => measure(row) !== null && holds(measure(row), Number(bound));
  return [
    [`min_${name}`, within((value, bound) => value >= bound)],
    [`max_${name}`, within((value, bound) => value <= bound)],
  ];
});

/** What each query parameter keeps. `output_modalities` is apart: without it only text models are listed. */
const FILTERS = {
  q: (row, text) => `${row.id} ${row.name}`.toLowerCase().includes(text.toLowerCase()),
  category: (row, category) => hiddenFacts(row).categories.includes(category),
  supported_parameters: (row, csv) => listOf(csv).every((name) => row.supported_parameters.includes(name)),
  input_modalities: (row, csv) => listOf(csv).every((name) => row.architecture.input_modalities.includes(name)),
  model_authors: (row, csv) => listOf(csv).includes(row.id.split("/")[0]),
  providers: (row, csv) => listOf(csv).some((name) => providersOf(row).map(slugOf).includes(slugOf(name))),
  arch: (row, family) => row.architecture.tokenizer.toLowerCase().startsWith(family.toLowerCase()),
  context: (row, tokens) => row.context_length >= Number(tokens),
  distillable: (row, wanted) => String(hiddenFacts(row).isDistillable) === wanted,
  zdr: (row) => hiddenFacts(row).hasZdr,
  region: (row, region) => hiddenFacts(row).regions.includes(region),
  ...Object.fromEntries(BOUNDS),
};

/** Sort keys, ascending. Rows without a price or a score come last, whichever way the others go. */
const price = (row) => Number(row.pricing.prompt) + Number(row.pricing.completion);
const down = (score) => (score === null ? Infinity : -score);
const SORTS = {
  newest: (row) => -row.created,
  "most-popular": (row) => -hiddenFacts(row).popularity,
  "top-weekly": (row) => -hiddenFacts(row).popularity,
  "pricing-low-to-high": (row) => (isPriced(row) ? price(row) : Infinity),
  "pricing-high-to-low": (row) => (isPriced(row) ? -price(row) : Infinity),
  "context-high-to-low": (row) => -row.context_length,
  "throughput-high-to-low": (row) => -hiddenFacts(row).throughput,
  "latency-low-to-high": (row) => hiddenFacts(row).latencyMs,
  "intelligence-high-to-low": (row) => down(index(row, "intelligence")),
  "coding-high-to-low": (row) => down(index(row, "coding")),
  "agentic-high-to-low": (row) => down(index(row, "agentic")),
  "design-arena-elo-high-to-low": (row) => -elo(row),
};

const CHOICES = {
  category: CATEGORIES,
  distillable: ["true", "false"],
  region: ["eu", "us"],
  sort: Object.keys(SORTS),
  zdr: ["true"],
};
const NUMBERS = ["context", ...BOUNDS.map(([name]) => name)];
const INTEGERS = { limit: [1, 1000], offset: [0, Number.MAX_SAFE_INTEGER] };

/** Why these parameters make no sense, or null. Unknown ones are ignored. */
export function faultOfQuery(query) {
  for (const [name, text] of query) {
    const choices = CHOICES[name];
    if (choices && !choices.includes(text)) return `${name}: expected one of ${choices.join(", ")}`;
    const isNumber = text !== "" && Number(text) >= 0;
    if (NUMBERS.includes(name) && !isNumber) return `${name}: expected a number from 0`;
    const [low, high] = INTEGERS[name] ?? [];
    const isInteger = /^\d+$/.test(text) && Number(text) >= low && Number(text) <= high;
    if (low !== undefined && !isInteger) return `${name}: expected an integer from ${low} to ${high}`;
  }
  return null;
}

function sorted(rows, key) {
  const keyed = rows.map((row) => [key(row), row]);
  // Infinity minus Infinity is no number, and means equal.
  return keyed.sort(([a], [b]) => a - b || 0).map(([, row]) => row);
}

/** The rows with one of these outputs. */
export function withOutput(modalities) {
  if (modalities === "all") return MODELS;
  const wanted = listOf(modalities);
  return MODELS.filter((row) => row.architecture.output_modalities.some((output) => wanted.includes(output)));
}

/** The rows that a query without fault asks for, among all with such an output, in order. */
export function selected(query, modalities = query.get("output_modalities") ?? "text") {
  const asked = Object.entries(FILTERS).filter(([name]) => query.has(name));
  const rows = withOutput(modalities).filter((row) => asked.every(([name, keeps]) => keeps(row, query.get(name))));
  return sorted(rows, SORTS[query.get("sort") ?? "newest"]);
}

/** One page of the rows of `path`, or all of them if neither offset nor limit is given. */
export function page(rows, query, path) {
  const whole = { data: rows, total_count: rows.length, links: { next: null } };
  if (!query.has("limit") && !query.has("offset")) return whole;
  const begin = Number(query.get("offset") ?? 0);
  const end = begin + Number(query.get("limit") ?? 500);
  const following = new URLSearchParams(query);
  following.set("offset", end);
  const next = end < rows.length ? `/api/v1${path}?${following}` : null;
  return { ...whole, data: rows.slice(begin, end), links: { next } };
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The rows as an RSS feed, whose items lead to the models or to chats with them. */
export function feed(rows, { isChat }) {
  const link = ({ id }) => `https://openrouter.ai/${isChat ? `chat?models=${encodeURIComponent(id)}` : id}`;
  const items = rows.map(
    (row) =>
      `<item><title>${escaped(row.name)}</title><link>${escaped(link(row))}</link>` +
      `<guid isPermaLink="false">${escaped(row.id)}</guid>` +
      `<pubDate>${new Date(row.created * 1000).toUTCString()}</pubDate>` +
      `<description>${escaped(row.description)}</description></item>`,
  );
  return `<rss version="2.0"><channel><title>OpenRouter Models</title>\n${items.join("\n")}\n</channel></rss>\n`;
}
