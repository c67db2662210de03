// Span of time that a chart shows: the board's window, or less while there is less data. Pure.

/** Spans for young series, in ms, so that a new chart is not almost empty. */
const STEPS = [60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000];

/**
 * Return the span for these lines.
 * @param {number} windowMs @param {number} now
 * @param {{times: number[]}[]} lines
 * @returns {number} ms
 */
export function spanFor(windowMs, now, lines) {
  const oldest = Math.min(...lines.map((line) => line.times[0] ?? now));
  const needed = now - oldest;
  return Math.min(windowMs, STEPS.find((step) => step >= needed) ?? windowMs);
}

/** Around a chosen moment a chart shows the span divided by this. */
const ZOOM = 3;
/** Share of that shorter span that lies after the moment. */
const AFTER = 0.25;

/**
 * Return the span around a moment.
 * @param {number | null} at the chosen moment, null for now
 * @param {number} span @param {number} now
 * @returns {[number, number]} the span, and the time at its right end
 */
export function spanAround(at, span, now) {
  if (at === null) return [span, now];
  const near = span / ZOOM;
  return [near, Math.min(now, Math.max(at + near * AFTER, now - span + near))];
}
