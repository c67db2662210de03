// Faint band between the minimum and the maximum of buckets, behind the line of their means, so that averaging hides no spike.

import { unbroken } from "../data/align.js";
import { lowerBound } from "../data/series.js";
import { colour, seriesToken } from "./palette.js";

/** @import { Line } from "../data/align.js" */
/** @typedef {import("../../vendor/uplot.js")} uPlot */

/** Return the bounds of all bands. @param {Line[]} lines @param {number} from @param {number} to @returns {[number, number]} minimum and maximum; Infinity and -Infinity if there is no band */
export function boundsOf(lines, from, to) {
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

/** Return the bounds of the bucket that begins at `t`. @param {Line | undefined} line @param {number} t @returns {[number, number] | null} minimum and maximum */
export function boundsAt(line, t) {
  if (!line?.mins?.length || !line.maxs) return null;
  const at = lowerBound(line.times, t);
  return line.times[at] === t ? [line.mins[at], line.maxs[at]] : null;
}

/** Draw the bands. @param {uPlot} plot @param {Line[]} lines @param {number} from @param {number} to */
export function drawBands(plot, lines, from, to) {
  const { ctx, bbox } = plot;
  const x = (/** @type {number} */ t) => plot.valToPos(t, "x", true);
  const y = (/** @type {number} */ v) => plot.valToPos(v, "y", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { line, start, end, index } of bands(lines, from, to)) {
    ctx.beginPath();
    for (let i = start; i < end; i++) ctx.lineTo(x(line.times[i]), y(line.maxs[i]));
    for (let i = end - 1; i >= start; i--) ctx.lineTo(x(line.times[i]), y(line.mins[i]));
    ctx.closePath();
    ctx.fillStyle = colour(seriesToken(index), 0.2);
    ctx.fill();
    ctx.strokeStyle = colour(seriesToken(index), 0.4); // makes a single spike visible that is narrower than a pixel
    ctx.lineWidth = devicePixelRatio || 1;
    ctx.stroke();
  }
  ctx.restore();
}

/** @param {Line[]} lines @param {number} from @param {number} to */
function bands(lines, from, to) {
  return lines.flatMap((line, index) => {
    const { mins, maxs, times } = line;
    if (!mins?.length || !maxs) return [];
    return unbroken(line, from, to).map(([start, end]) => ({ line: { mins, maxs, times }, start, end, index }));
  });
}
