// The model picker: a dialog with a search box over the list, where the focus stays in the box.
import { OpenRouterError, type OpenRouter, type OpenRouterErrorCode } from "openrouter-wasm";
import { button, byId, h } from "./dom.ts";
import { explain } from "./errors.ts";
import { keepChoice, loadModels, readChoice, search, typedChoice, validChoice, type Choice, type ModelRow } from "./models.ts";

const PAGE_STEP = 8;

/** The failures whose words fit the list as well as an answer. */
const ABOUT_THE_SITE: OpenRouterErrorCode[] = ["authentication", "configuration", "network", "not_found", "rate_limited", "server_error"];

interface Option {
  choice: Choice;
  element: HTMLElement;
}

export class Picker {
  readonly #dialog = byId("picker", HTMLDialogElement);
  readonly #search = byId("model-search", HTMLInputElement);
  readonly #list = byId("model-list", HTMLElement);
  readonly #message = byId("model-message", HTMLElement);
  readonly #count = byId("model-count", HTMLElement);
  readonly #client: OpenRouter;
  readonly #changed: (choice: Choice, lost?: Choice) => void;
  readonly #elements = new Map<ModelRow, HTMLElement>();
  #rows: ModelRow[] | undefined;
  #isLoading = true;
  #picked = readChoice();
  #options: Option[] = [];
  #active = -1;
  #activeElement: HTMLElement | undefined;

  /** `changed` is told of each choice, and of one that was made earlier and is no longer on the list. */
  constructor(client: OpenRouter, changed: (choice: Choice, lost?: Choice) => void) {
    this.#client = client;
    this.#changed = changed;
    this.#search.addEventListener("input", () => this.#filter());
    this.#search.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", ({ target }) => this.#onClick(target));
    byId("picker-close", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", ({ target }) => {
      if (target === this.#dialog) this.#dialog.close(); // beside the box
    });
  }

  get choice(): Choice {
    return validChoice(this.#rows, this.#picked);
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  open(): void {
    if (this.isOpen) return;
    this.#search.value = "";
    this.#dialog.showModal();
    this.#search.focus();
    this.#filter();
  }

  async load(): Promise<void> {
    this.#changed(this.choice);
    this.#say("Loading the models …");
    this.#isLoading = true;
    try {
      this.#show(await loadModels(this.#client));
    } catch (error) {
      this.#sayFailure(error);
    }
    this.#isLoading = false;
    if (this.isOpen) this.#filter();
  }

  #show(rows: ModelRow[]): void {
    this.#rows = rows;
    this.#message.replaceChildren();
    for (const [i, row] of rows.entries()) this.#elements.set(row, option(row, `model-${i}`, row.context, row.price));
    const isLost = this.#picked !== undefined && this.#picked.id !== this.choice.id;
    this.#changed(this.choice, isLost ? this.#picked : undefined);
  }

  #filter(): void {
    const query = this.#search.value;
    const found = this.#rows ? search(this.#rows, query) : [];
    const { choice: current } = this;
    const typed = this.#isLoading ? undefined : query === "" && current.typed ? current : typedChoice(this.#rows ?? [], query);
    const last = typed ? [{ choice: typed, element: option(typed, "model-typed", "", "not on the list") }] : [];
    const options: Option[] = [...found.map((choice) => ({ choice, element: this.#elements.get(choice)! })), ...last];
    this.#options = options;
    for (const { choice, element } of options) element.setAttribute("aria-selected", String(choice.id === current.id));
    this.#list.replaceChildren(...options.map(({ element }) => element));
    this.#list.hidden = options.length === 0;
    this.#search.setAttribute("aria-expanded", String(options.length > 0));
    if (this.#rows) this.#count.textContent = countOf(found.length, this.#rows.length, typed !== undefined);
    const chosen = query === "" ? options.findIndex(({ choice }) => choice.id === current.id) : 0;
    this.#activate(Math.max(chosen, 0), query === "" ? "center" : "nearest");
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
    this.#picked = option.choice;
    keepChoice(option.choice);
    this.#changed(option.choice);
    this.#dialog.close();
  }

  #say(...content: (Node | string)[]): void {
    this.#message.replaceChildren(h("p", {}, ...content));
    this.#count.textContent = "";
  }

  #sayFailure(error: unknown): void {
    const isKnown = error instanceof OpenRouterError && ABOUT_THE_SITE.includes(error.code);
    const reason = isKnown ? `${explain(error, { model: "", isOffline: !navigator.onLine }).title}. ` : "";
    const retry = button("Try again", { id: "models-retry" }, () => {
      this.#search.focus();
      void this.load();
    });
    this.#say(`The model list could not be loaded. ${reason}The chat still works with ${this.choice.name}. `, retry);
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

function countOf(found: number, all: number, isTyped: boolean): string {
  if (found === all) return `${all} models. Prices are for a million tokens, in / out.`;
  if (found > 0) return `${found} of ${all} models`;
  return isTyped ? "No model on the list matches, but you can use this name." : "No model matches.";
}
