import assert from "node:assert/strict";
import test from "node:test";
import { favourites, homeBoard, noteSeen, recent, setFavourite, setHomeBoard, useMarks } from "../../static/js/pages/seen-boards.js";

test("boards are remembered, the last seen first; without storage nothing is", async () => {
  noteSeen("a"); // there is no localStorage in Node yet
  assert.deepEqual(recent(), []);
  const kept = new Map();
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: { getItem: (/** @type {string} */ name) => kept.get(name) ?? null, setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value) } });
  for (const id of ["a", "b", "a", ""]) noteSeen(id);
  assert.deepEqual(recent(), ["a", "b"]);
  await setFavourite("b", true);
  assert.ok(favourites().has("b"));
  await setFavourite("b", false);
  assert.equal(favourites().size, 0);
});

test("what a user keeps is the server's; what it refuses is not shown", async () => {
  /** @type {[string, any][]} */
  const told = [];
  let status = 204;
  globalThis.fetch = async (/** @type {any} */ path, /** @type {any} */ options) => {
    told.push([path, JSON.parse(options.body)]);
    return new Response(status === 204 ? null : JSON.stringify({ error: { code: "unavailable", message: "no" } }), { status });
  };
  useMarks({ home: "a", favourites: ["a"], recent: ["b", "a"] });
  assert.deepEqual([homeBoard(), [...favourites()], recent()], ["a", ["a"], ["b", "a"]]);
  await setFavourite("b", true);
  Object.defineProperty(globalThis, "document", { configurable: true, value: { cookie: "home_board=b" } });
  await setHomeBoard("a", false);
  assert.match(document.cookie, /^home_board=;.*Max-Age=0$/);
  noteSeen("c", true);
  assert.deepEqual([homeBoard(), [...favourites()]], ["", ["a", "b"]]);
  assert.deepEqual(told, [["/api/v1/boards/b/marks", { favourite: true }], ["/api/v1/boards/a/marks", { home: false }], ["/api/v1/boards/c/marks", { seen: true }]]);
  status = 503;
  await assert.rejects(setHomeBoard("b", true));
  assert.equal(homeBoard(), "");
  useMarks(null);
});
