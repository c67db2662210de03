import assert from "node:assert/strict";
import test from "node:test";
import { freePlace, makeRoom, overlap, within } from "../../static/js/data/board-layout.js";

const at = (/** @type {number} */ x, /** @type {number} */ y, w = 2, h = 2) => ({ x, y, w, h });

test("a moved tile keeps its place, and those in its way move down and push others", () => {
  const places = new Map([["a", at(0, 0)], ["b", at(2, 0)], ["c", at(2, 2)]]);
  const made = makeRoom(places, "a", at(1, 0));
  assert.deepEqual([...made], [["a", at(1, 0)], ["b", at(2, 2)], ["c", at(2, 4)]]);
});

test("no two tiles share a cell after many moves", () => {
  let places = new Map(Array.from({ length: 9 }, (_, n) => [`t${n}`, at((n % 3) * 2, Math.floor(n / 3) * 2)]));
  for (let n = 0; n < 60; n++) {
    places = makeRoom(places, `t${(n * 5) % 9}`, at((n * 7) % 5, (n * 3) % 6, 1 + (n % 3), 1 + (n % 2)));
    const all = [...places.values()];
    assert.ok(all.every((a, i) => all.slice(0, i).every((b) => !overlap(a, b))));
  }
});

test("a new tile gets the first free place that it fits", () => {
  assert.deepEqual(freePlace([at(0, 0), at(4, 0)], 8, { w: 2, h: 1 }), at(2, 0, 2, 1));
  assert.deepEqual(freePlace([at(0, 0), at(4, 0)], 8, { w: 30, h: 1 }), at(0, 2, 8, 1));
});

test("a place stays within the grid", () => {
  assert.deepEqual(within(at(-3, -1, 0, 99), 8), at(0, 0, 1, 24));
  assert.deepEqual(within(at(9, 3), 8), at(6, 3));
});
