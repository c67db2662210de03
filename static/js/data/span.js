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

/** Around a moment a chart shows this part of what it shows at other times, most of it before the moment. */
const NEAR = 3;
const AFTER = 0.25;

/**
 * @param {number | null} at the moment that is looked at; null: now
 * @param {number} span @param {number} now
 * @returns {[number, number]} how much is shown, and the time at the right end
 */
export function spanAround(at, span, now) {
  if (at === null) return [span, now];
  const near = span / NEAR;
  return [near, Math.min(now, Math.max(at + near * AFTER, now - span + near))];
}
