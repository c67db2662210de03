import assert from "node:assert/strict";
import test from "node:test";
import { SeenEdits } from "../../static/js/pages/seen-edits.js";

test("what an editor has seen of a board is remembered; without storage nothing is", () => {
  const seen = new SeenEdits("ann", "wall");
  seen.keep({ seq: 3, version: 1 }); // there is no localStorage in Node yet
  assert.equal(seen.read(), null);
  const kept = new Map();
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: { getItem: (/** @type {string} */ name) => kept.get(name) ?? null, setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value) } });
  seen.keep({ seq: -1, version: 1 }); // the draft has not come yet
  assert.equal(kept.size, 0);
  seen.keep({ seq: 4, version: 1 });
  assert.deepEqual(new SeenEdits("ann", "wall").read(), { seq: 4, version: 1 });
  assert.equal(new SeenEdits("ben", "wall").read(), null);
  kept.set(seen.name, "no JSON");
  assert.equal(seen.read(), null);
});
