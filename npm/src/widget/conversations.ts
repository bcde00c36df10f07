// The list of conversations: a panel beside the chat where there is room for it, a sheet over it where there is not.
// Loaded when it is opened first.
// Seam: `createDrawer(host, library, opener)` gives `{ element, toggle(), refresh(), end() }`; what happens to conversations is
// the Library's (keeping.ts). While the sheet is open, the chat below is inert.
import { adopt, button, h, icon, iconButton } from "./dom.ts";
import type { Host } from "./host.ts";
import type { Library } from "./keeping.ts";
import type { ConversationSummary, SavedConversation } from "./index.d.ts";
import type { Words } from "./words.ts";
import css from "./conversations.css";
import { ImportError, fileName, fromJSON, toJSON, toMarkdown } from "./transfer.ts";

export const WORDS = {
  conversations: "Conversations",
  searchConversations: "Search conversations",
  noConversation: "Nothing is kept yet. What you say is, from the first message on.",
  noConversationFound: "No conversation matches.",
  conversationCount: { one: "{count} conversation", other: "{count} conversations" },
  conversationActions: "Actions for {title}",
  rename: "Rename",
  newTitle: "New title",
  exportMarkdown: "Save as Markdown",
  exportJson: "Save as JSON",
  delete: "Delete",
  deleted: "Deleted “{title}”.",
  undo: "Undo",
  restored: "“{title}” is back.",
  importFiles: "Import",
  exportAll: "Export all",
  deleteAll: "Delete all",
  deleteAllSure: { one: "Delete {count} conversation? It cannot be brought back.", other: "Delete all {count} conversations? They cannot be brought back." },
  cancel: "Cancel",
  allDeleted: "All conversations are deleted.",
  imported: { one: "{count} conversation imported.", other: "{count} conversations imported." },
  importFailed: "{name} cannot be imported: {reason}.",
  importUnread: "it could not be read",
};

/** From this width of the chat on there is room for a panel, in CSS pixels. */
const WIDE = 800;

const ICON_BIN = "M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7";
const ICON_DOTS = "M6 12h.01M12 12h.01M18 12h.01";

export interface Drawer {
  readonly element: HTMLElement;
  toggle(): void;
  refresh(): void;
  /** Takes it off the page, and leaves the chat as if it had never been there. */
  end(): void;
}

export const createDrawer = (host: Host, library: Library, opener: HTMLButtonElement): Drawer => new ConversationDrawer(host, library, opener);

class ConversationDrawer implements Drawer {
  readonly element: HTMLElement;
  readonly #host: Host;
  readonly #library: Library;
  readonly #opener: HTMLButtonElement;
  readonly #panel: HTMLElement;
  readonly #search: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #count = h("p", { class: "drawer-count", role: "status" });
  readonly #said = h("div", { class: "drawer-said" });
  readonly #foot: HTMLElement;
  #conversations: ConversationSummary[] = [];
  /** The rows that are shown, with what they were made of. */
  #rows = new Map<string, [of: string, row: HTMLElement]>();
  /** Whose actions are shown, and which is being renamed. */
  #unfolded = "";
  #renamed = "";
  #isSheet = false;
  readonly #size = new ResizeObserver(() => this.#arrange());

