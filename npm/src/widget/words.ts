// All that the widget says, in one object that a host may replace, and numbers as the reader's language writes them.
// Seam: add a key to ENGLISH (with its `{values}`), then `words.say(key, values)`. A part that is loaded later has a table
// of its own: `words.of(TABLE, key, values)`. A text with `one`, `few`, … and `other` is chosen by the value `count`.

export type Phrase = string | ({ [rule in Intl.LDMLPluralRule]?: string } & { other: string });

export const ENGLISH = {
  chat: "Chat",
  conversation: "Conversation",
  messages: "Messages",
  newChat: "New chat",
  welcome: "Ask any model",
  welcomeMore: "Choose a model, or just start.",
  suggestions: "Suggestions",
  openChat: "Open the chat",
  closeChat: "Close the chat",

  message: "Message",
  send: "Send",
  stop: "Stop",
  continue: "Continue",
  hint: "Enter sends, Shift and Enter start a new line.",
  disclaimer: "Models make mistakes.",
  jump: "Jump to latest",

  you: "You",
  assistant: "Assistant",
  by: "{who}, {time}",
  answering: "The assistant is answering.",
  answerEmpty: "The answer is empty.",
  stopped: "Stopped.",
  cleared: "New chat.",
  stoppedNote: "Stopped: the answer is incomplete.",
  stoppedEmpty: "Stopped before the answer began.",
  incompleteNote: "The answer is incomplete.",
  lengthNote: "The answer reached its length limit.",
  filterNote: "A content filter ended the answer.",
  emptyNote: "The answer is empty.",

  copy: "Copy",
  copyMessage: "Copy message",
  regenerate: "Another answer",
  editMessage: "Edit message",
  previousBranch: "Previous version",
  nextBranch: "Next version",
  branch: "{index}/{count}",
  branchLabel: "Version {index} of {count}",

  thinking: "Thinking…",
  thought: { one: "Thought for {count} s", other: "Thought for {count} s" },
  thoughtShort: "Thought for a moment",
  sources: "Sources",
  image: "Image",
  loadImage: "Load image “{name}” from {host}",
  code: "Code",
  codeIn: "Code, {language}",
  plainText: "text",
  table: "Table",
  taskDone: "Done",

  attach: "Add files",

  model: "Model",
  modelButton: "Model: {name}",
  chooseModel: "Choose a model",
  searchModels: "Search models",
  close: "Close",
  models: "Models",
  loadingModels: "Loading models…",
  modelsFailed: "The model list could not be loaded. The chat still works with {name}.",
  modelCount: { one: "{count} model", other: "{count} models" },
  noModel: "No model matches.",
  modelTyped: "not on the list",
  free: "free",
  priceDepends: "price depends",
  pricePerMillion: "{input} / {output} per M",
  priceNote: "Prices per million tokens, in / out.",
  contextLength: "{tokens} context",
  partFailed: "This could not be loaded.",

  tokens: "{input} in, {output} out",
  firstToken: "first after {seconds} s",
  speed: "{tokens} tokens/s",
  spent: "Cost of this chat: ",

  tryAgain: "Try again",

  // Without a connection the others cannot be loaded.
  error_network: "The server cannot be reached",
  advice_network: "Check your connection, then try again.",
} satisfies Record<string, Phrase>;

export type Key = keyof typeof ENGLISH;

export class Words {
  readonly #strings: Partial<Record<string, Phrase>>;
  readonly language: string | undefined;
  readonly #formats = new Map<string, Intl.NumberFormat>();

  constructor(strings: Partial<Record<string, Phrase>> = {}, language?: string) {
    this.#strings = strings;
    this.language = validLanguage(language);
  }

  say(key: Key, values?: Record<string, string | number>): string {
    return this.fill(this.#strings[key] ?? ENGLISH[key], values);
  }

  /** One of the texts of a part that is loaded later, unless the host has one. */
  of<Own extends Record<string, Phrase>>(own: Own, key: keyof Own & string, values?: Record<string, string | number>): string {
    return this.fill(this.#strings[key] ?? own[key]!, values);
  }

  fill(phrase: Phrase, values: Record<string, string | number> = {}): string {
    const text = typeof phrase === "string" ? phrase : (phrase[new Intl.PluralRules(this.language).select(Number(values.count))] ?? phrase.other);
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name] ?? "";
      return typeof value === "number" ? this.number(value) : value;
    });
  }

  number(value: number, options?: Intl.NumberFormatOptions): string {
    const key = JSON.stringify(options ?? {});
    let format = this.#formats.get(key);
    if (!format) this.#formats.set(key, (format = new Intl.NumberFormat(this.language, options)));
    return format.format(value);
  }

  /** A context length: `400000` is `400K`. */
  tokens(count: number): string {
    return this.number(count, { notation: "compact", maximumSignificantDigits: 3 });
  }

  /** A measured amount: nobody needs more than two digits of it. */
  short(amount: number): string {
    return this.number(amount, { maximumSignificantDigits: 2 });
  }

  /** An amount of dollars, with two digits that matter, however small it is. */
  dollars(amount: number): string {
    const decimals = amount > 0 && amount < 1 ? Math.min(12, Math.max(2, 1 - Math.floor(Math.log10(amount)))) : 2;
    return this.number(amount, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: 2, maximumFractionDigits: decimals });
  }

  time(at: number): string {
    return new Date(at).toLocaleTimeString(this.language, { hour: "2-digit", minute: "2-digit" });
  }
}

/** A language that Intl does not know would make it throw. */
function validLanguage(language: string | undefined): string | undefined {
  try {
    return language ? Intl.getCanonicalLocales(language)[0] : undefined;
  } catch {
    return undefined;
  }
}
