// The model picker: a dialog with a search box over the list, where the focus stays in the box. Loaded when it is opened
// first. Filters, favourites and comparing come with shelf.ts, once somebody uses them.
// Seam: `createPicker(host)` gives `{ element, open() }`; it ends with `host.choose(model)`.
import { Catalogue, WORDS, type Row } from "./catalogue.ts";
import { adopt, button, h, icon, iconButton } from "./dom.ts";
import type { Host } from "./host.ts";
import css from "./picker.css";
import type { Action, Shelf } from "./shelf.ts";

const PAGE_STEP = 8;

const pause = () => new Promise((resolve) => setTimeout(resolve));

export interface Picker {
  readonly element: HTMLElement;
  /** `isComparing`: for several models, to be compared. */
  open(isComparing?: boolean): void;
}

export const createPicker = (host: Host): Picker => new ModelPicker(host);

/** What shelf.ts may use. */
export interface List {
  readonly element: HTMLDialogElement;
  readonly list: HTMLElement;
  readonly count: HTMLElement;
  readonly actions: Record<Action, HTMLButtonElement>;
  readonly active: Row | undefined;
  /** Shows what there is now. */
  find(): void;
  /** Shows anew how the rows stand that are there. */
  mark(): void;
  focus(): void;
}

class ModelPicker implements Picker, List {
  readonly element: HTMLDialogElement;
  readonly list: HTMLElement;
  readonly count = h("p", { class: "picker-count", role: "status" });
  readonly actions: Record<Action, HTMLButtonElement>;
  readonly #host: Host;
  readonly #catalogue: Catalogue;
  readonly #search: HTMLInputElement;
  readonly #message = h("div", { class: "picker-message", "aria-live": "polite" });
  readonly #elements = new Map<Row, HTMLElement>();
  #shelf: Promise<Shelf | undefined> | undefined;
  #loaded: Shelf | undefined;
  #found = Promise.resolve();
  #isFinding = false;
  #findAgain = false;
  #rows: Row[] = [];
  #active = 0;

