// What the picker can beside finding a model: filters, favourites and those chosen last, and choosing some to be compared.
// Loaded once somebody uses one of them, or has.
// Seam: `createShelf(host, list)`; liked models are kept by `Keeping.preferences` (index.d.ts), otherwise as long as the
// page lasts.
import type { ModelNeeds } from "../index.js";
import type { Row } from "./catalogue.ts";
import { adopt, button, h, icon } from "./dom.ts";
import { createFilters, type Filters } from "./filters.ts";
import type { Host } from "./host.ts";
import type { Keeping, Preferences } from "./index.d.ts";
import type { List } from "./picker.ts";
import css from "./shelf.css";

const STAR = "m12 4 2.500 5.100 5.600.800-4 4 .9 5.600-5-2.700-5 2.700.9-5.600-4-4 5.600-.8z";
const MOST_RECENT = 3;
const MOST_COMPARED = 3;

export const WORDS = {
  favourites: "Favourites",
  recent: "Recently used",
  allModels: "All models",
  favourite: "Favourite",
  favouriteModel: "Favourite: {name}",
  compareHint: "Choose two or three models.",
  compareChosen: { one: "Compare {count} model", other: "Compare {count} models" },
};

export type Action = "filters" | "favourite" | "compare";

export interface Shelf {
  /** What `client.findModels()` takes, beside the search. */
  readonly needs: ModelNeeds;
  readonly isComparing: boolean;
  open(isComparing: boolean): void;
  act(action: Action): void;
  /** All models, with the liked ones before the others. */
  groups(all: Row[]): [title: string, rows: Row[]][];
  /** Shows in its row how a model stands. */
  mark(row: Row, element: HTMLElement): void;
  onActive(row: Row): void;
  /** Whether a choice meant something else than the model of the chat; `target` is what was pressed. */
  take(row: Row, target: Element | undefined): boolean;
}

export const createShelf = (host: Host, list: List): Promise<Shelf> => new ModelShelf(host, list).load();

class ModelShelf implements Shelf {
  readonly #host: Host;
  readonly #list: List;
  readonly #start: HTMLButtonElement;
  #filters: Filters | undefined;
  /** Those to be compared, while they are chosen. */
  #compared: Row[] | undefined;
  #saving = Promise.resolve();

