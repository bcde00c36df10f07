// What was said, apart from how it is shown: a tree, because an answer may be asked for again and a question be put in
// other words. It asks (by `ask`, which it is given), keeps what comes, and tells its listeners.
// Seam: views listen to `subscribe()` and read `path`; `toJSON()` and `load()` are what keeping saves and restores;
// `ask` is the only way to a model, so that a test, or another source of answers, can take its place.
import type { AnswerEvent, Ask } from "./ask.ts";
import type { ContentPart, FinishReason, Message, Usage } from "../index.js";

/** How long events may be taken without a pause for the page, in ms. */
const SLICE_MS = 8;

/** A piece of an answer, as it is shown. */
export type Part =
  | { type: "text"; text: string }
  /** `seconds`: how long it took, once it is over. */
  | { type: "reasoning"; text: string; seconds?: number }
  | { type: "tool"; id: string; name: string; arguments: string; state: "running" | "done" | "failed"; result?: string }
  | { type: "image"; url: string }
  /** Something that was sent along. */
  | { type: "file"; name: string; url?: string; data?: string; format?: string };

type ToolPart = Extract<Part, { type: "tool" }>;

export interface Source {
  url: string;
  title: string;
}

/** A question, or an answer to it. */
export interface Entry {
  readonly id: string;
  readonly role: "user" | "assistant";
  /** ms since 1970. */
  readonly createdAt: number;
  /** What later requests are sent: of an answer there are several if it used tools, and none if nothing came. */
  messages: Message[];
  /** What is shown, in order. */
  parts: Part[];
  sources: Source[];
  state: "streaming" | "done" | "stopped" | "failed";
  /** How many of the parts whole steps with tools have made: they are in the messages. */
  stepped?: number;
  /** Fields for the request of a question's answers, beside those of all. */
  request?: Record<string, unknown>;
  /** Who was asked, or who answered. */
  model?: string;
  usage?: Usage;
  /** What was used before the answer was gone on with. */
  usedBefore?: Usage;
  /** Of a question: how many of the oldest messages are no longer sent. */
  forgets?: number;
  finishReason?: FinishReason | null;
  error?: unknown;
  /** In ms, from the request. */
  firstTokenMs?: number;
  totalMs?: number;
  tokensPerSecond?: number;
  /** Who ran the model, by name. */
  provider?: string;
  parent?: Entry;
  /** What followed: the alternatives, of which one is shown. */
  children: Entry[];
  shown: number;
}

export type Change =
  /** Entries were added or removed, or another branch is shown. */
  | { type: "path" }
  | { type: "start"; entry: Entry }
  | { type: "event"; entry: Entry; event: AnswerEvent }
  /** The answer is over: its `state` says how. */
  | { type: "end"; entry: Entry };

export type SavedEntry = Omit<Entry, "parent" | "children"> & { children: SavedEntry[] };

export interface SavedThread {
  version: 1;
  /** Of the conversation. Two that have the same are the same, maybe further on. */
  id?: string;
  shown: number;
  entries: SavedEntry[];
}

/** Failures for which the question itself is the reason, so that it had better not be sent along with the next one. */
const REFUSED = ["content_refused", "invalid_request", "payload_too_large", "context_length_exceeded"];

export class Thread {
  readonly #ask: Ask;
  readonly #listeners = new Set<(change: Change) => void>();
  #root = entry("user");
  #request: AbortController | undefined;
  #answering: Entry | undefined;
  #reasoningSince = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Calls a listener after each change; returns what ends that. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Which conversation it is: another one after `clear()`, `replace()`, and `load()` of another. */
  get id(): string {
    return this.#root.id;
  }

  get isBusy(): boolean {
    return this.#request !== undefined;
  }

