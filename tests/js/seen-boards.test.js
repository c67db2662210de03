import assert from "node:assert/strict";
import test from "node:test";
import { favourites, noteSeen, recent, setFavourite } from "../../static/js/pages/seen-boards.js";

test("boards are remembered, the last seen first; without storage nothing is", () => {
  noteSeen("a"); // there is no localStorage in Node yet
  assert.deepEqual(recent(), []);
  const kept = new Map();
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: { getItem: (/** @type {string} */ name) => kept.get(name) ?? null, setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value) } });
  for (const id of ["a", "b", "a", ""]) noteSeen(id);
  assert.deepEqual(recent(), ["a", "b"]);
  setFavourite("b", true);
  assert.ok(favourites().has("b"));
  setFavourite("b", false);
  assert.equal(favourites().size, 0);
});
