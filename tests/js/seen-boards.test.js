import assert from "node:assert/strict";
import test from "node:test";
import { areMarksUnknown, favourites, homeBoard, noteSeen, recent, setFavourite, setHomeBoard, takeOver, useMarks } from "../../static/js/pages/seen-boards.js";

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

test("a user without favourites takes over what this browser kept, once, and not while it is unknown", async () => {
  const kept = new Map([["favourite boards", '["x", "gone", "y"]'], ["recent boards", '["y", "b", "x"]']]);
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: { getItem: (/** @type {string} */ name) => kept.get(name) ?? null, setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value) } });
  /** @type {[string, any][]} */
  const told = [];
  let status = 204;
  globalThis.fetch = async (/** @type {any} */ path, /** @type {any} */ options) => {
    told.push([path.split("/")[4], JSON.parse(options.body)]);
    const code = path.includes("gone") ? 404 : status;
    return new Response(code === 204 ? null : "{}", { status: code });
  };
  useMarks(null);
  assert.equal(await takeOver("ann"), false);
  useMarks({ home: "", favourites: [], recent: [], unknown: true });
  assert.deepEqual([areMarksUnknown(), await takeOver("ann")], [true, false]);
  useMarks({ home: "", favourites: ["own"], recent: [] });
  assert.equal(await takeOver("old"), false); // who has favourites gets none of others
  assert.deepEqual(told, []);
  status = 503;
  useMarks({ home: "", favourites: [], recent: ["b"] });
  await takeOver("ann");
  status = 204;
  told.length = 0;
  useMarks({ home: "", favourites: ["x"], recent: ["b"] }); // she was given one before the fault
  assert.equal(await takeOver("ann"), true);
  assert.deepEqual(told, [["gone", { favourite: true }], ["y", { favourite: true }], ["x", { seen: true }], ["y", { seen: true }]]);
  assert.deepEqual([[...favourites()], recent()], [["x", "y"], ["y", "x", "b"]]);
  useMarks({ home: "", favourites: [], recent: [] }); // she has removed them since
  assert.equal(await takeOver("ann"), false);
  useMarks(null);
});
