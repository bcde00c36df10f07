// From a model slug to what happens: the model is the selector, since a proxy passes on little but the JSON body.
import { CONTENTS } from "./contents.mjs";
import { DEMO } from "./demo.mjs";
import { ERROR_SLUGS, errorOf, modelNotFound, notFound } from "./errors.mjs";
import { FAILURES } from "./failures.mjs";
import { findModel, isPlausibleSlug, providersOf, servingModel } from "./models.mjs";
import { TIMES } from "./times.mjs";
import { TOOLS } from "./tools.mjs";

const SCENARIOS = { ...CONTENTS, ...TOOLS, ...FAILURES, ...TIMES };
const REPLAY = "sim/replay/";

/** Every built-in slug; those that take a number are here without one. */
export const SLUGS = [...Object.keys(SCENARIOS), ...ERROR_SLUGS];

/** What the simulated models cost, in USD per token. */
const PRICING = { prompt: 1e-6, completion: 5e-6 };

const simulated = (id) => ({ id, provider: "Simulator", providers: ["Simulator"], pricing: PRICING });

/** The built-in scenario of a slug and its number: `sim/bench-500` is `sim/bench` with 500. */
function builtIn(slug) {
  const model = simulated(slug);
  if (Object.hasOwn(SCENARIOS, slug)) return { scenario: SCENARIOS[slug], number: SCENARIOS[slug].number, model };
  const [, name, digits] = /^(.+)-(\d+)$/.exec(slug) ?? [];
  const takesNumber = name !== undefined && Object.hasOwn(SCENARIOS, name) && SCENARIOS[name].number !== null;
  return takesNumber ? { scenario: SCENARIOS[name], number: Number(digits), model } : undefined;
}

function replay(slug, recordings) {
  const name = slug.slice(REPLAY.length);
  const recording = recordings.read(name);
  return recording ? { recording } : { failure: notFound(`There is no recording named "${name}"`) };
}

/** A model outside `sim/`: one of the list, or one that could be on it soon. */
function ordinaryModel(slug) {
  const row = findModel(slug);
  if (row) {
    const { id, pricing } = servingModel(row);
    const providers = providersOf(servingModel(row));
    const amounts = { prompt: Number(pricing.prompt), completion: Number(pricing.completion) };
    return { id, provider: providers[0], providers, pricing: amounts };
  }
  return isPlausibleSlug(slug) ? simulated(slug) : undefined;
}

function selectBuiltin(slug, recordings) {
  const failure = errorOf(slug);
  if (failure) return { failure };
  if (slug.startsWith(REPLAY)) return replay(slug, recordings);
  const model = ordinaryModel(slug);
  return builtIn(slug) ?? (model ? { scenario: DEMO, number: null, model } : { failure: modelNotFound(slug) });
}

function selectOne(slug, { scripts, recordings }) {
  const scripted = scripts.nextFor(slug);
  if (scripted && !scripted.builtin) return { scripted };
  return selectBuiltin(typeof scripted?.builtin === "string" ? scripted.builtin : slug, recordings);
}

const statusOf = ({ failure, scripted }) => failure?.status ?? scripted?.status ?? 200;

/**
 * What the first of these models that does not fail selects; if all fail, what the last does. One of:
 * - `{ scripted }`: an answer that a test has defined for this slug,
 * - `{ recording }`: bytes to be sent as they were recorded,
 * - `{ failure }`: an error before any output,
 * - `{ scenario, number, model }`: an answer by this model.
 *
 * With it comes `tried`, the slugs up to this one, each with the status that it would have answered with.
 */
export function select(slugs, context) {
  const tried = [];
  let selection;
  for (const slug of slugs) {
    // One after the other: only a model that is tried takes the next answer of its sequence.
    selection = selectOne(slug, context);
    tried.push({ slug, status: statusOf(selection) });
    if (statusOf(selection) < 400) break;
  }
  return { ...selection, tried };
}
