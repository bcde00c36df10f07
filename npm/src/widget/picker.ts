// The model picker: a dialog with a search box over the list, where the focus stays in the box. Loaded when it is opened
// first.
// Seam: `createPicker(host)` gives `{ element, open() }`; it ends with `host.choose(model)`. It adopts its own style.
import { adopt, button, h, icon, iconButton } from "./dom.ts";
import type { Host } from "./host.ts";
import { modelRows, search, typedChoice, type Choice, type ModelRow } from "./models.ts";
import css from "./picker.css";

const PAGE_STEP = 8;

export interface Picker {
  readonly element: HTMLElement;
  open(): void;
}

export const createPicker = (host: Host): Picker => new ModelPicker(host);

interface Option {
  choice: Choice;
  element: HTMLElement;
}

class ModelPicker implements Picker {
  readonly element: HTMLDialogElement;
  readonly #host: Host;
  readonly #search: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #message = h("div", { class: "picker-message", "aria-live": "polite" });
  readonly #count = h("p", { class: "picker-count", role: "status" });
  readonly #elements = new Map<ModelRow, HTMLElement>();
  #rows: ModelRow[] | undefined;
  #isLoading = false;
  #options: Option[] = [];
  #active = -1;
  #activeElement: HTMLElement | undefined;

  constructor(host: Host) {
    const { words } = host;
    this.#host = host;
    adopt(host.root, css);
    this.#search = h("input", {
      type: "text", role: "combobox", part: "picker-search", "aria-expanded": "false", "aria-controls": "model-list", "aria-autocomplete": "list",
      "aria-label": words.say("searchModels"), placeholder: words.say("searchModels"), autocomplete: "off", autocapitalize: "none", spellcheck: "false", enterkeyhint: "done",
    });
    this.#list = h("div", { id: "model-list", class: "picker-list", role: "listbox", "aria-label": words.say("models") });
    const close = iconButton("close", words.say("close"), { class: "picker-close" }, () => this.element.close());
    const head = h("div", { class: "picker-head" }, icon("search"), this.#search, close);
    this.element = h("dialog", { class: "picker", part: "picker", "aria-label": words.say("chooseModel") }, head, this.#list, this.#message, this.#count);
    this.#search.addEventListener("input", () => this.#filter());
    this.#search.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", ({ target }) => this.#onClick(target));
    this.element.addEventListener("click", ({ target }) => {
      if (target === this.element) this.element.close(); // beside the box
    });
  }

  open(): void {
    if (this.element.open) return;
    this.#search.value = "";
    this.element.showModal();
    this.#search.focus();
    this.#filter();
    if (!this.#rows && !this.#isLoading) void this.#load();
  }

  async #load(): Promise<void> {
    const { words, client, models, model } = this.#host;
    this.#isLoading = true;
    this.#say(words.say("loadingModels"));
    try {
      const rows = await modelRows(client, words, models);
      this.#rows = rows;
      this.#message.replaceChildren();
      for (const [i, row] of rows.entries()) this.#elements.set(row, option(row, `model-${i}`, row.context, row.price));
    } catch {
      const retry = button(words.say("tryAgain"), { class: "models-retry" }, () => {
        this.#search.focus();
        void this.#load();
      });
      this.#say(words.say("modelsFailed", { name: model.name }), retry);
    }
    this.#isLoading = false;
    if (this.element.open) this.#filter();
  }

  #filter(): void {
    const { words, model, models } = this.#host;
    const query = this.#search.value;
    const found = this.#rows ? search(this.#rows, query) : [];
    const typed = this.#isLoading || models.length > 0 ? undefined : typedChoice(this.#rows ?? [], query);
    const last = typed ? [{ choice: typed, element: option(typed, "model-typed", "", words.say("modelTyped")) }] : [];
    const options: Option[] = [...found.map((choice) => ({ choice, element: this.#elements.get(choice)! })), ...last];
    this.#options = options;
    for (const { choice, element } of options) element.setAttribute("aria-selected", String(choice.id === model.id));
    this.#list.replaceChildren(...options.map(({ element }) => element));
    this.#list.hidden = options.length === 0;
    this.#search.setAttribute("aria-expanded", String(options.length > 0));
    if (this.#rows) this.#count.textContent = this.#countOf(found.length, options.length);
    const chosen = query === "" ? options.findIndex(({ choice }) => choice.id === model.id) : 0;
    this.#activate(Math.max(chosen, 0), query === "" ? "center" : "nearest");
  }

  #countOf(found: number, options: number): string {
    const { words } = this.#host;
    if (options === 0) return words.say("noModel");
    const count = words.say("modelCount", { count: found });
    return this.#search.value === "" ? `${count}. ${words.say("priceNote")}` : count;
  }

  #activate(index: number, block: ScrollLogicalPosition = "nearest"): void {
    this.#activeElement?.classList.remove("active");
    this.#active = Math.min(Math.max(index, 0), this.#options.length - 1);
    const element = this.#options[this.#active]?.element;
    this.#activeElement = element;
    element?.classList.add("active");
    element?.scrollIntoView({ block });
    if (element) this.#search.setAttribute("aria-activedescendant", element.id);
    else this.#search.removeAttribute("aria-activedescendant");
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE_STEP, PageUp: -PAGE_STEP };
    const step = steps[event.key];
    if (step !== undefined) this.#activate(this.#active + step);
    else if (event.key === "Enter") this.#choose(this.#options[this.#active]);
    else return;
    event.preventDefault();
  }

  #onClick(target: EventTarget | null): void {
    const element = target instanceof Element ? target.closest("[role=option]") : null;
    this.#choose(this.#options.find((each) => each.element === element));
  }

  #choose(option: Option | undefined): void {
    if (!option) return;
    this.#host.choose(option.choice);
    this.element.close();
  }

  #say(...content: (Node | string)[]): void {
    this.#message.replaceChildren(h("p", {}, ...content));
    this.#count.textContent = "";
  }
}

function option({ id, name }: Choice, elementId: string, context: string, price: string): HTMLElement {
  return h(
    "div",
    { role: "option", id: elementId, "data-model": id },
    h("span", { class: "name" }, name),
    h("span", { class: "price" }, price),
    h("span", { class: "slug" }, name === id ? "" : id),
    h("span", { class: "context" }, context),
  );
}
