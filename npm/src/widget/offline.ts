// Without a connection: a banner above the composer says so, what is written stays there, and a retry is offered when it
// is back. Loaded with the first focus, while there is a connection.
// Seam: `watchConnection(host)` gives `{ isHeld(), show(), end() }`; the banner stands before the composer's form.
import type { OpenRouterErrorCode } from "../index.js";
import { adopt, button, h, icon } from "./dom.ts";
import type { Host } from "./host.ts";
import css from "./offline.css";
import type { Change } from "./thread.ts";

export const WORDS = {
  bannerOffline: "You are offline. What you write is kept here.",
  bannerUnreachable: "There is no way to the server. What you write is kept here.",
  bannerBack: "You are online again.",
  heldOffline: "You are offline: the message was not sent, and is kept here.",
  tryAnyway: "Try anyway",
  sendNow: "Send the message",
  askAgain: "Ask again",
};

export interface Connection {
  /** Whether a message had better not be sent now; says why. */
  isHeld(): boolean;
  /** Shows the banner again where everything else was built anew. */
  show(): void;
  end(): void;
}

type State = "fine" | "offline" | "unreachable" | "back";

/** Failures that another try may mend as soon as there is a connection. */
const LOST: (OpenRouterErrorCode | undefined)[] = ["network", "stream_cut"];

export const watchConnection = (host: Host): Connection => new Watcher(host);

class Watcher implements Connection {
  readonly #host: Host;
  readonly #leave = new AbortController();
  #state: State = "fine";
  #banner: HTMLElement | undefined;
  /** The reader knows better than the browser. */
  #isForced = false;

  constructor(host: Host) {
    this.#host = host;
    const { signal } = this.#leave;
    addEventListener("offline", () => this.#set("offline"), { signal });
    addEventListener("online", () => this.#set(this.#isWaiting ? "back" : "fine"), { signal });
    signal.addEventListener("abort", host.thread.subscribe((change) => this.#onChange(change)));
    adopt(host.root, css);
    // What it may have to say cannot be loaded then.
    void import("./errors.ts").catch(() => {});
    // An answer may have failed while this was loaded. What was kept or imported is no Error, and says nothing of now.
    const error = this.#lost?.error;
    if (!navigator.onLine) this.#set("offline");
    else if (error instanceof Error && (error as { code?: unknown }).code === "network") this.#set("unreachable");
  }

  isHeld(): boolean {
    if (navigator.onLine || this.#isForced) return false;
    this.#state = "offline";
    // There is something to send now.
    this.show();
    this.#host.announce(this.#host.words.of(WORDS, "heldOffline"));
    return true;
  }

  show(): void {
    const { words, root } = this.#host;
    this.#banner?.remove();
    this.#banner = undefined;
    if (this.#state === "fine") return;
    const isDraft = this.#draft !== "" && (this.#state !== "unreachable" || !this.#lost);
    const [text, label] = {
      offline: ["bannerOffline", "tryAnyway"] as const,
      unreachable: ["bannerUnreachable", isDraft ? "sendNow" : "askAgain"] as const,
      back: ["bannerBack", isDraft ? "sendNow" : "askAgain"] as const,
    }[this.#state];
    // What it says it does, whatever has been written since.
    const act = this.#isWaiting ? [button(words.of(WORDS, label), { class: "quiet", part: "connection-button" }, () => this.#try(label !== "askAgain"))] : [];
    const mark = h("span", { class: "connection-mark" }, icon(this.#state === "back" ? "m5 12.5 4.5 4.5L19 7.5" : "close"));
    this.#banner = h("div", { class: "connection", part: "connection", "data-state": this.#state }, mark, h("span", {}, words.of(WORDS, text)), ...act);
    root.querySelector(".foot form")?.before(this.#banner);
  }

  end(): void {
    this.#leave.abort();
    this.#banner?.remove();
  }

  get #draft(): string {
    return this.#host.root.querySelector<HTMLTextAreaElement>(".composer textarea")?.value.trim() ?? "";
  }

  /** The answer that a lost connection has ended. */
  get #lost() {
    const last = this.#host.thread.path.at(-1);
    const isLost = last?.state === "failed" && LOST.includes((last.error as { code?: OpenRouterErrorCode } | undefined)?.code);
    return isLost ? last : undefined;
  }

  get #isWaiting(): boolean {
    return this.#draft !== "" || this.#lost !== undefined;
  }

  #set(state: State): void {
    if (this.#state === state) return;
    const hadFocus = this.#banner?.contains(this.#host.root.activeElement);
    this.#state = state;
    if (state === "offline") this.#isForced = false;
    this.show();
    const { words, announce } = this.#host;
    if (state !== "fine") announce(words.of(WORDS, ({ offline: "bannerOffline", unreachable: "bannerUnreachable", back: "bannerBack" } as const)[state]));
    if (hadFocus) this.#host.focusComposer();
  }

  #try(maySend: boolean): void {
    const { thread, root } = this.#host;
    const lost = this.#lost;
    this.#host.focusComposer();
    this.#isForced = true;
    if (maySend && this.#draft) root.querySelector<HTMLFormElement>(".foot form")?.requestSubmit();
    else if (lost?.messages.length) thread.resume(lost);
    else if (lost) thread.retry(lost);
  }

  #onChange(change: Change): void {
    if (change.type === "path" || (change.type === "event" && this.#state === "fine")) return;
    if (change.type === "end") {
      const { code } = (change.entry.error ?? {}) as { code?: OpenRouterErrorCode };
      // Its banner may have been shown before there was something to try again.
      if (code === "network") return this.#state === "fine" ? this.#set(navigator.onLine ? "unreachable" : "offline") : this.show();
      this.#isForced = false;
      // Whoever refuses something can be reached.
      if (this.#state === "unreachable" && (code || change.entry.state === "done")) this.#set("fine");
    } else if (change.type === "event" || this.#state === "back") this.#set("fine");
  }
}
