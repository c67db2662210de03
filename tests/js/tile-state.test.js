import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { badgeOf, newestOf, noteOf, SHAPES, tileState, WORDS } from "../../static/js/draw/tile-state.js";

const NOW = 1_000_000_000;
const WELL = { fault: "", note: "", freshness: "live", inputs: 0, old: 0, left_out: 0, corrected_from_ms: 0, remark: "", lines: {} };
/** @param {Partial<import("../../static/js/data/expressions.js").Condition>} some */
const condition = (some) => ({ ...WELL, ...some });
/** A series whose newest value is so many seconds old. @param {number} ageS */
const aged = (ageS, everyS = 10) => ({ last: NOW - ageS * 1000, everyS });
/** @param {{last: number, everyS: number}[]} series */
const stateOf = (...series) => tileState(NOW, series, undefined, [], "");

describe("state of a tile", () => {
  test("the freshest of its series counts, and how many are older is known", () => {
    const state = stateOf(aged(1), aged(25), aged(700));
    assert.deepEqual({ ...state, newest: NOW - state.newest }, { fresh: "live", old: 2, count: 3, newest: 1000, everyS: 10 });
    assert.equal(stateOf(aged(25)).fresh, "late");
    assert.equal(stateOf(aged(55)).fresh, "stale");
    assert.equal(stateOf(aged(601)).fresh, "dead");
    assert.equal(stateOf().fresh, "none");
    assert.equal(tileState(NOW, [{ ...aged(1), ended: true }], undefined, [], "").fresh, "dead");
  });

  test("a document counts by its cadence, and as live if it has none", () => {
    const day = { t: NOW - 86_400_000 };
    assert.equal(tileState(NOW, [], { ...day, every_s: 10 }, [], "").fresh, "dead");
    assert.equal(tileState(NOW, [], { ...day, every_s: null }, [], "").fresh, "live");
    assert.equal(tileState(NOW, [], { ...day, every_s: 10 }, [], "").everyS, 10);
    assert.equal(newestOf([aged(5)], { t: NOW }), NOW);
    assert.equal(newestOf([], undefined), 0);
  });

  test("an expression is as fresh as its inputs, and without values when it fails", () => {
    const old = condition({ note: "3 of 3 inputs are stale", inputs: 3, old: 3, freshness: "stale" });
    assert.equal(tileState(NOW, [aged(1)], undefined, [old], "").fresh, "stale");
    assert.equal(tileState(NOW, [aged(1)], undefined, [{ ...old, old: 2 }], "").fresh, "live");
    assert.equal(tileState(NOW, [aged(601)], undefined, [old], "").fresh, "dead");
    assert.equal(tileState(NOW, [aged(1)], undefined, [], "1:1: wrong").fresh, "none");
  });
});

describe("badge", () => {
  /** @param {import("../../static/js/draw/tile-state.js").TileState} state */
  const badge = (state, severity = "", conditions = [condition({})]) => badgeOf(NOW, state, conditions, severity);

  test("age comes before severity", () => {
    assert.deepEqual(badge(stateOf(aged(25)), "critical"), { text: "late 25 s", state: "" });
    assert.deepEqual(badge(stateOf(aged(55)), "critical"), { text: "stale", state: "" });
    assert.deepEqual(badge(stateOf(aged(601)), "critical"), { text: "no data", state: "" });
    assert.deepEqual(badge(stateOf(), "critical"), { text: "", state: "" });
    assert.deepEqual(badge(stateOf(aged(1), aged(25)), "critical"), { text: "1 of 2 old", state: "" });
    assert.deepEqual(badge(stateOf(aged(1)), "critical"), { text: `${SHAPES.critical} critical`, state: "critical" });
    assert.deepEqual(badge(stateOf(aged(1))), { text: "", state: "" });
  });

  test("old inputs of expressions are counted", () => {
    const some = [condition({ note: "x", inputs: 3, old: 1 }), condition({}), condition({ note: "y", inputs: 2, old: 1 })];
    assert.equal(badge(stateOf(aged(1)), "critical", some).text, "1 of 3 inputs old, 1 of 2 inputs old");
  });
});

describe("note", () => {
  /** @param {import("../../static/js/draw/tile-state.js").TileState} state @param {Partial<import("../../static/js/data/expressions.js").Condition>[]} conditions */
  const note = (state, ...conditions) => noteOf(NOW, state, conditions.map(condition), "of the board");

  test("it says since when, or the widget's own words", () => {
    assert.equal(note(stateOf(aged(1))), "of the board");
    assert.equal(note(stateOf(aged(25))), "expected every 10 s");
    assert.equal(note({ ...stateOf(aged(25)), everyS: null }), "of the board");
    assert.equal(note(stateOf(aged(55))), "55 s ago");
    assert.match(note(stateOf(aged(601))), /^nothing since \d/);
    assert.equal(noteOf(NOW, stateOf(aged(1)), [condition({ remark: "a counter?" })], ""), "a counter?");
  });

  test("what is wrong with an expression comes first", () => {
    const live = stateOf(aged(1));
    assert.equal(note(live, { note: "one" }, { note: "two", left_out: 3 }), "one; two");
    assert.equal(note(live, { left_out: 1 }), "1 more series is not shown");
    assert.equal(note(live, { left_out: 1 }, { left_out: 2, corrected_from_ms: 5 }), "3 more series are not shown");
    assert.match(note(live, { corrected_from_ms: NOW }, { corrected_from_ms: NOW - 60_000 }), /^late samples changed values since /);
  });
});

test("every state of freshness has its words", () => {
  assert.deepEqual(Object.keys(WORDS), ["live", "late", "stale", "dead", "none"]);
});
