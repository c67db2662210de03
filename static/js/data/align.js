// Aligns several series on one time axis: shared xs, and a column for each series. A column has null where its line breaks and
// undefined where the series has no value at that time. Long runs are downsampled to the minimum and maximum of each step of
// the axis, so every spike stays visible. Pure.

import { lowerBound } from "./series.js";

/**
 * A series as a line. Of buckets, `values` are the means, `mins` and `maxs` their bounds, and `newest` the sample after them.
 * @typedef {{times: number[], values: number[], everyS: number | null, stepMs: number, sparseMs?: number, newest?: [number, number], mins?: number[], maxs?: number[]}} Line
 */

/** A line breaks where values are missing for this many times its cadence. */
const GAP = 3;
const MIN_GAP_MS = 2_500;

/**
 * Return the shared times, and a column for each line.
 * @param {Line[]} lines
 * @param {number} from @param {number} to ms; one value before `from` is kept, so that lines begin at the left edge
 * @param {number} columns how many steps the axis has, in pixels
 * @returns {[number[], ...(number | null | undefined)[][]]}
 */
export function align(lines, from, to, columns) {
  const parts = lines.map((line) => downsample(line, from, to, columns));
  const shared = sameTimes(parts);
  const xs = shared ?? union(parts);
  const ys = parts.map((part) => (shared ? part.values : spread(part, xs)));
  return [xs, ...ys];
}

/** Return the distance between two neighbours, in ms, beyond which values are missing. @param {Line} line */
function gapOf(line) {
  return line.everyS ? Math.max(GAP * line.everyS * 1000, GAP * line.stepMs, MIN_GAP_MS, line.sparseMs ?? 0) : Infinity;
}

/** @param {Line} line @param {number} from @param {number} to @returns {[number, number]} index of the last value before `from`, and the index after the last value up to `to` */
function within(line, from, to) {
  return [Math.max(0, lowerBound(line.times, from) - 1), lowerBound(line.times, to + 1)];
}

/** Return the unbroken parts of a line. @param {Line} line @param {number} from @param {number} to @returns {[number, number][]} first index, and the index after the last */
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
function downsample(line, from, to, columns) {
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

/** Return where the run that begins at `i` ends: with the step of the axis, or before a gap. */
/** @param {number[]} times @param {number} i @param {number} end @param {number} stepMs 0: each run has one value @param {number} gap */
function runEnd(times, i, end, stepMs, gap) {
  let last = i + 1;
  if (!stepMs) return last;
  const slot = Math.floor(times[i] / stepMs);
  while (last < end && Math.floor(times[last] / stepMs) === slot && times[last] - times[last - 1] <= gap) last += 1;
  return last;
}

/** @param {number[]} values @param {number} start @param {number} end @returns {number[]} indexes of the minimum and the maximum, in order of time */
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
    for (; xs[at] < part.times[i]; at++) if (broken) column[at] = null; // every time inside the gap, or a line would cross it
    column[at] = part.values[i];
  }
  return column;
}
