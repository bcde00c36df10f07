// The code beside the chat: one sample at a time, each with a button that copies it.
import { button, h } from "./dom.ts";

export function showSamples(announce: (words: string) => void): void {
  for (const sample of document.querySelectorAll<HTMLElement>(".sample")) sample.append(copyButton(sample, announce));
  for (const list of document.querySelectorAll<HTMLElement>("[role=tablist]")) showTabs(list);
}

function copyButton(sample: HTMLElement, announce: (words: string) => void): HTMLElement {
  const copy = button("Copy", { class: "copy" }, () => {
    const say = (words: string) => {
      copy.textContent = words;
      announce(words);
      setTimeout(() => (copy.textContent = "Copy"), 2000);
    };
    const code = sample.querySelector("code")?.textContent ?? "";
    if (navigator.clipboard) navigator.clipboard.writeText(code).then(() => say("Copied"), () => say("Copying is not allowed"));
    else say("Copying is not allowed");
  });
  return h("div", { class: "copy-place" }, copy);
}

/** Tabs as ARIA's practices have them: the arrows choose, and only the chosen one is in the order of the Tab key. */
function showTabs(list: HTMLElement): void {
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const choose = (chosen: HTMLElement | undefined) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = tab !== chosen;
    }
  };
  for (const [i, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: -1 }[event.key];
      const next = to === undefined ? undefined : tabs.at(to % tabs.length);
      if (!next) return;
      event.preventDefault();
      choose(next);
      next.focus();
    });
  }
  choose(tabs[0]);
}
