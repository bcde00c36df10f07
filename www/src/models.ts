// The models that can be chosen, and the one that is.
import { pricePerMillion, type Model, type ModelPricing, type OpenRouter } from "openrouter-wasm";
import { price, tokenCount } from "./format.ts";

const STORED = "openrouter-wasm.model";

/** OpenRouter's own choice for each message: what is used until somebody chooses. */
const DEFAULT: Choice = { id: "openrouter/auto", name: "Auto Router" };

export interface Choice {
  /** What is sent as `model`. */
  id: string;
  name: string;
  /** It was typed in; the list need not have it. */
  typed?: boolean;
}

/** A model as the list shows it. */
export interface ModelRow extends Choice {
  context: string;
  price: string;
  /** In lower case, what a search looks at. */
  searched: string;
}

export async function loadModels(client: OpenRouter): Promise<ModelRow[]> {
  const { data } = await client.models();
  return data.map(row);
}

function row({ id, name, context_length, pricing }: Model): ModelRow {
  return {
    id,
    name,
    context: context_length ? `${tokenCount(context_length)} context` : "",
    price: priceOf(pricing),
    searched: `${name} ${id}`.toLowerCase(),
  };
}

function priceOf({ prompt, completion, request = "0" }: ModelPricing): string {
  if ([prompt, completion, request].every((each) => Number(each) === 0)) return "free";
  const [input, output] = [pricePerMillion(prompt), pricePerMillion(completion)];
  return input === undefined || output === undefined ? "price depends" : `${price(input)} / ${price(output)} per M`;
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
  const isNew = /^~?[\w.-]+\/[\w.:-]+$/.test(id) && !rows.some((each) => each.id === id);
  return isNew ? { id, name: id, typed: true } : undefined;
}

export function readChoice(): Choice | undefined {
  try {
    const { id, name, typed } = JSON.parse(localStorage.getItem(STORED) ?? "{}");
    return typeof id === "string" ? { id, name: typeof name === "string" ? name : id, typed: typed === true } : undefined;
  } catch {
    return undefined; // nothing may be stored here, or somebody else's text is
  }
}

export function keepChoice(choice: Choice): void {
  try {
    localStorage.setItem(STORED, JSON.stringify({ id: choice.id, name: choice.name, typed: choice.typed }));
  } catch {
    // It then lasts as long as the page.
  }
}

/** The choice as the list has it, or as it was typed in; without one that may stay, the default. */
export function validChoice(rows: ModelRow[] | undefined, choice: Choice | undefined): Choice {
  if (!rows) return choice ?? DEFAULT;
  const find = (id: string | undefined) => rows.find((each) => each.id === id);
  return find(choice?.id) ?? (choice?.typed ? choice : undefined) ?? find(DEFAULT.id) ?? rows[0] ?? DEFAULT;
}
