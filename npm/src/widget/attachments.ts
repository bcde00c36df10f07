// Files that go along with the next message: chosen, pasted or dropped. Loaded with the first file.
// Seam: the composer gives files to `add()` and drags over the chat to `onDrag()`, shows `element` above the text, and asks
// `mayBeSent()` before it sends `parts`. What a file is and how large it may be is the client's `contentPart()` to say;
// what the chosen model takes is in its row of the client's list.
import { contentPart } from "../index.js";
import type { ContentPart } from "../index.js";
import { adopt, button, h, icon, iconButton } from "./dom.ts";
import css from "./attachments.css";
import type { Host } from "./host.ts";
import { fitted } from "./pictures.ts";

export const WORDS = {
  attachments: "Files to send",
  removeFile: "Remove {name}",
  fileRefused: "{name} cannot be sent: {reason}",
  fileTooLarge: "it has {size}, and {most} is the most for {kind}. Send a smaller one, or a part of it.",
  fileEmpty: "it is empty.",
  fileUnknown: "the models take images (PNG, JPEG, WebP, GIF), PDF, audio (MP3, WAV and others), video and text. Convert it to one of these.",
  filesTooMany: "{count} files are the most for one message. Send it with the next one.",
  filesTooLarge: "all files of a message may have {most} together. Send it with the next one.",
  filesReading: "A file is still being read.",
  fileReading: "Reading…",
  fileAdded: "{name} is added.",
  fileRemoved: "{name} is removed.",
  fileShrunk: "made smaller",
  kind_image: "images",
  kind_audio: "audio",
  kind_video: "video",
  kind_file: "PDFs",
  kind_text: "text",
  notTaken: "{model} does not take {kinds}. Choose a model that does, or remove what it does not take.",
  otherModel: "Choose a model",
  dropFiles: "Drop files to send them along",
  dropTaken: "{model} takes {kinds}.",
};

type Kind = "image" | "audio" | "video" | "file" | "text";

/** The limits of the client, to be said in words. In bytes. */
const MOST: Record<Kind, number> = { image: 5_000_000, text: 1_000_000, audio: 7_500_000, video: 7_500_000, file: 7_500_000 };
/** Of all files of a message: as base64 they still go through a proxy that takes 10 MiB. */
const MOST_TOGETHER = 7_500_000;
const MOST_FILES = 10;

const KINDS: Record<string, Kind> = { image_url: "image", input_audio: "audio", video_url: "video", file: "file", text: "text" };

const ICONS = {
  audio: "M9 18V6l10-2v12M9 18a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0zM19 16a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z",
  video: "M4 6h11v12H4zM15 11l5-3v8l-5-3",
  file: "M6 3.500h8l4 4v13H6zM14 3.500v4h4",
  text: "M6 3.500h8l4 4v13H6zM14 3.500v4h4M9 12h6M9 16h6",
} as const;

export interface Attachments {
  readonly element: HTMLElement;
  readonly isEmpty: boolean;
  /** What there is to send. */
  readonly parts: ContentPart[];
  add(files: Iterable<File>): Promise<void>;
  /** Whether the chosen model takes all of it; if not, it says so. */
  mayBeSent(): boolean;
  clear(): void;
  onDrag(event: DragEvent): void;
}

export const createAttachments = (host: Host, changed: () => void): Attachments => new Tray(host, changed);

interface Item {
  name: string;
  element: HTMLElement;
  /** Once it is read. */
  part?: ContentPart;
  kind: Kind;
  size: number;
}

class Tray implements Attachments {
  readonly element: HTMLElement;
  readonly #host: Host;
  readonly #changed: () => void;
  readonly #list: HTMLElement;
  readonly #problems = h("div", { class: "attachment-problems" });
  readonly #warning = h("div", { class: "attachment-warning", part: "attachments-warning", hidden: true });
  readonly #overlay: HTMLElement;
  #items: Item[] = [];
  /** What the chosen model takes, if anybody knows. */
  #taken: { model: string; kinds: string[] } | undefined;
  #entered = 0;

