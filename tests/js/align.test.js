import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { align, unbroken } from "../../static/js/data/align.js";
import { line } from "./data-support.js";

describe("align", () => {
  test("lines with the same times share them", () => {
    assert.deepEqual(align([line([1, 2], [5, 6]), line([1, 2], [7, 8])], 0, 10, 100), [[1, 2], [5, 6], [7, 8]]);
  });

  test("lines with other times are spread over the union, undefined where they have no value", () => {
    const [xs, a, b] = align([line([1, 3], [5, 6]), line([2, 3], [7, 8])], 0, 10, 100);
    assert.deepEqual(xs, [1, 2, 3]);
    assert.deepEqual([...a], [5, undefined, 6]);
    assert.deepEqual([...b], [undefined, 7, 8]);
  });

  test("a gap of more than three cadences breaks the line, one of three does not", () => {
    const [, broken] = align([line([0, 10_000, 40_001], [1, 2, 3], { everyS: 10 })], 0, 50_000, 100);
    assert.deepEqual([...broken], [1, 2, null, 3]);
    const [, whole] = align([line([0, 10_000, 40_000], [1, 2, 3], { everyS: 10 })], 0, 50_000, 100);
    assert.deepEqual([...whole], [1, 2, 3]);
  });

  test("a fast line does not break for a hiccup, and one without a cadence never", () => {
    assert.deepEqual([...align([line([0, 2_500], [1, 2], { everyS: 0.1 })], 0, 9_000, 100)[1]], [1, 2]);
    assert.deepEqual([...align([line([0, 2_600], [1, 2], { everyS: 0.1 })], 0, 9_000, 100)[1]], [1, null, 2]);
    assert.deepEqual([...align([line([0, 9e8], [1, 2])], 0, 1e9, 100)[1]], [1, 2]);
  });

  test("nothing of another line bridges a gap: every shared time inside it is a break", () => {
    const gappy = line([0, 60_000], [1, 2], { everyS: 1 });
    const other = line([0, 20_000, 40_000, 60_000], [1, 1, 1, 1]);
    const [xs, column] = align([gappy, other], 0, 60_000, 100);
    const inside = xs.map((x, i) => [x, column[i]]).filter(([x]) => Number(x) > 1 && Number(x) < 60_000);
    assert.ok(inside.length >= 2);
    for (const [x, value] of inside) assert.equal(value, null, `at ${x}`);
  });

  test("one value before the window is kept, and none after it", () => {
    assert.deepEqual(align([line([1, 5, 9, 20], [1, 2, 3, 4])], 6, 10, 100), [[5, 9], [2, 3]]);
  });

  test("a long line is thinned without losing a spike, in order of time, to two values a step", () => {
    const times = Array.from({ length: 10_000 }, (_, i) => i);
    const values = times.map((t) => (t === 4_321 ? 99 : t === 7_654 ? -99 : Math.sin(t)));
    const [xs, column] = align([line(times, values)], 0, 9_999, 100);
    assert.ok(xs.length <= 2 * 100 + 3, `${xs.length} values`);
    assert.ok(column.includes(99) && column.includes(-99));
    assert.deepEqual([...xs].sort((a, b) => a - b), xs);
    assert.equal(xs.at(-1), 9_999);
  });

  test("behind the means of buckets stands the newest sample, as it is", () => {
    const buckets = line([0, 10_000, 20_000], [1, 2, 3], { everyS: 1, stepMs: 10_000, newest: [27_000, 9] });
    assert.deepEqual(align([buckets], 0, 30_000, 100), [[0, 10_000, 20_000, 27_000], [1, 2, 3, 9]]);
    assert.deepEqual(align([buckets], 0, 25_000, 100)[0], [0, 10_000, 20_000], "but not beyond the picture");
    assert.deepEqual(align([line([], [], { newest: [5, 1] })], 0, 10, 100), [[], []], "and not without them");
  });

  test("what buckets reach is in as many parts as the line", () => {
    const bands = { mins: [0, 1, 2, -5], maxs: [4, 5, 6, 50] };
    const buckets = line([0, 10_000, 90_000, 100_000], [1, 2, 3, 4], { everyS: 1, stepMs: 10_000, ...bands });
    assert.deepEqual(unbroken(buckets, 0, 200_000), [[0, 2], [2, 4]]);
    assert.deepEqual(unbroken(buckets, 15_000, 95_000), [[1, 2], [2, 3]], "and of what is in the picture");
  });

  test("no lines, and lines without values, are no fault", () => {
    assert.deepEqual(align([], 0, 1, 10), [[]]);
    assert.deepEqual(align([line([], [])], 0, 1, 10), [[], []]);
  });
});
