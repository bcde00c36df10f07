// What the main thread of a page did, by Chromium's own trace.
import { EventEmitter, once } from "node:events";

const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "blink.user_timing"];

/** Names of a trace's events by what they are. What is inside of another kind is counted as what it is itself. */
const KINDS = {
  script: ["FunctionCall", "EvaluateScript", "RunMicrotasks", "FireAnimationFrame", "TimerFire", "EventDispatch", "v8.callFunction"],
  layout: ["UpdateLayoutTree", "Layout", "PrePaint", "HitTest", "IntersectionObserverController::computeIntersections"],
  paint: ["Paint", "Layerize", "Commit"],
  collection: ["MinorGC", "MajorGC", "BlinkGC.AtomicPhase", "V8.GCScavenger", "V8.GCFinalizeMC", "V8.GCIncrementalMarking"],
};
const kindOf = new Map(Object.entries(KINDS).flatMap(([kind, names]) => names.map((name) => [name, kind])));

/** A line to the browser's own tools, for what a driver does not pass on. */
export async function connectTools(driver) {
  const { debuggerAddress } = (await driver.getCapabilities()).get("goog:chromeOptions");
  const { webSocketDebuggerUrl } = await (await fetch(`http://${debuggerAddress}/json/version`)).json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  const events = new EventEmitter();
  socket.addEventListener("message", ({ data }) => {
    const { id, method, params, result } = JSON.parse(data);
    events.emit(method ?? id, params ?? result);
  });
  await once(socket, "open");
  let last = 0;
  return {
    events,
    async call(method, params = {}) {
      const id = ++last;
      const answer = once(events, id);
      socket.send(JSON.stringify({ id, method, params }));
      return (await answer)[0];
    },
    close: () => socket.close(),
  };
}

/**
 * Does something, which sets the mark "bench" in the page, and tells each task of that page's main thread since: `ms` by the
 * clock, `cpu` in ms of the thread's own time, and of that `script`, `layout`, `paint` and `collection`.
 */
export async function traced(tools, happen) {
  const collected = [];
  const collect = ({ value }) => collected.push(...value);
  tools.events.on("Tracing.dataCollected", collect);
  await tools.call("Tracing.start", { traceConfig: { includedCategories: CATEGORIES }, transferMode: "ReportEvents" });
  const seen = await happen();
  const isComplete = once(tools.events, "Tracing.tracingComplete");
  await tools.call("Tracing.end");
  await isComplete;
  tools.events.off("Tracing.dataCollected", collect);
  return { seen, tasks: tasksOf(collected) };
}

/** Times of a trace are in µs. */
export function tasksOf(events) {
  const mark = events.find(({ name }) => name === "bench");
  if (!mark) throw new Error("the page has set no mark: whose tasks are meant?");
  const thread = events.filter(({ ph, pid, tid, ts }) => ph === "X" && pid === mark.pid && tid === mark.tid && ts >= mark.ts);
  thread.sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const tasks = [];
  let end = 0;
  let open = [];
  for (const { name, ts, dur, tdur = dur } of thread) {
    if (name === "RunTask") {
      tasks.push({ ms: dur / 1000, cpu: tdur / 1000, script: 0, layout: 0, paint: 0, collection: 0 });
      end = ts + dur;
      open = [];
      continue;
    }
    const kind = kindOf.get(name);
    if (!kind || ts >= end) continue;
    const task = tasks.at(-1);
    open = open.filter((each) => each.end > ts);
    const outer = open.at(-1)?.kind;
    if (outer !== kind) {
      task[kind] += tdur / 1000;
      if (outer) task[outer] -= tdur / 1000;
    }
    open.push({ kind, end: ts + dur });
  }
  return tasks;
}
