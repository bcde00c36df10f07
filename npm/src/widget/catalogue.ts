// The models as the picker lists them. Which of them meet a search or a filter, in which order, and what a price is for a
// million tokens, is the client's to say.
import { pricePerMillion } from "../index.js";
import type { Model, ModelNeeds, ModelPricing, OpenRouter } from "../index.js";
import { nameOf, type Choice } from "./models.ts";
import type { Phrase, Words } from "./words.ts";

/** A model as the list shows it. */
export interface Row extends Choice {
  price: string;
  isFree: boolean;
  /** What it takes beside text, what it can do, and its context. */
  facts: string;
}

const WORDS: Record<string, Phrase> = {
  input_image: "images",
  input_audio: "audio",
  input_file: "files",
  output_image: "draws",
  can_tools: "tools",
  can_reasoning: "reasoning",
};

/** Rows are made once for each list, as they are needed. */
export class Catalogue {
  readonly #client: OpenRouter;
  readonly #words: Words;
  readonly #slugs: string[];
  readonly #rows = new Map<string, Row>();

  /** `slugs`: those that may be chosen; none: all. */
  constructor(client: OpenRouter, words: Words, slugs: string[]) {
    this.#client = client;
    this.#words = words;
    this.#slugs = slugs;
  }

  /** The rows that meet needs; without any in the order of the list, or of the slugs. */
  async find(needs: ModelNeeds): Promise<Row[]> {
    const found = (await this.#client.findModels(needs)).map((model) => this.#row(model));
    if (this.#slugs.length === 0) return found;
    if (Object.keys(needs).length > 0) return found.filter(({ id }) => this.#slugs.includes(id));
    // One that the list does not have, such as a variant, may be chosen all the same.
    return this.#slugs.map((id) => this.known(id));
  }

  /** A model by its slug, also one that was never listed. */
  known(id: string): Row {
    return this.#rows.get(id) ?? { id, name: nameOf(id), price: "", isFree: false, facts: "" };
  }

  /** A slug that the list does not have, e.g. one with a variant such as `:nitro`. */
  typed(query: string): Row | undefined {
    const id = query.trim();
    if (this.#slugs.length > 0 || this.#rows.has(id) || !/^~?[\w.-]+\/[\w.:/-]+$/.test(id)) return undefined;
    return { ...this.known(id), name: id, facts: this.#words.say("modelTyped") };
  }

  #row(model: Model): Row {
    const { id, name, pricing } = model;
    let row = this.#rows.get(id);
    if (!row) this.#rows.set(id, (row = { id, name, ...this.#priceOf(pricing), facts: this.#factsOf(model) }));
    return row;
  }

  #priceOf({ prompt, completion, request = "0" }: ModelPricing): { price: string; isFree: boolean } {
    const words = this.#words;
    const isFree = [prompt, completion, request].every((each) => Number(each) === 0);
    const [input, output] = [pricePerMillion(prompt), pricePerMillion(completion)];
    const price = isFree
      ? words.say("free")
      : input === undefined || output === undefined
        ? words.say("priceDepends")
        : words.say("pricePerMillion", { input: words.dollars(Number(input)), output: words.dollars(Number(output)) });
    return { price, isFree };
  }

  #factsOf({ context_length, architecture = {}, supported_parameters = [], reasoning }: Model): string {
    const words = this.#words;
    const prefixed = (prefix: string, names: string[] = []) => names.map((name) => prefix + name);
    const keys = [
      ...prefixed("input_", architecture.input_modalities),
      ...prefixed("output_", architecture.output_modalities),
      ...prefixed("can_", [...supported_parameters, ...(reasoning ? ["reasoning"] : [])]),
    ];
    const context = context_length ? [words.say("contextLength", { tokens: words.tokens(context_length) })] : [];
    return [...Object.keys(WORDS).filter((key) => keys.includes(key)).map((key) => words.of(WORDS, key)), ...context].join(" · ");
  }
}
