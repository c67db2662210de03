// What buckets reach from and to, as a faint band behind the line of their means, so that no spike is averaged away.

import { unbroken } from "../data/align.js";
import { lowerBound } from "../data/series.js";
import { colour, seriesToken } from "./palette.js";

/** @typedef {import("../data/align.js").Line} Line */
/** @typedef {import("../../vendor/uplot.js")} uPlot */

/** @param {Line[]} lines @param {number} from @param {number} to @returns {[number, number]} least and greatest; Infinity and -Infinity: nothing there */
export function reachOf(lines, from, to) {
  let least = Infinity;
  let greatest = -Infinity;
  for (const { line, start, end } of bands(lines, from, to)) {
    for (let i = start; i < end; i++) {
      least = Math.min(least, line.mins[i]);
      greatest = Math.max(greatest, line.maxs[i]);
    }
  }
  return [least, greatest];
}

/** Of the bucket that begins then. @param {Line | undefined} line @param {number} t @returns {[number, number] | null} least and greatest */
export function reachAt(line, t) {
  if (!line?.mins?.length || !line.maxs) return null;
  const at = lowerBound(line.times, t);
  return line.times[at] === t ? [line.mins[at], line.maxs[at]] : null;
}

/** @param {uPlot} plot @param {Line[]} lines @param {number} from @param {number} to */
export function drawReach(plot, lines, from, to) {
  const { ctx, bbox } = plot;
  const x = (/** @type {number} */ t) => plot.valToPos(t, "x", true);
  const y = (/** @type {number} */ v) => plot.valToPos(v, "y", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { line, start, end, place } of bands(lines, from, to)) {
    ctx.beginPath();
    for (let i = start; i < end; i++) ctx.lineTo(x(line.times[i]), y(line.maxs[i]));
    for (let i = end - 1; i >= start; i--) ctx.lineTo(x(line.times[i]), y(line.mins[i]));
    ctx.closePath();
    ctx.fillStyle = colour(seriesToken(place), 0.2);
    ctx.fill();
    ctx.strokeStyle = colour(seriesToken(place), 0.4); // or a single spike, narrower than a pixel, could not be seen
    ctx.lineWidth = devicePixelRatio || 1;
    ctx.stroke();
  }
  ctx.restore();
}

/** @param {Line[]} lines @param {number} from @param {number} to */
function bands(lines, from, to) {
  return lines.flatMap((line, place) => {
    const { mins, maxs, times } = line;
    if (!mins?.length || !maxs) return [];
    return unbroken(line, from, to).map(([start, end]) => ({ line: { mins, maxs, times }, start, end, place }));
  });
}
