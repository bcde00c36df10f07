// What the module has done in one call here, because every way between the two costs.
import { settled } from "../../../target/worker/index.js";

let stamp = 0;

/** Tells the module when a promise has settled, by its place there and by the number that is returned. */
export function waitFor(promise, place) {
  // A number is never given out twice, not even to the module that comes after this one.
  const own = (stamp = (stamp + 1) >>> 0);
  promise.then(
    (value) => settled(place, own, true, value),
    (error) => settled(place, own, false, error),
  );
  return own;
}
