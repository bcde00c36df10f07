// What the chat looks like behind a button in the corner of the page. Loaded for those who want it there.
import { adopt } from "./dom.ts";
import css from "./popup.css";

export const popUp = (root: ShadowRoot): void => adopt(root, css);
