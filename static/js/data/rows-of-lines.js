// The values of several lines at a few moments, as rows of a table for those who cannot see the chart. Pure.

import { lowerBound } from "./series.js";

/** @import { Line } from "./align.js" */

/**
 * Return the moments, evenly apart, the newest first, each with the newest value of every line in the time since the moment before.
 * @param {Line[]} lines
 * @param {number} from @param {number} to ms
 * @param {number} count
 * @returns {{t: number, values: (number | undefined)[]}[]} without the moments that no line has a value for
 */
export function rowsOfLines(lines, from, to, count) {
  const step = (to - from) / count;
  const rows = [];
  for (let i = 0; i < count; i++) {
    const t = to - i * step;
    const values = lines.map((line) => newestWithin(line, t - step, t));
    if (values.some((value) => value !== undefined)) rows.push({ t, values });
  }
  return rows;
}

/** @param {Line} line @param {number} after @param {number} until @returns {number | undefined} */
function newestWithin(line, after, until) {
  if (line.newest && line.newest[0] > after && line.newest[0] <= until) return line.newest[1];
  const i = lowerBound(line.times, until + 1) - 1;
  return i >= 0 && line.times[i] > after ? line.values[i] : undefined;
}
