/** The day on which everything is answered: 2026-08-11, in seconds. Answers do not depend on when they are given. */
export const EPOCH_SECONDS = 1_786_406_400;

/** The time by which codes and cached answers expire. A test lets it pass instead of waiting. */
export class Clock {
  #aheadMs = 0;

  now() {
    return Date.now() + this.#aheadMs;
  }

  advance(ms) {
    this.#aheadMs += ms;
  }
}
