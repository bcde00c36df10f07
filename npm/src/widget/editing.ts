// The box in which a question is said in other words. Loaded when the first is edited.
import { adopt, button, h } from "./dom.ts";
import css from "./editing.css";
import type { Host } from "./host.ts";

export const WORDS = {
  editLabel: "Edited message",
  cancel: "Cancel",
};

export function createEditor({ root, words }: Host, before: string, send: (text: string) => void, cancel: () => void) {
  adopt(root, css);
  const text = h("textarea", { "aria-label": words.of(WORDS, "editLabel"), part: "input", dir: "auto", rows: 1 });
  text.value = before;
  const fit = () => {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  };
  const buttons = h("div", { class: "remedies" }, h("button", { type: "submit" }, words.say("saveEdit")), button(words.of(WORDS, "cancel"), {}, cancel));
  const form = h("form", { class: "editor", part: "editor" }, text, buttons);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim()) send(text.value.trim());
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") cancel();
    else if (event.key === "Enter" && !event.shiftKey && event.target === text) form.requestSubmit();
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
