// What the platform calls. After a panic, whoever calls next gets a new module, and what belonged to the old one is made
// again; what waits for the old one fails.
import * as module from "../../../target/worker/index.js";
import { health } from "./watch.js";

/** How many modules there were. */
let generation = 0;

/** The module, as long as it has not panicked. */
function whole() {
  if (health.isBroken) {
    console.error("A new module is begun");
    module.__wbg_reset_state();
    health.isBroken = false;
    generation++;
  }
  return module;
}

/** The class of a Durable Object that outlives its module. */
function durable(name) {
  return class {
    #values;
    #object;
    #generation;

    constructor(...values) {
      this.#values = values;
      this.#current();
    }

    #current() {
      const { [name]: Class } = whole();
      if (this.#generation !== generation) this.#object = new Class(...this.#values);
      this.#generation = generation;
      return this.#object;
    }

    fetch(request) {
      return this.#current().fetch(request);
    }

    alarm() {
      return this.#current().alarm();
    }
  };
}

export const Ledger = durable("Ledger");
export const Site = durable("Site");
export const Stats = durable("Stats");

export default { fetch: (request, env, context) => whole().fetch(request, env, context) };
