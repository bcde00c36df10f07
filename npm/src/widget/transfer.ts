// Conversations as files: Markdown to read, JSON to bring back. What comes from a file is looked at field by field, and
// only what is known is taken.
// Seam: `toMarkdown()`, `toJSON()`, and `fromJSON()`, which throws an ImportError that says what is wrong where.
import type { SavedConversation } from "./index.d.ts";
import type { Words } from "./words.ts";

export const WORDS = {
  importNotJson: "it is not JSON",
  importOther: "it does not come from this chat",
  importVersion: "it is of version {version}, and this chat reads version 1: export it again, or use a newer version of the chat",
  importWrong: "{place} is {found}, and should be {expected}",
  importTooDeep: "{place} is more than {count} messages deep",
  importTwice: "{place} has an id that another one has too",
  importFile: "the file",
  importMissing: "missing",
  importObject: "an object",
  importList: "a list",
  importText: "a text",
  importNumber: "a number",
  importId: "an id",
};

const FORMAT = "openrouter-chat";
const VERSION = 1;
const MOST_DEEP = 2000;

export class ImportError extends Error {}

export const toJSON = (conversations: SavedConversation[]): string =>
  JSON.stringify({ format: FORMAT, version: VERSION, conversations: conversations.map(({ text: _, revision: __, ...each }) => each) }, null, 1);

export function toMarkdown({ title, thread }: SavedConversation, words: Words): string {
  const said: string[] = [`# ${title}\n`];
  const { entries, shown } = thread as unknown as { entries: any[]; shown: number };
  for (let at = entries[shown]; at; at = at.children[at.shown]) {
    const parts = at.parts.flatMap((part: any) => (part.type === "text" ? [part.text] : part.type === "file" ? [`*${part.name}*`] : part.type === "image" ? [`*${words.say("image")}*`] : []));
    said.push(`## ${words.say(at.role === "user" ? "you" : "assistant")}\n\n${parts.join("\n\n")}\n`);
    if (at.sources.length > 0) said.push(`${at.sources.map((source: any) => `- <${source.url}>`).join("\n")}\n`);
  }
  return said.join("\n");
}

/** A name for a file, of letters that every system takes. */
export const fileName = (title: string, ending: string): string =>
  `${title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "chat"}.${ending}`;

type Made = { thread: SavedConversation["thread"]; title?: string; isRenamed?: boolean; createdAt: number; updatedAt: number; id: string };

/** The conversations of a file: of those that `toJSON()` wrote, or one thread by the element's `exportJSON()`. */
export function fromJSON(text: string, words: Words): Made[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new ImportError(words.of(WORDS, "importNotJson"));
  }
  const reader = new Reader(words);
  const file = reader.object(given, "");
  const isThread = Array.isArray(file.entries);
  if (!isThread && file.format !== FORMAT) throw new ImportError(words.of(WORDS, "importOther"));
  reader.version(file.version);
  const list = isThread ? [{ thread: file }] : reader.list(file.conversations, "conversations");
  return list.map((each, i) => reader.conversation(each, isThread ? "" : `conversations[${i}]`));
}

const ENTRY_STATES = ["done", "stopped", "failed", "streaming"];
const ROLES = ["user", "assistant", "tool", "system", "developer"];

class Reader {
  readonly #words: Words;
  readonly #ids = new Set<string>();

  constructor(words: Words) {
    this.#words = words;
  }

