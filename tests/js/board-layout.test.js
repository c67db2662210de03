import assert from "node:assert/strict";
import test from "node:test";
import { freePlace, freePlaces, makeRoom, moveTogether, overlap, within } from "../../static/js/data/board-layout.js";

const at = (/** @type {number} */ x, /** @type {number} */ y, w = 2, h = 2) => ({ x, y, w, h });

test("a moved tile keeps its place, and those in its way move down and push others", () => {
  const places = new Map([["a", at(0, 0)], ["b", at(2, 0)], ["c", at(2, 2)]]);
  const made = makeRoom(places, new Map([["a", at(1, 0)]]));
  assert.deepEqual([...made], [["a", at(1, 0)], ["b", at(2, 2)], ["c", at(2, 4)]]);
});

test("no two tiles share a cell after many moves", () => {
  let places = new Map(Array.from({ length: 9 }, (_, n) => [`t${n}`, at((n % 3) * 2, Math.floor(n / 3) * 2)]));
  for (let n = 0; n < 60; n++) {
    places = makeRoom(places, new Map([[`t${(n * 5) % 9}`, at((n * 7) % 5, (n * 3) % 6, 1 + (n % 3), 1 + (n % 2))]]));
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

test("tiles that move together stop together at the edge", () => {
  const places = new Map([["a", at(0, 0)], ["b", at(5, 1)], ["c", at(2, 2)]]);
  assert.deepEqual([...moveTogether(places, ["a", "b"], 4, 1, 8)], [["a", at(1, 1)], ["b", at(6, 2)]]);
  assert.deepEqual([...moveTogether(places, ["a", "b", "gone"], -1, -3, 8)], [["a", at(0, 0)], ["b", at(5, 1)]]);
  const made = [...makeRoom(places, moveTogether(places, ["a", "b"], 1, 1, 8)).values()];
  assert.ok(made.every((a, i) => made.slice(0, i).every((b) => !overlap(a, b))));
});

test("pasted tiles keep their places to each other", () => {
  assert.deepEqual(freePlaces([at(0, 0), at(2, 0)], 8, [at(5, 9), at(7, 10, 1, 1)]), [at(4, 0), at(6, 1, 1, 1)]);
  const narrow = freePlaces([], 3, [at(0, 0), at(4, 0)]);
  assert.ok(!overlap(narrow[0], narrow[1]) && narrow.every(({ x, w }) => x + w <= 3));
});
