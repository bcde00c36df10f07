// What the reader should know about this server, from its /healthz.
import { button, h } from "./dom.ts";

interface Health {
  status?: unknown;
  demo?: unknown;
  problems?: unknown;
}

/** Says when the answers are demo answers, or when the server is not set up. Elsewhere than at our Worker it is silent. */
export async function showHealth(banners: HTMLElement): Promise<void> {
  const { status, demo, problems } = await askHealth();
  if (status === "misconfigured") {
    const list = Array.isArray(problems) ? problems.map((problem) => h("li", {}, String(problem))) : [];
    const words = "This site is not set up correctly, so it may not answer. Its owner can fix that:";
    banners.append(h("div", { class: "banner problem", id: "misconfigured", role: "alert" }, words, h("ul", {}, ...list)));
  } else if (demo === true) {
    const words = "no key is set, so the answers come from a simulator.";
    banners.append(h("p", { class: "banner", id: "demo", role: "note" }, h("strong", {}, "Demo:"), ` ${words}`));
  }
}

async function askHealth(): Promise<Health> {
  try {
    const response = await fetch("/healthz", { headers: { accept: "application/json" } });
    return Object(await response.json());
  } catch {
    return {};
  }
}

/** A banner that can be closed. */
export function showNotice(banners: HTMLElement, words: string): void {
  const notice = h("p", { class: "banner", role: "status" }, words, " ");
  notice.append(button("Close", { class: "quiet" }, () => notice.remove()));
  banners.append(notice);
}
