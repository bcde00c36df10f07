// Says on the button, and to those who do not see it, whether something was copied. Loaded with the first copy.
import { icon } from "./dom.ts";
import type { Host } from "./host.ts";

const CHECK = "m5 12.5 4.5 4.5L19 7.5";

/** How long the button says so, in ms. */
const SHOWN_MS = 2000;

export const WORDS = {
  copied: "Copied",
  copyFailed: "Copying is not allowed",
};

export function show({ words, announce }: Host, button: HTMLElement, isCopied: boolean): void {
  const said = words.of(WORDS, isCopied ? "copied" : "copyFailed");
  announce(said);
  if (button.dataset.copied !== undefined) return;
  const before = [...button.childNodes];
  button.dataset.copied = "";
  button.replaceChildren(button.querySelector("svg") ? icon(isCopied ? CHECK : "close") : said);
  setTimeout(() => {
    delete button.dataset.copied;
    button.replaceChildren(...before);
  }, SHOWN_MS);
}
