// The pieces of an answer that are not words: tools, images, files. Loaded with the first one.
// Seam: `viewOf(part, host)` for each kind of part that messages.ts does not know.
import { adopt, button, h, icon, iconButton } from "./dom.ts";
import type { Host } from "./host.ts";
import { link } from "./markdown.ts";
import type { PartView } from "./messages.ts";
import type { Part } from "./thread.ts";
import css from "./views.css";

const TOOL = "M14.5 6.5a4 4 0 0 0-5.3 5L4 16.700l3.300 3.300 5.200-5.200a4 4 0 0 0 5-5.300L15 12l-3-3z";

export const WORDS = {
  toolRunning: "Calling {name}…",
  toolDone: "Called {name}",
  toolFailed: "{name} failed",
  toolArguments: "Arguments",
  toolResult: "Result",
  imageByModel: "Image by the model",
  imageSent: "Image you sent",
  openImage: "{name}, open larger",
  audioSent: "Audio",
  videoSent: "Video",
  imageBlocked: "An image that cannot be shown",
  download: "Download",
};

export function viewOf(part: Part, host: Host, role: "user" | "assistant"): PartView {
  adopt(host.root, css);
  if (part.type === "tool") return new ToolView(host) as PartView;
  const element = part.type === "image" ? imageView(part.url, host, host.words.of(WORDS, role === "user" ? "imageSent" : "imageByModel")) : part.type === "file" ? fileView(part, host) : h("p");
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
    this.#summary.replaceChildren(icon(TOOL), words.of(WORDS, label, { name: part.name }));
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
function imageView(url: string, host: Host, name: string): HTMLElement {
  const { words } = host;
  const type = /^data:image\/(png|jpeg|webp|gif);/.exec(url)?.[1];
  if (!type) return h("p", {}, ...(/^https:\/\//i.test(url) ? link(url, [name]) : [words.of(WORDS, "imageBlocked")]));
  const label = words.of(WORDS, "openImage", { name });
  const open = button(h("img", { src: url, alt: name }), { class: "image-open", "aria-label": label, title: label, "aria-haspopup": "dialog" }, () => openLarger(url, name, host));
  return h("figure", { part: "image" }, open, download(url, `image.${type}`, host));
}

const download = (url: string, name: string, { words }: Host): HTMLElement =>
  h("a", { href: url, download: name, class: "action", "aria-label": words.of(WORDS, "download"), title: words.of(WORDS, "download") }, icon("download"));

/** Over the whole page; Escape or a click closes it, and the focus goes back by itself. */
function openLarger(url: string, name: string, { root, words }: Host): void {
  const close = iconButton("close", words.say("close"), { class: "action" }, () => dialog.close());
  const dialog = h("dialog", { class: "larger", part: "image-dialog", "aria-label": name }, h("img", { src: url, alt: name }), close);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  root.querySelector(".chat")!.append(dialog);
  dialog.showModal();
}

const FILE_ICON = "M6 3.500h8l4 4v13H6zM14 3.500v4h4";
const TYPES: Record<string, string> = { mp3: "audio/mpeg", m4a: "audio/mp4" };

/** A name, or what plays it. */
function fileView({ name, url = "", data, format }: Extract<Part, { type: "file" }>, host: Host): HTMLElement {
  const { words } = host;
  const source = data && format ? `data:${TYPES[format] ?? `audio/${format}`};base64,${data}` : url;
  const kind = /^data:(audio|video)\/[\w.-]+;base64,/.exec(source)?.[1] as "audio" | "video" | undefined;
  const blob = kind && blobOf(source);
  if (blob) {
    const label = name || words.of(WORDS, kind === "audio" ? "audioSent" : "videoSent");
    const player = h(kind, { controls: true, preload: "metadata", "aria-label": label });
    // A policy may allow media of blobs alone.
    player.src = URL.createObjectURL(blob);
    players.register(player, player.src);
    return h("div", { class: "player", part: "player" }, player);
  }
  const shown = h("p", { class: "file", part: "file" }, icon(FILE_ICON), h("span", { dir: "auto" }, name || (kind ? host.words.of(WORDS, kind === "audio" ? "audioSent" : "videoSent") : "")));
  if (source.startsWith("data:application/pdf;")) shown.append(download(source, name, host));
  return shown;
}

/** Views come and go with branches and conversations; what a player plays is kept as long as there is the player. */
const players = new FinalizationRegistry<string>((url) => URL.revokeObjectURL(url));

/** Undefined if it is not what it says: it may come from a file that somebody has written by hand. */
function blobOf(url: string): Blob | undefined {
  const [, type, data] = /^data:([^;,]*)[^,]*,(.*)$/s.exec(url)!;
  try {
    return new Blob([Uint8Array.from(atob(data!), (character) => character.charCodeAt(0))], { type });
  } catch {
    return undefined;
  }
}
