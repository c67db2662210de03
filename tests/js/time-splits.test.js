import assert from "node:assert/strict";
import { test } from "node:test";
import { needSeconds, timeSplits } from "../../static/js/draw/time-splits.js";

const HOUR = 3_600_000;
const NOON = new Date(2026, 5, 10, 12).getTime();

test("labels stand at round times inside the span, no more of them than fit", () => {
  for (const [span, most, step] of [[60_000, 6, 10_000], [900_000, 5, 300_000], [900_000, 3, 300_000], [6 * HOUR, 6, HOUR], [48 * HOUR, 4, 12 * HOUR]]) {
    const times = timeSplits(NOON - span, NOON, most);
    assert.ok(times.length <= most + 1 && times.length >= 2, `${times.length} labels`);
    assert.ok(times.every((t) => t >= NOON - span && t <= NOON));
    assert.deepEqual(new Set(times.slice(1).map((t, i) => t - times[i])), new Set([step]));
  }
});

test("days begin at midnight here", () => {
  for (const t of timeSplits(NOON - 96 * HOUR, NOON, 4)) assert.equal(new Date(t).getHours(), 0);
});

test("labels stay at round hours over the nights in which clocks are put forward or back", () => {
  const here = process.env.TZ;
  process.env.TZ = "Europe/Berlin";
  try {
    for (const end of [new Date(2026, 2, 29, 9), new Date(2026, 9, 25, 9)]) {
      const shown = (/** @type {number} */ span, /** @type {number} */ most) => timeSplits(end.getTime() - span * HOUR, end.getTime(), most).map((t) => new Date(t).getHours());
      assert.deepEqual(shown(48, 8), [12, 18, 0, 6, 12, 18, 0, 6]);
      assert.deepEqual(shown(12, 6), shown(12, 6).filter((hour) => hour % 2 === 0 || hour === 3)); // 2 o'clock that is put forward is 3
      assert.equal(new Set(timeSplits(end.getTime() - 6 * HOUR, end.getTime(), 8)).size, timeSplits(end.getTime() - 6 * HOUR, end.getTime(), 8).length);
    }
  } finally {
    if (here === undefined) delete process.env.TZ;
    else process.env.TZ = here;
  }
});

test("where nothing fits the largest step is taken", () => assert.ok(timeSplits(NOON - 48 * HOUR, NOON, 0).length <= 2));

test("labels of half minutes need their seconds, whatever the window is", () => {
  assert.equal(needSeconds(timeSplits(NOON - 300_000, NOON, 12)), true);
  assert.equal(needSeconds(timeSplits(NOON - 240_000, NOON, 4)), false);
});
