// The pieces of an answer that are not words: tools, images, files. Loaded with the first one.
// Seam: `viewOf(part, host)` for each kind of part that messages.ts does not know.
import { adopt, h, icon } from "./dom.ts";
import type { Host } from "./host.ts";
import { link } from "./markdown.ts";
import type { PartView } from "./messages.ts";
import type { Part } from "./thread.ts";
import css from "./views.css";

export const WORDS = {
  toolRunning: "Calling {name}…",
  toolDone: "Called {name}",
  toolFailed: "{name} failed",
  toolArguments: "Arguments",
  toolResult: "Result",
  imageByModel: "Image by the model",
  imageBlocked: "An image that cannot be shown",
  download: "Download",
};

export function viewOf(part: Part, host: Host): PartView {
  adopt(host.root, css);
  if (part.type === "tool") return new ToolView(host) as PartView;
  const element = part.type === "image" ? imageView(part.url, host) : h("p", { class: "file", part: "file", dir: "auto" }, icon("attach"), part.type === "file" ? part.name : "");
  return { element, update: () => true };
}

class ToolView implements PartView<Extract<Part, { type: "tool" }>> {
  readonly element: HTMLElement;
  readonly #host: Host;
  readonly #summary = h("summary", {});
  readonly #details = h("div", { class: "body" });
  #state = "";

  constructor(host: Host) {
    this.#host = host;
    this.element = h("details", { class: "tool", part: "tool" }, this.#summary, this.#details);
  }

  update(part: Extract<Part, { type: "tool" }>): boolean {
    if (this.#state === part.state) return true;
    const { words } = this.#host;
    this.#state = part.state;
    this.element.dataset.state = part.state;
    const label = ({ running: "toolRunning", done: "toolDone", failed: "toolFailed" } as const)[part.state];
    this.#summary.replaceChildren(icon("tool"), words.of(WORDS, label, { name: part.name }));
    const block = (key: "toolArguments" | "toolResult", text: string) => [
      h("p", { class: "label" }, words.of(WORDS, key)),
      h("pre", { tabindex: 0, role: "group", "aria-label": words.of(WORDS, key), dir: "ltr" }, h("code", {}, pretty(text))),
    ];
    this.#details.replaceChildren(
      ...block("toolArguments", part.arguments || "{}"),
      ...(part.result === undefined ? [] : block("toolResult", part.result)),
    );
    return true;
  }
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Only images that came with the answer are shown: the address of another one may tell somebody something. */
function imageView(url: string, { words }: Host): HTMLElement {
  const name = words.of(WORDS, "imageByModel");
  const type = /^data:image\/(png|jpeg|webp|gif);/.exec(url)?.[1];
  return type
    ? h(
        "figure",
        { part: "image" },
        h("img", { src: url, alt: name }),
        h("a", { href: url, download: `image.${type}`, class: "action", "aria-label": words.of(WORDS, "download"), title: words.of(WORDS, "download") }, icon("download")),
      )
    : h("p", {}, ...(/^https:\/\//i.test(url) ? link(url, [name]) : [words.of(WORDS, "imageBlocked")]));
}

