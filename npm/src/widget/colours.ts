// Our own colours for code, and what they look like. Loaded with the first block, unless the host has its own.
import { adopt } from "./dom.ts";
import { highlight } from "./highlight.ts";
import css from "./highlight.css";

export function colour(root: ShadowRoot, code: string, language: string): Node | undefined {
  adopt(root, css);
  return highlight(code, language);
}
