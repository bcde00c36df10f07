// What the list of models can be narrowed to; a part of shelf.ts.
// Seam: `createFilters(host, changed)` gives `{ element, needs }`: what `client.findModels()` takes.
import type { ModelNeeds } from "../index.js";
import { button, h } from "./dom.ts";
import type { Host } from "./host.ts";

export const WORDS = {
  filters: "Filters",
  only: "Only models with",
  filter_free: "Free",
  filter_tools: "Tools",
  filter_images: "Images in",
  filter_audio: "Audio in",
  filter_reasoning: "Reasoning",
  maxPrice: "Price",
  maxPriceAny: "any price",
  maxPriceOf: "up to {price} per M",
  minContext: "Context",
  minContextAny: "any context",
  minContextOf: "{tokens} context or more",
  sort: "Order",
  sort_: "best match first",
  "sort_price-low-to-high": "cheapest first",
  "sort_context-high-to-low": "longest context first",
  sort_newest: "newest first",
  clearFilters: "Clear",
};

type Toggle = "free" | "tools" | "images" | "audio" | "reasoning";

/** Dollars for a million tokens, read or written. */
const PRICES = [0.25, 1, 5, 15];
const CONTEXTS = [32_000, 128_000, 400_000, 1_000_000];
const SORTS = ["", "price-low-to-high", "context-high-to-low", "newest"] as const;

export interface Filters {
  readonly element: HTMLElement;
  /** Empty if all models are meant, in the order of the list. */
  readonly needs: ModelNeeds;
}

export function createFilters({ words }: Host, changed: () => void): Filters {
  const say = (key: keyof typeof WORDS, values?: Record<string, string>) => words.of(WORDS, key, values);
  const on = new Set<Toggle>();

  const toggles = (["free", "tools", "images", "audio", "reasoning"] as const).map((name) => {
    const element = button(say(`filter_${name}`), { class: "chip", part: "filter", "aria-pressed": "false", "data-filter": name }, () => {
      if (!on.delete(name)) on.add(name);
      element.setAttribute("aria-pressed", String(on.has(name)));
      update();
    });
    return element;
  });

  const list = (name: string, label: string, options: [value: string | number, text: string][]) => {
    const element = h("select", { part: "filter", "aria-label": label, "data-filter": name }, ...options.map(([value, text]) => h("option", { value }, text)));
    element.addEventListener("change", () => update());
    return element;
  };
  const price = list("price", say("maxPrice"), [["", say("maxPriceAny")], ...PRICES.map((most): [number, string] => [most, say("maxPriceOf", { price: words.dollars(most) })])]);
  const context = list("context", say("minContext"), [["", say("minContextAny")], ...CONTEXTS.map((least): [number, string] => [least, say("minContextOf", { tokens: words.tokens(least) })])]);
  const sort = list("sort", say("sort"), SORTS.map((name) => [name, say(`sort_${name}`)]));

  const clear = button(say("clearFilters"), { class: "quiet", part: "filter", "data-filter": "clear" }, () => {
    on.clear();
    for (const each of toggles) each.setAttribute("aria-pressed", "false");
    for (const each of [price, context, sort]) each.value = "";
    toggles[0]!.focus(); // the button that had the focus is gone
    update();
  });

  const element = h(
    "div",
    { id: "model-filters", class: "filters", part: "filters", role: "group", "aria-label": say("filters") },
    h("div", { class: "chips", role: "group", "aria-label": say("only") }, ...toggles),
    price,
    context,
    sort,
    clear,
  );

  let needs: ModelNeeds = {};
  const update = () => {
    const inputs = [...(on.has("images") ? ["image"] : []), ...(on.has("audio") ? ["audio"] : [])];
    needs = {
      ...(on.has("free") ? { free: true } : {}),
      ...(on.has("tools") ? { parameters: ["tools"] } : {}),
      ...(on.has("reasoning") ? { reasoning: true } : {}),
      ...(inputs.length > 0 ? { inputModalities: inputs } : {}),
      ...(price.value ? { maxPromptPrice: price.value, maxCompletionPrice: price.value } : {}),
      ...(context.value ? { minContext: Number(context.value) } : {}),
      ...(sort.value ? { sort: sort.value as NonNullable<ModelNeeds["sort"]> } : {}),
    };
    clear.hidden = Object.keys(needs).length === 0;
    changed();
  };
  clear.hidden = true;

  return {
    element,
    get needs() {
      return needs;
    },
  };
}
