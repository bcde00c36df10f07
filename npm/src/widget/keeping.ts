// Keeps a thread beyond the page, for those who ask for it (`persist="name"`). Loaded only then.
// Seam: the element calls `load()` once, `save()` after each change of the thread when nothing comes any more, and
// `clear()` with a new chat; `subscribe()` tells what another tab has saved. A host may give its own as `keeping`.
import type { Keeping } from "./index.d.ts";

/** In the page's local storage, under a name. */
export function keepLocally(name: string): Keeping {
  const key = `openrouter-chat:${name}`;
  return {
    async load() {
      try {
        const saved = JSON.parse(localStorage.getItem(key) ?? "null");
        return saved?.version === 1 ? saved : undefined;
      } catch {
        return undefined; // nothing may be stored here, or somebody else's text is
      }
    },
    async save(thread) {
      try {
        localStorage.setItem(key, JSON.stringify(thread));
      } catch {
        // It then lasts as long as the page.
      }
    },
    async clear() {
      try {
        localStorage.removeItem(key);
      } catch {
        // There was nothing.
      }
    },
  };
}
