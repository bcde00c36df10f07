// `<openrouter-chat>`: what a page sees of the widget. It holds the thread, and builds the parts that show it.
import { OpenRouter } from "../index.js";
import type { ContentPart, Message } from "../index.js";
import { ask } from "./ask.ts";
import { Composer } from "./composer.ts";
import type { Meter } from "./costs.ts";
import { adopt, button, h, hasTouchKeyboard, icon, iconButton } from "./dom.ts";
import { Follower } from "./follow.ts";
import type { Host } from "./host.ts";
import type { ChatEventMap, ConversationStore, Keeping, OpenRouterChat as Public, Phrase, RequestOptions, SavedThread } from "./index.d.ts";
import type { Highlight } from "./markdown.ts";
import type { Keeper } from "./keeping.ts";
import { MessageList } from "./messages.ts";
import { nameOf, type Choice } from "./models.ts";
import { costOf, LONG } from "./money.ts";
import type { Connection } from "./offline.ts";
import type { Picker } from "./picker.ts";
import css from "./style.css";
import { Thread, textOf, type Change, type SavedThread as Saved } from "./thread.ts";
import { ENGLISH, Words } from "./words.ts";

export { ENGLISH };

const DEFAULT_MODEL = "openrouter/auto";

/** What attributes hold, by the property that reflects each. */
const REFLECTED = {
  baseUrl: ["base-url", "text"],
  systemPrompt: ["system-prompt", "text"],
  placeholder: ["placeholder", "text"],
  persist: ["persist", "text"],
  disabled: ["disabled", "flag"],
  open: ["open", "flag"],
  maxTokens: ["max-tokens", "number"],
} as const;

/** Properties that a page may have set before the element was defined. */
const PROPERTIES = [
  ...Object.keys(REFLECTED), "model", "models", "theme", "variant",
  "client", "messages", "tools", "options", "suggestions", "strings", "imageHosts", "keeping",
];

/** Attributes by which the widget looks otherwise as a whole. */
const REBUILT = ["lang", "models", "placeholder", "variant"];

/** What is on the page while the element is. */
interface Parts {
  list: MessageList;
  composer: Composer;
  follower: Follower;
  empty: HTMLElement;
  modelName: HTMLElement | undefined;
  spent: HTMLButtonElement;
  status: HTMLElement;
  launcher: HTMLElement;
  chat: HTMLElement;
  picker?: Promise<Picker | undefined>;
  meter?: Promise<Meter | undefined>;
}

