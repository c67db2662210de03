import assert from "node:assert/strict";
import { test } from "node:test";
import { mostSevere, stateOf } from "../../static/js/data/thresholds.js";

/** @type {import("../../static/js/client/protocol.js").Threshold[]} */
const LOAD = [{ at: 80, state: "warning" }, { at: 95, state: "critical" }, { at: 5, state: "critical", below: true }];

test("a threshold is reached at its own value, from its own side", () => {
  const cases = /** @type {[number, string][]} */ ([[79.9, ""], [80, "warning"], [94.9, "warning"], [95, "critical"], [5.1, ""], [5, "critical"], [-3, "critical"]]);
  for (const [value, state] of cases) assert.equal(stateOf(value, LOAD), state, String(value));
});

test("without a value, and without thresholds, there is no state", () => {
  assert.equal(stateOf(undefined, LOAD), "");
  assert.equal(stateOf(99, []), "");
});

test("critical is more severe than warning, and both than none, in any order", () => {
  assert.equal(mostSevere(["", "warning", "critical", ""]), "critical");
  assert.equal(mostSevere(["", "warning", ""]), "warning");
  assert.equal(mostSevere(["", ""]), "");
  assert.equal(mostSevere([]), "");
});
