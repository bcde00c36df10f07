// The models as the picker lists them. Which of them meet a search or a filter, in which order, and what a price is for a
// million tokens, is the client's to say.
import { pricePerMillion } from "../index.js";
import type { Model, ModelNeeds, ModelPricing, OpenRouter } from "../index.js";
import type { Host } from "./host.ts";
import { nameOf, type Choice } from "./models.ts";
import type { Phrase } from "./words.ts";

/** A model as the list shows it. */
export interface Row extends Choice {
  price: string;
  isFree: boolean;
  /** What it takes beside text, what it can do, and its context. */
  facts: string;
}

/** Those of the picker too. */
export const WORDS: Record<string, Phrase> = {
  input_image: "images",
  input_audio: "audio",
  input_file: "files",
  output_image: "draws",
  can_tools: "tools",
  can_reasoning: "reasoning",
  action_filters: "Filters",
  action_favourite: "Favourite",
  action_compare: "Compare",
};

/** Rows are made once for each list, as they are needed. */
export class Catalogue {
  readonly #host: Host;
  /** Whose models the rows are of. */
  #client: OpenRouter | undefined;
  #rows = new Map<string, Row>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** The rows that meet needs; without any in the order of the list, or of the slugs. */
  async find(needs: ModelNeeds): Promise<Row[]> {
    const { client, models } = this.#host;
    if (this.#client !== client) this.#rows = new Map();
    this.#client = client;
    const found = (await client.findModels(needs)).map((model) => this.#row(model));
    if (models.length === 0) return found;
    if (Object.keys(needs).length > 0) return found.filter(({ id }) => models.includes(id));
    // One that the list does not have, such as a variant, may be chosen all the same.
    return models.map((id) => this.known(id));
  }

  /** A model by its slug, also one that was never listed. */
  known(id: string): Row {
    return this.#rows.get(id) ?? { id, name: nameOf(id), price: "", isFree: false, facts: "" };
  }

  /** A slug that the list does not have, e.g. one with a variant such as `:nitro`. */
  typed(query: string): Row[] {
    const id = query.trim();
    if (this.#host.models.length > 0 || this.#rows.has(id) || !/^~?[\w.-]+\/[\w.:/-]+$/.test(id)) return [];
    return [{ ...this.known(id), name: id, facts: this.#host.words.say("modelTyped") }];
  }

  #row(model: Model): Row {
    const { id, name, pricing } = model;
    let row = this.#rows.get(id);
    if (!row) this.#rows.set(id, (row = { id, name, ...this.#priceOf(pricing), facts: this.#factsOf(model) }));
    return row;
  }

  /** Free is what the core says is free: nothing costs anything, but for web searches. Images may cost where no token does. */
  #priceOf(pricing: ModelPricing): { price: string; isFree: boolean } {
    const { words } = this.#host;
    const isFree = Object.entries(pricing).every(([unit, price]) => unit === "web_search" || typeof price === "object" || Number(price) === 0);
    const [input, output] = [pricing.prompt, pricing.completion].map((price) => Number(pricePerMillion(price)));
    const price = isFree
      ? words.say("free")
      : input! + output! > 0
        ? words.say("pricePerMillion", { input: words.dollars(input!), output: words.dollars(output!) })
        : words.say("priceDepends");
    return { price, isFree };
  }

  #factsOf({ context_length, architecture = {}, supported_parameters = [], reasoning }: Model): string {
    const { words } = this.#host;
    const has: Record<string, string[] | undefined> = {
      input: architecture.input_modalities,
      output: architecture.output_modalities,
      can: [...supported_parameters, reasoning ? "reasoning" : ""],
    };
    const facts = Object.keys(WORDS).flatMap((key) => {
      const [kind, name] = key.split("_");
      return has[kind!]?.includes(name!) ? words.of(WORDS, key) : [];
    });
    if (context_length) facts.push(words.say("contextLength", { tokens: words.tokens(context_length) }));
    return facts.join(" · ");
  }
}
