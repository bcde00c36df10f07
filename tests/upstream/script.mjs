// One answer that a test writes itself: bytes, where they are cut, when each piece is sent, how it ends.
import { event } from "./chat.mjs";
import { pause } from "./exchange.mjs";
import { EVENT_STREAM, JSON_BODY } from "./scenario.mjs";

const ENDS = ["close", "destroy", "hold"];
const BODIES = ["replay", "body", "bodyBase64", "events", "builtin"];
const OTHERS = ["status", "headers", "cutAt", "delaysMs", "end", "stepped"];

export class InvalidScript extends Error {
  name = "InvalidScript";
}

export function check(isFine, message) {
  if (!isFine) throw new InvalidScript(message);
}

const isCount = (value) => Number.isInteger(value) && value >= 0;
const areCounts = (value) => value === undefined || (Array.isArray(value) && value.every(isCount));

function checkSpec(spec) {
  check(spec !== null && typeof spec === "object" && !Array.isArray(spec), "a scenario is an object");
  const fields = Object.keys(spec);
  const unknown = fields.find((key) => ![...BODIES, ...OTHERS].includes(key));
  check(unknown === undefined, `unknown field ${unknown}`);
  check(BODIES.filter((key) => key in spec).length <= 1, `only one of ${BODIES.join(", ")} can be the body`);
  check(spec.status === undefined || (spec.status >= 200 && spec.status <= 599), "status: from 200 to 599");
  check(ENDS.includes(spec.end ?? "close"), `end: one of ${ENDS.join(", ")}`);
  check(areCounts(spec.cutAt), "cutAt: byte offsets");
  check(areCounts(spec.delaysMs), "delaysMs: milliseconds, one per piece");
  if (spec.builtin === undefined) return;
  check(spec.builtin === true || (typeof spec.builtin === "string" && spec.builtin), "builtin: true or a slug");
  check(fields.length === 1, "builtin: the answer is the simulator's own, nothing else can be said about it");
}

/** A string is what follows `data: `, or a comment if it starts with a colon; anything else is sent as JSON. */
const eventBytes = (each) =>
  Buffer.from(typeof each === "string" && each.startsWith(":") ? `${each}\n\n` : event(each));

/** Cut at these offsets; an offset at either end makes an empty piece, which takes its step or delay but no byte. */
function cut(bytes, offsets) {
  const edges = [0, ...offsets.toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
}

/** Lets one piece pass per step, in the order in which pieces came to wait. A step given early is not lost. */
export class Gate {
  #steps = 0;
  #waiting = [];

  step() {
    const open = this.#waiting.shift();
    if (open) open();
    else this.#steps += 1;
  }

  pass(gone) {
    if (this.#steps > 0) {
      this.#steps -= 1;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      gone.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((waiting) => waiting !== resolve);
        resolve();
      });
    });
  }
}

/**
 * An answer made from a spec (see README.md), for any endpoint. Its pieces wait at the gate if it is stepped.
 * Throws {@link InvalidScript} if the spec is not one.
 */
export class ScriptedAnswer {
  #spec;
  #recorded = {};
  #pieces;
  #gate;

  constructor(spec, { recordings, gate }) {
    checkSpec(spec);
    this.#spec = spec;
    this.#gate = gate;
    if (spec.replay !== undefined) {
      this.#recorded = recordings.read(spec.replay);
      check(this.#recorded, `replay: no recording named ${spec.replay}`);
    }
    const eventPieces = (spec.events ?? []).map(eventBytes);
    const bytes =
      this.#recorded.bytes ??
      Buffer.concat([Buffer.from(spec.bodyBase64 ?? "", "base64"), Buffer.from(spec.body ?? ""), ...eventPieces]);
    check(
      (spec.cutAt ?? []).every((offset) => offset <= bytes.length),
      `cutAt: the body has ${bytes.length} bytes`,
    );
    this.#pieces = spec.events && !spec.cutAt ? eventPieces : cut(bytes, spec.cutAt ?? []);
  }

  /** What the simulator is to answer by itself: true (as if there were no script), a slug, or undefined. */
  get builtin() {
    return this.#spec.builtin;
  }

  get status() {
    return this.#spec.status ?? this.#recorded.status ?? 200;
  }

  answer(isStream) {
    const isEvents = this.#spec.events || (isStream && this.status === 200);
    const headers = { ...(isEvents ? EVENT_STREAM : JSON_BODY), ...this.#recorded.headers, ...this.#spec.headers };
    return { status: this.status, headers, pieces: () => this.#play() };
  }

  *#play() {
    // The head alone, so that a test can tell an answer that has begun from its first piece.
    yield "";
    for (const [i, piece] of this.#pieces.entries()) {
      if (this.#spec.stepped) yield { wait: (gone) => this.#gate.pass(gone) };
      if (this.#spec.delaysMs?.[i]) yield pause(this.#spec.delaysMs[i]);
      yield piece;
    }
    return this.#spec.end;
  }
}
