import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { LineChart } from "../../static/js/draw/line-chart.js";
import { line } from "./data-support.js";
import { document } from "./page.js";

const [FROM, TO] = [1_700_000_000_000, 1_700_000_600_000];

/** A chart of some lines in a box, not drawn yet. @param {object} [options] @param {string[]} [names] */
function chart(options = {}, names = ["a", "b"]) {
  const made = new LineChart(document.createElement("div"), { unit: "ms", ...options }, () => {});
  made.reset(names);
  made.fitTo(600, 300);
  return made;
}

/** Stand-in for the plot that uPlot makes: pixels are values. @param {object} more @returns {any} */
function plotOf(more) {
  const canvas = document.createElement("canvas");
  return { ctx: canvas.pen, bbox: { left: 0, top: 0, width: 500, height: 200 }, valToPos: (/** @type {number} */ value) => value, data: [[]], cursor: {}, width: 500, ...more };
}

test("a value is shown with the unit of the chart", () => {
  assert.equal(chart({ decimals: 1 }).label(2.25), "2.3 ms");
  assert.equal(chart({ unit: "%", decimals: 0 }).label(7), "7%");
  assert.equal(chart().label(undefined), "");
});

test("a line that is not live says so in words, or by its shape where words take too much room", () => {
  const made = chart();
  made.states = ["live", "dead"];
  assert.equal(made.said(0), "");
  const words = made.said(1);
  assert.match(words, /^✕ \w+/);
  made.saysWords = false;
  assert.equal(made.said(1), words.slice(0, 1));
});

test("the room for labels grows at once and is given back late, so that the lines hold still", () => {
  const made = chart();
  const now = mock.method(performance, "now", () => 0);
  const narrow = made.axisFor(["1"]);
  const wide = made.axisFor(["1,000,000"]);
  assert.ok(wide > narrow && wide % 8 === 0);
  now.mock.mockImplementation(() => 599_000);
  assert.equal(made.axisFor(["1"]), wide);
  now.mock.mockImplementation(() => 600_001);
  assert.equal(made.axisFor(["1"]), narrow);
  now.mock.restore();
});

test("words at the ends of lines give way to shapes on a narrow chart", () => {
  const data = /** @type {any} */ ([[FROM, TO], [1, 2], [3, 4]]);
  const [wide, narrow] = [chart(), chart()];
  wide.states = narrow.states = ["dead", "dead"];
  narrow.fitTo(120, 100);
  assert.ok(wide.gutterFor(data) > narrow.gutterFor(data));
  assert.deepEqual([wide.saysWords, narrow.saysWords], [true, false]);
});

test("the scale has room for all values and for the bounds of buckets", () => {
  const made = chart();
  made.from = FROM;
  made.to = TO;
  made.lines = [line([FROM, TO], [10, 20])];
  made.fit(/** @type {any} */ ([[FROM, TO], [10, 20], [null, 90]]), FROM);
  assert.ok(made.range.low <= 10 && made.range.high >= 90);
});

test("the labels of the time axis that would reach over its ends are left out, unless that leaves none", () => {
  const made = chart();
  [made.from, made.to] = [FROM, TO];
  const plot = plotOf({ valToPos: (/** @type {number} */ t) => ((t - FROM) / (TO - FROM)) * 500 });
  const labels = made.timeLabels(plot, [FROM, FROM + 300_000, TO]);
  assert.deepEqual(labels.map(Boolean), [false, true, false]);
  assert.deepEqual(made.timeLabels(plot, [FROM, TO]).map(Boolean), [true, true]);
});

test("thresholds are bands from their value to the end of the chart, on the side that they mean", () => {
  const made = chart({ thresholds: [{ at: 50, state: "warning", below: false }, { at: 150, state: "critical", below: true }] });
  const plot = plotOf({});
  made.drawThresholds(plot);
  const bands = plot.ctx.done.filter((/** @type {[string, unknown[]]} */ [name]) => name === "fillRect").map((/** @type {[string, unknown[]]} */ [, given]) => given);
  assert.deepEqual(bands, [[0, 0, 500, 50], [0, 150, 500, 50]]);
});

test("only a moment within the chart is marked", () => {
  const made = chart();
  [made.from, made.to] = [100, 400];
  for (const [marked, count] of /** @type {[number | null, number][]} */ ([[null, 0], [99, 0], [200, 1]])) {
    const plot = plotOf({});
    made.marked = marked;
    made.drawMark(plot);
    assert.equal(plot.ctx.done.filter((/** @type {[string]} */ [name]) => name === "stroke").length, count);
  }
});

test("the values under the pointer are told with the bounds of their bucket, and its leaving", () => {
  /** @type {any[]} */
  const told = [];
  const made = new LineChart(document.createElement("div"), { unit: "", decimals: 0 }, (rows, when, left) => told.push({ rows, when, left }));
  made.reset(["a", "b"]);
  made.lines = [line([100, 200], [5, 6]), line([100, 200], [7, 8], { stepMs: 100, mins: [1, 2], maxs: [9, 10] })];
  made.hover(plotOf({ data: [[100, 200], [5, 6], [7, 8]], cursor: { idx: 1, left: 30 } }));
  assert.deepEqual(told[0].rows.map((/** @type {any} */ { name, text }) => [name, text]), [["a", "6"], ["b", "8 (2 to 10)"]]);
  assert.equal(told[0].left, 30);
  made.hover(plotOf({ cursor: { idx: null, left: -10 } }));
  assert.equal(told[1].rows, null);
});

test("an end of a line is a dot, a ring if it is not live, with its label beside it", () => {
  const made = chart({ decimals: 0 });
  made.states = ["live", "stale"];
  const plot = plotOf({ data: [[100, 200], [20, 40], [120, 140]] });
  made.drawEnds(plot);
  const done = (/** @type {string} */ name) => plot.ctx.done.filter((/** @type {[string]} */ [each]) => each === name);
  assert.equal(done("arc").length, 2);
  assert.deepEqual([done("fill").length, done("stroke").length], [1, 1]);
  assert.deepEqual(done("fillText").map((/** @type {any} */ [, [text]]) => text).slice(0, 2), ["40 ms", "140 ms"]);
});
