// How much time a chart shows: the board's window, or less while there is less to show. Pure.

/** A young series is shown over one of these, in ms, so that a fresh start is not an empty picture. */
const STEPS = [60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000];

/**
 * @param {number} windowMs @param {number} now
 * @param {{times: number[]}[]} lines
 * @returns {number} ms
 */
export function spanFor(windowMs, now, lines) {
  const oldest = Math.min(...lines.map((line) => line.times[0] ?? now));
  const needed = now - oldest;
  return Math.min(windowMs, STEPS.find((step) => step >= needed) ?? windowMs);
}
