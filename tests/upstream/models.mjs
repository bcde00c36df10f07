// The simulated model list: the same rows in every run, of about the real list's size and variety.
import { EPOCH_SECONDS } from "./clock.mjs";
import { ALIASES, AUTHORS, FAMILIES, ROUTERS } from "./families.mjs";

/** Numbers from 0 to 1 that depend on the seed alone, so that one row never changes with another (mulberry32). */
function randomFrom(seed) {
  let state = [...seed].reduce((hash, character) => Math.imul(hash ^ character.codePointAt(0), 0x01000193), 0x811c9dc5);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = (random, list) => list[Math.floor(random() * list.length)];
const between = (random, low, high) => low + Math.floor(random() * (high - low + 1));

/** Prices are decimal strings in USD per token, never with an exponent. */
const perToken = (perMillion) => (perMillion / 1e6).toFixed(12).replace(/\.?0+$/, "");
const DAY_SECONDS = 86_400;
const isoDay = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);

/** What a variant's name says about its price, compared with the family's plain model. */
const FACTORS = [
  [/-nano|-micro|-tiny|-flash-lite|-lite/, 0.2],
  [/-mini|-flash|-fast|-small|-air/, 0.4],
  [/-pro|-deep-research|-premier/, 4],
  [/-high|-thinking|-large/, 1.5],
];

/** Bigger open models cost more: by the first size in the name. */
function priceFactor(variant) {
  const size = /(?:^|-)(\d+)b/.exec(variant);
  if (size) return Math.max(0.1, Number(size[1]) / 70);
  return FACTORS.find(([pattern]) => pattern.test(variant))?.[1] ?? 1;
}

const titleCase = (variant) =>
  variant
    .replace(/^[-:]/, " ")
    .replace(/-/g, " ")
    .replace(/(\d+)b\b/g, "$1B")
    .replace(/ ([a-z])/g, (_, letter) => ` ${letter.toUpperCase()}`);

function pricingOf(traits, factor, prompt, completion) {
  const rounded = (value) => Number((value * factor).toPrecision(3));
  const prices = (times) => ({
    prompt: perToken(rounded(prompt * times)),
    completion: perToken(rounded(completion * times)),
    ...(traits.has("c") && { input_cache_read: perToken(rounded(prompt * times * 0.1)) }),
  });
  return {
    ...prices(1),
    ...(traits.has("a") && { audio: perToken(rounded(prompt * 2)) }),
    ...(traits.has("i") && { image_output: "0.00003", request: "0" }),
    ...(traits.has("m") && { web_search: "0.01" }),
    ...(traits.has("A") && { audio_output: perToken(rounded(completion * 4)) }),
    ...(traits.has("L") && { overrides: [{ min_prompt_tokens: 200_000, ...prices(2) }] }),
    // From 16:30 to 00:30 UTC: past midnight, as a window may be.
    ...(traits.has("n") && { overrides: [{ utc_start: 1630, utc_end: 30, ...prices(0.5) }] }),
  };
}

const INPUTS = { v: "image", f: "file", a: "audio" };
const OUTPUTS = {
  e: ["embeddings"],
  s: ["speech"],
  w: ["transcription"],
  k: ["rerank"],
  p: ["image"],
  i: ["image", "text"],
  A: ["text", "audio"],
};
const INSTRUCT_TYPES = { Llama3: "llama3", Mistral: "mistral", DeepSeek: "deepseek-v3.1" };

function architectureOf(traits, tokenizer) {
  const input = ["text", ...Object.keys(INPUTS).flatMap((letter) => (traits.has(letter) ? [INPUTS[letter]] : []))];
  const output = OUTPUTS[Object.keys(OUTPUTS).find((letter) => traits.has(letter))] ?? ["text"];
  return {
    modality: `${input.join("+")}->${output.join("+")}`,
    input_modalities: input,
    output_modalities: output,
    tokenizer,
    instruct_type: (traits.has("o") && INSTRUCT_TYPES[tokenizer]) || null,
  };
}

