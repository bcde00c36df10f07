// Notices a panic. It is a RuntimeError, and leaves the module's memory as nobody meant it.

/** What the module told in its last breath; the numbers of functions are told by the build's named copy. */
export const health = { isBroken: false };

Error.stackTraceLimit = 100;

/**
 * The exports of a module, those that run what we wrote with an eye on them (wasm-bindgen's own begin with `__`). The build
 * has wasm-bindgen's part call it.
 */
export function watched(exports) {
  const isWatched = ([name, value]) => typeof value === "function" && !name.startsWith("__");
  return Object.fromEntries(Object.entries(exports).map((entry) => (isWatched(entry) ? [entry[0], watchedCall(entry[1])] : entry)));
}

function watchedCall(call) {
  return (...values) => {
    try {
      return call(...values);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError && !health.isBroken) {
        console.error("Critical", error);
        health.isBroken = true;
      }
      throw error;
    }
  };
}