  constructor(host: Host) {
    const { words } = host;
    this.#host = host;
    this.#catalogue = new Catalogue(host);
    adopt(host.root, css);
    const label = words.say("searchModels");
    this.#search = h("input", {
      type: "text", role: "combobox", part: "picker-search", "aria-expanded": "false", "aria-controls": "model-list", "aria-autocomplete": "list",
      "aria-label": label, placeholder: label, autocomplete: "off", autocapitalize: "none", spellcheck: "false", enterkeyhint: "done",
    });
    this.list = h("div", { id: "model-list", class: "picker-list", role: "listbox", "aria-label": words.say("models") });
    const close = iconButton("close", words.say("close"), { class: "action" }, () => this.element.close());
    const action = (name: Action) => button(words.of(WORDS, `action_${name}`), { class: "quiet", part: "picker-action", "data-action": name }, async () => (await this.#load())?.act(name));
    this.actions = { filters: action("filters"), favourite: action("favourite"), compare: action("compare") };
    const { filters, favourite, compare } = this.actions;
    const head = h("div", { class: "picker-head" }, icon("search"), this.#search, filters, close);
    const foot = h("div", { class: "picker-foot" }, this.count, favourite, compare);
    this.element = h("dialog", { class: "picker", part: "picker", "aria-label": words.say("chooseModel") }, head, this.list, this.#message, foot);
    this.#search.addEventListener("input", () => this.find());
    this.#search.addEventListener("keydown", (event) => this.#onKey(event));
    this.list.addEventListener("click", ({ target }) => {
      const element = (target as Element).closest("[role=option]");
      const row = this.#rows.find((each) => this.#elements.get(each) === element);
      if (row) this.#choose(row, target as Element);
    });
    this.element.addEventListener("click", ({ target }) => {
      if (target === this.element) this.element.close(); // beside the box
    });
  }

  get active(): Row | undefined {
    return this.#rows[this.#active];
  }

  async open(isComparing = false): Promise<void> {
    if (this.element.open) return;
    const { keeping, persist, preferences } = this.#host;
    this.#search.value = "";
    this.element.showModal();
    this.focus();
    if (isComparing || this.#shelf || persist || keeping?.preferences || preferences.recent.length > 0) (await this.#load())?.open(isComparing);
    this.find();
  }

  focus(): void {
    this.#search.focus();
  }

  find(): void {
    this.#findAgain = true;
    if (!this.#isFinding) this.#found = this.#find();
  }

  mark(): void {
    for (const row of this.#rows) {
      const element = this.#elementOf(row);
      element.setAttribute("aria-selected", String(row.id === this.#host.model.id));
      this.#loaded?.mark(row, element);
    }
  }

  #load(): Promise<Shelf | undefined> {
    // What could not be loaded may be had the next time.
    return (this.#shelf ??= this.#host.load(() => import("./shelf.ts")).then(async (shelf) => (this.#loaded = await shelf?.createShelf(this.#host, this)) ?? (this.#shelf = undefined)));
  }

  /** Shows what there is for the search. What is typed meanwhile is looked for after that, and nothing in between. */
  async #find(): Promise<void> {
    const { words, model } = this.#host;
    this.#isFinding = true;
    if (this.#rows.length === 0) this.#say(words.say("loadingModels"));
    try {
      while (this.#findAgain) {
        this.#findAgain = false;
        // Looking for it and showing it are tasks of their own, so that none is long.
        await pause();
        const search = this.#search.value.trim();
        const found = await this.#catalogue.find({ ...this.#loaded?.needs, ...(search ? { search } : {}) });
        await pause();
        if (!this.#findAgain) this.#show(found, search);
      }
    } catch {
      const retry = button(words.say("tryAgain"), { class: "models-retry" }, () => {
        this.focus();
        this.find();
      });
      this.#lay([["", this.#typed]]);
      this.#activate(0);
      this.#say(words.say("modelsFailed", { name: model.name }), retry);
    }
    this.#isFinding = false;
  }

  /** A slug that the list does not have may be typed. */
  get #typed(): Row[] {
    return this.#catalogue.typed(this.#search.value);
  }

  #show(found: Row[], search: string): void {
    const { words, model } = this.#host;
    const isWhole = search === "" && Object.keys(this.#loaded?.needs ?? {}).length === 0;
    this.#message.replaceChildren();
    this.#lay(isWhole && this.#loaded ? this.#loaded.groups(found) : [["", [...found, ...this.#typed]]]);
    const count = words.say("modelCount", { count: found.length });
    if (!this.#loaded?.isComparing) this.count.textContent = this.#rows.length === 0 ? words.say("noModel") : isWhole ? `${count}. ${words.say("priceNote")}` : count;
    const chosen = isWhole ? this.#rows.findIndex(({ id }) => id === model.id) : 0;
    this.#activate(Math.max(chosen, 0), isWhole ? "center" : "nearest");
  }

  #lay(groups: [title: string, rows: Row[]][]): void {
    this.#rows = groups.flatMap(([, rows]) => rows);
    const content = groups.flatMap(([title, rows]) => {
      const elements = rows.map((row) => this.#elementOf(row));
      return title && rows.length > 0 ? [h("div", { role: "group", "aria-label": title }, h("div", { class: "picker-title", "aria-hidden": "true" }, title), ...elements)] : elements;
    });
    this.mark();
    this.list.replaceChildren(...content);
    this.list.hidden = this.#rows.length === 0;
    this.#search.setAttribute("aria-expanded", String(this.#rows.length > 0));
  }

  #elementOf(row: Row): HTMLElement {
    let element = this.#elements.get(row);
    if (!element) {
      const { id, name, price, isFree, facts } = row;
      const cells = Object.entries({ name, [isFree ? "price free" : "price"]: price, slug: name === id ? "" : id, facts });
      element = h("div", { role: "option", part: "model", id: `model-${this.#elements.size}`, "data-model": id }, ...cells.map(([name, text]) => h("span", { class: name }, text)));
      this.#elements.set(row, element);
    }
    return element;
  }

  #activate(index: number, block: ScrollLogicalPosition = "nearest"): void {
    this.list.querySelector(".active")?.classList.remove("active");
    this.#active = Math.min(Math.max(index, 0), this.#rows.length - 1);
    const row = this.active;
    for (const each of [this.actions.favourite, this.actions.compare]) each.hidden = !row;
    if (!row) return this.#search.removeAttribute("aria-activedescendant");
    const element = this.#elementOf(row);
    element.classList.add("active");
    element.scrollIntoView({ block });
    this.#search.setAttribute("aria-activedescendant", element.id);
    this.#loaded?.onActive(row);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE_STEP, PageUp: -PAGE_STEP };
    const step = steps[event.key];
    if (step !== undefined) this.#activate(this.#active + step);
    else if (event.key !== "Enter") return;
    // Whoever types fast means what he has typed, not what is shown still.
    else {
      const choose = () => this.element.open && this.active && this.#choose(this.active);
      this.#isFinding ? void this.#found.then(choose) : choose();
    }
    event.preventDefault();
  }

  #choose(row: Row, target?: Element): void {
    if (this.#loaded?.take(row, target)) return this.#activate(this.#rows.indexOf(row));
    this.#host.preferences.recent.unshift(row.id);
    this.#host.choose(row);
    this.element.close();
  }

  #say(...content: (Node | string)[]): void {
    this.#message.replaceChildren(h("p", {}, ...content));
    this.count.textContent = "";
  }
}
