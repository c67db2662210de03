import assert from "node:assert/strict";
import { test } from "node:test";
import { resized, same, stepsBetween } from "../../static/js/data/tile-moves.js";

const PLACE = { x: 20, y: 3, w: 4, h: 2 };

test("places are the same if all of them is", () => {
  assert.ok(same(PLACE, { ...PLACE }));
  for (const part of ["x", "y", "w", "h"]) assert.ok(!same(PLACE, { ...PLACE, [part]: 1 }), part);
});

test("a tile grows no further than the grid and shrinks to one cell", () => {
  assert.deepEqual(resized(PLACE, -1, 3, 24), { x: 20, y: 3, w: 3, h: 5 });
  assert.deepEqual(resized(PLACE, 5, 0, 24), PLACE);
  const least = resized(PLACE, -9, -9, 24);
  assert.ok(least.w >= 1 && least.h >= 1);
  assert.deepEqual([least.x, least.y], [20, 3]);
});

test("a tile is resized before it is moved, and what stays needs no step", () => {
  const before = new Map([["a", PLACE], ["b", { ...PLACE, y: 9 }], ["c", PLACE]]);
  const after = new Map([["a", { x: 22, y: 3, w: 2, h: 2 }], ["b", { ...PLACE, y: 9 }], ["c", { ...PLACE, y: 8 }]]);
  assert.deepEqual(stepsBetween(before, after), [
    { op: "resize", widget: "a", w: 2, h: 2 },
    { op: "move", widget: "a", x: 22, y: 3 },
    { op: "move", widget: "c", x: 20, y: 8 },
  ]);
  assert.deepEqual(stepsBetween(before, before), []);
});
