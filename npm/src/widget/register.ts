// Importing this defines `<openrouter-chat>`.
import { define } from "./element.ts";

define();

export * from "./element.ts";
