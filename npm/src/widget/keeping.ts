// Keeps conversations beyond the page, for those who ask for it (`persist="name"`, or `keeping` of the host). Loaded only
// then.
// Seam: `keep(host, source)` gives a Keeper, which listens to the thread by itself; the list of conversations
// (conversations.ts) is made with a Shelf of it. Where they are kept is a ConversationStore: store.ts, or the host's own.
import { adopt, h, iconButton } from "./dom.ts";
import type { Host } from "./host.ts";
import css from "./keeping.css";
import type { ConversationStore, ConversationSummary, Keeping, SavedConversation, SavedThread } from "./index.d.ts";
import { idsOf, merge } from "./merge.ts";
import { openStore } from "./store.ts";
import { textOf, type Change, type SavedEntry, type SavedThread as Tree } from "./thread.ts";
import type { Drawer } from "./conversations.ts";

export const WORDS = {
  conversations: "Conversations",
  untitled: "Files",
  keptNot: "This browser does not keep anything for this page: the conversation lasts as long as the page.",
  keptText: "This browser keeps only the text of conversations for this page. Files you send last as long as the page.",
  keptNewer: "A newer version of this chat keeps conversations here. Reload the page to go on with them; until then nothing is kept.",
  keptFull: "There is no room left to keep this conversation. Delete some that you do not need any more, or export it.",
  keptFailed: "The conversation could not be kept. It is tried again with the next change.",
  removedElsewhere: "This conversation was deleted in another tab.",
  storeFailed: "That could not be done. Try again in a moment.",
};

const NOTES: Record<string, keyof typeof WORDS> = {
  keeping_unavailable: "keptNot",
  keeping_textonly: "keptText",
  keeping_newer: "keptNewer",
  keeping_full: "keptFull",
};

/** How often an answer is kept while it comes, in ms. */
const PARTIAL_MS = 2000;
const TITLE_LENGTH = 60;
/** How much of a conversation a search looks at. */
const SEARCHED_LENGTH = 20_000;

export interface Keeper {
  /** The element has built its parts anew. */
  show(): void;
  /** Opens the list of conversations, or closes it. */
  open(): void;
  close(): void;
}

/** What the list of conversations may do with them. What fails rejects, and the page has been told. */
export interface Library {
  /** Of the conversation that is shown. */
  readonly current: string;
  list(): Promise<ConversationSummary[]>;
  read(id: string): Promise<SavedConversation | undefined>;
  switchTo(id: string): Promise<void>;
  rename(id: string, title: string): Promise<void>;
  remove(id: string): Promise<SavedConversation | undefined>;
  /** Keeps what was removed, or comes from elsewhere; what is there already is merged with it. */
  add(conversation: SavedConversation): Promise<void>;
  clear(): Promise<void>;
  titleOf(thread: SavedThread): string;
  textOf(thread: SavedThread): string;
  /** What the reader is told of a failure. */
  reasonOf(error: unknown): string;
}

export async function keep(host: Host, source: string | Keeping | ConversationStore): Promise<Keeper> {
  adopt(host.root, css);
  if (typeof source === "object" && !("list" in source)) return new ThreadKeeper(host, source);
  const keeper = typeof source === "object" ? new ConversationKeeper(host, source, "") : await opened(host, source);
  await keeper.begin();
  return keeper;
}

async function opened(host: Host, name: string): Promise<ConversationKeeper> {
  const { store, trouble } = await openStore(name);
  await migrate(store, name);
  const keeper = new ConversationKeeper(host, store, name);
  if (trouble) keeper.tell(trouble);
  return keeper;
}

/** Before there were several conversations, the only one was a text in the local storage. */
async function migrate(store: ConversationStore, name: string): Promise<void> {
  const key = `openrouter-chat:${name}`;
  try {
    const thread = JSON.parse(localStorage.getItem(key) ?? "null");
    if (thread?.version !== 1 || !Array.isArray(thread.entries)) return;
    const id = thread.id ?? crypto.randomUUID();
    await store.write(conversationOf({ ...thread, id }, Date.now()));
    localStorage.removeItem(key);
  } catch {
    // It stays where it is.
  }
}

const conversationOf = (thread: Tree, now: number): SavedConversation => ({
  version: 1, id: thread.id!, title: titleOf(thread), createdAt: now, updatedAt: now, revision: 0, text: searchedOf(thread), thread: asSaved(thread),
});