  constructor(host: Host, library: Library, opener: HTMLButtonElement) {
    const { words } = host;
    this.#host = host;
    this.#library = library;
    this.#opener = opener;
    adopt(host.root, css);
    const title = words.of(WORDS, "conversations");
    const search = words.of(WORDS, "searchConversations");
    this.#search = h("input", { type: "text", role: "searchbox", part: "conversations-search", placeholder: search, "aria-label": search, autocomplete: "off", spellcheck: "false", enterkeyhint: "search" });
    this.#list = h("ul", { class: "drawer-list", "aria-label": title });
    const file = h("input", { type: "file", accept: ".json,application/json", multiple: true, hidden: true, tabindex: -1 });
    file.addEventListener("change", () => {
      const files = [...(file.files ?? [])];
      void this.#try(() => this.#import(files));
      file.value = "";
    });
    this.#foot = h(
      "div",
      { class: "drawer-foot" },
      button(words.of(WORDS, "importFiles"), { class: "quiet", "data-action": "import" }, () => file.click()),
      button(words.of(WORDS, "exportAll"), { class: "quiet", "data-action": "export-all" }, () => void this.#try(() => this.#exportAll())),
      button(words.of(WORDS, "deleteAll"), { class: "quiet", "data-action": "delete-all" }, () => this.#askDeleteAll()),
      file,
    );
    this.#panel = h(
      "section",
      { class: "drawer", part: "conversations", "aria-label": title },
      h(
        "div",
        { class: "drawer-head" },
        h("h2", {}, title),
        iconButton("plus", words.say("newChat"), { class: "action", "data-action": "new" }, () => this.#new()),
        iconButton("close", words.say("close"), { class: "action", "data-action": "close" }, () => this.#close()),
      ),
      h("div", { class: "drawer-search" }, icon("search"), this.#search),
      this.#list,
      this.#count,
      this.#said,
      this.#foot,
    );
    const shade = h("div", { class: "drawer-shade" });
    shade.addEventListener("click", () => this.#close());
    this.element = h("div", { class: "drawer-place", hidden: true }, this.#panel, shade);
    this.#search.addEventListener("input", () => this.#draw());
    this.#panel.addEventListener("keydown", (event) => this.#onKey(event));
    this.#size.observe(host.root.querySelector(".chat")!);
  }

  toggle(): void {
    if (!this.element.hidden) return this.#close();
    this.element.hidden = false;
    this.#opener.setAttribute("aria-expanded", "true");
    this.#search.value = "";
    this.#unfolded = "";
    this.#arrange();
    this.#search.focus();
    this.refresh();
  }

  refresh(): void {
    if (this.element.hidden) return;
    void this.#try(async () => {
      this.#conversations = (await this.#library.list()).sort((a, b) => b.updatedAt - a.updatedAt);
      if (!this.#renamed) this.#draw();
    });
  }

  /** Says what fails. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fail(error instanceof ImportError ? error.message : this.#library.reasonOf(error));
    }
  }

  #fail(text: string): void {
    this.#said.replaceChildren(h("p", { class: "drawer-failed", role: "alert" }, text));
  }

  end(): void {
    this.#size.disconnect();
    this.element.hidden = true;
    this.#arrange();
    this.element.remove();
  }

  #close(): void {
    this.element.hidden = true;
    this.#renamed = "";
    this.#said.replaceChildren();
    this.#opener.setAttribute("aria-expanded", "false");
    this.#arrange();
    this.#opener.focus();
  }

  /** A panel or a sheet, by the room there is. */
  #arrange(): void {
    const chat = this.element.parentElement;
    if (!chat) return;
    const isOpen = !this.element.hidden;
    const isSheet = chat.clientWidth < WIDE;
    this.#isSheet = isSheet;
    this.element.dataset.as = isSheet ? "sheet" : "panel";
    chat.toggleAttribute("data-panel", isOpen && !isSheet);
    this.#panel.setAttribute("role", isSheet ? "dialog" : "region");
    if (isSheet) this.#panel.setAttribute("aria-modal", "true");
    else this.#panel.removeAttribute("aria-modal");
    for (const other of chat.children) if (other !== this.element && other.getAttribute("role") !== "status") (other as HTMLElement).inert = isOpen && isSheet;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const { activeElement } = this.#host.root;
    const row = activeElement?.closest("li");
    if (event.key === "Escape") {
      if (this.#said.querySelector("[data-action=cancel]")) this.#endAsking();
      else if (this.#unfolded && row) this.#unfold(this.#unfolded);
      else this.#close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (this.#renamed) return;
      const rows = [...this.#list.querySelectorAll<HTMLElement>(".conversation")];
      const at = rows.findIndex((each) => each.closest("li") === row);
      const next = event.key === "ArrowDown" ? rows[at + 1] : at > 0 ? rows[at - 1] : this.#search;
      next?.focus();
    } else if (event.key === "Tab" && this.#isSheet) {
      // The chat below is inert; the page around it is not, so the sheet keeps the focus itself.
      const stops = [...this.#panel.querySelectorAll<HTMLElement>("button, input:not([hidden])")].filter((each) => each.checkVisibility());
      const edge = event.shiftKey ? stops[0] : stops.at(-1);
      if (activeElement !== edge) return;
      (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
    } else return;
    event.preventDefault();
  }

  #draw(): void {
    const { words, root } = this.#host;
    const asked = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.#conversations.filter(({ title, text = "" }) => asked.every((word) => title.toLowerCase().includes(word) || text.includes(word)));
    const focused = root.activeElement;
    const [id, action] = [focused?.closest("li")?.dataset.id, (focused as HTMLElement | null)?.dataset.action];
    // Rows stay in their place: one that is taken out between the press and the release of a button gets no click.
    const rows = new Map(found.map((each) => [each.id, this.#rowOf(each)]));
    for (const [each, [, row]] of this.#rows) if (rows.get(each)?.[1] !== row) row.remove();
    this.#rows = rows;
    [...rows.values()].forEach(([, row], i) => this.#list.children[i] !== row && this.#list.insertBefore(row, this.#list.children[i] ?? null));
    if (id && action && !root.activeElement?.closest("li")) {
      const row = [...this.#list.children].find((each) => (each as HTMLElement).dataset.id === id);
      (row?.querySelector<HTMLElement>(`[data-action="${action}"]`) ?? this.#search).focus();
    }
    const isEmpty = this.#conversations.length === 0;
    this.#list.hidden = found.length === 0;
    this.#count.textContent =
      found.length > 0 ? words.of(WORDS, "conversationCount", { count: found.length }) : words.of(WORDS, isEmpty ? "noConversation" : "noConversationFound");
    for (const name of ["export-all", "delete-all"]) this.#foot.querySelector<HTMLElement>(`[data-action=${name}]`)!.hidden = isEmpty;
  }

  #rowOf(conversation: ConversationSummary): [of: string, row: HTMLElement] {
    const { id, title, updatedAt } = conversation;
    const of = JSON.stringify([title, ago(updatedAt, this.#host.words), id === this.#library.current, id === this.#unfolded, id === this.#renamed]);
    const known = this.#rows.get(id);
    return known?.[0] === of ? known : [of, this.#row(conversation)];
  }

  #row(conversation: ConversationSummary): HTMLElement {
    const { words } = this.#host;
    const { id, title, updatedAt } = conversation;
    if (this.#renamed === id) return h("li", { "data-id": id }, this.#renaming(conversation));
    const isCurrent = id === this.#library.current;
    const isUnfolded = this.#unfolded === id;
    const open = button(h("span", { class: "conversation-title", dir: "auto" }, title), { class: "conversation", part: "conversation", "data-action": "open", ...(isCurrent ? { "aria-current": "true" } : {}) }, () => void this.#try(() => this.#open(id)));
    open.append(h("span", { class: "conversation-time" }, ago(updatedAt, words)));
    const more = iconButton(ICON_DOTS, words.of(WORDS, "conversationActions", { title }), { class: "action more", "data-action": "more", "aria-expanded": String(isUnfolded) }, () => this.#unfold(id));
    const act = (name: "edit" | "download" | typeof ICON_BIN, key: keyof typeof WORDS, action: string, work: () => void) => {
      const made = button(icon(name), { class: "row-action", "data-action": action }, work);
      made.append(words.of(WORDS, key));
      return made;
    };
    const actions = isUnfolded
      ? [
          h(
            "div",
            { class: "row-actions" },
            act("edit", "rename", "rename", () => this.#rename(id)),
            act("download", "exportMarkdown", "markdown", () => void this.#try(() => this.#export(id, "md"))),
            act("download", "exportJson", "json", () => void this.#try(() => this.#export(id, "json"))),
            act(ICON_BIN, "delete", "delete", () => void this.#try(() => this.#delete(id))),
          ),
        ]
      : [];
    return h("li", { "data-id": id }, h("div", { class: "row" }, open, more), ...actions);
  }

  #unfold(id: string): void {
    this.#unfolded = this.#unfolded === id ? "" : id;
    this.#draw();
    this.#focusRow(id, "more");
  }

  #focusRow(id: string, action: string): void {
    const row = [...this.#list.children].find((each) => (each as HTMLElement).dataset.id === id);
    (row?.querySelector<HTMLElement>(`[data-action="${action}"]`) ?? this.#search).focus();
  }

  async #open(id: string): Promise<void> {
    await this.#library.switchTo(id);
    if (this.#isSheet) this.#close();
    else this.refresh();
    this.#host.focusComposer();
  }

  #new(): void {
    this.#host.newChat();
    if (this.#isSheet) this.#close();
    this.#host.focusComposer();
  }

  // Renaming

  #rename(id: string): void {
    this.#renamed = id;
    this.#draw();
    const text = this.#list.querySelector<HTMLInputElement>(".renaming input");
    text?.focus();
    text?.select();
  }

  #renaming({ id, title }: ConversationSummary): HTMLElement {
    const { words } = this.#host;
    const text = h("input", { type: "text", "aria-label": words.of(WORDS, "newTitle"), maxlength: 200, dir: "auto", enterkeyhint: "done" });
    text.value = title;
    const end = (isKept: boolean) => {
      if (this.#renamed !== id) return;
      this.#renamed = "";
      this.#unfolded = "";
      const name = text.value.trim();
      const hadFocus = this.#host.root.activeElement === text;
      const conversation = this.#conversations.find((each) => each.id === id);
      if (isKept && name && name !== title) {
        if (conversation) conversation.title = name;
        void this.#try(() => this.#library.rename(id, name));
      }
      this.#draw();
      if (hadFocus) this.#focusRow(id, "more");
    };
    const form = h("form", { class: "renaming" }, text);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      end(true);
    });
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation();
      end(false);
    });
    text.addEventListener("blur", () => end(true));
    return form;
  }

  // Deleting

  async #delete(id: string): Promise<void> {
    const { words } = this.#host;
    const isCurrent = id === this.#library.current;
    const removed = await this.#library.remove(id);
    this.#unfolded = "";
    if (!removed) return;
    this.#conversations = this.#conversations.filter((each) => each.id !== id);
    this.#draw();
    const { title } = removed;
    const undo = button(words.of(WORDS, "undo"), { class: "quiet", "data-action": "undo" }, () => void this.#try(() => this.#restore(removed, isCurrent)));
    this.#say(words.of(WORDS, "deleted", { title }), undo);
    undo.focus();
  }

  async #restore(conversation: SavedConversation, wasCurrent: boolean): Promise<void> {
    await this.#library.add(conversation);
    if (wasCurrent) await this.#library.switchTo(conversation.id);
    this.#conversations = await this.#library.list();
    this.#conversations.sort((a, b) => b.updatedAt - a.updatedAt);
    this.#draw();
    this.#say(this.#host.words.of(WORDS, "restored", { title: conversation.title }));
    this.#focusRow(conversation.id, "open");
  }

  #askDeleteAll(): void {
    const { words } = this.#host;
    const sure = words.of(WORDS, "deleteAllSure", { count: this.#conversations.length });
    const yes = button(words.of(WORDS, "deleteAll"), { class: "danger", "data-action": "sure" }, () => void this.#try(() => this.#deleteAll()));
    const no = button(words.of(WORDS, "cancel"), { "data-action": "cancel" }, () => this.#endAsking());
    this.#said.replaceChildren(h("div", { class: "drawer-sure", role: "alertdialog", "aria-label": sure }, h("p", {}, sure), yes, no));
    this.#foot.hidden = true;
    no.focus();
  }

  #endAsking(): void {
    this.#said.replaceChildren();
    this.#foot.hidden = false;
    this.#foot.querySelector<HTMLElement>("[data-action=delete-all]:not([hidden])")?.focus();
  }

  async #deleteAll(): Promise<void> {
    this.#endAsking();
    await this.#library.clear();
    this.#conversations = [];
    this.#draw();
    this.#say(this.#host.words.of(WORDS, "allDeleted"));
    this.#search.focus();
  }

  #say(text: string, ...more: Node[]): void {
    this.#said.replaceChildren(h("p", { role: "status" }, text), ...more);
    this.#host.announce(text);
  }

  // Files

  async #export(id: string, ending: "md" | "json"): Promise<void> {
    const kept = await this.#library.read(id);
    if (!kept) return;
    const text = ending === "md" ? toMarkdown(kept, this.#host.words) : toJSON([kept]);
    save(text, fileName(kept.title, ending));
  }

  async #exportAll(): Promise<void> {
    const all = await Promise.all(this.#conversations.map(({ id }) => this.#library.read(id)));
    save(toJSON(all.filter((each) => each !== undefined)), fileName(`chat ${new Date().toISOString().slice(0, 10)}`, "json"));
  }

  async #import(files: File[]): Promise<void> {
    const { words } = this.#host;
    let count = 0;
    for (const file of files) {
      for (const made of await this.#read(file)) {
        const title = made.title ?? (this.#library.titleOf(made.thread) || file.name);
        await this.#library.add({ ...made, version: 1, revision: 0, title, text: this.#library.textOf(made.thread) });
        count++;
      }
    }
    this.#say(words.of(WORDS, "imported", { count }));
    this.refresh();
  }

  /** Throws an ImportError that names the file. */
  async #read(file: File): Promise<ReturnType<typeof fromJSON>> {
    const { words } = this.#host;
    try {
      return fromJSON(await file.text(), words);
    } catch (error) {
      const reason = error instanceof ImportError ? error.message : words.of(WORDS, "importUnread");
      throw new ImportError(words.of(WORDS, "importFailed", { name: file.name, reason }));
    }
  }
}

function save(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: name.endsWith(".md") ? "text/markdown" : "application/json" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [["minute", 60], ["hour", 3600], ["day", 86_400], ["month", 2_592_000], ["year", 31_536_000]];

/** How long ago, in the reader's language. */
function ago(at: number, { language }: Words): string {
  const seconds = Math.max(0, (Date.now() - at) / 1000);
  const [unit, length] = STEPS.findLast(([, size]) => seconds >= size) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" }).format(-Math.floor(seconds / length), unit);
}
