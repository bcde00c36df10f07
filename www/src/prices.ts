// The table of models, by the Worker's list: searched, sorted, and each a way to ask it.
import type { Model, OpenRouter } from "openrouter-wasm";
import { button, byId, h, whenNear } from "./dom.ts";

/** So many rows at first. */
const FEW = 20;

interface Row {
  id: string;
  name: string;
  context: number;
  /** Dollars for a million tokens; NaN: it depends. */
  input: number;
  output: number;
  isFree: boolean;
  takes: string;
  text: string;
}

type Column = "name" | "context" | "input" | "output";

const whole = new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: 3 });

export function showModels(client: OpenRouter, ask: (model: string) => void): void {
  const body = byId("models-rows", HTMLElement);
  const box = byId("models-box", HTMLElement);
  const count = byId("models-count", HTMLElement);
  const message = byId("models-message", HTMLElement);
  const search = byId("models-search", HTMLInputElement);
  const free = byId("models-free", HTMLInputElement);
  const more = byId("models-all", HTMLButtonElement);
  const sorters = [...box.querySelectorAll<HTMLButtonElement>("[data-sort]")];
  let rows: Row[] = [];
  let column: Column = "input";
  let direction = 1;
  let isAll = false;

  const draw = () => {
    // Whoever searches before they are there, or after they could not be had, is not told that there are none.
    if (rows.length === 0) return;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows.filter((row) => words.every((word) => row.text.includes(word)) && (!free.checked || row.isFree));
    found.sort((one, other) => compare(one[column], other[column], direction) || one.name.localeCompare(other.name));
    const shown = isAll ? found : found.slice(0, FEW);
    body.replaceChildren(...shown.map((row) => line(row, ask)));
    more.hidden = shown.length === found.length;
    more.textContent = `Show all ${found.length}`;
    count.textContent = `${found.length} ${found.length === 1 ? "model" : "models"}`;
    message.textContent = found.length === 0 ? "No model is like that." : "";
    for (const sorter of sorters) {
      const heading = sorter.closest("th");
      if (sorter.dataset.sort === column) heading?.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else heading?.removeAttribute("aria-sort");
    }
  };

  for (const sorter of sorters) {
    sorter.addEventListener("click", () => {
      const next = sorter.dataset.sort as Column;
      // The largest context first, the lowest price first.
      direction = next === column ? -direction : next === "context" ? -1 : 1;
      column = next;
      draw();
    });
  }
  search.addEventListener("input", draw);
  free.addEventListener("change", draw);
  more.addEventListener("click", () => {
    isAll = true;
    draw();
    box.focus({ preventScroll: true });
  });

  const load = async () => {
    message.textContent = "Loading the models…";
    try {
      const { data } = await client.models();
      // An image may cost where no token does.
      const freeOnes = new Set((await client.findModels({ free: true })).map(({ id }) => id));
      rows = data.map((model) => rowOf(model, freeOnes.has(model.id)));
      message.textContent = "";
      draw();
    } catch {
      const again = button("Try again", { class: "plain" }, () => void load());
      message.replaceChildren("The models could not be loaded. ", again);
    }
  };
  whenNear(box, () => void load());
}

function rowOf({ id, name, context_length, pricing, architecture }: Model, isFree: boolean): Row {
  const price = (amount: string | undefined) => {
    const dollars = Number(amount);
    return dollars < 0 ? NaN : Math.round(dollars * 1e12) / 1e6;
  };
  const [input, output] = [price(pricing?.prompt), price(pricing?.completion)];
  const depends = !isFree && input === 0 && output === 0;
  const inputs: string[] = architecture?.input_modalities ?? [];
  const takes = inputs.filter((each) => each !== "text").join(", ");
  const title = name ?? id;
  return { id, name: title, context: context_length ?? 0, input: depends ? NaN : input, output: depends ? NaN : output, isFree, takes, text: `${title} ${id} ${takes}`.toLowerCase() };
}

/** What depends comes last, whichever way. */
function compare(one: string | number, other: string | number, direction: number): number {
  if (typeof one === "string") return direction * one.localeCompare(String(other));
  const depends = Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return depends || direction * (one - Number(other)) || 0;
}

function money(amount: number): string {
  if (Number.isNaN(amount)) return "depends";
  if (amount === 0) return "free";
  return `$${amount.toFixed(amount < 0.1 ? 4 : 2).replace(/(\.\d\d)0+$/, "$1")}`;
}

function line({ id, name, context, input, output, takes }: Row, ask: (model: string) => void): HTMLElement {
  const number = (text: string) => h("td", { class: "number" }, text);
  return h(
    "tr",
    { "data-model": id },
    h("th", { scope: "row" }, button(name, { title: id }, () => ask(id))),
    number(context > 0 ? whole.format(context) : "–"),
    number(money(input)),
    number(money(output)),
    h("td", { class: "takes" }, takes || "text"),
  );
}