// The types of the package say less of a thread than we know of it.
const asTree = (thread: SavedThread) => thread as unknown as Tree;
const asSaved = (thread: Tree) => thread as unknown as SavedThread;

function noteOf(error: unknown): keyof typeof WORDS | undefined {
  const { code, name } = (error ?? {}) as { code?: string; name?: string };
  return NOTES[code ?? ""] ?? (name === "QuotaExceededError" ? "keptFull" : undefined);
}

/** The note above the composer, and the event, that say what went wrong. */
class Notes {
  readonly #host: Host;
  #key: keyof typeof WORDS | undefined;
  #element: HTMLElement | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  tell(error: unknown): void {
    const key = noteOf(error) ?? "keptFailed";
    this.#host.emit("or-error", { id: this.#host.thread.id, error });
    if (this.#key === key) return;
    this.#key = key;
    this.show();
  }

  /** What could not be kept, is. */
  end(): void {
    if (this.#key === "keptFailed" || this.#key === "keptFull") this.#close();
  }

  show(): void {
    this.#element?.remove();
    if (!this.#key) return;
    const { words, root } = this.#host;
    const close = iconButton("close", words.say("close"), { class: "action" }, () => {
      this.#close();
      this.#host.focusComposer();
    });
    this.#element = h("div", { class: "kept-note", part: "keeping-note" }, h("span", { role: "alert" }, words.of(WORDS, this.#key)), close);
    root.querySelector(".composer")?.before(this.#element);
  }

  #close(): void {
    this.#element?.remove();
    this.#key = undefined;
  }
}

/** Keeps one thread where the host says. */
class ThreadKeeper implements Keeper {
  readonly #host: Host;
  readonly #keeping: Keeping;
  readonly #notes: Notes;
  readonly #leave: (() => void)[] = [];
  #id: string;
  #isLoading = false;
  #isClosed = false;

  constructor(host: Host, keeping: Keeping) {
    this.#host = host;
    this.#keeping = keeping;
    this.#notes = new Notes(host);
    this.#id = host.thread.id;
    void this.#begin();
  }

  async #begin(): Promise<void> {
    const { thread } = this.#host;
    this.#leave.push(thread.subscribe((change) => this.#onChange(change)));
    const leave = this.#keeping.subscribe?.((saved) => saved && !thread.isBusy && this.#load(saved));
    if (leave) this.#leave.push(leave);
    const saved = await this.#keeping.load().catch((error) => this.#notes.tell(error));
    // What has been said meanwhile is newer; and where it is kept may be another place by now.
    if (saved && !this.#isClosed && thread.path.length === 0) this.#load(saved);
  }

  show(): void {
    this.#notes.show();
  }

  open(): void {}

  close(): void {
    this.#isClosed = true;
    for (const leave of this.#leave) leave();
  }

  #load(saved: SavedThread): void {
    this.#isLoading = true;
    this.#host.thread.load(asTree(saved));
    this.#id = this.#host.thread.id;
    this.#isLoading = false;
  }

  #onChange({ type }: Change): void {
    const { thread } = this.#host;
    if (this.#isLoading || type === "start" || type === "event") return;
    const isCleared = thread.id !== this.#id && thread.path.length === 0;
    this.#id = thread.id;
    const done = isCleared ? this.#keeping.clear() : this.#keeping.save(asSaved(thread.toJSON()));
    done.then(
      () => this.#notes.end(),
      (error) => this.#notes.tell(error),
    );
  }
}

class ConversationKeeper implements Keeper, Library {
  readonly #host: Host;
  readonly #store: ConversationStore;
  readonly #place: string;
  readonly #notes: Notes;
  readonly #leave: (() => void)[] = [];
  /** What is kept of the conversation that is shown. */
  #summary: ConversationSummary | undefined;
  #id: string;
  /** Which one was chosen last. */
  #wanted = "";
  /** The ids that were there when it was last the same here as where it is kept. */
  #base: ReadonlySet<string> = new Set();
  /** What another tab has added while an answer comes here. */
  #theirs: Tree | undefined;
  #isDirty = false;
  /** Whether another tab has written while we did. */
  #isBehind = false;
  #isLoading = false;
  #isClosed = false;
  #writing: Promise<void> | undefined;
  #writtenAt = 0;
  #draft = "";
  /** What is still to be kept of what is typed, by conversation. */
  readonly #drafts = new Map<string, string>();
  #drafting: Promise<void> | undefined;
  #drawer: Promise<Drawer | undefined> | undefined;
  #button: HTMLButtonElement | undefined;

  constructor(host: Host, store: ConversationStore, name: string) {
    this.#host = host;
    this.#store = store;
    this.#place = name && `openrouter-chat:${name}`;
    this.#notes = new Notes(host);
    this.#id = host.thread.id;
  }

  get current(): string {
    return this.#id;
  }

  async begin(): Promise<void> {
    const { thread, root } = this.#host;
    const onInput = ({ target }: Event) => (target as Element).matches(".composer textarea") && this.#keepDraft();
    root.addEventListener("input", onInput);
    this.#leave.push(
      () => root.removeEventListener("input", onInput),
      thread.subscribe((change) => this.#onChange(change)),
    );
    const leave = this.#store.subscribe?.((change) => void this.#onOthers(change));
    if (leave) this.#leave.push(leave);
    this.show();
    await this.#guard(async () => {
      const id = this.#remembered() ?? newest(await this.#store.list())?.id;
      // What has been said before it was found is another conversation.
      const isFirst = () => thread.path.length === 0;
      if (id && isFirst()) await this.#show(id, "", isFirst);
      if (this.#id !== id) this.#touch();
    });
  }

  show(): void {
    const { words, root } = this.#host;
    const label = words.of(WORDS, "conversations");
    this.#button = iconButton("M4 7h16M4 12h16M4 17h10", label, { class: "action", part: "conversations-button", "aria-expanded": "false" }, () => this.open());
    root.querySelector(".header")?.prepend(this.#button);
    this.#notes.show();
    this.#drawer = undefined;
  }

  open(): void {
    const { root } = this.#host;
    this.#drawer ??= this.#host
      .load(() => import("./conversations.ts"))
      .then((loaded) => {
        const drawer = loaded?.createDrawer(this.#host, this, this.#button!);
        if (drawer) root.querySelector(".chat")?.append(drawer.element);
        else this.#drawer = undefined; // it may be had the next time
        return drawer;
      });
    void this.#drawer.then((drawer) => drawer?.toggle());
  }

  close(): void {
    this.#isClosed = true;
    for (const leave of this.#leave) leave();
    void this.#drawer?.then((drawer) => drawer?.end());
    this.#button?.remove();
  }

  tell(error: unknown): void {
    this.#notes.tell(error);
  }

  // The list of conversations

  list(): Promise<ConversationSummary[]> {
    return this.#told(() => this.#store.list());
  }

  read(id: string): Promise<SavedConversation | undefined> {
    return this.#told(() => this.#store.read(id));
  }

  async switchTo(id: string): Promise<void> {
    this.#wanted = id;
    if (id === this.#id) return;
    this.#host.thread.stop();
    // Of what a page or a part has put there nobody has told us.
    this.#keepDraft();
    const before = this.#draft;
    await this.#writing;
    await this.#told(() => this.#show(id, before, () => this.#wanted === id));
  }

  async rename(id: string, title: string): Promise<void> {
    await this.#told(async () => {
      for (let kept = await this.#store.read(id); kept; ) {
        kept = await this.#store.write({ ...kept, title, isRenamed: true });
      }
      if (id === this.#id && this.#summary) {
        this.#summary = { ...this.#summary, title, isRenamed: true, revision: this.#summary.revision + 1 };
        this.#announceTitle();
      }
    });
    this.#refresh();
  }

  async remove(id: string): Promise<SavedConversation | undefined> {
    return this.#told(async () => {
      if (id === this.#id) await this.#leaveThread();
      await this.#writing;
      const kept = await this.#store.read(id);
      await this.#store.remove(id);
      this.#refresh();
      return kept;
    });
  }

  async add(conversation: SavedConversation): Promise<void> {
    await this.#told(async () => {
      let next: SavedConversation = { ...conversation, revision: 0 };
      for (;;) {
        const kept = await this.#store.write(next);
        if (!kept) break;
        const thread = merge(asTree(kept.thread), asTree(conversation.thread), new Set());
        next = { ...kept, thread: asSaved(thread), text: searchedOf(thread) };
      }
      if (conversation.id === this.#id) await this.#take(conversation.id);
    });
    this.#refresh();
  }

  async clear(): Promise<void> {
    await this.#told(async () => {
      await this.#leaveThread();
      await this.#store.clear();
    });
    this.#refresh();
  }

  titleOf(thread: SavedThread): string {
    return titleOf(asTree(thread));
  }

  textOf(thread: SavedThread): string {
    return searchedOf(asTree(thread));
  }

  reasonOf(error: unknown): string {
    return this.#host.words.of(WORDS, noteOf(error) ?? "storeFailed");
  }

  // What is shown

  /** Shows a new conversation once nothing writes the one that is shown any more: its answer would bring it back. */
  async #leaveThread(): Promise<void> {
    const { thread } = this.#host;
    thread.stop();
    await this.#writing;
    thread.clear();
    await this.#writing;
  }

  /** `before`: what stood in the composer, to make room for the draft. */
  async #show(id: string, before: string, isWanted = () => true): Promise<void> {
    const kept = await this.#store.read(id);
    const draft = this.#drafts.get(id) ?? (await this.#store.readDraft?.(id)) ?? "";
    if (this.#isClosed || !isWanted()) return;
    const [left, wasKept] = [this.#id, this.#summary];
    this.#begin(id);
    this.#load(kept ? asTree(kept.thread) : { version: 1, id, shown: 0, entries: [] });
    this.#settle(kept);
    // What is being typed now is not taken from under the fingers.
    if (this.#host.draft === before) this.#host.draft = this.#draft = draft;
    else {
      if (!wasKept) this.#writeDraft(left, "");
      this.#draft = draft;
      this.#keepDraft();
    }
    this.#announceTitle();
  }

  /** Another conversation is the one that is shown. */
  #begin(id: string): void {
    this.#id = id;
    this.#summary = undefined;
    this.#base = new Set();
    this.#theirs = undefined;
    this.#isDirty = false;
    try {
      if (this.#place) sessionStorage.setItem(this.#place, id);
    } catch {
      // A reload then begins with the newest.
    }
  }

  #remembered(): string | undefined {
    try {
      return (this.#place && sessionStorage.getItem(this.#place)) || undefined;
    } catch {
      return undefined;
    }
  }

  #load(thread: Tree): void {
    this.#isLoading = true;
    this.#host.thread.load(thread);
    this.#isLoading = false;
  }

  #settle(kept: SavedConversation | undefined): void {
    if (!kept) return;
    const { thread, version: _, ...summary } = kept;
    this.#summary = summary;
    this.#base = idsOf(asTree(thread));
  }

  #announceTitle(): void {
    this.#host.emit("or-conversation-change", { id: this.#id, title: this.#summary?.title ?? "" });
    this.#refresh();
  }

  #refresh(): void {
    void this.#drawer?.then((drawer) => drawer?.refresh());
  }

  #onChange({ type }: Change): void {
    const { thread } = this.#host;
    if (this.#isLoading || type === "start") return;
    if (type === "event" && performance.now() - this.#writtenAt < PARTIAL_MS) return;
    if (thread.id !== this.#id) {
      const [draft, id, isKept] = [this.#draft, this.#id, this.#summary ?? this.#writing];
      this.#begin(thread.id);
      if (draft && this.#host.draft === draft && thread.path.length === 0) {
        // The draft was the old one's, and goes with it; where nothing is kept of that, nobody would find it again.
        if (isKept) this.#host.draft = this.#draft = "";
        else {
          this.#writeDraft(id, "");
          this.#writeDraft(this.#id, draft);
        }
      } else this.#draft = this.#host.draft;
      this.#announceTitle();
    } else this.#keepDraft();
    this.#touch();
  }

  #touch(): void {
    if (this.#host.thread.path.length === 0 && !this.#summary) return;
    this.#isDirty = true;
    this.#writing ??= this.#guard(() => this.#write()).then(() => {
      this.#writing = undefined;
      if (this.#isBehind) void this.#onOthers({ id: this.#id });
      this.#isBehind = false;
      // Since the last look somebody may have said more.
      if (this.#isDirty) this.#touch();
    });
  }

  async #write(): Promise<void> {
    while (this.#isDirty) {
      const id = this.#id;
      const thread = this.#merged();
      const now = Date.now();
      const before = this.#summary;
      const isNew = !before;
      const next: SavedConversation = {
        ...(before ?? conversationOf(thread, now)),
        version: 1,
        updatedAt: now,
        text: searchedOf(thread),
        thread: asSaved(thread),
      };
      if (!next.isRenamed) next.title = titleOf(thread) || this.#host.words.of(WORDS, "untitled");
      this.#isDirty = false;
      this.#writtenAt = performance.now();
      let kept: SavedConversation | undefined;
      try {
        kept = await this.#store.write(next);
      } catch (error) {
        if (id === this.#id) this.#notes.tell(error);
        return;
      }
      this.#notes.end();
      if (id !== this.#id) continue;
      if (kept) {
        // Another tab was faster: with what it has added it is tried again.
        const { thread: theirs, version: _, ...summary } = kept;
        this.#summary = summary;
        this.#theirs = asTree(theirs);
        this.#takeTheirs();
        this.#isDirty = true;
        continue;
      }
      const { thread: _, version: __, ...summary } = next;
      this.#summary = { ...summary, revision: next.revision + 1 };
      if (!this.#theirs) this.#base = idsOf(thread);
      if (isNew) this.#announceTitle();
      else this.#refresh();
      if (this.#theirs && !this.#host.thread.isBusy) {
        this.#takeTheirs();
        this.#isDirty = true;
      }
    }
  }

  /** What there is to keep: with what another tab has added. */
  #merged(): Tree {
    const mine = this.#host.thread.toJSON();
    return this.#theirs ? merge(mine, this.#theirs, this.#base) : mine;
  }

  /** Shows what another tab has added, as soon as that disturbs nothing. */
  #takeTheirs(): void {
    const theirs = this.#theirs;
    if (!theirs || this.#host.thread.isBusy) return;
    const merged = this.#merged();
    this.#theirs = undefined;
    this.#base = idsOf(theirs);
    this.#load(merged);
  }

  async #onOthers({ id }: { id?: string }): Promise<void> {
    this.#refresh();
    if (id === undefined || id === this.#id) await this.#guard(() => this.#take(this.#id));
  }

  /** Another tab has written what is shown here. */
  async #take(id: string): Promise<void> {
    if (!this.#summary && this.#host.thread.path.length > 0) return; // ours is on its way there
    const kept = await this.#store.read(id);
    if (id !== this.#id || this.#isClosed) return;
    if (!kept) {
      if (!this.#summary || this.#host.thread.isBusy) return;
      this.#host.thread.clear();
      this.#host.announce(this.#host.words.of(WORDS, "removedElsewhere"));
      return;
    }
    if (kept.revision <= (this.#summary?.revision ?? 0)) return;
    if (this.#host.thread.isBusy) return; // the writing at its end finds it
    if (this.#writing) {
      this.#isBehind = true;
      return;
    }
    const isRetitled = kept.title !== this.#summary?.title;
    this.#load(asTree(kept.thread));
    this.#settle(kept);
    if (isRetitled) this.#announceTitle();
  }

  #keepDraft(): void {
    const text = this.#host.draft;
    if (text === this.#draft) return;
    this.#draft = text;
    this.#writeDraft(this.#id, text);
  }

  #writeDraft(id: string, text: string): void {
    this.#drafts.set(id, text);
    // One at a time, and then the newest.
    this.#drafting ??= this.#guard(async () => {
      try {
        for (const [each, newest] of this.#drafts) {
          this.#drafts.delete(each);
          await this.#store.writeDraft?.(each, newest);
        }
      } finally {
        this.#drafting = undefined;
      }
    });
  }

  /** The page hears of a failure here; the reader where he asked for it, for the list may lie over our note. */
  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#host.emit("or-error", { id: this.#id, error });
      throw error;
    }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#notes.tell(error);
      return undefined;
    }
  }
}

const newest = (list: ConversationSummary[]): ConversationSummary | undefined =>
  list.reduce<ConversationSummary | undefined>((last, each) => (last && last.updatedAt >= each.updatedAt ? last : each), undefined);

function* shownOf(thread: Tree): Generator<SavedEntry> {
  let at = thread.entries[thread.shown];
  while (at) {
    yield at;
    at = at.children[at.shown];
  }
}

/** The first words of the first question. */
function titleOf(thread: Tree): string {
  for (const entry of shownOf(thread)) {
    const text = textOf(entry as never).replace(/\s+/g, " ").trim();
    if (entry.role !== "user" || !text) continue;
    if (text.length <= TITLE_LENGTH) return text;
    const cut = text.slice(0, TITLE_LENGTH);
    const end = cut.lastIndexOf(" ");
    return `${cut.slice(0, end > TITLE_LENGTH / 2 ? end : TITLE_LENGTH)}…`;
  }
  return "";
}

function searchedOf(thread: Tree): string {
  let text = "";
  const waiting = [...thread.entries];
  for (let at = waiting.shift(); at && text.length < SEARCHED_LENGTH; at = waiting.shift()) {
    text += `${textOf(at as never)}\n`;
    waiting.push(...at.children);
  }
  return text.slice(0, SEARCHED_LENGTH).toLowerCase();
}