  /** What is shown, oldest first. */
  get path(): Entry[] {
    const path: Entry[] = [];
    for (let at = shownChild(this.#root); at; at = shownChild(at)) path.push(at);
    return path;
  }

  /** All answers, those of other branches too: they were paid for. */
  get answers(): Entry[] {
    const below = (entry: Entry): Entry[] => [...(entry.role === "assistant" ? [entry] : []), ...entry.children.flatMap(below)];
    return below(this.#root);
  }

  /** What is shown, as it is sent. */
  get messages(): Message[] {
    return this.path.flatMap(({ messages }) => messages);
  }

  /** Where an entry stands among its alternatives. */
  branch(of: Entry): { index: number; count: number } {
    const siblings = of.parent?.children ?? [of];
    return { index: siblings.indexOf(of), count: siblings.length };
  }

  /** Says something and asks for the answer. What is under way ends before. */
  send(content: string | ContentPart[], request?: Record<string, unknown>): Entry {
    return this.#question(this.path.at(-1) ?? this.#root, content, request);
  }

  /** Says something else in place of a question, which stays as another branch. */
  edit(question: Entry, content: string | ContentPart[], request = question.request): Entry {
    return this.#question(question.parent ?? this.#root, content, request);
  }

  /** Adds a question and its answers, which came elsewhere, and shows one of them. */
  graft(content: string, answers: Partial<Entry>[], shown: number): void {
    this.stop();
    const question = attach(entry("user"), this.path.at(-1) ?? this.#root);
    const message: Message = { role: "user", content };
    Object.assign(question, { messages: [message], parts: partsOf(message) });
    for (const answer of answers) Object.assign(attach(entry("assistant"), question), { parts: answer.messages?.flatMap(partsOf) }, answer);
    question.shown = shown;
    this.#tell({ type: "path" });
  }

  /** Another answer beside this one (or the last), or the one that a question still lacks. */
  regenerate(of = this.path.at(-1)): void {
    const question = of?.role === "assistant" ? of.parent : of;
    if (question && question !== this.#root) this.#answer(question);
  }

  /** Asks again in place of an answer that came to nothing. */
  retry(answer: Entry): void {
    const { parent } = answer;
    if (!parent) return;
    // What was said after it is its branch, and stays.
    if (answer.messages.length + answer.children.length === 0) detach(answer);
    this.#answer(parent);
  }

  /** Goes on with an answer that ended too early: what comes joins what there is. */
  resume(answer: Entry): void {
    this.stop();
    answer.usedBefore = answer.usage;
    answer.error = answer.finishReason = undefined;
    this.#begin(answer);
  }

  /** Ends the answer that is under way, and keeps what there is of it. */
  stop(): void {
    this.#request?.abort();
    if (this.#answering) this.#end(this.#answering, "stopped");
  }

  /** Shows the alternative that is `step` further. */
  turn(of: Entry, step: number): void {
    const { parent } = of;
    const index = parent ? parent.children.indexOf(of) + step : -1;
    if (!parent?.children[index]) return;
    this.stop();
    parent.shown = index;
    this.#tell({ type: "path" });
  }

  /** Takes an entry back, and all that followed. */
  remove(gone: Entry): void {
    this.stop();
    detach(gone);
    this.#tell({ type: "path" });
  }

  clear(): void {
    this.stop();
    this.#root = entry("user");
    this.#tell({ type: "path" });
  }

  /** Shows messages from elsewhere in place of what there is. System messages are not part of a thread. */
  replace(messages: Message[]): void {
    this.stop();
    this.#root = entry("user");
    let last = this.#root;
    for (const message of messages) {
      if (message.role === "system" || message.role === "developer") continue;
      const role = message.role === "user" ? "user" : "assistant";
      // What follows an answer without a question between, as tools' results do, belongs to it.
      if (role === "user" || last.role === "user") last = attach(entry(role), last);
      last.messages.push(message);
      last.parts.push(...partsOf(message));
      for (const call of toolResults(message)) settle(last, call.id, call.content, false);
      if (message.role === "assistant" && message.model) last.model = message.model;
    }
    this.#tell({ type: "path" });
  }

  toJSON(): SavedThread {
    const { id, shown, children } = saved(this.#root);
    return { version: 1, id, shown, entries: children };
  }

  /** Shows a saved thread. What it has of the one that is shown, as it is, stays the same entry. */
  load({ version, id, entries, shown }: SavedThread): void {
    if (version !== 1) throw new TypeError(`a thread of version ${version} cannot be read, only of version 1`);
    this.stop();
    const known = new Map<string, Entry>();
    if (id === this.id) remember(this.#root, known);
    const root = entry("user");
    this.#root = restored({ ...root, id: id ?? root.id, shown, children: entries }, known);
    this.#tell({ type: "path" });
  }

  #question(parent: Entry, content: string | ContentPart[], request?: Record<string, unknown>): Entry {
    this.stop();
    const question = attach(entry("user"), parent);
    const message: Message = { role: "user", content };
    Object.assign(question, { messages: [message], parts: partsOf(message), request });
    this.#answer(question);
    return question;
  }

  #answer(question: Entry): void {
    this.#begin(attach(entry("assistant"), question));
  }

  #begin(answer: Entry): void {
    // Of one that ended at its limit, the last text is what is gone on with.
    if (answer.state === "done") answer.stepped = answer.parts.findLastIndex(({ type }) => type === "tool") + 1;
    // Whoever heard of an end may have asked something by now: there is one answer at a time.
    this.stop();
    answer.state = "streaming";
    const request = new AbortController();
    this.#request = request;
    this.#answering = answer;
    this.#tell({ type: "path" });
    // Whoever hears of it may have ended it, or asked something else.
    if (this.#request !== request) return;
    this.#tell({ type: "start", entry: answer });
    void this.#read(answer, request);
  }

  async #read(answer: Entry, request: AbortController): Promise<void> {
    const { signal } = request;
    const begin = performance.now();
    const start = begin - (answer.totalMs ?? 0);
    const before = answer.messages;
    let isJoined = before.length === 0;
    let pauseAt = begin + SLICE_MS;
    try {
      const asked = this.#ask({ messages: [...messagesBefore(answer), ...before.map(begun)], signal, request: answer.parent?.request ?? {} });
      answer.model = asked.model;
      for await (const event of asked.events) {
        if (signal.aborted) break;
        const now = performance.now();
        if (event.type !== "usage" && event.type !== "end") answer.firstTokenMs ??= now - start;
        if (event.type === "reasoning" && answer.parts.at(-1)?.type !== "reasoning") this.#reasoningSince = now;
        if (event.type === "end") event.messages = joined(before, event.messages);
        if (event.type === "text" && !isJoined) {
          isJoined = true;
          const last = answer.parts.at(-1);
          if (last?.type === "text") last.text = upTo(last.text, event.text);
        }
        take(answer, event, (now - this.#reasoningSince) / 1000);
        answer.totalMs = now - start;
        this.#tell({ type: "event", entry: answer, event });
        // While there is always more to read, nothing else would get a turn: no frame, and no click on Stop.
        if (now > pauseAt) {
          await new Promise((resolve) => setTimeout(resolve));
          pauseAt = performance.now() + SLICE_MS;
        }
      }
      if (!signal.aborted) this.#end(answer, "done");
    } catch (error) {
      if (signal.aborted) return;
      answer.error = error;
      use(answer, (error as { usage?: Usage } | undefined)?.usage);
      this.#end(answer, "failed");
    }
  }

  #end(answer: Entry, state: Entry["state"]): void {
    if (this.#answering !== answer) return;
    this.#request = this.#answering = undefined;
    answer.state = state;
    const last = answer.parts.at(-1);
    if (last?.type === "reasoning") last.seconds ??= (performance.now() - this.#reasoningSince) / 1000;
    for (const part of answer.parts) if (part.type === "tool" && part.state === "running") part.state = "failed";
    if (state !== "done") keepPartial(answer);
    this.#tell({ type: "end", entry: answer });
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** The text of an entry, as it was written. */
export const textOf = ({ parts }: Entry): string =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");

/** Whether an answer failed because of what was asked. */
export const isRefusal = ({ error, messages }: Entry): boolean =>
  messages.length === 0 && REFUSED.includes((error as { code?: string } | undefined)?.code ?? "");

function entry(role: Entry["role"]): Entry {
  const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  return { id, role, createdAt: Date.now(), messages: [], parts: [], sources: [], state: "done", children: [], shown: 0 };
}

const shownChild = ({ children, shown }: Entry): Entry | undefined => children[shown];

function attach(child: Entry, parent: Entry): Entry {
  child.parent = parent;
  parent.shown = parent.children.push(child) - 1;
  return child;
}

function detach({ parent, id }: Entry): void {
  if (!parent) return;
  parent.children = parent.children.filter((child) => child.id !== id);
  parent.shown = Math.max(0, Math.min(parent.shown, parent.children.length - 1));
}

function messagesBefore(answer: Entry): Message[] {
  const said: Entry[] = [];
  for (let at = answer.parent; at?.parent; at = at.parent) said.unshift(at);
  const known = said.slice(Math.max(0, ...said.map(({ forgets = 0 }) => forgets)));
  // A question that was refused is left out with its answer, unless it is the one that is asked now.
  return known.filter((each, i) => !(known[i + 1] && isRefusal(known[i + 1]!)) && !isRefusal(each)).flatMap(({ messages }) => messages);
}

/** Adds what comes to what is shown. What is sent on later is put together by the client. */
function take(answer: Entry, event: AnswerEvent, reasoningSeconds: number): void {
  const { parts } = answer;
  const last = parts.at(-1);
  if (last?.type === "reasoning" && event.type !== "reasoning") last.seconds ??= reasoningSeconds;
  switch (event.type) {
    case "text":
    case "refusal":
      if (last?.type === "text") last.text += event.text;
      else parts.push({ type: "text", text: event.text });
      break;
    case "reasoning":
      if (last?.type === "reasoning") last.text += event.text;
      else parts.push({ type: "reasoning", text: event.text });
      break;
    case "tool_call":
      parts.push({ type: "tool", id: event.id, name: event.name, arguments: event.arguments, state: "running" });
      break;
    case "tool_result":
      settle(answer, event.id, event.content, event.isError);
      break;
    case "image":
      parts.push({ type: "image", url: event.image.image_url.url });
      break;
    case "annotation":
      cite(answer, event.annotation);
      break;
    case "usage":
      use(answer, event.usage);
      break;
    case "finish":
      answer.finishReason = event.finishReason;
      break;
    case "step":
      answer.messages = joined(answer.messages, event.messages);
      answer.stepped = parts.length;
      break;
    case "end":
      answer.messages = event.messages;
      use(answer, event.usage);
      answer.model = event.model ?? answer.model;
      answer.provider = event.provider;
      answer.tokensPerSecond = event.tokensPerSecond;
  }
}

function settle({ parts }: Entry, id: string, content: Message["content"], isError: boolean): void {
  const call = parts.find((part): part is ToolPart => part.type === "tool" && part.id === id && part.state === "running");
  if (!call) return;
  call.state = isError ? "failed" : "done";
  call.result = typeof content === "string" ? content : JSON.stringify(content);
}

function cite({ sources }: Entry, annotation: { type: string; url_citation?: unknown }): void {
  if (annotation.type !== "url_citation") return;
  const { url = "", title } = (annotation.url_citation ?? {}) as { url?: string; title?: string };
  if (/^https?:\/\//i.test(url) && !sources.some((source) => source.url === url)) sources.push({ url, title: title || url });
}

/** What there is of an answer that did not come to its end: whole steps as they are, and then the text. */
function keepPartial(answer: Entry): void {
  const text = textOf({ ...answer, parts: answer.parts.slice(answer.stepped) });
  if (!text) return;
  // What was kept of it before is in it.
  if (isText(answer.messages.at(-1))) answer.messages = answer.messages.slice(0, -1);
  answer.messages.push({ role: "assistant", content: text });
}

/** Whether it is a file, as the client makes a part of it: its name stands before its text. */
export const isTextFile = (part: ContentPart): boolean => part.type === "text" && /^[^\n]+\.\w{1,8}:\n\n/.test(part.text);
const isText = (message: Message | undefined) => message?.role === "assistant" && !message.tool_calls?.length && typeof message.content === "string";

/** The beginning of an answer as it is sent: there are providers that take none with a space at its end. */
const begun = (message: Message): Message => (isText(message) ? { ...message, content: (message.content as string).trimEnd() } as Message : message);

/** A text that another one follows, which may begin with the space that was not sent. */
const upTo = (text: string, next: string) => (/^\s/.test(next) ? text.trimEnd() : text);

/** Messages after those that there are, of which the last may be the beginning of the first. */
function joined(before: Message[], after: Message[]): Message[] {
  const [last, first] = [before.at(-1), after[0]];
  if (!isText(last) || first?.role !== "assistant") return [...before, ...after];
  const rest = typeof first.content === "string" ? first.content : "";
  return [...before.slice(0, -1), { ...first, content: upTo(last!.content as string, rest) + rest }, ...after.slice(1)];
}

function use(answer: Entry, usage: Usage | undefined): void {
  if (usage) answer.usage = sum(usage, answer.usedBefore);
}

/** With the details; what only one of them tells is what is known. */
function sum(now: any, before: any): any {
  if (typeof now === "number") return now + (before ?? 0);
  if (Object(now) !== now) return before ?? now;
  const whole = { ...before };
  for (const key in now) whole[key] = sum(now[key], whole[key]);
  return whole;
}

function partsOf(message: Message): Part[] {
  const { content } = message;
  if (message.role === "tool") return [];
  const parts: Part[] = [];
  if (message.role === "assistant" && message.reasoning) parts.push({ type: "reasoning", text: message.reasoning, seconds: 0 });
  if (typeof content === "string" && content) parts.push({ type: "text", text: content });
  if (Array.isArray(content)) {
    for (const part of content) {
      if (part.type === "text" && isTextFile(part)) parts.push({ type: "file", name: part.text.split(":\n", 1)[0]! });
      else if (part.type === "text") parts.push({ type: "text", text: part.text });
      else if (part.type === "image_url") parts.push({ type: "image", url: part.image_url.url });
      else if (part.type === "file") parts.push({ type: "file", name: part.file.filename ?? "PDF", url: part.file.file_data });
      else if ("video_url" in part) parts.push({ type: "file", name: "", url: part.video_url.url });
      else parts.push({ type: "file", name: "", ...part.input_audio });
    }
  }
  if (message.role !== "assistant") return parts;
  for (const { image_url } of message.images ?? []) parts.push({ type: "image", url: image_url.url });
  for (const { id, function: { name, arguments: args } } of message.tool_calls ?? []) {
    parts.push({ type: "tool", id: id ?? "", name, arguments: args ?? "", state: "running" });
  }
  return parts;
}

const toolResults = (message: Message) => (message.role === "tool" ? [{ id: message.tool_call_id, content: message.content }] : []);

function saved(of: Entry): SavedEntry {
  const { parent: _, error, ...own } = of;
  const failure = error as { code?: string; message?: string } | undefined;
  const isLive = own.state === "streaming";
  const copy: Entry = { ...own, state: isLive ? "stopped" : own.state, messages: [...own.messages] };
  if (isLive) keepPartial(copy);
  // Of an answer that has not begun there is nothing to keep.
  const children = own.children.filter(({ state, parts }) => state !== "streaming" || parts.length > 0).map(saved);
  return { ...copy, shown: Math.max(0, Math.min(own.shown, children.length - 1)), error: failure && { code: failure.code, message: failure.message }, children };
}

function remember(of: Entry, known: Map<string, Entry>): void {
  known.set(of.id, of);
  for (const child of of.children) remember(child, known);
}

function restored({ children, ...own }: SavedEntry, known: Map<string, Entry>, parent?: Entry): Entry {
  const before = known.get(own.id);
  const isSame = before && before.state === own.state && before.totalMs === own.totalMs && before.parts.length === own.parts.length;
  const made: Entry = isSame ? before : { ...own, children: [] };
  made.shown = own.shown;
  if (parent) made.parent = parent;
  made.children = children.map((child) => restored(child, known, made));
  return made;
}
