// One answer on the page, while it comes and after.
import type { Annotation, ChatCompletion, ImagePart, StreamEvent } from "openrouter-wasm";
import { copyButton, h } from "./dom.ts";
import { cost, count } from "./format.ts";
import { MarkdownView } from "./markdown.ts";

export class Answer {
  readonly element: HTMLElement;
  readonly #body = h("div", { class: "body", dir: "auto" });
  readonly #view = new MarkdownView(this.#body);
  readonly #sources = new Map<string, string>();
  #reasoning: Reasoning | undefined;

  constructor() {
    const pulse = h("p", { class: "pulse" }, h("span", { class: "hidden" }, "The answer is coming"));
    this.element = h("article", { "data-role": "assistant", "aria-label": "Answer", "aria-busy": "true" }, this.#body, pulse);
    this.element.dataset.state = "streaming";
  }

  /** The Markdown so far. */
  get source(): string {
    return this.#view.source;
  }

  /** What a screen reader says when the answer is here: each block's text, without the buttons. */
  get spoken(): string {
    const blocks = [...this.#body.children].map((block) => block.querySelector("pre") ?? block);
    return blocks.map(({ textContent }) => textContent).join("\n");
  }

  show(event: StreamEvent): void {
    if (event.type === "reasoning") {
      this.#reasoning ??= this.#startReasoning();
      this.#reasoning.append(event.text);
      return;
    }
    if (event.type === "text" || event.type === "refusal") {
      this.#reasoning?.end();
      this.#view.append(event.text);
    } else if (event.type === "image") {
      this.#body.after(image(event.image));
    } else if (event.type === "annotation") {
      this.#cite(event.annotation);
    }
  }

  done(completion: ChatCompletion): void {
    this.#end("done");
    const reason = completion.choices[0]?.finish_reason;
    if (reason === "length") this.#note("The answer ends here because it reached its length limit.");
    if (reason === "content_filter") this.#note("A content filter ended the answer here.");
    const isEmpty = this.source.trim() === "" && !this.element.querySelector("img");
    if (isEmpty && reason !== "content_filter") this.#note("The model gave an empty answer.");
    this.element.append(this.#footer(usageLine(completion)));
  }

  /** Ended by the reader. */
  stopped(remedy: HTMLElement): void {
    this.#end("stopped");
    this.#note(this.source ? "Stopped: the answer is incomplete." : "Stopped before the answer began.");
    const footer = this.#footer("");
    footer.append(h("span", { class: "remedies" }, remedy));
    this.element.append(footer);
  }

  failed(card: HTMLElement): void {
    this.#end("failed");
    if (this.source) this.#note("The answer is incomplete.");
    this.element.append(card);
  }

  /** The conversation goes on, so what could be done about this answer no longer can. */
  retire(): void {
    for (const remedies of this.element.querySelectorAll(".remedies")) remedies.remove();
  }

  #end(state: "done" | "stopped" | "failed"): void {
    this.#reasoning?.end();
    this.#view.finish();
    this.element.querySelector(".pulse")?.remove();
    this.element.dataset.state = state;
    this.element.removeAttribute("aria-busy");
    if (this.#sources.size > 0) {
      const links = [...this.#sources].map(([url, title]) => h("li", {}, sourceLink(url, title)));
      this.element.append(h("ol", { class: "sources", "aria-label": "Sources" }, ...links));
    }
  }

  #startReasoning(): Reasoning {
    const reasoning = new Reasoning();
    this.element.prepend(reasoning.element);
    return reasoning;
  }

  #cite(annotation: Annotation): void {
    if (annotation.type !== "url_citation") return;
    const { url, title } = (annotation as Extract<Annotation, { type: "url_citation" }>).url_citation;
    if (/^https?:\/\//i.test(url)) this.#sources.set(url, title || url);
  }

  #note(words: string): void {
    this.element.append(h("p", { class: "note" }, words));
  }

  #footer(facts: string): HTMLElement {
    const footer = h("footer", {}, h("span", { class: "usage" }, facts));
    if (this.source) footer.append(copyButton(() => this.source));
    return footer;
  }
}

/** What the model thought before it answered, folded away. */
class Reasoning {
  readonly element: HTMLElement;
  readonly #summary = h("summary", {}, "Thinking…");
  readonly #view: MarkdownView;
  readonly #start = performance.now();
  #isOver = false;

  constructor() {
    const body = h("div", { class: "body", dir: "auto" });
    this.#view = new MarkdownView(body);
    this.element = h("details", { class: "reasoning" }, this.#summary, body);
  }

  append(text: string): void {
    this.#view.append(text);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#view.finish();
    const seconds = Math.round((performance.now() - this.#start) / 1000);
    this.#summary.textContent = seconds > 0 ? `Thought for ${seconds} s` : "Thought for a moment";
  }
}

/** The text of a question on the page. */
export function question(text: string): HTMLElement {
  return h("article", { "data-role": "user", "aria-label": "Your message" }, h("div", { class: "body", dir: "auto" }, text));
}

function usageLine({ model, usage }: ChatCompletion): string {
  const facts = [model];
  if (usage) facts.push(`${count(usage.prompt_tokens, "token")} in, ${count(usage.completion_tokens)} out`);
  if (typeof usage?.cost === "number") facts.push(cost(usage.cost));
  return facts.join(" · ");
}

/** Only images that came with the answer are shown: the address of another one may tell somebody something. */
function image({ image_url: { url } }: ImagePart): HTMLElement {
  if (/^data:image\/(?:png|jpeg|webp|gif);/.test(url)) return h("img", { src: url, alt: "Image by the model" });
  return h("p", {}, /^https:\/\//i.test(url) ? sourceLink(url, "Image by the model") : "An image that cannot be shown");
}

const sourceLink = (href: string, title: string) =>
  h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, title);
