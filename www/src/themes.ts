// The gallery: the same chat with other custom properties, which are shown as the style sheet that one would write.
import type { OpenRouter } from "openrouter-wasm";
import type { OpenRouterChat } from "openrouter-wasm/widget";
import { byId, h, whenNear } from "./dom.ts";

interface Theme {
  name: string;
  scheme?: "light" | "dark";
  tokens: Record<`--or-${string}`, string>;
}

export const THEMES: Theme[] = [
  { name: "Paper", tokens: {} },
  {
    name: "Midnight",
    scheme: "dark",
    tokens: {
      "--or-background": "#0d1220", "--or-surface": "#161d30", "--or-tint": "#1c2540", "--or-text": "#e8ecf8", "--or-muted": "#a3aecb",
      "--or-line": "#28324f", "--or-edge": "#6d7aa3", "--or-accent": "#8fb4ff", "--or-solid": "#8fb4ff", "--or-on-solid": "#0d1220",
    },
  },
  {
    name: "Terminal",
    scheme: "dark",
    tokens: {
      "--or-font": "ui-monospace, monospace", "--or-font-size": "0.9375rem", "--or-radius": "0px", "--or-radius-small": "0px",
      "--or-background": "#050805", "--or-surface": "#0a100a", "--or-tint": "#101a10", "--or-text": "#b8f5c0", "--or-muted": "#7fb88a",
      "--or-line": "#1d331f", "--or-edge": "#4f8a59", "--or-accent": "#6cff86", "--or-solid": "#6cff86", "--or-on-solid": "#051007",
    },
  },
  {
    name: "Harbour",
    scheme: "light",
    tokens: {
      "--or-background": "#f3f8fc", "--or-surface": "#ffffff", "--or-tint": "#e3eef7", "--or-text": "#0f2437", "--or-muted": "#4a6175",
      "--or-line": "#cfe0ec", "--or-edge": "#6e8799", "--or-accent": "#0a5f97", "--or-solid": "#0a5f97", "--or-on-solid": "#ffffff",
      "--or-user-background": "#0a5f97", "--or-user-text": "#ffffff",
    },
  },
  {
    name: "Rosewood",
    scheme: "light",
    tokens: {
      "--or-font": "ui-serif, Georgia, serif", "--or-radius": "6px", "--or-radius-small": "4px",
      "--or-background": "#fdf6f3", "--or-surface": "#fffdfc", "--or-tint": "#f8e6e0", "--or-text": "#33141a", "--or-muted": "#7a4f55",
      "--or-line": "#eed3cb", "--or-edge": "#a07378", "--or-accent": "#9b2242", "--or-solid": "#9b2242", "--or-on-solid": "#ffffff",
    },
  },
  {
    name: "Newsprint",
    scheme: "light",
    tokens: {
      "--or-radius": "0px", "--or-radius-small": "0px", "--or-shadow": "none",
      "--or-background": "#ffffff", "--or-surface": "#ffffff", "--or-tint": "#f0f0f0", "--or-text": "#000000", "--or-muted": "#444444",
      "--or-line": "#000000", "--or-edge": "#000000", "--or-accent": "#0000b8", "--or-solid": "#000000", "--or-on-solid": "#ffffff",
    },
  },
];

const EXAMPLE = [
  { role: "user" as const, content: "Which model is the cheapest one that sees images?" },
  {
    role: "assistant" as const,
    content: "**Sort the table below** by *In*, and look for `image` under *Takes*. Or ask the list itself:\n\n```js\nconst [first] = await client.findModels({\n  inputModalities: [\"image\"],\n  sort: \"price-low-to-high\",\n});\n```",
  },
];

export function showThemes(client: OpenRouter): void {
  const gallery = byId("gallery", HTMLElement);
  const code = byId("theme-code", HTMLElement);
  const swatches = byId("swatches", HTMLElement);
  let chat: OpenRouterChat | undefined;
  let chosen = THEMES[0]!;

  const show = () => {
    code.textContent = written(chosen);
    if (!chat) return;
    for (const { tokens } of THEMES) for (const token of Object.keys(tokens)) chat.style.removeProperty(token);
    for (const [token, value] of Object.entries(chosen.tokens)) chat.style.setProperty(token, value);
    chat.theme = chosen.scheme ?? "auto";
  };

  for (const theme of THEMES) {
    const input = h("input", { type: "radio", name: "theme", value: theme.name });
    input.checked = theme === chosen;
    input.addEventListener("change", () => {
      chosen = theme;
      show();
    });
    const dot = h("span", { class: "dot", "aria-hidden": "true" });
    dot.style.setProperty("--dot", theme.tokens["--or-background"] ?? "var(--paper)");
    dot.style.setProperty("--core", theme.tokens["--or-accent"] ?? "var(--accent)");
    swatches.append(h("label", { class: "swatch" }, input, dot, theme.name));
  }
  show();

  whenNear(gallery, () => {
    chat = document.createElement("openrouter-chat");
    chat.client = client;
    chat.messages = EXAMPLE;
    chat.strings = { chat: "Chat in this theme", conversation: "Conversation in this theme" };
    gallery.append(chat);
    show();
  });
}

function written({ tokens, scheme }: Theme): string {
  const rules = [...(scheme ? [`color-scheme: ${scheme};`] : []), ...Object.entries(tokens).map(([token, value]) => `${token}: ${value};`)];
  return `openrouter-chat {\n${(rules.length > 0 ? rules : ["/* as it comes */"]).map((rule) => `  ${rule}\n`).join("")}}`;
}
