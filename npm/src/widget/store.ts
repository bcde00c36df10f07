// Where conversations are kept in this browser: IndexedDB; where that is refused the local storage, without files; and
// where that is refused too, in memory as long as the page lasts.
// Seam: `openStore(name)` gives a ConversationStore, and the trouble there was, if any.
import type { ConversationStore, ConversationSummary, SavedConversation, SavedThread } from "./index.d.ts";

/** Of the database. Add a step to MIGRATIONS with each. */
const SCHEMA = 1;
/** Of a conversation. */
const VERSION = 1;
/** Texts longer than this, where only files have such, are kept beside the conversation, once. */
const FILE_LENGTH = 4096;

/** What went wrong with keeping: `code` is `keeping_unavailable`, `keeping_textonly`, `keeping_newer` or `keeping_full`. */
export class KeepingError extends Error {
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "KeepingError";
    this.code = code;
  }
}

export interface Opened {
  store: ConversationStore;
  trouble?: KeepingError;
}

export async function openStore(name: string): Promise<Opened> {
  const key = `openrouter-chat:${name}`;
  try {
    return { store: new Database(await openDatabase(key), key) };
  } catch (error) {
    // Somebody with a newer version of this chat has conversations here, which are not ours to touch.
    if ((error as Error).name === "VersionError") return { store: new Shelf(new Map(), key), trouble: newer(error) };
    try {
      const probe = `${key}:probe`;
      localStorage.setItem(probe, "");
      localStorage.removeItem(probe);
      const trouble = new KeepingError("keeping_textonly", "IndexedDB is refused: conversations are kept without their files", error);
      return { store: new Shelf(localShelf(), key), trouble };
    } catch (refusal) {
      const trouble = new KeepingError("keeping_unavailable", "this browser keeps nothing for this page", refusal);
      return { store: new Shelf(new Map(), key), trouble };
    }
  }
}

const newer = (cause?: unknown) => new KeepingError("keeping_newer", "a newer version of the chat keeps conversations here", cause);

const full = (error: unknown): unknown =>
  (error as Error | null)?.name === "QuotaExceededError" ? new KeepingError("keeping_full", "there is no room left for this page", error) : error;

function summaryOf({ thread: _, ...summary }: SavedConversation): ConversationSummary & { version: number } {
  return summary;
}

/** Tells other tabs, and hears of them. */
class Channel {
  readonly #channel: BroadcastChannel | undefined;

  constructor(key: string) {
    this.#channel = globalThis.BroadcastChannel && new BroadcastChannel(key);
  }

  tell(id?: string): void {
    this.#channel?.postMessage({ id });
  }

  subscribe(listener: (change: { id?: string }) => void): () => void {
    const hear = ({ data }: MessageEvent) => listener({ id: data?.id });
    this.#channel?.addEventListener("message", hear);
    return () => {
      this.#channel?.removeEventListener("message", hear);
    };
  }
}

// IndexedDB

/** Step n makes schema n out of the one before. */
const MIGRATIONS: ((database: IDBDatabase) => void)[] = [
  (database) => {
    for (const name of ["conversations", "threads"]) database.createObjectStore(name, { keyPath: "id" });
    for (const name of ["files", "drafts"]) database.createObjectStore(name);
  },
];

const result = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const committed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(full(transaction.error));
  });

async function openDatabase(key: string): Promise<IDBDatabase> {
  const request = indexedDB.open(key, SCHEMA);
  request.onupgradeneeded = ({ oldVersion }) => {
    for (const step of MIGRATIONS.slice(oldVersion)) step(request.result);
  };
  return result(request);
}

interface FileMark {
  $file: string;
}

const FILE_FIELDS = ["url", "file_data", "data"];

/** All files of a conversation have keys that begin with its id. */
const filesOf = (id: string) => IDBKeyRange.bound(`${id}/`, `${id}/\uffff`);

class Database implements ConversationStore {
  readonly #key: string;
  /** While it is open. */
  #database: Promise<IDBDatabase> | undefined;
  readonly #channel: Channel;
  /** What is kept already, by its text. */
  readonly #files = new Map<string, string>();

  constructor(database: IDBDatabase, key: string) {
    this.#key = key;
    this.#channel = new Channel(key);
    this.#database = Promise.resolve(this.#used(database));
  }

