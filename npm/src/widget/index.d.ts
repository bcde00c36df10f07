import type { ComparisonResult } from "../compare.js";
import type { ContentPart, FinishReason, Message, OpenRouter, RunnableTool, StreamEvent, ToolDefinition, Usage } from "../index.js";

/** All that the widget says. Values in `{braces}` are filled in; of `one`, `few`, … and `other` the number decides. */
export type Phrase = string | { zero?: string; one?: string; two?: string; few?: string; many?: string; other: string };

/**
 * The English texts that are always loaded, by key. `openrouter-wasm/widget/strings.json` has all of them, those of the
 * parts that are loaded later included: copy what you translate.
 */
export const ENGLISH: Readonly<Record<string, Phrase>>;

/** Where one thread is kept. `load()` is called once, `save()` after each change, `clear()` with a new chat. */
export interface Keeping {
  load(): Promise<SavedThread | undefined>;
  save(thread: SavedThread): Promise<void>;
  clear(): Promise<void>;
  /** Calls a listener with what was saved elsewhere, such as in another tab; returns what ends that. */
  subscribe?(listener: (thread: SavedThread | undefined) => void): () => void;
  /** Where liked models are kept. Without it they last as long as the page. */
  preferences?: { load(): Promise<Preferences | undefined>; save(preferences: Preferences): Promise<void> };
}

/** Slugs of models. */
export interface Preferences {
  /** Oldest first. */
  favourites: string[];
  /** The last ones that were chosen, newest first. */
  recent: string[];
}

/** Where many conversations are kept. Where one method fails, the reader is told, and `or-error` says why. */
export interface ConversationStore {
  /** In any order. */
  list(): Promise<ConversationSummary[]>;
  read(id: string): Promise<SavedConversation | undefined>;
  /**
   * Keeps it as its next revision, in one step: if what is kept is of another revision than `conversation` (0: it is new),
   * it stays, and is given back to be merged.
   */
  write(conversation: SavedConversation): Promise<SavedConversation | undefined>;
  remove(id: string): Promise<void>;
  clear(): Promise<void>;
  readDraft?(id: string): Promise<string | undefined>;
  writeDraft?(id: string, text: string): Promise<void>;
  /** Where liked models are kept. Without it they last as long as the page. */
  preferences?: Keeping["preferences"];
  /** Calls a listener when something was changed elsewhere, such as in another tab; returns what ends that. */
  subscribe?(listener: (change: { id?: string }) => void): () => void;
}

export interface ConversationSummary {
  id: string;
  /** The first words, or what the reader called it. */
  title: string;
  isRenamed?: boolean;
  /** ms since 1970. */
  createdAt: number;
  updatedAt: number;
  /** How often it was written. */
  revision: number;
  /** What a search looks at. */
  text?: string;
}

export interface SavedConversation extends ConversationSummary {
  version: 1;
  thread: SavedThread;
}

/** A thread as it is saved: a tree, for questions and answers may have alternatives. */
export interface SavedThread {
  version: 1;
  /** Of the conversation. */
  id?: string;
  [field: string]: unknown;
}

/** Fields of requests beside model, messages and tools. */
export type RequestOptions = Record<string, unknown>;

export interface ChatEventMap {
  /** Before a message is sent. Change `content` or `request`, or prevent it. */
  "or-submit": CustomEvent<{ content: string | ContentPart[]; request: RequestOptions }>;
  "or-response-start": CustomEvent<{ id: string; model: string }>;
  "or-response-delta": CustomEvent<{ id: string; event: Extract<StreamEvent, { type: "text" | "reasoning" | "refusal" }> }>;
  "or-response-end": CustomEvent<{
    id: string;
    state: "done" | "stopped" | "failed";
    /** What the answer adds to the history: several messages if it used tools, none if nothing came. */
    messages: Message[];
    model?: string;
    usage?: Usage;
    finishReason?: FinishReason | null;
  }>;
  "or-error": CustomEvent<{ id: string; error: unknown }>;
  /** A tool without `run` is called: answer by `respondWith()`. Otherwise the model is told that nobody did. */
  "or-tool-call": CustomEvent<{ id: string; name: string; arguments: unknown; signal: AbortSignal; respondWith(result: unknown): void }>;
  "or-model-change": CustomEvent<{ model: string; name: string }>;
  /** Several models were asked the same, and have answered, or were stopped; one entry for each. */
  "or-compare-end": CustomEvent<{ content: string; results: ComparisonResult[] }>;
  "or-messages-change": CustomEvent<{ messages: Message[] }>;
  /** Another conversation is shown, or it has another title; of a new one, which has nothing to keep yet, it is empty. */
  "or-conversation-change": CustomEvent<{ id: string; title: string }>;
}

