// From a model slug to what happens: the model is the selector, since a proxy passes on little but the JSON body.
import { CONTENTS } from "./contents.mjs";
import { ERROR_SLUGS, errorOf, modelNotFound } from "./errors.mjs";
import { FAILURES } from "./failures.mjs";
import { findModel, isPlausibleSlug, providersOf, servingModel } from "./models.mjs";
import { DEMO } from "./scenario.mjs";

const SCENARIOS = { ...CONTENTS, ...FAILURES };
const REPLAY = "sim/replay/";

/** Every built-in slug; those that take a number are here without one. */
export const SLUGS = [...Object.keys(SCENARIOS), ...ERROR_SLUGS];

/** What the simulated models cost, in USD per token. */
const PRICING = { prompt: 1e-6, completion: 5e-6 };

/** The built-in scenario of a slug and its number: `sim/bench-500` is `sim/bench` with 500. */
function builtIn(slug) {
  const model = { id: slug, provider: "Simulator", pricing: PRICING };
  if (Object.hasOwn(SCENARIOS, slug)) return { scenario: SCENARIOS[slug], number: SCENARIOS[slug].number, model };
  const [, name, digits] = /^(.+)-(\d+)$/.exec(slug) ?? [];
  const takesNumber = name !== undefined && Object.hasOwn(SCENARIOS, name) && SCENARIOS[name].number !== null;
  return takesNumber ? { scenario: SCENARIOS[name], number: Number(digits), model } : undefined;
}

function replay(slug, recordings) {
  const name = slug.slice(REPLAY.length);
  const recording = recordings.read(name);
  return recording
    ? { recording }
    : { failure: { status: 404, error: { code: 404, message: `There is no recording named "${name}"` } } };
}

/** A model outside `sim/`: one of the list, or one that could be on it soon. */
function ordinaryModel(slug) {
  const row = findModel(slug);
  if (row) {
    const { id, pricing } = servingModel(row);
    const [provider] = providersOf(servingModel(row));
    const amounts = { prompt: Number(pricing.prompt), completion: Number(pricing.completion) };
    return { id, provider, pricing: amounts };
  }
  return isPlausibleSlug(slug) ? { id: slug, provider: "Simulator", pricing: PRICING } : undefined;
}

function selectOne(slug, scripts, recordings) {
  if (scripts.has(slug)) return { script: scripts.get(slug) };
  const failure = errorOf(slug);
  if (failure) return { failure };
  if (slug.startsWith(REPLAY)) return replay(slug, recordings);
  const model = ordinaryModel(slug);
  return builtIn(slug) ?? (model ? { scenario: DEMO, number: null, model } : { failure: modelNotFound(slug) });
}

const isError = ({ failure, script }) => failure !== undefined || script?.status >= 400;

/**
 * What the first of these models that does not fail selects; if all fail, what the last does. One of:
 * - `{ script }`: what a test has defined under this slug,
 * - `{ recording }`: bytes to be sent as they were recorded,
 * - `{ failure }`: an error before any output,
 * - `{ scenario, number, model }`: an answer by this model.
 */
export function select(slugs, { scripts, recordings }) {
  const selections = slugs.map((slug) => selectOne(slug, scripts, recordings));
  return selections.find((selection) => !isError(selection)) ?? selections.at(-1);
}
