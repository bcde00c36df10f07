// The lists that need no key: models, their endpoints, providers.
import { createHash } from "node:crypto";
import { errorAnswer, invalidRequest, notFound } from "./errors.mjs";
import { json } from "./exchange.mjs";
import { AUTHORS } from "./families.mjs";
import { STREAMING_PROVIDERS } from "./images.mjs";
import { faultOfQuery, feed, page, selected, withOutput } from "./listing.mjs";
import { MODELS, findModel, hiddenFacts, providersOf, slugOf } from "./models.mjs";

/** A document that may be kept, and need not be sent again to who has it. */
function cached(text, { record, contentType = "application/json" }) {
  const etag = `"${createHash("sha256").update(text).digest("hex").slice(0, 32)}"`;
  const headers = {
    "Cache-Control": "public, max-age=300, stale-while-revalidate=3600, stale-if-error=3600",
    Vary: "Host",
    ETag: etag,
  };
  const known = (record.headers["if-none-match"] ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (known.includes(etag) || known.includes("*")) return { status: 304, headers, pieces: () => [].values() };
  return {
    status: 200,
    headers: { "content-type": contentType, ...headers },
    *pieces() {
      yield text;
    },
  };
}

/** Answers a list, unless its query makes no sense. */
const listing = (answer) => (request, slug) => {
  const fault = faultOfQuery(request.query);
  return fault ? errorAnswer(invalidRequest(fault)) : answer(request, slug);
};

function listModels({ query, record }) {
  const rows = selected(query);
  if (query.get("use_rss") !== "true") return cached(JSON.stringify(page(rows, query, "/models")), { record });
  const text = feed(rows, { isChat: query.get("use_rss_chat_links") === "true" });
  return cached(text, { record, contentType: "application/rss+xml" });
}

const countModels = ({ query, record }) => {
  const count = withOutput(query.get("output_modalities") ?? "text").length;
  return cached(JSON.stringify({ data: { count } }), { record });
};

/** Calls `answer(row)` with the model of this slug, which may be an alias or have a variant. */
const forModel = (answer) => (request, slug) => {
  const row = findModel(slug);
  return row ? answer(row, request) : errorAnswer(notFound(`Model ${slug} not found`));
};

/** Percentiles are for known callers only. */
const percentiles = (median, isAuthenticated) =>
  isAuthenticated ? { p50: median, p75: median * 1.4, p90: median * 2, p99: median * 5 } : null;

function endpointsOf(row, { isAuthenticated }) {
  const { latencyMs, throughput } = hiddenFacts(row);
  return providersOf(row).map((provider, i) => ({
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
}

function listEndpoints(row, request) {
  const { id, name, created, description, architecture } = row;
  return json(200, { data: { id, name, created, description, architecture, endpoints: endpointsOf(row, request) } });
}

/** Endpoints that keep no data: one for each model that has such. */
const listZdrEndpoints = (request) => {
  const rows = MODELS.filter((row) => hiddenFacts(row).hasZdr);
  return json(200, { data: rows.map((row) => endpointsOf(row, request)[0]) });
};

const IMAGE_PARAMETERS = {
  resolution: { type: "enum", values: ["1K", "2K", "4K"] },
  n: { type: "range", min: 1, max: 10 },
  seed: { type: "boolean" },
};

const streams = (provider) => STREAMING_PROVIDERS.includes(provider);

const listImageModels = () => {
  const data = withOutput("image").map((row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    created: row.created,
    architecture: {
      input_modalities: row.architecture.input_modalities,
      output_modalities: row.architecture.output_modalities,
    },
    supported_parameters: IMAGE_PARAMETERS,
    supports_streaming: providersOf(row).some(streams),
    endpoints: `/api/v1/images/models/${row.id}/endpoints`,
  }));
  return json(200, { data });
};

const listImageEndpoints = (row) => {
  const endpoints = providersOf(row).map((provider) => ({
    provider_name: provider,
    provider_slug: slugOf(provider),
    provider_tag: slugOf(provider),
    supported_parameters: IMAGE_PARAMETERS,
    allowed_passthrough_parameters: [],
    supports_streaming: streams(provider),
    pricing: [{ billable: "output_image", unit: "image", cost_usd: 0.011 }],
  }));
  return json(200, { id: row.id, endpoints });
};

const PROVIDERS = [...new Set(Object.values(AUTHORS).flatMap(([, , providers]) => providers))].sort();

function listProviders() {
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

/** Slugs hold one slash, and may start with `~`. */
const SLUG = "([^/]+/[^/]+)";

/** [method, path, whether a key is needed, handler]; a handler gets the request and the path's groups. */
export const CATALOGUE = [
  ["GET", "/models", false, listing(listModels)],
  ["GET", "/models/user", true, listing(({ query }) => json(200, page(selected(query), query, "/models/user")))],
  ["GET", "/models/count", false, countModels],
  ["GET", `/models/${SLUG}/endpoints`, false, forModel(listEndpoints)],
  ["GET", `/model/${SLUG}`, false, forModel((row, { record }) => cached(JSON.stringify({ data: row }), { record }))],
  [
    "GET",
    "/embeddings/models",
    false,
    listing(({ query }) => json(200, page(selected(query, "embeddings"), query, "/embeddings/models"))),
  ],
  ["GET", "/images/models", false, listImageModels],
  ["GET", `/images/models/${SLUG}/endpoints`, false, forModel(listImageEndpoints)],
  ["GET", "/endpoints/zdr", false, listZdrEndpoints],
  ["GET", "/providers", false, listProviders],
];