function parametersOf(traits) {
  const sampling = ["frequency_penalty", "presence_penalty", "seed", "stop", "temperature", "top_p"];
  const open = ["logit_bias", "min_p", "repetition_penalty", "top_k"];
  return [
    "max_tokens",
    // OpenAI's reasoning models take no sampling parameters.
    ...(traits.has("R") && traits.has("m") ? ["max_completion_tokens", "seed"] : sampling),
    ...(traits.has("o") ? open : []),
    ...(traits.has("t") ? ["response_format", "structured_outputs", "tool_choice", "tools"] : []),
    ...(traits.has("r") || traits.has("R") ? ["include_reasoning", "reasoning", "reasoning_effort"] : []),
    ...(traits.has("f") ? ["web_search_options"] : []),
  ].sort();
}

const STRENGTHS = ["multi-step reasoning", "long documents", "tool use", "creative writing", "code review"];
const SETTINGS = ["production assistants", "research", "batch jobs", "interactive chat", "agents that run for hours"];

function describe(random, name, author, context, traits) {
  const kind = traits.has("o") ? "an open-weight model" : "a model";
  const text =
    `${name} is ${kind} from ${author}, built for ${pick(random, STRENGTHS)} and ${pick(random, STRENGTHS)}. ` +
    `It has a context window of ${context.toLocaleString("en-US")} tokens and is mostly used for ` +
    `${pick(random, SETTINGS)}. Compared with its predecessor it follows instructions more closely, wastes fewer ` +
    `tokens on the way to an answer, and scores ${between(random, 2, 19)} points higher on the simulated benchmark of ` +
    `[this list](/models). Usage is subject to ${author}'s terms.\n\nThis is a description by the simulator.`;
  return random() < 0.2 ? text : `${text.slice(0, between(random, 200, 300))}...`;
}

const ARENA_CATEGORIES = ["3d", "codecategories", "dataviz", "gamedev", "svg", "uicomponent", "website"];

function benchmarksOf(random) {
  if (random() < 0.7) return { design_arena: [] };
  const arenas = ARENA_CATEGORIES.slice(between(random, 0, 2)).map((category) => ({
    arena: "models",
    category,
    elo: between(random, 820, 1380),
    win_rate: between(random, 280, 690) / 10,
    rank: between(random, 1, 120),
  }));
  const index = () => (random() < 0.1 ? null : between(random, 15, 720) / 10);
  const artificial_analysis = { intelligence_index: index(), coding_index: index(), agentic_index: index() };
  return { design_arena: arenas, artificial_analysis };
}

function reasoningOf(random, traits) {
  const efforts = { supported_efforts: ["high", "medium", "low"], default_effort: "medium" };
  if (traits.has("R")) return { mandatory: true, ...efforts };
  return { mandatory: false, ...(random() < 0.5 && { default_enabled: false, supports_max_tokens: true }) };
}

function growRow([slug, familyName, , released, context, prompt, completion, letters], variant, nth) {
  const id = slug + variant;
  const [author, tokenizer] = AUTHORS[slug.split("/")[0]];
  const random = randomFrom(id);
  const traits = new Set(letters);
  const name = familyName + titleCase(variant);
  const created = Date.parse(released) / 1000 + nth * between(random, 1, 9) * 3600;
  const canonical = `${slug}${variant.replace(/^:/, "-")}-${isoDay(created).replaceAll("-", "")}`;
  const reasons = traits.has("r") || traits.has("R");
  return {
    id,
    canonical_slug: canonical,
    hugging_face_id: traits.has("o") ? `${author}/${name.replaceAll(" ", "-")}` : pick(random, ["", null]),
    name: `${author}: ${name}`,
    created,
    description: describe(random, name, author, context, traits),
    context_length: context,
    architecture: architectureOf(traits, tokenizer),
    pricing: pricingOf(traits, priceFactor(variant), prompt, completion),
    top_provider: {
      context_length: random() < 0.9 ? context : Math.floor(context / 2),
      max_completion_tokens: random() < 0.3 ? null : Math.floor(context / pick(random, [2, 4, 8])),
      is_moderated: traits.has("m"),
    },
    per_request_limits: null,
    supported_parameters: parametersOf(traits),
    default_parameters: pick(random, [null, {}, { temperature: 0.7, top_p: null, frequency_penalty: null }]),
    supported_voices: traits.has("s") ? ["alloy", "echo", "nova"] : null,
    knowledge_cutoff: random() < 0.4 ? null : isoDay(created - between(random, 120, 400) * DAY_SECONDS),
    expiration_date: traits.has("x")
      ? isoDay(EPOCH_SECONDS + between(randomFrom(`end of ${id}`), -30, 240) * DAY_SECONDS)
      : null,
    links: { details: `/api/v1/models/${canonical}/endpoints` },
    benchmarks: benchmarksOf(random),
    ...(reasons && { reasoning: reasoningOf(random, traits) }),
  };
}

