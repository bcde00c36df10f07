// Medians and how sure they are.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The median and an interval that holds the true one in at least 95 of 100 runs, whatever the distribution: the
 * number of values below the true median is binomial, so that ranks bound it. Below 6 values there is no such interval,
 * and it is the whole range.
 */
export function estimate(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  let below = 0.5 ** n; // P(X <= rank) for X ~ Binomial(n, 1/2)
  let probability = below;
  let rank = 0;
  while (rank < n / 2) {
    probability *= (n - rank) / (rank + 1);
    if (below + probability > 0.025) break;
    below += probability;
    rank++;
  }
  return { median: median(sorted), low: sorted[rank], high: sorted[n - 1 - rank] };
}

/** How many times as fast as the reference, round by round: what disturbs both in a round cancels out. */
export const speed = (reference, times) => estimate(times.map((time, round) => reference[round] / time));
