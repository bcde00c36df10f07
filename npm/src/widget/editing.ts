// The box in which a question is said in other words. Loaded when the first is edited.
import type { ContentPart } from "../index.js";
import { adopt, button, h, hasTouchKeyboard } from "./dom.ts";
import css from "./editing.css";
import type { Host } from "./host.ts";
import type { RequestOptions } from "./index.d.ts";
import { isTextFile, textOf, type Entry } from "./thread.ts";

export const WORDS = {
  editLabel: "Edited message",
  saveEdit: "Send",
  cancel: "Cancel",
};

/** Lets a question be said in other words, in its article. */
export function edit(question: Entry, host: Host, article: HTMLElement): void {
  if (article.dataset.editing !== undefined) return;
  const close = () => {
    form.remove();
    delete article.dataset.editing;
  };
  const cancel = () => {
    close();
    article.querySelector<HTMLElement>("[data-action=edit]")?.focus();
  };
  const send = (text: string) => {
    // What was sent along with the words goes along with the new ones.
    const [message] = question.messages;
    const others = Array.isArray(message?.content) ? message.content.filter((part) => part.type !== "text" || isTextFile(part)) : [];
    const content: string | ContentPart[] = others.length > 0 ? [{ type: "text", text }, ...others] : text;
    // The page may change this one as any other, or prevent it.
    const detail = { content, request: { ...question.request } as RequestOptions };
    if (!host.emit("or-submit", detail, { cancelable: true }) || detail.content.length === 0) return;
    close();
    host.focusComposer();
    host.thread.edit(question, detail.content, detail.request);
  };
  const { form, focus } = createEditor(host, textOf(question), send, cancel);
  article.dataset.editing = "";
  article.querySelector(".content")!.after(form);
  focus();
}

function createEditor({ root, words }: Host, before: string, send: (text: string) => void, cancel: () => void) {
  adopt(root, css);
  const text = h("textarea", { "aria-label": words.of(WORDS, "editLabel"), part: "input", dir: "auto", rows: 1 });
  text.value = before;
  const fit = () => {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  };
  const buttons = h("div", { class: "remedies" }, h("button", { type: "submit" }, words.of(WORDS, "saveEdit")), button(words.of(WORDS, "cancel"), {}, cancel));
  const form = h("form", { class: "editor", part: "editor" }, text, buttons);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim()) send(text.value.trim());
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") cancel();
    else if (event.key === "Enter" && !event.shiftKey && event.target === text && !hasTouchKeyboard()) form.requestSubmit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  text.addEventListener("input", fit);
  return {
    form,
    /** Puts the cursor after the last word. */
    focus() {
      fit();
      text.focus();
      text.setSelectionRange(before.length, before.length);
    },
  };
}
