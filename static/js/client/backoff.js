// Exponential back-off with full jitter. Pure.

export const FIRST_S = 0.5;
export const LONGEST_S = 30;

/**
 * Return how many seconds to wait before the next try: a random part of a ceiling that doubles with each failure.
 * @param {number} attempt how many tries have failed, from 0
 * @param {() => number} random in [0, 1)
 * @param {number} [firstS] the first ceiling
 * @returns {number} seconds, at least a tenth of firstS, at most LONGEST_S
 */
export function backoff(attempt, random, firstS = FIRST_S) {
  const ceiling = Math.min(LONGEST_S, firstS * 2 ** Math.min(attempt, 10));
  return Math.max(firstS / 10, random() * ceiling);
}