  version(version: unknown): void {
    if (version !== VERSION) throw new ImportError(this.#words.of(WORDS, "importVersion", { version: String(version) }));
  }

  conversation(value: unknown, place: string): Made {
    const at = (name: string) => (place ? `${place}.${name}` : name);
    const { thread, title, isRenamed, createdAt, updatedAt, version } = this.object(value, place);
    if (version !== undefined) this.version(version);
    const tree = this.object(thread, at("thread"));
    this.version(tree.version);
    const now = Date.now();
    const id = tree.id === undefined ? crypto.randomUUID?.() ?? `${now}-${Math.random()}` : this.#id(tree.id, at("thread.id"));
    const entries = this.list(tree.entries, at(place ? "thread.entries" : "entries")).map((entry, i) => this.#entry(entry, `${at(place ? "thread.entries" : "entries")}[${i}]`, 0));
    return {
      id,
      ...(typeof title === "string" && title ? { title: title.slice(0, 200) } : {}),
      ...(isRenamed === true ? { isRenamed } : {}),
      createdAt: this.#number(createdAt ?? now, at("createdAt")),
      updatedAt: this.#number(updatedAt ?? now, at("updatedAt")),
      thread: { version: 1, id, shown: this.#shown(tree.shown, entries.length, at("thread.shown")), entries },
    };
  }

  object(value: unknown, place: string): Record<string, any> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.#wrong(value, place, this.#say("importObject"));
    return value as Record<string, any>;
  }

  list(value: unknown, place: string): unknown[] {
    if (!Array.isArray(value)) this.#wrong(value, place, this.#say("importList"));
    return value as unknown[];
  }

  #entry(value: unknown, place: string, depth: number): Record<string, unknown> {
    if (depth > MOST_DEEP) throw new ImportError(this.#words.of(WORDS, "importTooDeep", { place: place.slice(0, 40), count: MOST_DEEP }));
    const { id, role, createdAt, messages, parts, sources = [], state, children, shown, model, provider, usage, usedBefore, forgets, finishReason, error, firstTokenMs, totalMs, tokensPerSecond } = this.object(value, place);
    const deeper = this.list(children, `${place}.children`).map((child, i) => this.#entry(child, `${place}.children[${i}]`, depth + 1));
    const numbers = Object.entries({ forgets, firstTokenMs, totalMs, tokensPerSecond }).map(([name, each]) => [name, this.#optional(each, "number", `${place}.${name}`)]);
    const optional = {
      model: this.#optional(model, "string", `${place}.model`),
      provider: this.#optional(provider, "string", `${place}.provider`),
      finishReason: this.#optional(finishReason, "string", `${place}.finishReason`),
      usage: this.#usage(usage, `${place}.usage`),
      usedBefore: this.#usage(usedBefore, `${place}.usedBefore`),
      ...Object.fromEntries(numbers),
    };
    return {
      id: this.#id(id, `${place}.id`),
      role: this.#one(role, ["user", "assistant"], `${place}.role`),
      createdAt: this.#number(createdAt, `${place}.createdAt`),
      messages: this.list(messages, `${place}.messages`).map((message, i) => this.#message(message, `${place}.messages[${i}]`)),
      parts: this.list(parts, `${place}.parts`).map((part, i) => this.#part(part, `${place}.parts[${i}]`)),
      sources: this.list(sources, `${place}.sources`).map((source, i) => this.#source(source, `${place}.sources[${i}]`)),
      state: this.#one(state, ENTRY_STATES, `${place}.state`) === "streaming" ? "stopped" : state,
      ...JSON.parse(JSON.stringify(optional)),
      ...(error ? { error: { code: String(error.code), message: String(error.message) } } : {}),
      children: deeper,
      shown: this.#shown(shown, deeper.length, `${place}.shown`),
    };
  }

  /** As it is sent later: what else it has is the API's to judge. */
  #message(value: unknown, place: string): unknown {
    const message = this.object(value, place);
    this.#one(message.role, ROLES, `${place}.role`);
    if (Array.isArray(message.content)) for (const [i, part] of message.content.entries()) this.#text(this.object(part, `${place}.content[${i}]`).type, `${place}.content[${i}].type`);
    else if (message.content !== null && message.content !== undefined) this.#text(message.content, `${place}.content`);
    return message;
  }

  #part(value: unknown, place: string): unknown {
    const part = this.object(value, place);
    const text = (name: string) => this.#text(part[name], `${place}.${name}`);
    switch (part.type) {
      case "text":
        return { type: "text", text: text("text") };
      case "reasoning":
        return { type: "reasoning", text: text("text"), seconds: this.#number(part.seconds ?? 0, `${place}.seconds`) };
      case "tool":
        return { type: "tool", id: text("id"), name: text("name"), arguments: text("arguments"), state: part.state === "done" ? "done" : "failed", ...(part.result === undefined ? {} : { result: text("result") }) };
      case "image":
        return { type: "image", url: text("url") };
      case "file":
        return { type: "file", name: text("name"), ...Object.fromEntries(["url", "data", "format"].filter((key) => part[key] !== undefined).map((key) => [key, text(key)])) };
      default:
        return this.#wrong(part.type, `${place}.type`, "text, reasoning, tool, image, file");
    }
  }

  /** Numbers are added up; what else is told with them is only shown where it is known. */
  #usage(value: unknown, place: string): unknown {
    if (value === undefined || value === null) return undefined;
    const usage = this.object(value, place);
    for (const name of ["prompt_tokens", "completion_tokens", "total_tokens", "cost"]) this.#optional(usage[name], "number", `${place}.${name}`);
    for (const [name, part] of [["prompt_tokens_details", "cached_tokens"], ["completion_tokens_details", "reasoning_tokens"]] as const) {
      if (usage[name] !== undefined && usage[name] !== null) this.#optional(this.object(usage[name], `${place}.${name}`)[part], "number", `${place}.${name}.${part}`);
    }
    return usage;
  }

  #source(value: unknown, place: string): unknown {
    const { url, title } = this.object(value, place);
    if (!/^https?:\/\//i.test(this.#text(url, `${place}.url`))) this.#wrong(url, `${place}.url`, "https://…");
    return { url, title: this.#text(title, `${place}.title`) };
  }

  #id(value: unknown, place: string): string {
    const id = this.#text(value, place);
    if (id === "" || id.length > 200 || id.includes("/")) this.#wrong(value, place, this.#say("importId"));
    if (this.#ids.has(id)) throw new ImportError(this.#words.of(WORDS, "importTwice", { place }));
    this.#ids.add(id);
    return id;
  }

  #text(value: unknown, place: string): string {
    return typeof value === "string" ? value : this.#wrong(value, place, this.#say("importText"));
  }

  #number(value: unknown, place: string): number {
    return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : this.#wrong(value, place, this.#say("importNumber"));
  }

  #optional(value: unknown, type: "string" | "number", place: string): unknown {
    return value === undefined || value === null ? undefined : type === "string" ? this.#text(value, place) : this.#number(value, place);
  }

  #shown(value: unknown, count: number, place: string): number {
    return Math.min(Math.floor(this.#number(value, place)), Math.max(0, count - 1));
  }

  #one(value: unknown, allowed: string[], place: string): string {
    return typeof value === "string" && allowed.includes(value) ? value : this.#wrong(value, place, allowed.join(", "));
  }

  #say(key: keyof typeof WORDS): string {
    return this.#words.of(WORDS, key);
  }

  #wrong(value: unknown, place: string, expected: string): never {
    const found = value === undefined ? this.#say("importMissing") : value === null ? "null" : Array.isArray(value) ? this.#say("importList") : typeof value === "object" ? this.#say("importObject") : String(value).slice(0, 30);
    throw new ImportError(this.#words.of(WORDS, "importWrong", { place: place || this.#say("importFile"), found, expected }));
  }
}
