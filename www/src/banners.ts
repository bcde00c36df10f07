// What the reader should know about this server, from its /healthz.
import { button, h } from "./dom.ts";
import type { Widget } from "./turnstile.ts";

/** As long as the page waits for it, in ms: it can do without. */
const PATIENCE_MS = 5000;

export interface Health {
  status?: unknown;
  demo?: unknown;
  problems?: unknown;
  /** Where readers need a session: `{ siteKey, action? }`. */
  turnstile?: unknown;
}

/** Says when the answers are demo answers, or when the server is not set up. Elsewhere than at our Worker it is silent. */
export function showHealth(banners: HTMLElement, { status, demo, problems }: Health): void {
  if (status === "misconfigured") {
    const list = Array.isArray(problems) ? problems.map((problem) => h("li", {}, String(problem))) : [];
    const words = "This site is not set up correctly, so it may not answer. Its owner can fix that:";
    banners.append(h("div", { class: "banner problem", id: "misconfigured", role: "alert" }, words, h("ul", {}, ...list)));
  } else if (demo === true) {
    const words = "no key is set, so the answers come from a simulator.";
    banners.append(h("p", { class: "banner", id: "demo", role: "note" }, h("strong", {}, "Demo:"), ` ${words}`));
  }
}

/** The widget by which readers get a session, where they need one. */
export function widgetOf({ turnstile }: Health): Widget | undefined {
  const { siteKey, action } = Object(turnstile);
  if (typeof siteKey !== "string" || siteKey === "") return undefined;
  return typeof action === "string" && action !== "" ? { siteKey, action } : { siteKey };
}

export async function askHealth(): Promise<Health> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch("/healthz", { headers: { accept: "application/json" }, signal });
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
