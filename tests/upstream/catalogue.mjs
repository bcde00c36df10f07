// GET /models, /models/count, /models/{author}/{slug}/endpoints, /model/{author}/{slug}, /providers.
import { AUTHORS } from "./families.mjs";
import { errorAnswer, invalidRequest } from "./errors.mjs";
import { json } from "./exchange.mjs";
import { MODELS, findModel, hiddenFacts, providersOf } from "./models.mjs";

const CACHED = {
  "Cache-Control": "public, max-age=300, stale-while-revalidate=3600, stale-if-error=3600",
  Vary: "Host",
};
const cached = (body) => json(200, body, CACHED);

const perMillion = (price) => Number(price) * 1e6;
/** Routers have the price "-1": none that could be compared. */
const isPriced = (row) => Number(row.pricing.prompt) >= 0;
const listOf = (csv) => csv.split(",").map((item) => item.trim());
const index = (row, name) => row.benchmarks.artificial_analysis?.[name] ?? -Infinity;

/** What each query parameter keeps. `output_modalities` is apart: without it only text models are listed. */
const FILTERS = {
  q: (row, text) => `${row.id} ${row.name} ${row.description}`.toLowerCase().includes(text.toLowerCase()),
  category: (row, category) => hiddenFacts(row).categories.includes(category),
  supported_parameters: (row, csv) => listOf(csv).every((name) => row.supported_parameters.includes(name)),
  input_modalities: (row, csv) => listOf(csv).every((name) => row.architecture.input_modalities.includes(name)),
  model_authors: (row, csv) => listOf(csv).includes(row.id.split("/")[0]),
  providers: (row, csv) => listOf(csv).some((slug) => providersOf(row).map(slugOf).includes(slug)),
  context: (row, tokens) => row.context_length >= Number(tokens),
  min_price: (row, price) => isPriced(row) && perMillion(row.pricing.prompt) >= Number(price),
  max_price: (row, price) => isPriced(row) && perMillion(row.pricing.prompt) <= Number(price),
  min_output_price: (row, price) => isPriced(row) && perMillion(row.pricing.completion) >= Number(price),
  max_output_price: (row, price) => isPriced(row) && perMillion(row.pricing.completion) <= Number(price),
};

/** Sort keys, ascending. Rows without a price come last, whichever way prices go. */
const price = (row) => Number(row.pricing.prompt) + Number(row.pricing.completion);
const SORTS = {
  newest: (row) => -row.created,
  "most-popular": (row) => -hiddenFacts(row).popularity,
  "top-weekly": (row) => -hiddenFacts(row).popularity,
  "pricing-low-to-high": (row) => (isPriced(row) ? price(row) : Infinity),
  "pricing-high-to-low": (row) => (isPriced(row) ? -price(row) : Infinity),
  "context-high-to-low": (row) => -row.context_length,
  "throughput-high-to-low": (row) => -hiddenFacts(row).throughput,
  "latency-low-to-high": (row) => hiddenFacts(row).latencyMs,
  "intelligence-high-to-low": (row) => -index(row, "intelligence_index"),
  "coding-high-to-low": (row) => -index(row, "coding_index"),
  "agentic-high-to-low": (row) => -index(row, "agentic_index"),
};

function sorted(rows, key) {
  const keyed = rows.map((row) => [key(row), row]);
  // Infinity minus Infinity is no number, and means equal.
  return keyed.sort(([a], [b]) => a - b || 0).map(([, row]) => row);
}

function withOutput(modalities) {
  if (modalities === "all") return MODELS;
  const wanted = listOf(modalities);
  return MODELS.filter((row) => row.architecture.output_modalities.some((output) => wanted.includes(output)));
}

function integer(query, name, low, high) {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) throw new RangeError(`${name}: from ${low} to ${high}`);
  return value;
}

/** One page of the list, or all of it if neither offset nor limit is given. */
function page(rows, query) {
  const limit = integer(query, "limit", 1, 1000);
  const offset = integer(query, "offset", 0, Number.MAX_SAFE_INTEGER);
  if (limit === undefined && offset === undefined) return { data: rows, next: null };
  const end = (offset ?? 0) + (limit ?? 500);
  const following = new URLSearchParams(query);
  following.set("offset", end);
  return {
    data: rows.slice(offset ?? 0, end),
    next: end < rows.length ? `/api/v1/models?${following}` : null,
  };
}

/** `GET /models`, with its filters, orders and pages. */
export function listModels(query) {
  let rows = withOutput(query.get("output_modalities") ?? "text");
  for (const [name, keeps] of Object.entries(FILTERS)) {
    const value = query.get(name);
    if (value !== null) rows = rows.filter((row) => keeps(row, value));
  }
  const sort = query.get("sort") ?? "newest";
  if (!Object.hasOwn(SORTS, sort)) return errorAnswer(invalidRequest(`sort: unknown value ${sort}`));
  try {
    const { data, next } = page(sorted(rows, SORTS[sort]), query);
    return cached({ data, total_count: rows.length, links: { next } });
  } catch (error) {
    if (error instanceof RangeError) return errorAnswer(invalidRequest(error.message));
    throw error;
  }
}

export const countModels = (query) =>
  cached({ data: { count: withOutput(query.get("output_modalities") ?? "text").length } });

const noSuchModel = (slug) => errorAnswer({ status: 404, error: { code: 404, message: `Model ${slug} not found` } });

/** `GET /model/{author}/{slug}`: takes aliases and variants too. */
export function showModel(slug) {
  const row = findModel(slug);
  return row ? cached({ data: row }) : noSuchModel(slug);
}

const slugOf = (provider) => provider.toLowerCase().replace(/[^a-z0-9]+/g, "-");

/** Percentiles are for known callers only. */
const percentiles = (median, isAuthenticated) =>
  isAuthenticated ? { p50: median, p75: median * 1.4, p90: median * 2, p99: median * 5 } : null;

export function listEndpoints(slug, { isAuthenticated }) {
  const row = findModel(slug);
  if (!row) return noSuchModel(slug);
  const { latencyMs, throughput } = hiddenFacts(row);
  const endpoints = providersOf(row).map((provider, i) => ({
    name: `${provider} | ${row.canonical_slug}`,
    model_id: row.id,
    model_name: row.name,
    context_length: row.context_length,
    pricing: row.pricing,
    provider_name: provider,
    tag: slugOf(provider),
    quantization: row.hugging_face_id ? "fp8" : null,
    max_completion_tokens: row.top_provider.max_completion_tokens,
    max_prompt_tokens: null,
    supported_parameters: row.supported_parameters,
    status: 0,
    uptime_last_5m: 100,
    uptime_last_30m: 99.9 - i,
    uptime_last_1d: 99.5 - i,
    supports_implicit_caching: "input_cache_read" in row.pricing,
    latency_last_30m: percentiles(latencyMs, isAuthenticated),
    throughput_last_30m: percentiles(throughput, isAuthenticated),
  }));
  const { id, name, created, description, architecture } = row;
  return json(200, { data: { id, name, created, description, architecture, endpoints } });
}

const PROVIDERS = [...new Set(Object.values(AUTHORS).flatMap(([, , providers]) => providers))].sort();

export function listProviders() {
  const data = PROVIDERS.map((name) => ({
    name,
    slug: slugOf(name),
    privacy_policy_url: `https://example.com/${slugOf(name)}/privacy`,
    terms_of_service_url: `https://example.com/${slugOf(name)}/terms`,
    status_page_url: null,
    headquarters: null,
    datacenters: null,
  }));
  return json(200, { data });
}