  constructor(host: Host, list: List) {
    this.#host = host;
    this.#list = list;
    adopt(host.root, css);
    this.#start = button("", { class: "picker-start", part: "compare-start", hidden: true }, () => {
      const models = this.#compared ?? [];
      list.element.close();
      host.compare(models);
    });
    const { filters, favourite, compare } = list.actions;
    compare.after(this.#start);
    filters.setAttribute("aria-expanded", "false");
    for (const each of [favourite, compare]) each.setAttribute("aria-pressed", "false");
  }

  /** Where they are kept: where the page says, or, with `persist`, in the browser. */
  get #kept(): Keeping["preferences"] {
    const { keeping, persist } = this.#host;
    return keeping?.preferences ?? (persist ? inBrowser(persist) : undefined);
  }

  /** Takes over what is kept, and shows the rows that are there as they stand. */
  async load(): Promise<Shelf> {
    const { preferences } = this.#host;
    const kept = await this.#read();
    const { favourites, recent } = preferences;
    favourites.push(...ids(kept?.favourites).filter((id) => !favourites.includes(id)));
    recent.push(...ids(kept?.recent).filter((id) => !recent.includes(id)));
    queueMicrotask(() => this.#list.mark());
    return this;
  }

  /** Nothing, if it cannot be had. */
  async #read(): Promise<Partial<Preferences> | undefined> {
    try {
      return (await this.#kept?.load()) ?? undefined;
    } catch {
      return undefined;
    }
  }

  get needs(): ModelNeeds {
    return this.#filters?.needs ?? {};
  }

  get isComparing(): boolean {
    return this.#compared !== undefined;
  }

  open(isComparing: boolean): void {
    this.#compare(isComparing ? [] : undefined);
  }

  act(action: Action): void {
    const { active } = this.#list;
    if (action === "filters") this.#showFilters();
    else if (action === "favourite") active && this.#like(active);
    else {
      this.#compare(this.#compared ? undefined : []);
      this.#list.focus();
    }
  }

  groups(all: Row[]): [title: string, rows: Row[]][] {
    const { words, preferences } = this.#host;
    const of = (ids: string[]) => ids.flatMap((id) => all.find((row) => row.id === id) ?? []);
    const liked = of(preferences.favourites);
    const recent = of(newest(preferences.recent)).filter((row) => !liked.includes(row)).slice(0, MOST_RECENT);
    const others = all.filter((row) => !liked.includes(row) && !recent.includes(row));
    const title = others.length < all.length ? words.of(WORDS, "allModels") : "";
    return [[words.of(WORDS, "favourites"), liked], [words.of(WORDS, "recent"), recent], [title, others]];
  }

  mark(row: Row, element: HTMLElement): void {
    const isLiked = this.#isLiked(row);
    let star = element.querySelector(".star");
    if (!star) element.append((star = h("span", { class: "star" }, icon(STAR), h("span", { class: "hidden" }))));
    star.toggleAttribute("data-on", isLiked);
    star.lastElementChild!.textContent = isLiked ? this.#host.words.of(WORDS, "favourite") : "";
    if (this.#compared) element.setAttribute("aria-selected", String(this.#compared.includes(row)));
  }

  onActive(row: Row): void {
    const { favourite } = this.#list.actions;
    favourite.setAttribute("aria-label", this.#host.words.of(WORDS, "favouriteModel", { name: row.name }));
    favourite.setAttribute("aria-pressed", String(this.#isLiked(row)));
  }

  take(row: Row, target: Element | undefined): boolean {
    const compared = this.#compared;
    if (target?.closest(".star")) this.#like(row);
    else if (!compared) {
      this.#save((kept) => kept.recent.unshift(row.id)); // here the picker writes it down
      return false;
    }
    else if (compared.includes(row)) this.#compare(compared.filter((each) => each !== row));
    else if (compared.length < MOST_COMPARED) this.#compare([...compared, row]);
    return true;
  }

  /** Makes one change to what is kept now, for another tab may have kept something since it was read; one after the other. */
  #save(change: (kept: Preferences) => void): void {
    const { preferences } = this.#host;
    const place = this.#kept;
    if (!place) return;
    this.#saving = this.#saving.then(async () => {
      const { favourites, recent } = (await this.#read()) ?? preferences;
      const kept = { favourites: ids(favourites), recent: ids(recent) };
      change(kept);
      await place.save({ ...kept, recent: newest(kept.recent) });
    }).catch(() => {});
  }

  #isLiked({ id }: Row): boolean {
    return this.#host.preferences.favourites.includes(id);
  }

  #like(row: Row): void {
    const { id } = row;
    const isLiked = !this.#isLiked(row);
    const like = ({ favourites }: Preferences) => {
      const at = favourites.indexOf(id);
      if (at >= 0) favourites.splice(at, 1);
      if (isLiked) favourites.push(id);
    };
    like(this.#host.preferences);
    this.#save(like);
    this.#list.mark();
    if (row === this.#list.active) this.onActive(row);
  }

  #showFilters(): void {
    const { actions, list, find } = this.#list;
    if (!this.#filters) {
      this.#filters = createFilters(this.#host, () => find.call(this.#list));
      list.before(this.#filters.element);
    } else this.#filters.element.hidden = !this.#filters.element.hidden;
    actions.filters.setAttribute("aria-expanded", String(!this.#filters.element.hidden));
  }

  /** One model is chosen, or some to be compared. */
  #compare(compared: Row[] | undefined): void {
    const { words } = this.#host;
    const { actions, count, list } = this.#list;
    const chosen = compared?.length ?? 0;
    const wasComparing = this.isComparing;
    this.#compared = compared;
    actions.compare.setAttribute("aria-pressed", String(this.isComparing));
    list.setAttribute("aria-multiselectable", String(this.isComparing));
    this.#start.hidden = chosen < 2;
    this.#start.textContent = words.of(WORDS, "compareChosen", { count: chosen });
    if (compared) count.textContent = chosen === 0 ? words.of(WORDS, "compareHint") : compared.map(({ name }) => name).join(", ");
    else if (wasComparing) this.#list.find();
    this.#list.mark();
  }
}

/** Slugs, whatever somebody has put there. */
const ids = (list: unknown): string[] => (Array.isArray(list) ? list.filter((id) => typeof id === "string") : []);

/** Each once, and one more than are shown, for one of them may be liked. */
const newest = (recent: string[]): string[] => [...new Set(recent)].slice(0, MOST_RECENT + 1);

/** In the page's local storage, beside what is said (keeping.ts). */
function inBrowser(name: string): NonNullable<Keeping["preferences"]> {
  const key = `openrouter-chat:${name}:models`;
  return {
    load: async () => JSON.parse(localStorage.getItem(key) ?? "null") ?? undefined,
    save: async (preferences) => localStorage.setItem(key, JSON.stringify(preferences)),
  };
}