const freeVariant = (row) => ({
  ...row,
  id: `${row.id}:free`,
  name: `${row.name} (free)`,
  pricing: { prompt: "0", completion: "0" },
});

const familyRows = FAMILIES.flatMap((family) =>
  family[2].flatMap((variant, nth) => {
    const row = growRow(family, variant, nth);
    return family[7].includes("F") ? [row, freeVariant(row)] : [row];
  }),
);

const routerRows = ROUTERS.map(([id, name, does], nth) => ({
  ...growRow([id, name, [""], "2026-02-01", 2_000_000, 0, 0, "vfatr"], "", nth),
  canonical_slug: id,
  name,
  description: `${does} The price is that of the chosen model, which the answer names in \`model\`.`,
  // "-1" stands for a price that is not known before the choice is made.
  pricing: id === "openrouter/free" ? { prompt: "0", completion: "0" } : { prompt: "-1", completion: "-1" },
  links: { details: `/api/v1/models/${id}/endpoints` },
  benchmarks: { design_arena: [] },
}));

const aliasRows = Object.entries(ALIASES).map(([id, [name, targetId]]) => {
  const target = familyRows.find((row) => row.id === targetId);
  const displayName = `${target.name.split(": ")[0]}: ${name}`;
  return { ...target, id, canonical_slug: id, name: displayName, alias_target: { slug: targetId, name: target.name } };
});

/** All rows, newest first, models without text output among them. */
export const MODELS = [...routerRows, ...aliasRows, ...familyRows].sort(
  (a, b) => b.created - a.created || (a.id < b.id ? -1 : 1),
);

// A free variant shares its model's canonical slug, which means the model.
const bySlug = new Map([
  ...MODELS.filter((row) => !row.id.endsWith(":free")).map((row) => [row.canonical_slug, row]),
  ...MODELS.map((row) => [row.id, row]),
]);

/** What a request may append to any slug, other than `:free`, which is a row of its own. */
const VARIANT = /(:(nitro|floor|exacto|extended|thinking|online|batch))?(@preset\/[\w-]+)?$/;

/** The row of a slug, be it an id, a canonical slug, or one of these with a variant or a preset. */
export const findModel = (slug) => bySlug.get(slug) ?? bySlug.get(slug.replace(VARIANT, ""));

const authorOf = (row) => row.id.replace("~", "").split("/")[0];
/** As in `provider.order` and in the tags of endpoints. */
export const slugOf = (provider) => provider.toLowerCase().replace(/[^a-z0-9]+/g, "-");

export const providersOf = (row) => AUTHORS[authorOf(row)][2];

/** The model that answers when this row is asked for: routers and aliases hand on. */
export function servingModel(row) {
  if (row.alias_target) return bySlug.get(row.alias_target.slug);
  return authorOf(row) === "openrouter" ? bySlug.get("anthropic/claude-sonnet-4.6") : row;
}

/** Whether this could be a model which is too new for the list: a known author, a well-formed name. */
export function isPlausibleSlug(slug) {
  const [, author] = /^~?([\w-]+)\/[\w.-]+(:\w+)?$/.exec(slug) ?? [];
  return Object.hasOwn(AUTHORS, author ?? "");
}

export const CATEGORIES = [
  "programming",
  "roleplay",
  "marketing",
  "marketing/seo",
  "technology",
  "science",
  "translation",
  "legal",
  "finance",
  "health",
  "trivia",
  "academia",
];

/** Facts that the list is sorted and filtered by but that are in no row. */
export function hiddenFacts(row) {
  const random = randomFrom(`hidden ${row.id}`);
  return {
    popularity: random(),
    throughput: between(random, 8, 240),
    latencyMs: between(random, 180, 4200),
    categories: CATEGORIES.filter(() => random() < 0.25),
    isDistillable: random() < 0.4,
    hasZdr: random() < 0.6,
    regions: ["eu", "us"].filter(() => random() < 0.5),
    toolSuccessRate: row.supported_parameters.includes("tools") ? 0.5 + random() / 2 : null,
  };
}
