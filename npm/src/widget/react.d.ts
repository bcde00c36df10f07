// `<openrouter-chat>` in the JSX of React 19: `import type {} from "openrouter-wasm/widget/react"`.
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { ChatEventMap, OpenRouterChat } from "./index.js";

/** React 19 listens to an element's own events by `on` and their name. */
type Listeners = { [Type in keyof ChatEventMap as `on${Type}`]?: (event: ChatEventMap[Type]) => void };

type Properties = Partial<
  Pick<
    OpenRouterChat,
    | "model" | "theme" | "variant" | "open" | "persist" | "placeholder" | "disabled"
    | "client" | "messages" | "tools" | "options" | "suggestions" | "strings" | "highlight" | "imageHosts" | "keeping" | "signIn"
  >
> & {
  "base-url"?: string;
  models?: string[] | string;
  "system-prompt"?: string;
  "max-tokens"?: number;
};

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "openrouter-chat": DetailedHTMLProps<HTMLAttributes<OpenRouterChat>, OpenRouterChat> & Properties & Listeners;
    }
  }
}
