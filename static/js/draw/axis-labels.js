// Labels of a value axis: one unit for all of them, and as many decimals as tell them apart. Pure.

import { IEC, PREFIXED, SI } from "./format.js";

const MOST_DECIMALS = 12;
/** From this number on, a larger unit is taken if it gives a shorter number with as many decimals: 1.6303 G, not 1630300 k. */
const MANY_FIGURES = 100_000;
/** Longer numbers are written with an exponent. */
const LONGEST = 9;
const TIMES = /** @type {[number, string][]} */ ([[1, "s"], [60, "min"], [3_600, "h"], [86_400, "d"]]);

/** Return the units that values may be shown in: how much each is, and its name, the smallest first. @param {string} unit @returns {[number, string][]} */
function scales(unit) {
  if (unit === "%") return [[1, "%"]];
  if (unit === "s") return TIMES;
  if (unit === "ms") return [[1, "ms"], ...TIMES.map(([size, name]) => /** @type {[number, string]} */ ([size * 1_000, name]))];
  if (unit === "B" || unit === "B/s") return IEC.map((prefix, i) => [1024 ** i, `${prefix}${unit}`]);
  return SI.map((prefix, i) => [1000 ** i, PREFIXED.has(unit) || !prefix ? `${prefix}${unit}` : `${prefix} ${unit}`]);
}

/** Return how many decimals tell numbers apart that are `step` apart. @param {number[]} numbers @param {number} step */
function decimalsFor(numbers, step) {
  for (let decimals = 0; decimals < MOST_DECIMALS; decimals++) {
    if (numbers.every((number) => Math.abs(number - Number(number.toFixed(decimals))) <= step / 50)) return decimals;
  }
  return MOST_DECIMALS;
}

/** Return numbers as texts, each zero without decimals. @param {number[]} numbers @param {(number: number) => string} text */
function texts(numbers, text) {
  return numbers.map((number) => (number === 0 ? "0" : text(number)));
}

/** @param {string[]} labels */
function longest(labels) {
  return Math.max(...labels.map((label) => label.length));
}

/**
 * Return the labels of the grid lines of one axis.
 * @param {number[]} values in ascending order
 * @param {string} unit
 * @returns {string[]}
 */
export function axisLabels(values, unit) {
  const most = Math.max(...values.map(Math.abs));
  const step = values.length > 1 ? Math.abs(values[1] - values[0]) : most;
  let best = { labels: /** @type {string[]} */ ([]), length: Infinity, decimals: 0, name: unit };
  for (const [size, name] of scales(unit)) {
    if (size > most && size > 1) break;
    const numbers = values.map((value) => value / size);
    const decimals = decimalsFor(numbers, step / size);
    const labels = texts(numbers, (number) => number.toFixed(decimals));
    const length = longest(labels) + (Math.abs(most / size) >= MANY_FIGURES ? 1 : 0);
    if (length < best.length || (length === best.length && (best.decimals || !decimals))) best = { labels, length, decimals, name };
  }
  if (best.length > LONGEST || decimalsFor(values, step) === MOST_DECIMALS) {
    for (let digits = 0; digits <= MOST_DECIMALS; digits++) {
      const labels = texts(values, (value) => value.toExponential(digits));
      best = { ...best, labels, name: unit };
      if (new Set(labels).size === labels.length) break;
    }
  }
  return best.labels.map((label) => (best.name === "%" ? `${label}%` : best.name ? `${label} ${best.name}` : label));
}
