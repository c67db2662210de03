// Sparkline: a line without axes, on a canvas.

import { align } from "../data/align.js";
import { colour } from "./palette.js";

/** @import { Line } from "../data/align.js" */

/** @typedef {{width: number, height: number, pen: number}} Box size of a canvas and width of its line, in CSS pixels */
/** @typedef {(box: Box) => void} Drawing what to draw in a canvas of this size */
/** @type {WeakMap<Element, Box & {draw: Drawing}>} canvases, and their sizes as of the last layout */
const known = new WeakMap();
const observer = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const box = known.get(target);
    if (!box) continue;
    box.width = Math.round(contentRect.width);
    box.height = Math.round(contentRect.height);
    box.pen = Math.max(1.5, parseFloat(getComputedStyle(target).fontSize) * 0.1); // thicker on a large screen, as its type is
    box.draw(box); // still in the frame of the layout
  }
});

/**
 * Draw a line and a dot at its last value: now, and again when the canvas has another size. A canvas is never asked for its size, because
 * the browser would lay out the page for every sparkline.
 * @param {HTMLCanvasElement} canvas
 * @param {Line} line
 * @param {number} from @param {number} to
 * @param {string} token its colour
 */
export function drawSpark(canvas, line, from, to, token) {
  const draw = (/** @type {Box} */ box) => drawAt(canvas, box, line, from, to, token);
  const box = known.get(canvas);
  if (box) {
    box.draw = draw;
    draw(box);
    return;
  }
  known.set(canvas, { width: 0, height: 0, pen: 1.5, draw });
  observer.observe(canvas);
}

/**
 * @param {HTMLCanvasElement} canvas @param {Box} box
 * @param {Line} line @param {number} from @param {number} to @param {string} token
 */
function drawAt(canvas, { width, height, pen: thickness }, line, from, to, token) {
  if (!width || !height) return;
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const [xs, ys] = align([line], from, to, width);
  const numbers = /** @type {number[]} */ (ys.filter((y) => y !== null && y !== undefined));
  if (!numbers.length) return;
  let low = Math.min(...numbers);
  let high = Math.max(...numbers);
  const room = Math.max((high - low) * 0.12, Math.abs(high) * 0.02, 1e-9);
  low -= room;
  high += room;
  const x = (/** @type {number} */ t) => ((t - from) / (to - from)) * (width - thickness * 2);
  const y = (/** @type {number} */ v) => height - 1 - ((v - low) / (high - low)) * (height - 4);
  pen.lineWidth = thickness;
  pen.lineJoin = "round";
  pen.strokeStyle = colour(token);
  pen.fillStyle = colour(token, 0.1);
  let start = -1;
  for (let i = 0; i <= xs.length; i++) {
    const v = ys[i];
    if (typeof v === "number") {
      if (start < 0) start = i;
    } else if (start >= 0) {
      stroke(pen, xs, ys, start, i, x, y, height);
      start = -1;
    }
  }
  const last = numbers[numbers.length - 1];
  const at = ys.lastIndexOf(last);
  pen.fillStyle = colour(token);
  pen.beginPath();
  pen.arc(x(xs[at]), y(last), thickness * 1.5, 0, 7);
  pen.fill();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number[]} xs @param {(number | null | undefined)[]} ys @param {number} start @param {number} end
 * @param {(t: number) => number} x @param {(v: number) => number} y @param {number} height
 */
function stroke(pen, xs, ys, start, end, x, y, height) {
  pen.beginPath();
  for (let i = start; i < end; i++) pen.lineTo(x(xs[i]), y(/** @type {number} */ (ys[i])));
  pen.stroke();
  pen.lineTo(x(xs[end - 1]), height);
  pen.lineTo(x(xs[start]), height);
  pen.closePath();
  pen.fill();
}