  #used(database: IDBDatabase): IDBDatabase {
    // A newer version of the chat, in another tab, may change the schema; a page, or the reader, may delete all of it.
    database.onversionchange = () => {
      this.#database = undefined;
      database.close();
    };
    // By the browser, which may do that at any time.
    database.onclose = () => {
      this.#database = undefined;
    };
    return database;
  }

  async #open(): Promise<IDBDatabase> {
    try {
      return this.#used(await openDatabase(this.#key));
    } catch (error) {
      this.#database = undefined;
      throw (error as Error).name === "VersionError" ? newer(error) : error;
    }
  }

  async list(): Promise<ConversationSummary[]> {
    return result((await this.#begin("readonly", "conversations")).objectStore("conversations").getAll());
  }

  async read(id: string): Promise<SavedConversation | undefined> {
    const transaction = await this.#begin("readonly", "conversations", "threads", "files");
    return this.#whole(transaction, id);
  }

  async write(conversation: SavedConversation): Promise<SavedConversation | undefined> {
    const { id } = conversation;
    const used = new Map<string, string>();
    const thread = packed(conversation.thread, (text) => {
      const known = used.get(text) ?? this.#files.get(text);
      const key = known?.startsWith(`${id}/`) ? known : `${id}/${crypto.randomUUID?.() ?? Math.random()}`;
      used.set(text, key);
      return key;
    });
    const transaction = await this.#begin("readwrite", "conversations", "threads", "files");
    const written = committed(transaction);
    written.catch(() => {}); // it is awaited below, unless something fails before
    const conversations = transaction.objectStore("conversations");
    const kept = await result(conversations.get(id));
    if (kept?.version > VERSION) throw newer();
    if (kept && kept.revision !== conversation.revision) return this.#whole(transaction, id);
    conversations.put({ ...summaryOf(conversation), revision: conversation.revision + 1 });
    transaction.objectStore("threads").put({ id, thread });
    const files = transaction.objectStore("files");
    // What we know to be there another tab may have removed.
    const there = new Set((await result(files.getAllKeys(filesOf(id)))).map(String));
    for (const [text, key] of used) if (!there.delete(key)) files.put(text, key);
    for (const key of there) files.delete(key);
    await written;
    for (const [text, key] of used) this.#files.set(text, key);
    this.#channel.tell(id);
    return undefined;
  }

  async remove(id: string): Promise<void> {
    const transaction = await this.#begin("readwrite", "conversations", "threads", "files", "drafts");
    for (const name of ["conversations", "threads", "drafts"]) transaction.objectStore(name).delete(id);
    transaction.objectStore("files").delete(filesOf(id));
    await committed(transaction);
    this.#files.clear();
    this.#channel.tell(id);
  }

  async clear(): Promise<void> {
    const names = ["conversations", "threads", "files", "drafts"];
    const transaction = await this.#begin("readwrite", ...names);
    for (const name of names) transaction.objectStore(name).clear();
    await committed(transaction);
    this.#files.clear();
    this.#channel.tell();
  }

  async readDraft(id: string): Promise<string | undefined> {
    return result((await this.#begin("readonly", "drafts")).objectStore("drafts").get(id));
  }

  async writeDraft(id: string, text: string): Promise<void> {
    const transaction = await this.#begin("readwrite", "drafts");
    const drafts = transaction.objectStore("drafts");
    if (text) drafts.put(text, id);
    else drafts.delete(id);
    // The page may be on its way out.
    transaction.commit?.();
    await committed(transaction);
  }

  subscribe(listener: (change: { id?: string }) => void): () => void {
    return this.#channel.subscribe(listener);
  }

  async #begin(mode: IDBTransactionMode, ...names: string[]): Promise<IDBTransaction> {
    this.#database ??= this.#open();
    return (await this.#database).transaction(names, mode);
  }

  async #whole(transaction: IDBTransaction, id: string): Promise<SavedConversation | undefined> {
    const files = transaction.objectStore("files");
    const [summary, record, keys, texts] = await Promise.all([
      result(transaction.objectStore("conversations").get(id)),
      result(transaction.objectStore("threads").get(id)),
      result(files.getAllKeys(filesOf(id))),
      result(files.getAll(filesOf(id))),
    ]);
    if (!summary || !record) return undefined;
    if (summary.version > VERSION) throw newer();
    const byKey = new Map(keys.map((key, i) => [String(key), texts[i] as string]));
    for (const [key, text] of byKey) this.#files.set(text, key);
    return { ...summary, thread: unpacked(record.thread, byKey) };
  }
}

/** A plain copy, in which files have been replaced by the keys that `keep` gives. */
function packed(thread: SavedThread, keep: (text: string) => string): unknown {
  return JSON.parse(
    JSON.stringify(thread, (name, value) => (isFile(name, value) ? ({ $file: keep(value) } satisfies FileMark) : value)),
  );
}

const isFile = (name: string, value: unknown): value is string => typeof value === "string" && value.length > FILE_LENGTH && FILE_FIELDS.includes(name);

function unpacked(value: any, files: ReadonlyMap<string, string>): any {
  if (Array.isArray(value)) return value.map((each) => unpacked(each, files));
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$file === "string") return files.get(value.$file) ?? "";
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, unpacked(each, files)]));
}

