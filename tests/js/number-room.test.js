import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NumberRoom } from "../../static/js/draw/number-room.js";

const text = (/** @type {number | undefined} */ value) => (value === undefined ? "–" : value.toFixed(1));

describe("the room for a number", () => {
  test("is that of the longest number of the window from the beginning", () => {
    assert.equal(new NumberRoom().fit([{ values: [5, 123.4, 9], value: 9 }], text, 0), 5);
    assert.equal(new NumberRoom().fit([{ values: [-1234, 9], value: 9 }], text, 0), 7);
  });

  test("grows at once, and shrinks when the longest number has left the window", () => {
    const room = new NumberRoom();
    const series = { values: [5], value: 5 };
    assert.equal(room.fit([series], text, 0), 3);
    series.value = 54_321;
    assert.equal(room.fit([series], text, 1_000), 7);
    series.value = 5;
    assert.equal(room.fit([series], text, 2_000), 7);
    assert.equal(room.fit([series], text, 70_000), 3);
  });

  test("is new for other series, and passes over what is no number", () => {
    const room = new NumberRoom();
    assert.equal(room.fit([{ values: [NaN, 12_345], value: undefined }, { values: [], value: undefined }], text, 0), 7);
    room.renew();
    assert.equal(room.fit([{ values: [], value: undefined }], text, 1), 1);
  });
});