/**
 * A chat with the models of OpenRouter: `<openrouter-chat base-url="/api/v1">`.
 *
 * Attributes are reflected by the properties of the same name. It takes the page's font; `--or-*` properties and
 * `::part()` style it, see the package's README.
 */
export class OpenRouterChat extends HTMLElement {
  /** Where requests go, unless `client` is set. Default: the page's own `/api/v1`. */
  baseUrl: string;
  /** Slug of the model that is asked. Default: `openrouter/auto`. */
  model: string;
  /** The slugs that may be chosen, in an attribute with spaces between them. Empty: all. One: there is no picker. */
  get models(): string[];
  set models(slugs: string[] | string);
  systemPrompt: string;
  placeholder: string;
  /** `auto` is the page's own colour scheme. */
  theme: "auto" | "light" | "dark";
  /** `popup`: a button in the corner of the page opens it. */
  variant: "inline" | "popup";
  /** Whether the popup is open. */
  open: boolean;
  /** A name under which conversations are kept in this browser. Empty: they are not. */
  persist: string;
  disabled: boolean;
  /** Most tokens of an answer. 0: the model's own limit. */
  maxTokens: number;

  /** The client that asks. Default: one for `baseUrl`, which leaves trying again to the reader. */
  client: OpenRouter;
  /** What is said, oldest first, without the system prompt. Setting it shows other messages. */
  messages: Message[];
  /** Tools that the model may call. Those without `run` are answered by `or-tool-call`. */
  tools: (RunnableTool | ToolDefinition<any, any>)[];
  /** Other fields of the requests, e.g. `{ temperature: 0.2, reasoning: { effort: "high" } }`. */
  options: RequestOptions;
  /** What a chat may begin with, as buttons. */
  suggestions: string[];
  /** Texts in place of the English ones, by their keys. */
  strings: Partial<Record<string, Phrase>>;
  /** Colours a closed block of code. Default: a small one of our own, loaded with the first block. */
  highlight: ((code: string, language: string) => Node | undefined | Promise<Node | undefined>) | undefined;
  /**
   * Hosts whose images are fetched without being asked for, by https alone: `img.example.com`, or `*.example.com` for all
   * below it. An image's address may carry what was said in the chat to its server, so name none that others may read.
   */
  imageHosts: string[];
  /** Signs the reader in when he is not let in: then an error offers it, and the question is asked again once it resolves. */
  signIn: (() => unknown) | undefined;
  /** Where conversations are kept (or only the last), in place of `persist`. */
  keeping: Keeping | ConversationStore | undefined;
  readonly isBusy: boolean;

  /** Sends a message, or what the composer holds; false if there is nothing, or a listener prevents it. */
  send(content?: string | ContentPart[]): boolean;
  /** Ends the answer that is under way, and keeps what there is of it. */
  stop(): void;
  /** Asks for another answer beside the last. */
  regenerate(): void;
  /** Begins a new chat. */
  clear(): void;
  focus(): void;
  openPicker(): void;
  /** Opens the list of the conversations that are kept. */
  openConversations(): void;
  /** Opens the list of models to choose two or three that are asked the same; or asks these. */
  compare(models?: string[]): void;
  setComposerValue(text: string): void;
  exportMarkdown(): string;
  exportJSON(): SavedThread;
  importJSON(thread: SavedThread): void;

  addEventListener<Type extends keyof ChatEventMap>(
    type: Type,
    listener: (this: OpenRouterChat, event: ChatEventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<Type extends keyof HTMLElementEventMap>(
    type: Type,
    listener: (this: OpenRouterChat, event: HTMLElementEventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<Type extends keyof ChatEventMap>(
    type: Type,
    listener: (this: OpenRouterChat, event: ChatEventMap[Type]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener<Type extends keyof HTMLElementEventMap>(
    type: Type,
    listener: (this: OpenRouterChat, event: HTMLElementEventMap[Type]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

/** Defines the element, unless it is defined, or there is no page. `openrouter-wasm/widget/define` does it on import. */
export function define(name?: string): void;

declare global {
  interface HTMLElementTagNameMap {
    "openrouter-chat": OpenRouterChat;
  }
}
