import assert from "node:assert/strict";
import { test } from "node:test";
import { entryAt, haveRoom, lastOf, spread } from "../../static/js/draw/end-labels.js";

/** @param {number[]} heights */
const ends = (...heights) => heights.map((y) => ({ y, at: -1 }));
/** @param {{at: number}[]} some */
const places = (some) => some.map(({ at }) => Math.round(at * 100) / 100);

test("the end of a line is its last number; gaps have none", () => {
  assert.deepEqual(lastOf([1, 2, null, undefined]), [1, 2]);
  assert.deepEqual(lastOf([0]), [0, 0]);
  assert.equal(lastOf([null, undefined]), undefined);
  assert.equal(lastOf([]), undefined);
});

test("under the pointer the entry before counts, also if it is a gap", () => {
  assert.equal(entryAt([1, undefined, undefined], 2), 0);
  assert.equal(entryAt([1, null, undefined], 2), 1);
  assert.equal(entryAt([undefined, undefined], 1), 0);
});

test("labels with room stay at the ends of their lines", () => {
  assert.deepEqual(places(spread(ends(50, 10), 100, 10)), [10, 50]);
  assert.deepEqual(places(spread(ends(), 100, 10)), []);
});

test("labels that would overlap move down, in the order of the lines", () => {
  const sorted = spread(ends(12, 10, 11), 100, 10);
  assert.deepEqual(sorted.map(({ y }) => y), [10, 11, 12]);
  assert.deepEqual(places(sorted), [10, 21.2, 32.4]);
});

test("at the bottom they move up, and those above make room", () => {
  assert.deepEqual(places(spread(ends(95, 96, 20), 100, 10)), [20, 88.8, 100]);
  assert.deepEqual(places(spread(ends(100, 100, 90), 100, 10)), [77.6, 88.8, 100]);
});

test("more labels than the height holds have no room", () => {
  assert.equal(haveRoom(9, 100, 10), true);
  assert.equal(haveRoom(10, 100, 10), false);
});