// Where there is no page, importing this does no harm.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export class OpenRouterChat extends Base {
  static observedAttributes = [...Object.values(REFLECTED).map(([name]) => name), "lang", "model", "models", "theme", "variant"];

  declare baseUrl: string;
  declare systemPrompt: string;
  declare placeholder: string;
  declare persist: string;
  declare disabled: boolean;
  declare open: boolean;
  declare maxTokens: number;
  declare signIn: (() => unknown) | undefined;
  declare highlight: Highlight | undefined;
  #connection: Connection | undefined;
  #tools: Public["tools"] = [];
  #options: RequestOptions = {};
  #imageHosts: string[] = [];
  #words: Words | undefined;
  #client: OpenRouter | undefined;
  #ownClient: OpenRouter | undefined;
  #suggestions: string[] = [];
  #said: Record<string, string> = {};
  #strings: Partial<Record<string, Phrase>> = {};
  #names = new Map<string, string>();
  #keeping: Keeping | ConversationStore | undefined;
  /** What the keeper was made for. */
  #kept: unknown;
  #keeper: Promise<Keeper | undefined> | undefined;
  #parts: Parts | undefined;
  readonly #root = this.attachShadow({ mode: "open", delegatesFocus: true });
  readonly #thread = new Thread(({ messages, signal, request }) => {
    const { model } = this;
    return { model, events: ask({ client: this.client, model, request: this.#request(messages, request), tools: this.#tools, emit: this.#host.emit, signal }) };
  });
  readonly #host: Host = hostOf(this, this.#root, this.#thread, {
    words: () => (this.#words ??= new Words(this.#strings, this.closest("[lang]")?.getAttribute("lang") ?? undefined)),
    choice: () => ({ id: this.model, name: this.#names.get(this.model) ?? nameOf(this.model) }),
    choose: (choice) => this.#choose(choice),
    openPicker: (isComparing) => this.#openPicker(isComparing),
    request: (messages, request) => this.#request(messages, request),
    highlight: (code, language) => this.#highlight(code, language),
    announce: (words, isShown) => {
      if (this.#parts) Object.assign(this.#parts.status, { textContent: words, className: isShown ? "hint" : "hidden" });
    },
    fill: (text, files) => this.#parts?.composer.fill(text, files),
    draft: (text) => {
      const { composer } = this.#parts ?? {};
      if (composer && text !== undefined) composer.value = text;
      return composer?.value ?? "";
    },
  });

  constructor() {
    super();
    adopt(this.#root, css);
    this.#thread.subscribe((change) => this.#onChange(change));
    this.addEventListener("keydown", (event) => this.#onKey(event));
    // What tells of a lost connection has to be there before it is lost.
    this.#root.addEventListener("focusin", () => this.#onFocus());
  }

  connectedCallback(): void {
    for (const name of PROPERTIES) this.#upgrade(name as keyof this);
    if (!this.#parts) this.#build();
    this.#keep();
  }

  disconnectedCallback(): void {
    // An element that is only moved is back at once.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#thread.stop();
      this.#connection?.end();
      this.#connection = undefined;
      this.#keep(false);
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "base-url") this.#ownClient = undefined;
    if (!this.#parts) return;
    if (REBUILT.includes(name)) this.#build();
    if (name === "model") this.#showModel();
    if (name === "disabled") this.#parts.composer.isDisabled = this.disabled;
    if (name === "open") this.#onOpen();
    if (name === "persist") this.#keep();
  }

  get model(): string {
    return this.getAttribute("model") || this.models[0] || DEFAULT_MODEL;
  }

  set model(model: string) {
    reflect(this, "model", model);
  }

  get models(): string[] {
    return (this.getAttribute("models") ?? "").split(/[\s,]+/).filter(Boolean);
  }

  set models(slugs: string[] | string) {
    reflect(this, "models", typeof slugs === "string" ? slugs : (slugs ?? []).join(" "));
  }

  get theme(): "auto" | "light" | "dark" {
    const theme = this.getAttribute("theme");
    return theme === "light" || theme === "dark" ? theme : "auto";
  }

  set theme(theme: "auto" | "light" | "dark") {
    reflect(this, "theme", theme);
  }

  get variant(): "inline" | "popup" {
    return this.getAttribute("variant") === "popup" ? "popup" : "inline";
  }

  set variant(variant: "inline" | "popup") {
    reflect(this, "variant", variant);
  }

  get client(): OpenRouter {
    // The card of an error counts down to the next try, and the reader decides: nobody should look at an empty page meanwhile.
    return this.#client ?? (this.#ownClient ??= new OpenRouter({ maxRetries: 0, ...(this.baseUrl ? { baseURL: this.baseUrl } : {}) }));
  }

  set client(client: OpenRouter | undefined) {
    this.#client = client;
  }

  get messages(): Message[] {
    return this.#thread.messages;
  }

  set messages(messages: Message[]) {
    this.#thread.replace(messages ?? []);
  }

  get tools(): Public["tools"] {
    return this.#tools;
  }

  set tools(tools: Public["tools"]) {
    this.#tools = tools ?? [];
  }

  get options(): RequestOptions {
    return this.#options;
  }

  set options(options: RequestOptions) {
    this.#options = options ?? {};
  }

  get imageHosts(): string[] {
    return this.#imageHosts;
  }

  set imageHosts(hosts: string[]) {
    this.#imageHosts = hosts ?? [];
  }

  get suggestions(): string[] {
    return this.#suggestions;
  }

  set suggestions(suggestions: string[]) {
    this.#suggestions = suggestions ?? [];
    if (this.#isNews("suggestions", suggestions)) this.#parts?.empty.replaceWith((this.#parts.empty = this.#welcome()));
  }

  get strings(): Partial<Record<string, Phrase>> {
    return this.#strings;
  }

  set strings(strings: Partial<Record<string, Phrase>>) {
    this.#strings = strings ?? {};
    if (this.#isNews("strings", strings) && this.#parts) this.#build();
  }

  /** Frameworks give the same again whenever they draw; the same list may say more by now. */
  #isNews(name: "suggestions" | "strings", said: unknown): boolean {
    return this.#said[name] !== (this.#said[name] = JSON.stringify(said));
  }

  get keeping(): Keeping | ConversationStore | undefined {
    return this.#keeping;
  }

  set keeping(keeping: Keeping | ConversationStore | undefined) {
    this.#keeping = keeping;
    if (this.#parts) this.#keep();
  }

  get isBusy(): boolean {
    return this.#thread.isBusy;
  }

  send(content?: string | ContentPart[]): boolean {
    if (content === undefined) return this.#parts?.composer.submit() ?? false;
    return content.length > 0 && !this.disabled && this.#send(content);
  }

  stop(): void {
    this.#thread.stop();
  }

  regenerate(): void {
    this.#thread.regenerate();
  }

  clear(): void {
    this.#thread.clear();
    this.#host.announce(this.#host.words.say("cleared"));
  }

  override focus(options?: FocusOptions): void {
    if (this.#parts) this.#parts.composer.focus();
    else super.focus(options);
  }

  openPicker(): void {
    this.#openPicker();
  }

  compare(models?: string[]): void {
    if (models) this.#host.compare(models.map((id) => ({ id, name: nameOf(id) })));
    else this.#openPicker(true);
  }

  #openPicker(isComparing?: boolean): void {
    const parts = this.#parts;
    if (!parts || this.models.length === 1) return;
    parts.picker ??= this.#host.load(() => import("./picker.ts")).then((loaded) => {
      const picker = loaded?.createPicker(this.#host);
      if (picker) parts.chat.append(picker.element);
      else delete parts.picker;
      return picker;
    });
    void parts.picker.then((picker) => picker?.open(isComparing));
  }

  setComposerValue(text: string): void {
    if (this.#parts) this.#parts.composer.value = text;
  }

  openConversations(): void {
    void this.#keeper?.then((keeper) => keeper?.open());
  }

  exportMarkdown(): string {
    const { words } = this.#host;
    return this.#thread.path.map((entry) => `## ${words.say(entry.role === "user" ? "you" : "assistant")}\n\n${textOf(entry)}\n`).join("\n");
  }

  exportJSON(): SavedThread {
    return this.#thread.toJSON() as unknown as SavedThread;
  }

  importJSON(thread: SavedThread): void {
    this.#thread.load(thread as unknown as Saved);
  }

  #upgrade(name: keyof this): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  /** A framework may set anew what says the same with each rendering: whoever writes meanwhile keeps the focus. */
  #build(): void {
    const before = this.#parts;
    this.#words = undefined;
    const { words } = this.#host;
    const focused = this.#root.activeElement as HTMLElement | null;
    // What is written there, and the files, stay.
    const composer = before?.composer ?? new Composer(this.#host, { send: (content) => this.#send(content), stop: () => this.stop(), isHeld: () => this.#connection?.isHeld() === true, editLast: () => this.#parts?.list.editLast() });
    const list = new MessageList(this.#host);
    const jump = iconButton("down", words.say("jump"), { class: "jump", part: "jump-button", hidden: true }, () => {});
    const empty = this.#welcome();
    const content = h("div", { class: "thread" }, empty, list.element);
    const scroller = h("div", { class: "scroller", part: "scroller", tabindex: 0, role: "region", "aria-label": words.say("conversation") }, content);
    const status = h("div", { class: "hidden", role: "status" });
    const modelName = this.models.length === 1 ? undefined : h("span", { class: "model-name" });
    const launcher = button(h("slot", { name: "launcher" }, icon("bubble")), { class: "launcher", part: "launcher" }, () => {
      this.open = !this.open;
    });
    const spent = button("", { class: "action spent", part: "spent-button", "aria-expanded": "false" }, () => this.#showSpent(true));
    const foot = h("div", { class: "foot" }, jump, composer.element, h("slot", { name: "footer" }, h("p", { class: "hint", part: "hint" }, h("span", { class: "keys" }, `${words.say("hint")} `), words.say("disclaimer"))));
    const chat = h("section", { class: "chat", part: "chat", "aria-label": words.say("chat") }, this.#header(modelName, spent), scroller, foot, status);
    for (const type of ["dragenter", "dragover", "dragleave", "drop"] as const) chat.addEventListener(type, (event) => composer.onDrag(event));
    this.#root.replaceChildren(chat, launcher);
    if (this.variant === "popup") void this.#host.load(async () => (await import("./popup.ts")).popUp(this.#root));
    before?.follower.disconnect();
    this.#parts = { list, composer, follower: new Follower(scroller, content, jump), empty, modelName, spent, status, launcher, chat };
    // Before there are cards of errors, whose wait another model would end.
    this.#showModel();
    composer.label(this.placeholder);
    composer.isBusy = this.isBusy;
    composer.isDisabled = this.disabled;
    if (focused) (focused.isConnected ? focused : composer).focus();
    void this.#keeper?.then((keeper) => keeper?.show());
    this.#showOpen();
    this.#connection?.show();
  }

  #onFocus(): void {
    const { chat } = this.#parts!;
    if (hasTouchKeyboard()) void import("./keyboard.ts").then(({ makeRoom }) => chat.contains(this.#root.activeElement) && makeRoom(this, this.#root, chat), () => {});
    if (this.#connection) return;
    void import("./offline.ts").then(({ watchConnection }) => this.isConnected && (this.#connection ??= watchConnection(this.#host)), () => {});
  }

  #header(modelName: HTMLElement | undefined, spent: HTMLElement): HTMLElement {
    const { words } = this.#host;
    const choose = modelName && button(modelName, { class: "model", part: "model-button", "aria-haspopup": "dialog" }, () => this.openPicker());
    choose?.append(icon("more"));
    const fresh = iconButton("plus", words.say("newChat"), { class: "action", part: "new-chat-button" }, () => this.#newChat());
    const close = iconButton("close", words.say("closeChat"), { class: "action popup-only", part: "close-button" }, () => (this.open = false));
    return h("div", { class: "header", part: "header" }, h("slot", { name: "header" }), ...(choose ? [choose] : []), h("span", { class: "gap" }), h("slot", { name: "header-actions" }), spent, fresh, close);
  }

  #welcome(): HTMLElement {
    const { words } = this.#host;
    const items = this.#suggestions.map((text) => h("li", {}, button(text, { part: "suggestion", dir: "auto" }, () => this.#suggest(text))));
    const list = items.length > 0 ? [h("ul", { class: "suggestions", part: "suggestions", "aria-label": words.say("suggestions") }, ...items)] : [];
    return h(
      "div",
      { class: "empty", part: "empty", hidden: this.#thread.path.length > 0 },
      h("slot", { name: "empty" }, h("h2", {}, words.say("welcome")), h("p", {}, words.say("welcomeMore"))),
      h("slot", { name: "suggestions" }, ...list),
    );
  }

  #suggest(text: string): void {
    this.focus();
    this.send(text);
  }

  #newChat(): void {
    this.clear();
    this.focus();
  }

  #send(content: string | ContentPart[]): boolean {
    const detail = { content, request: {} as RequestOptions };
    if (!this.#host.emit("or-submit", detail, { cancelable: true }) || detail.content.length === 0) return false;
    this.#thread.send(detail.content, detail.request);
    return true;
  }

  #onChange(change: Change): void {
    const parts = this.#parts;
    parts?.list.onChange(change);
    const { words, emit } = this.#host;
    if (change.type === "path") {
      if (parts) parts.empty.hidden = this.#thread.path.length > 0;
      this.#showSpent();
      emit("or-messages-change", { messages: this.messages });
      return;
    }
    const { entry } = change;
    const { id } = entry;
    if (change.type === "start") {
      if (parts) parts.composer.isBusy = true;
      this.#host.announce(words.say("answering"));
      parts?.follower.showEnd();
      emit("or-response-start", { id, model: this.model });
    } else if (change.type === "event") {
      const { event } = change;
      if (event.type === "text" || event.type === "reasoning" || event.type === "refusal") emit("or-response-delta", { id, event });
    } else {
      const { state, messages, model, usage, finishReason, error } = entry;
      if (parts) parts.composer.isBusy = this.isBusy;
      if (!this.isBusy) this.#host.announce(state === "done" ? parts?.list.spoken(entry) || words.say(entry.parts.some(({ type }) => type === "image") ? "image" : "answerEmpty") : state === "stopped" ? words.say("stopped") : "");
      if (state === "failed") emit("or-error", { id, error });
      emit("or-response-end", { id, state: state as "done", messages, model, usage, finishReason });
      emit("or-messages-change", { messages: this.messages });
      this.#showSpent();
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || this.#root.querySelector("dialog:modal")) return;
    if (this.isBusy) this.stop();
    else if (this.variant === "popup" && this.open) this.open = false;
    else return;
    event.preventDefault();
  }

  #showOpen(): void {
    const { launcher } = this.#parts!;
    launcher.ariaExpanded = String(this.open);
    launcher.ariaLabel = this.#host.words.say(this.open ? "closeChat" : "openChat");
  }

  #onOpen(): void {
    this.#showOpen();
    if (this.variant !== "popup") return;
    if (this.open) this.focus();
    // Where the page closes it, its reader is elsewhere.
    else if (this.#root.activeElement) this.#parts!.launcher.focus();
  }

  /** What the chat has cost, and once it is long, or somebody asks, how much of it still fits. */
  #showSpent(isAsked = false): void {
    const parts = this.#parts;
    if (!parts) return;
    const { spent } = parts;
    const { words } = this.#host;
    const used = this.#thread.answers.flatMap(({ usage }) => usage ?? []);
    spent.hidden = used.length === 0;
    if (isAsked || (used.at(-1)?.total_tokens ?? 0) > LONG) parts.meter ??= this.#host.load(() => import("./costs.ts")).then((costs) => costs?.createMeter(this.#host, spent));
    if (parts.meter) void parts.meter.then((meter) => meter?.update(isAsked));
    else spent.replaceChildren(h("span", { class: "hidden" }, words.say("spent")), costOf(used, words));
  }

  /** What a model is sent, beside its name and tools. */
  #request(messages: Message[], request?: RequestOptions): { messages: Message[] } & RequestOptions {
    const { systemPrompt, maxTokens } = this;
    const system: Message[] = systemPrompt ? [{ role: "system", content: systemPrompt }] : [];
    const limit = maxTokens > 0 ? { max_completion_tokens: maxTokens } : {};
    return { ...limit, ...this.#options, ...request, messages: [...system, ...messages] };
  }

  #choose({ id, name }: Choice): void {
    this.#names.set(id, name);
    this.model = id;
    this.#showModel();
    this.#host.emit("or-model-change", { model: id, name });
  }

  #showModel(): void {
    this.#showSpent();
    const { list, modelName } = this.#parts!;
    list.endWaits();
    const { model, words } = this.#host;
    modelName?.replaceChildren(h("span", { class: "hidden" }, words.say("modelButton", { name: "" })), model.name);
  }

  async #highlight(code: string, language: string): Promise<Node | undefined> {
    if (this.highlight) return this.highlight(code, language);
    const { colour } = await import("./colours.ts");
    return colour(this.#root, code, language);
  }

  /** Whoever keeps the thread listens to it. */
  #keep(isHere = true): void {
    const source = isHere ? this.#keeping || this.persist : "";
    if (source === (this.#kept ?? "")) return;
    this.#kept = source;
    const before = this.#keeper;
    this.#keeper = this.#host.load(async () => {
      (await before)?.close();
      return source ? (await import("./keeping.ts")).keep(this.#host, source) : undefined;
    });
  }
}

// The hand-written types and the class say the same.
OpenRouterChat satisfies new () => Omit<Public, "addEventListener" | "removeEventListener">;

// Not fields, which would write over what a page set before; and there from the beginning, for frameworks set as a property
// only what is.
Object.assign(OpenRouterChat.prototype, { signIn: undefined, highlight: undefined });

for (const [property, [name, kind]] of Object.entries(REFLECTED)) {
  Object.defineProperty(OpenRouterChat.prototype, property, {
    configurable: true,
    enumerable: true,
    get(this: HTMLElement) {
      if (kind === "flag") return this.hasAttribute(name);
      const value = this.getAttribute(name) ?? "";
      return kind === "number" ? Number(value) || 0 : value;
    },
    set(this: HTMLElement, value: unknown) {
      if (kind === "flag") this.toggleAttribute(name, Boolean(value));
      else reflect(this, name, value);
    },
  });
}

function reflect(element: HTMLElement, name: string, value: unknown): void {
  if (value === undefined || value === null || value === "") element.removeAttribute(name);
  else element.setAttribute(name, String(value));
}

interface Own {
  words(): Words;
  choice(): Choice;
  choose(choice: Choice): void;
  openPicker(isComparing?: boolean): void;
  request: Host["request"];
  highlight: Highlight;
  /** `isShown`: nothing else on the page says it. */
  announce(words: string, isShown?: boolean): void;
  fill: Host["fill"];
  draft(text?: string): string;
}

/** What of an element its parts may use. */
function hostOf(element: OpenRouterChat, root: ShadowRoot, thread: Thread, own: Own): Host {
  const host: Host = {
    ...own,
    root,
    thread,
    get words() {
      return own.words();
    },
    get client() {
      return element.client;
    },
    get model() {
      return own.choice();
    },
    get models() {
      return element.models;
    },
    get imageHosts() {
      return element.imageHosts;
    },
    get signIn() {
      return element.signIn;
    },
    compare: (models) => void host.load(() => import("./comparison.ts")).then((loaded) => loaded?.openComparison(host, models)),
    get keeping() {
      return element.keeping;
    },
    get persist() {
      return element.persist;
    },
    preferences: { favourites: [], recent: [] },
    load: (part) =>
      part().catch(() => {
        own.announce(own.words().say("partFailed"), true);
        return undefined;
      }),
    async copy(text, button) {
      let isCopied = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        isCopied = false; // nor is there a clipboard on a page without https
      }
      void host.load(async () => (await import("./copied.ts")).show(host, button, isCopied));
    },
    get draft() {
      return own.draft();
    },
    set draft(text) {
      own.draft(text);
    },
    focusComposer: () => element.focus(),
    newChat: () => element.clear(),
    emit: <Type extends keyof ChatEventMap>(type: Type, detail: ChatEventMap[Type]["detail"], options?: EventInit) =>
      element.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, ...options, detail })),
  };
  return host;
}

/** Defines the element, unless it is defined, or there is no page. */
export function define(name = "openrouter-chat"): void {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, OpenRouterChat);
}
