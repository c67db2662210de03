import assert from "node:assert/strict";
import { test } from "node:test";
import { boundsAt, boundsOf } from "../../static/js/draw/min-max-band.js";
import { line } from "./data-support.js";

test("the bounds are those of the buckets on the chart, and none without buckets", () => {
  const buckets = line([0, 10_000, 90_000, 100_000], [1, 2, 3, 4], { everyS: 1, stepMs: 10_000, mins: [0, 1, 2, -5], maxs: [4, 5, 6, 50] });
  assert.deepEqual(boundsOf([buckets, line([0], [1_000])], 0, 200_000), [-5, 50]);
  assert.deepEqual(boundsOf([line([0], [1])], 0, 1), [Infinity, -Infinity]);
});

test("a bucket has bounds at its own time only", () => {
  const buckets = line([0, 10_000], [1, 2], { stepMs: 10_000, mins: [0, 1], maxs: [4, 5] });
  assert.deepEqual(boundsAt(buckets, 10_000), [1, 5]);
  assert.equal(boundsAt(buckets, 9_999), null);
  assert.equal(boundsAt(line([0], [1]), 0), null);
  assert.equal(boundsAt(undefined, 0), null);
});
