// What tests have scripted: for a model slug or a path, one answer or a sequence of them.
import { Gate, InvalidScript, ScriptedAnswer, check } from "./script.mjs";

/** What a script answers: the requests for a model, or those at a path. */
function checkSubject({ model, path, method }) {
  check((model === undefined) !== (path === undefined), "either a model or a path is needed");
  check(model === undefined || (typeof model === "string" && model !== ""), "model: a slug is needed");
  check(path === undefined || /^\/\w/.test(path), 'path: as in "/models", without /api/v1');
  check(method === undefined || (path !== undefined && /^[A-Z]+$/.test(method)), "method: as in GET, beside a path");
}

const keyOf = ({ model, path, method = "*" }) => (model === undefined ? `path ${method} ${path}` : `model ${model}`);

class Script {
  #answers;
  #asked = 0;
  #gate = new Gate();

  constructor({ sequence, ...single }, recordings) {
    check(sequence === undefined || (Array.isArray(sequence) && sequence.length > 0), "sequence: a list of answers");
    const [stray] = sequence ? Object.keys(single) : [];
    check(stray === undefined, `${stray}: belongs into the answers of the sequence`);
    this.#answers = (sequence ?? [single]).map((spec) => new ScriptedAnswer(spec, { recordings, gate: this.#gate }));
  }

  /** Whether some answer is that of another slug. */
  get namesSlugs() {
    return this.#answers.some(({ builtin }) => typeof builtin === "string");
  }

  /** The answer to one more request. The last one repeats: a client that asks too often is seen in the records. */
  next() {
    const answer = this.#answers[Math.min(this.#asked, this.#answers.length - 1)];
    this.#asked += 1;
    return answer;
  }

  step() {
    this.#gate.step();
  }
}

export class Scripts {
  #recordings;
  #byKey = new Map();

  constructor(recordings) {
    this.#recordings = recordings;
  }

  /** Registers a script under its model or path, instead of any before. Throws {@link InvalidScript}. */
  define(spec) {
    check(spec !== null && typeof spec === "object" && !Array.isArray(spec), "a scenario is an object");
    const { model, path, method, ...answers } = spec;
    checkSubject({ model, path, method });
    const script = new Script(answers, this.#recordings);
    check(model !== undefined || !script.namesSlugs, "builtin: a path can only answer as ever, which is true");
    this.#byKey.set(keyOf({ model, path, method }), script);
  }

  /** Lets the next piece of a stepped script go. */
  step(subject) {
    const script = this.#byKey.get(keyOf(subject));
    if (!script) throw new InvalidScript(`no scenario is defined for ${subject.model ?? subject.path}`);
    script.step();
  }

  /** The scripted answer to the request for a model that has just come, or undefined; each call counts as one. */
  nextFor(model) {
    return this.#byKey.get(keyOf({ model }))?.next();
  }

  /** The same by path, one for this method before one for all. Preflights do not come here. */
  nextAt(method, path) {
    const script = this.#byKey.get(keyOf({ method, path })) ?? this.#byKey.get(keyOf({ path }));
    return script?.next();
  }

  clear() {
    this.#byKey.clear();
  }
}
