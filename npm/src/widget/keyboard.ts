// Room for the keyboard on the screen: where it covers the chat, the chat takes what is left above it. iOS does not make
// the page smaller for it, nor does Android unless the page asks for that. Loaded when there is such a keyboard, and something
// of the chat has the focus.
import { adopt } from "./dom.ts";
import css from "./keyboard.css";

/** What is covered by less is covered by the browser's own bars, in CSS pixels. */
const LEAST = 100;

/** An element fills the window if it has this share of its height. */
const FILLED = 0.9;

const watched = new WeakSet<Element>();

/** Makes room until the focus leaves the chat. */
export function makeRoom(element: HTMLElement, root: ShadowRoot, chat: HTMLElement): void {
  const { visualViewport } = window;
  if (!visualViewport || watched.has(chat)) return;
  watched.add(chat);
  adopt(root, css);

  const update = () => {
    if (!chat.isConnected) return end();
    const { clientHeight } = document.documentElement;
    const { offsetTop, height, scale } = visualViewport;
    const { top, height: own } = element.getBoundingClientRect();
    const covered = clientHeight - offsetTop - height;
    const isPopup = element.getAttribute("variant") === "popup";
    // Whoever has enlarged the page sees less of it too.
    const isCovered = covered > LEAST && scale < 1.01 && (isPopup || own > FILLED * clientHeight);
    chat.toggleAttribute("data-covered", isCovered);
    chat.style.setProperty("--covered", `${covered}px`);
    chat.style.setProperty("--above", `${Math.max(0, offsetTop - top)}px`);
    chat.style.setProperty("--room", `${isPopup ? height : offsetTop + height - Math.max(top, offsetTop)}px`);
  };
  const onFocusOut = ({ relatedTarget }: FocusEvent) => {
    if (!chat.contains(relatedTarget as Node | null)) end();
  };
  const end = () => {
    watched.delete(chat);
    chat.toggleAttribute("data-covered", false);
    chat.removeEventListener("focusout", onFocusOut);
    for (const type of ["resize", "scroll"]) visualViewport.removeEventListener(type, update);
  };

  chat.addEventListener("focusout", onFocusOut);
  for (const type of ["resize", "scroll"]) visualViewport.addEventListener(type, update);
  update();
}
