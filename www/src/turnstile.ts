// Cloudflare's Turnstile, which this page loads only where its site wants to know that somebody is there.
import { h } from "./dom.ts";

const SCRIPT = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";

/** The public side of a widget, as the site tells it. */
export interface Widget {
  siteKey: string;
  /** What its tokens are for. */
  action?: string;
}

/** What the page does about a challenge. */
export interface Surroundings {
  /** Where it is shown, if the reader has to do something. */
  box: HTMLElement;
  /** Says something to those who do not see the page. */
  announce(words: string): void;
  /** What a challenge that failed rejects with. */
  failure(words: string): Error;
}

interface Turnstile {
  render(box: HTMLElement, options: Record<string, unknown>): string;
  remove(widget: string): void;
}

declare global {
  var turnstile: Turnstile | undefined;
}

let loading: Promise<Turnstile> | undefined;

function load(failure: (words: string) => Error): Promise<Turnstile> {
  loading ??= new Promise<Turnstile>((resolve, reject) => {
    const settle = () => {
      if (globalThis.turnstile) resolve(globalThis.turnstile);
      else reject(failure("Turnstile could not be loaded."));
    };
    if (globalThis.turnstile) return settle();
    const script = h("script", { src: SCRIPT });
    script.addEventListener("load", settle);
    script.addEventListener("error", settle);
    document.head.append(script);
  });
  // The next try loads it again.
  loading.catch(() => (loading = undefined));
  return loading;
}

/** Has Turnstile look at the reader, who seldom notices; resolves with its token, which is good once. */
export async function challenge({ siteKey, action }: Widget, { box, announce, failure }: Surroundings, signal?: AbortSignal): Promise<string> {
  const turnstile = await load(failure);
  signal?.throwIfAborted();
  let widget: string | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const fail = (words: string) => reject(failure(words));
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      widget = turnstile.render(box, {
        sitekey: siteKey,
        action,
        appearance: "interaction-only",
        callback: resolve,
        "before-interactive-callback": () => announce("Please confirm that you are human."),
        "error-callback": (code: unknown) => {
          fail(`Turnstile failed with the error ${code}.`);
          return true; // it need not tell the console too
        },
        "timeout-callback": () => fail("Nobody answered Turnstile in time."),
        "unsupported-callback": () => fail("Turnstile does not work in this browser."),
      });
    });
  } finally {
    if (widget !== undefined) turnstile.remove(widget);
  }
}