  constructor(host: Host, changed: () => void) {
    this.#host = host;
    this.#changed = changed;
    adopt(host.root, css);
    this.#list = h("ul", { class: "attachments", part: "attachments", "aria-label": host.words.of(WORDS, "attachments"), hidden: true });
    this.element = h("div", { class: "attachment-tray" }, this.#problems, this.#warning, this.#list);
    this.#overlay = h("div", { class: "drop", part: "drop-overlay", "aria-hidden": "true", hidden: true });
    host.root.querySelector(".chat")?.append(this.#overlay);
    // However the model is changed, what it takes is another thing then.
    new MutationObserver(() => void this.#check()).observe(host.root.host, { attributeFilter: ["model", "models"] });
    void this.#check();
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get parts(): ContentPart[] {
    return this.#items.flatMap(({ part }) => part ?? []);
  }

  async add(files: Iterable<File>): Promise<void> {
    this.#problems.replaceChildren();
    for (const file of files) await this.#add(file);
    await this.#check();
  }

  mayBeSent(): boolean {
    const { words } = this.#host;
    if (this.#items.some(({ part }) => !part)) {
      this.#host.announce(words.of(WORDS, "filesReading"));
      return false;
    }
    this.#showWarning();
    if (this.#warning.hidden) return true;
    this.#warning.querySelector("button")?.focus();
    return false;
  }

  clear(): void {
    this.#items = [];
    this.#problems.replaceChildren();
    this.#show();
  }

  onDrag(event: DragEvent): void {
    if (event.type === "dragenter") this.#entered++;
    else if (event.type === "dragleave") this.#entered--;
    else if (event.type === "drop") this.#entered = 0;
    else this.#entered = Math.max(1, this.#entered); // we were loaded after it came in
    this.#overlay.hidden = this.#entered <= 0;
    // The chat around the composer may be another one since.
    if (!this.#overlay.isConnected) this.#host.root.querySelector(".chat")?.append(this.#overlay);
    if (!this.#overlay.hidden && !this.#overlay.firstChild) this.#showOverlay();
  }

  #showOverlay(): void {
    const { words, model } = this.#host;
    const kinds = this.#taken?.model === model.id ? this.#taken.kinds.filter((kind) => kind in MOST && kind !== "text") : [];
    const taken = kinds.length > 0 ? [h("p", {}, words.of(WORDS, "dropTaken", { model: model.name, kinds: this.#namesOf([...kinds, "text"]) }))] : [];
    this.#overlay.replaceChildren(h("div", {}, icon("attach"), h("strong", {}, words.of(WORDS, "dropFiles")), ...taken));
  }

  async #add(file: File): Promise<void> {
    const { words } = this.#host;
    const refuse = (reason: string) => this.#refuse(file.name, reason);
    if (this.#items.length >= MOST_FILES) return refuse(words.of(WORDS, "filesTooMany", { count: MOST_FILES }));
    if (file.size === 0) return refuse(words.of(WORDS, "fileEmpty"));
    const item: Item = { name: file.name, element: h("li", { class: "attachment", "aria-busy": "true" }, h("span", { class: "attachment-name", dir: "auto" }, file.name), h("span", { class: "attachment-size" }, words.of(WORDS, "fileReading"))), kind: "text", size: 0 };
    this.#items.push(item);
    this.#show();
    try {
      const { blob, isShrunk } = await fitted(file, MOST.image);
      const part = await contentPart(blob, { name: file.name });
      if (!this.#items.includes(item)) return;
      item.kind = KINDS[part.type] ?? "file";
      item.size = blob.size;
      if (this.#items.reduce((sum, { size }) => sum + size, 0) > MOST_TOGETHER) {
        this.#drop(item);
        return refuse(words.of(WORDS, "filesTooLarge", { most: this.#sizeOf(MOST_TOGETHER) }));
      }
      item.part = part;
      item.element.replaceWith((item.element = this.#card(item, isShrunk)));
      this.#host.announce(words.of(WORDS, "fileAdded", { name: item.name }));
      this.#show();
    } catch (error) {
      this.#drop(item);
      refuse(this.#reasonOf(file, error));
    }
  }

  /** Why the client does not take it, in words for those who chose it. */
  #reasonOf(file: File, error: unknown): string {
    const { words } = this.#host;
    const [main] = file.type.split("/");
    const kind: Kind = main === "image" || main === "audio" || main === "video" || main === "text" ? main : file.type === "application/pdf" ? "file" : "text";
    const isTooLarge = /larger than maxBytes/.test((error as Error).message);
    if (!isTooLarge) return words.of(WORDS, "fileUnknown");
    return words.of(WORDS, "fileTooLarge", { size: this.#sizeOf(file.size), most: this.#sizeOf(MOST[kind]), kind: this.#namesOf([kind]) });
  }

  #refuse(name: string, reason: string): void {
    const { words } = this.#host;
    const problem = h("div", { class: "attachment-problem", part: "attachments-problem" }, h("p", { role: "alert", dir: "auto" }, words.of(WORDS, "fileRefused", { name, reason })));
    problem.append(
      iconButton("close", words.say("close"), { class: "action" }, () => {
        problem.remove();
        this.#host.focusComposer();
      }),
    );
    this.#problems.append(problem);
  }

  #card(item: Item, isShrunk: boolean): HTMLElement {
    const { words } = this.#host;
    const { name, part, kind, size } = item;
    const remove = iconButton("close", words.of(WORDS, "removeFile", { name }), { class: "attachment-remove" }, () => {
      this.#drop(item);
      this.#host.announce(words.of(WORDS, "fileRemoved", { name }));
      this.#host.focusComposer();
    });
    const picture = part?.type === "image_url" ? h("img", { src: part.image_url.url, alt: "" }) : icon(ICONS[kind as keyof typeof ICONS] ?? ICONS.file);
    const facts = [this.#sizeOf(size), ...(isShrunk ? [words.of(WORDS, "fileShrunk")] : [])].join(" · ");
    return h(
      "li",
      { class: "attachment", part: "attachment", "data-kind": kind },
      h("span", { class: "attachment-picture" }, picture),
      h("span", { class: "attachment-text" }, h("span", { class: "attachment-name", dir: "auto", title: name }, name), h("span", { class: "attachment-size" }, facts)),
      remove,
    );
  }

  #drop(item: Item): void {
    this.#items = this.#items.filter((each) => each !== item);
    this.#show();
  }

  #show(): void {
    for (const { element } of this.#items) if (element.parentElement !== this.#list) this.#list.append(element);
    for (const element of [...this.#list.children]) if (!this.#items.some((item) => item.element === element)) element.remove();
    this.#list.hidden = this.isEmpty;
    this.#showWarning();
    this.#changed();
  }

  /** Asks what the chosen model takes. Of one that is not on the list the API says it. */
  async #check(): Promise<void> {
    const { client, model } = this.#host;
    const rows = await client.models().then(
      ({ data }) => data,
      () => [],
    );
    if (this.#host.model.id !== model.id) return;
    // `author/name:variant` takes what `author/name` does.
    const row = rows.find(({ id }) => id === model.id) ?? rows.find(({ id }) => id === model.id.split(":")[0]);
    const kinds = row?.architecture?.input_modalities;
    this.#taken = kinds && { model: model.id, kinds };
    this.#showOverlay();
    this.#showWarning();
  }

  #showWarning(): void {
    const { words, model } = this.#host;
    const taken = this.#taken?.model === model.id ? this.#taken.kinds : undefined;
    const isRefused = ({ kind, part }: Item) => part !== undefined && kind !== "text" && taken !== undefined && !taken.includes(kind);
    const refused = this.#items.filter(isRefused);
    for (const item of this.#items) item.element.toggleAttribute("data-refused", isRefused(item));
    const text = refused.length > 0 ? words.of(WORDS, "notTaken", { model: model.name, kinds: this.#namesOf(refused.map(({ kind }) => kind)) }) : "";
    this.#warning.hidden = text === "";
    if (this.#warning.firstChild?.textContent === text) return;
    const choose = this.#host.models.length === 1 ? [] : [button(words.of(WORDS, "otherModel"), {}, () => this.#host.openPicker())];
    this.#warning.replaceChildren(...(text ? [h("p", { role: "alert" }, text), ...choose] : []));
  }

  #namesOf(kinds: string[]): string {
    const { words } = this.#host;
    const names = [...new Set(kinds)].map((kind) => words.of(WORDS, `kind_${kind as Kind}`));
    return new Intl.ListFormat(words.language, { type: "conjunction" }).format(names);
  }

  #sizeOf(bytes: number): string {
    const [unit, size] = bytes < 1000 ? ["byte", 1] : bytes < 1e6 ? ["kilobyte", 1000] : ["megabyte", 1e6];
    return this.#host.words.number(bytes / (size as number), { style: "unit", unit: unit as string, maximumSignificantDigits: 2 });
  }
}
