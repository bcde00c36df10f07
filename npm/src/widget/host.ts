// What the element offers to its parts. A part is made with a Host, draws into an element of its own, and reads
// `words` again whenever it draws: the element builds all parts anew when the strings or the language change.
import type { Message, OpenRouter } from "../index.js";
import type { ChatEventMap, ConversationStore, Keeping, Preferences, RequestOptions } from "./index.d.ts";
import type { Highlight } from "./markdown.ts";
import type { Choice } from "./models.ts";
import type { Thread } from "./thread.ts";
import type { Words } from "./words.ts";

export interface Host {
  readonly root: ShadowRoot;
  readonly thread: Thread;
  readonly words: Words;
  /** The host page's client, or one for `base-url`. */
  readonly client: OpenRouter;
  readonly model: Choice;
  /** The slugs that may be chosen; none: all. */
  readonly models: string[];
  readonly highlight: Highlight;
  readonly imageHosts: string[];
  /** Has the page sign its reader in, where it can. */
  readonly signIn: (() => unknown) | undefined;
  choose(model: Choice): void;
  /** `isComparing`: for several models, to be compared. */
  openPicker(isComparing?: boolean): void;
  /** Asks several models the same, side by side. */
  compare(models: Choice[]): void;
  /** What a model is sent, all that the page says included; without the model and tools. */
  request(messages: Message[], request?: RequestOptions): { messages: Message[] } & RequestOptions;
  readonly keeping: Keeping | ConversationStore | undefined;
  /** The name under which the browser keeps what is said; empty if it does not. */
  readonly persist: string;
  readonly preferences: Preferences;
  /** Loads a part, and says so if it cannot be had: then it gives undefined. */
  load<Part>(part: () => Promise<Part>): Promise<Part | undefined>;
  /** Says something to those who do not see the page. */
  announce(words: string): void;
  copy(text: string, button: HTMLElement): void;
  /** What stands in the composer. */
  draft: string;
  /** Gives a text and files to the composer, to be edited. */
  fill(text: string, files?: File[]): void;
  focusComposer(): void;
  newChat(): void;
  /** Dispatches an event from the element; false if a listener has prevented it. */
  emit<Type extends keyof ChatEventMap>(type: Type, detail: ChatEventMap[Type]["detail"], options?: EventInit): boolean;
}