// Text alone: the local storage, or memory

type Texts = Pick<Map<string, string>, "get" | "delete" | "keys"> & { set(key: string, text: string): unknown };

const localShelf = (): Texts => ({
  get: (key) => localStorage.getItem(key) ?? undefined,
  set: (key, text) => localStorage.setItem(key, text),
  delete: (key) => localStorage.removeItem(key) ?? true,
  keys: () => Object.keys(localStorage).values(),
});

class Shelf implements ConversationStore {
  readonly #texts: Texts;
  readonly #prefix: string;
  readonly #channel: Channel | undefined;

  constructor(texts: Texts, key: string) {
    this.#texts = texts;
    this.#prefix = `${key}/`;
    // What is in memory is no other tab's concern.
    this.#channel = texts instanceof Map ? undefined : new Channel(key);
  }

  async list(): Promise<ConversationSummary[]> {
    const ids = [...this.#texts.keys()].filter((key) => key.startsWith(`${this.#prefix}c/`)).map((key) => key.slice(this.#prefix.length + 2));
    return ids.flatMap((id) => {
      const kept = this.#kept(id);
      return kept ? [summaryOf(kept)] : [];
    });
  }

  async read(id: string): Promise<SavedConversation | undefined> {
    const kept = this.#kept(id);
    if (kept && kept.version > VERSION) throw newer();
    return kept;
  }

  async write(conversation: SavedConversation): Promise<SavedConversation | undefined> {
    const kept = await this.read(conversation.id);
    if (kept && kept.revision !== conversation.revision) return kept;
    const isMemory = this.#texts instanceof Map;
    const thread = isMemory ? conversation.thread : withoutFiles(conversation.thread);
    this.#set(`c/${conversation.id}`, JSON.stringify({ ...conversation, revision: conversation.revision + 1, thread }));
    this.#channel?.tell(conversation.id);
    return undefined;
  }

  async remove(id: string): Promise<void> {
    for (const kind of ["c", "d"]) this.#texts.delete(`${this.#prefix}${kind}/${id}`);
    this.#channel?.tell(id);
  }

  async clear(): Promise<void> {
    for (const key of [...this.#texts.keys()]) if (key.startsWith(this.#prefix)) this.#texts.delete(key);
    this.#channel?.tell();
  }

  async readDraft(id: string): Promise<string | undefined> {
    return this.#texts.get(`${this.#prefix}d/${id}`);
  }

  async writeDraft(id: string, text: string): Promise<void> {
    if (text) this.#set(`d/${id}`, text);
    else this.#texts.delete(`${this.#prefix}d/${id}`);
  }

  subscribe(listener: (change: { id?: string }) => void): () => void {
    return this.#channel?.subscribe(listener) ?? (() => {});
  }

  #kept(id: string): SavedConversation | undefined {
    try {
      return JSON.parse(this.#texts.get(`${this.#prefix}c/${id}`) ?? "null") ?? undefined;
    } catch {
      return undefined; // somebody else's text
    }
  }

  #set(key: string, text: string): void {
    try {
      this.#texts.set(this.#prefix + key, text);
    } catch (error) {
      throw full(error);
    }
  }
}

/** Parts with a file in them are left out: without it nobody would take them. */
function withoutFiles(thread: SavedThread): unknown {
  const hasFile = (part: object): boolean => Object.entries(part).some(([name, value]) => isFile(name, value) || (typeof value === "object" && value !== null && hasFile(value)));
  return JSON.parse(JSON.stringify(thread, (name, value) => (Array.isArray(value) && /^(content|parts|images)$/.test(name) ? value.filter((part) => !hasFile(part)) : value)));
}
