// Files that go along with the next message. Loaded with the first file.
// Seam: the composer gives files (by its button, pasted, dropped) to `add()`, shows `element` above the text, and takes
// the parts of the message with `take()`. What a file is and how large it may be is the client's `contentPart()` to say.
import { contentPart } from "../index.js";
import type { ContentPart } from "../index.js";
import { adopt, h, icon, iconButton } from "./dom.ts";
import css from "./attachments.css";
import type { Host } from "./host.ts";

export const WORDS = {
  attachments: "Files to send",
  removeFile: "Remove {name}",
  fileRefused: "{name} cannot be sent: {reason}",
};

export interface Attachments {
  readonly element: HTMLElement;
  readonly isEmpty: boolean;
  add(files: Iterable<File>): Promise<void>;
  /** What there is to send, which is no longer here then. */
  take(): ContentPart[];
}

export const createAttachments = (host: Host, changed: () => void): Attachments => new Tray(host, changed);

class Tray implements Attachments {
  readonly element: HTMLElement;
  readonly #host: Host;
  readonly #changed: () => void;
  #items: { part: ContentPart; element: HTMLElement }[] = [];

  constructor(host: Host, changed: () => void) {
    this.#host = host;
    this.#changed = changed;
    adopt(host.root, css);
    this.element = h("ul", { class: "attachments", part: "attachments", "aria-label": host.words.of(WORDS, "attachments"), hidden: true });
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  async add(files: Iterable<File>): Promise<void> {
    const { words } = this.#host;
    for (const file of files) {
      try {
        const part = await contentPart(file);
        const remove = iconButton("close", words.of(WORDS, "removeFile", { name: file.name }), { class: "action" }, () => {
          this.#items = this.#items.filter((item) => item.part !== part);
          this.#show();
          this.#host.focusComposer();
        });
        this.#items.push({ part, element: h("li", {}, icon("attach"), h("span", { dir: "auto" }, file.name), remove) });
      } catch (error) {
        this.#host.announce(words.of(WORDS, "fileRefused", { name: file.name, reason: (error as Error).message }));
      }
    }
    this.#show();
  }

  take(): ContentPart[] {
    const parts = this.#items.map(({ part }) => part);
    this.#items = [];
    this.#show();
    return parts;
  }

  #show(): void {
    this.element.replaceChildren(...this.#items.map(({ element }) => element));
    this.element.hidden = this.isEmpty;
    this.#changed();
  }
}
