// Two versions of one conversation, put together: what somebody has said in either of them is there afterwards.
// Seam: `merge(mine, theirs, base)`, where `base` has the ids of what both have known. No DOM, no storage.
import type { SavedEntry, SavedThread } from "./thread.ts";

/** All ids of a thread. */
export function idsOf({ entries }: SavedThread): Set<string> {
  const ids = new Set<string>();
  const waiting = [...entries];
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    ids.add(at.id);
    waiting.push(...at.children);
  }
  return ids;
}

/** What one has and the other lacks was removed if both have known it, and is new if not. The branches shown are mine. */
export function merge(mine: SavedThread, theirs: SavedThread, base: ReadonlySet<string>): SavedThread {
  const { children, shown } = level(
    { children: mine.entries, shown: mine.shown },
    { children: theirs.entries, shown: theirs.shown },
    base,
  );
  return { ...mine, entries: children, shown };
}

type Level = Pick<SavedEntry, "children" | "shown">;

function level(mine: Level, theirs: Level, base: ReadonlySet<string>): Level {
  const others = new Map(theirs.children.map((each) => [each.id, each]));
  const own = new Set(mine.children.map(({ id }) => id));
  const children = [
    ...mine.children.flatMap((each) => {
      const other = others.get(each.id);
      if (other) return [{ ...further(each, other), ...level(each, other, base) }];
      return remaining(each, base);
    }),
    ...theirs.children.filter(({ id }) => !own.has(id)).flatMap((each) => remaining(each, base)),
  ].sort((a, b) => a.createdAt - b.createdAt);
  const chosen = mine.children[mine.shown]?.id ?? theirs.children[theirs.shown]?.id;
  const shown = children.findIndex(({ id }) => id === chosen);
  return { children, shown: shown < 0 ? Math.max(0, children.length - 1) : shown };
}

/** What is left of an entry that the other one lacks: all if it is new, and what leads to something new. */
function remaining(entry: SavedEntry, base: ReadonlySet<string>): SavedEntry[] {
  const children = entry.children.flatMap((child) => remaining(child, base));
  if (base.has(entry.id) && children.length === 0) return [];
  return [{ ...entry, children, shown: Math.min(entry.shown, Math.max(0, children.length - 1)) }];
}

/** Of an answer that was kept while it came, the version that got further. */
function further(mine: SavedEntry, theirs: SavedEntry): SavedEntry {
  if (theirs.state === "done" && mine.state !== "done") return theirs;
  if (mine.state === "done" && theirs.state !== "done") return mine;
  return (theirs.totalMs ?? 0) > (mine.totalMs ?? 0) ? theirs : mine;
}
