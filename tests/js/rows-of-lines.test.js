import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOfLines } from "../../static/js/data/rows-of-lines.js";

/** @param {number[]} times @param {number[]} values */
const line = (times, values) => ({ times, values, everyS: 1, stepMs: 0 });

test("each row has the newest value of its time, the newest row first", () => {
  const lines = [line([10, 20, 30, 40], [1, 2, 3, 4]), line([15, 40], [5, 6])];
  assert.deepEqual(rowsOfLines(lines, 0, 40, 2), [{ t: 40, values: [4, 6] }, { t: 20, values: [2, 5] }]);
});

test("a line without a value has none there, and a moment without any is left out", () => {
  const lines = [line([5, 35], [1, 2]), line([36], [3])];
  assert.deepEqual(rowsOfLines(lines, 0, 40, 4), [{ t: 40, values: [2, 3] }, { t: 10, values: [1, undefined] }]);
  assert.deepEqual(rowsOfLines([], 0, 40, 4), []);
});

test("of buckets the newest sample counts", () => {
  const bucketed = { ...line([0, 20], [1, 2]), newest: /** @type {[number, number]} */ ([39, 9]) };
  assert.deepEqual(rowsOfLines([bucketed], 0, 40, 1), [{ t: 40, values: [9] }]);
});
