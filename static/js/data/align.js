// Several series on one time axis: shared xs, a column each; null where a line must break, undefined where it has no
// value of its own. Long runs are made fewer by least and greatest per step of the axis, so no spike is lost. Pure.

import { lowerBound } from "./series.js";

/** @typedef {{times: number[], values: number[], everyS: number | null, stepMs: number}} Line */

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

/** @param {Line} line @param {number} from @param {number} to @param {number} columns */
function thin(line, from, to, columns) {
  const start = Math.max(0, lowerBound(line.times, from) - 1);
  const end = lowerBound(line.times, to + 1);
  const gap = line.everyS ? Math.max(GAP * line.everyS * 1000, GAP * line.stepMs, MIN_GAP_MS) : Infinity;
  /** @type {number[]} */
  const times = [];
  /** @type {(number | null)[]} */
  const values = [];
  const put = (/** @type {number} */ i) => {
    const t = line.times[i];
    const before = times[times.length - 1];
    if (before !== undefined && t - before > gap) {
      times.push(before + 1);
      values.push(null);
    }
    times.push(t);
    values.push(line.values[i]);
  };
  if (end - start <= 2 * columns) for (let i = start; i < end; i++) put(i);
  else for (const i of extremes(line, start, end, (to - from) / columns)) put(i);
  return { times, values };
}

/** @param {Line} line @param {number} start @param {number} end @param {number} stepMs @returns {number[]} least and greatest of each step */
function extremes(line, start, end, stepMs) {
  const picked = [];
  let i = start;
  while (i < end) {
    const slot = Math.floor(line.times[i] / stepMs);
    let least = i;
    let greatest = i;
    for (; i < end && Math.floor(line.times[i] / stepMs) === slot; i++) {
      if (line.values[i] < line.values[least]) least = i;
      if (line.values[i] > line.values[greatest]) greatest = i;
    }
    if (least === greatest) picked.push(least);
    else picked.push(Math.min(least, greatest), Math.max(least, greatest));
  }
  if (picked[picked.length - 1] !== end - 1) picked.push(end - 1);
  return picked;
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
