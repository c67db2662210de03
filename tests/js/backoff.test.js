import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, FIRST_S, LONGEST_S } from "../../static/js/client/backoff.js";

test("the ceiling doubles from half a second to thirty", () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 7, 50, 5_000].map((attempt) => backoff(attempt, () => 1));
  assert.deepEqual(ceilings, [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]);
  assert.deepEqual([FIRST_S, LONGEST_S], [0.5, 30]);
});

test("the whole span under the ceiling is used, never less than a twentieth of a second", () => {
  assert.equal(backoff(3, () => 0), 0.05);
  assert.equal(backoff(3, () => 0.5), 2);
  assert.equal(backoff(0, () => 0), 0.05);
});
