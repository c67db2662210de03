// Several series on one time axis: shared xs, a column each; null where a line must break, undefined where it has no
// value of its own. Long runs are made fewer by least and greatest per step of the axis, so no spike is lost. Pure.

import { lowerBound } from "./series.js";

/**
 * Of buckets: their means, with the newest sample behind them, and what they reach from and to.
 * @typedef {{times: number[], values: number[], everyS: number | null, stepMs: number, thinMs?: number, newest?: [number, number], mins?: number[], maxs?: number[]}} Line
 */

/** A line breaks where values are missing for so many times their cadence. */
const GAP = 3;
const MIN_GAP_MS = 2_500;

/**
 * @param {Line[]} lines
 * @param {number} from @param {number} to milliseconds; one value before `from` is kept, so that lines enter the picture
 * @param {number} columns how many steps the axis has (pixels)
 * @returns {[number[], ...(number | null | undefined)[][]]}
 */
export function align(lines, from, to, columns) {
  const parts = lines.map((line) => thin(line, from, to, columns));
  const shared = sameTimes(parts);
  const xs = shared ?? union(parts);
  const ys = parts.map((part) => (shared ? part.values : spread(part, xs)));
  return [xs, ...ys];
}

/** Where values are missing between neighbours farther apart than this, in ms. @param {Line} line */
function gapOf(line) {
  return line.everyS ? Math.max(GAP * line.everyS * 1000, GAP * line.stepMs, MIN_GAP_MS, line.thinMs ?? 0) : Infinity;
}

/** @param {Line} line @param {number} from @param {number} to @returns {[number, number]} first place in the picture, the one before it included, and the one behind the last */
function within(line, from, to) {
  return [Math.max(0, lowerBound(line.times, from) - 1), lowerBound(line.times, to + 1)];
}

/** The unbroken parts of a line. @param {Line} line @param {number} from @param {number} to @returns {[number, number][]} first place, and the one behind the last */
export function unbroken(line, from, to) {
  const [start, end] = within(line, from, to);
  /** @type {[number, number][]} */
  const parts = [];
  for (let i = start; i < end; ) {
    const last = runEnd(line.times, i, end, Infinity, gapOf(line));
    parts.push([i, last]);
    i = last;
  }
  return parts;
}

/** @param {Line} line @param {number} from @param {number} to @param {number} columns */
function thin(line, from, to, columns) {
  const [start, end] = within(line, from, to);
  const gap = gapOf(line);
  const stepMs = end - start > 2 * columns ? (to - from) / columns : 0;
  /** @type {number[]} */
  const times = [];
  /** @type {(number | null)[]} */
  const values = [];
  let i = start;
  while (i < end) {
    const last = runEnd(line.times, i, end, stepMs, gap);
    for (const at of extremes(line.values, i, last)) {
      times.push(line.times[at]);
      values.push(line.values[at]);
    }
    if (last < end && line.times[last] - line.times[last - 1] > gap) {
      times.push(line.times[last - 1] + 1);
      values.push(null);
    }
    i = last;
  }
  const { newest } = line;
  if (newest && newest[0] <= to && end > start && newest[0] > line.times[end - 1]) {
    times.push(newest[0]);
    values.push(newest[1]);
  }
  return { times, values };
}

/** Where the run that begins at `i` ends: with the step of the axis, or before a gap. */
/** @param {number[]} times @param {number} i @param {number} end @param {number} stepMs 0: runs of one @param {number} gap */
function runEnd(times, i, end, stepMs, gap) {
  let last = i + 1;
  if (!stepMs) return last;
  const slot = Math.floor(times[i] / stepMs);
  while (last < end && Math.floor(times[last] / stepMs) === slot && times[last] - times[last - 1] <= gap) last += 1;
  return last;
}

/** @param {number[]} values @param {number} start @param {number} end @returns {number[]} where the least and the greatest are, in order */
function extremes(values, start, end) {
  let least = start;
  let greatest = start;
  for (let i = start; i < end; i++) {
    if (values[i] < values[least]) least = i;
    if (values[i] > values[greatest]) greatest = i;
  }
  if (least === greatest) return [least];
  return least < greatest ? [least, greatest] : [greatest, least];
}

/** @param {{times: number[]}[]} parts */
function sameTimes(parts) {
  const first = parts[0]?.times ?? [];
  const same = parts.every((part) => part.times.length === first.length && part.times.every((t, i) => t === first[i]));
  return same ? first : null;
}

/** @param {{times: number[]}[]} parts */
function union(parts) {
  const all = Float64Array.from(parts.flatMap((part) => part.times)).sort();
  /** @type {number[]} */
  const xs = [];
  for (const t of all) if (t !== xs[xs.length - 1]) xs.push(t);
  return xs;
}

/** @param {{times: number[], values: (number | null)[]}} part @param {number[]} xs */
function spread(part, xs) {
  /** @type {(number | null | undefined)[]} */
  const column = new Array(xs.length);
  let at = 0;
  for (let i = 0; i < part.times.length; i++) {
    const broken = i > 0 && part.values[i - 1] === null;
    for (; xs[at] < part.times[i]; at++) if (broken) column[at] = null; // the whole gap, or a thin line would cross it
    column[at] = part.values[i];
  }
  return column;
}
