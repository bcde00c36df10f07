// The models that can be chosen, and how one is shown in a line.
// Seam: `modelRows(client, words, slugs)` is the list of today's picker; picker.ts is loaded when it is opened first.
import { pricePerMillion } from "../index.js";
import type { Model, ModelPricing, OpenRouter } from "../index.js";
import type { Words } from "./words.ts";

export interface Choice {
  /** What is sent as `model`. */
  id: string;
  name: string;
}

/** A model as the list shows it. */
export interface ModelRow extends Choice {
  context: string;
  price: string;
  /** In lower case, what a search looks at. */
  searched: string;
}

/** The part of a slug that tells models apart, while their names are not known. */
export const nameOf = (id: string): string => (id === "openrouter/auto" ? "Auto Router" : (id.split("/").at(-1) ?? id));

export async function modelRows(client: OpenRouter, words: Words, slugs: string[]): Promise<ModelRow[]> {
  const { data } = await client.models();
  const listed = data.map((model) => row(model, words));
  if (slugs.length === 0) return listed;
  return slugs.map((id) => listed.find((each) => each.id === id) ?? { id, name: nameOf(id), context: "", price: "", searched: id.toLowerCase() });
}

function row({ id, name, context_length, pricing }: Model, words: Words): ModelRow {
  const context = context_length ? words.say("contextLength", { tokens: words.tokens(context_length) }) : "";
  return { id, name, context, price: priceOf(pricing, words), searched: `${name} ${id}`.toLowerCase() };
}

function priceOf({ prompt, completion, request = "0" }: ModelPricing, words: Words): string {
  if ([prompt, completion, request].every((each) => Number(each) === 0)) return words.say("free");
  const [input, output] = [pricePerMillion(prompt), pricePerMillion(completion)];
  if (input === undefined || output === undefined) return words.say("priceDepends");
  return words.say("pricePerMillion", { input: words.dollars(Number(input)), output: words.dollars(Number(output)) });
}

/** The models that have every word of the search; those whose name or slug begins with it come first. */
export function search(rows: ModelRow[], query: string): ModelRow[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter(({ searched }) => words.every((word) => searched.includes(word)));
  const [first] = words;
  if (!first) return found;
  const begins = ({ searched }: ModelRow) => searched.split(/[ /:]+/).some((word) => word.startsWith(first));
  return [...found.filter(begins), ...found.filter((each) => !begins(each))];
}

/** A slug that the list does not have, e.g. one with a variant such as `:nitro`. */
export function typedChoice(rows: ModelRow[], query: string): Choice | undefined {
  const id = query.trim();
  const isNew = /^~?[\w.-]+\/[\w.:/-]+$/.test(id) && !rows.some((each) => each.id === id);
  return isNew ? { id, name: id } : undefined;
}
