import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawSpark } from "../../static/js/draw/spark.js";
import { line } from "./data-support.js";
import { document } from "./page.js";

const [FROM, TO] = [1_000_000, 1_100_000];

/** Draw a line, and return what the pen did. @param {number[]} times @param {number[]} values */
function drawn(times, values, { width = 200, everyS = 60 } = {}) {
  const canvas = document.createElement("canvas");
  canvas.clientWidth = width;
  drawSpark(canvas, line(times, values, { everyS }), FROM, TO, "series-1");
  const { done } = canvas.pen;
  const of = (/** @type {string} */ name) => done.filter((/** @type {[string, number[]]} */ [each]) => each === name).map((/** @type {[string, number[]]} */ [, given]) => given);
  return { canvas, of };
}

test("the line goes from its first to its last value, where the dot is", () => {
  const { canvas, of } = drawn([FROM, FROM + 50_000, TO], [0, 100, 50]);
  assert.equal(canvas.width, 200);
  const [[x, y]] = of("arc");
  const points = of("lineTo");
  assert.ok(points.some(([left, top]) => left === x && top === y));
  const heights = points.slice(0, 3).map(([, top]) => top);
  assert.ok(heights[1] < heights[2] && heights[2] < heights[0], `${heights}`);
  assert.ok(points.every(([left, top]) => left >= 0 && left <= 200 && top >= 0 && top <= 100));
});

test("a gap between values is no line", () => {
  const times = [FROM, FROM + 1_000, FROM + 2_000, TO - 2_000, TO - 1_000, TO];
  assert.equal(drawn(times, [1, 2, 3, 1, 2, 3], { everyS: 1 }).of("stroke").length, 2);
});

test("nothing is drawn without values, or on a canvas without a size", () => {
  assert.deepEqual(drawn([], []).of("stroke"), []);
  assert.deepEqual(drawn([FROM, TO], [1, 2], { width: 0 }).of("clearRect"), []);
});

test("a canvas that is drawn again keeps its size and its pen", () => {
  const { canvas, of } = drawn([FROM, TO], [1, 2]);
  drawSpark(canvas, line([FROM, TO], [2, 1]), FROM, TO, "series-1");
  assert.equal(of("arc").length, 2);
});
