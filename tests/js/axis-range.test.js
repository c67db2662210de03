import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AxisRange } from "../../static/js/draw/axis-range.js";

describe("the value axis", () => {
  test("the largest and the smallest numbers there are have an axis that ends", () => {
    for (const [least, greatest] of [[0, 1.7e308], [-1.7e308, 1.7e308], [1e16, 1e16 + 2], [1e-12, 3e-12], [0, 5e-324], [5, 5], [0, 0]]) {
      const range = new AxisRange();
      range.fit(least, greatest, 0);
      const lines = range.splits();
      assert.ok(lines.length >= 1 && lines.length <= 50 && lines.every(Number.isFinite), `${least} ${greatest}: ${lines.length}`);
    }
    const small = new AxisRange();
    small.fit(1e-12, 3e-12, 0);
    assert.ok(small.high < 1e-11);
  });

  test("holds everything, on round steps, with lines from end to end", () => {
    for (const unit of ["", "B", "s", "ms"]) {
      for (const [low, high] of [[0, 1], [3, 97], [-50, 50], [0.001, 0.002], [1e9, 3e9], [99.97, 100], [5_000, 5_000.5], [0, 3e12]]) {
        const axis = new AxisRange({ unit });
        axis.fit(low, high, 0);
        assert.ok(axis.low <= low && axis.high >= high, `${low}…${high}: ${axis.low}…${axis.high}`);
        const lines = axis.splits();
        assert.ok(lines.length >= 2 && lines.length <= 8, `${lines}`);
        assert.ok(Math.abs(lines[0] - axis.low) < axis.step / 1e3 && Math.abs(lines[lines.length - 1] - axis.high) < axis.step / 1e3);
      }
    }
  });

  test("holds still while values move inside it", () => {
    const axis = new AxisRange();
    axis.fit(0, 90, 0);
    const before = [axis.low, axis.high, axis.step];
    for (let t = 0; t < 100_000; t += 1_000) axis.fit(20 + (t % 7), 60 + (t % 11), t);
    assert.deepEqual([axis.low, axis.high, axis.step], before);
  });

  test("grows at once when it must", () => {
    const axis = new AxisRange();
    axis.fit(0, 90, 0);
    axis.fit(0, 400, 1);
    assert.ok(axis.high >= 400);
  });

  test("shrinks only after it has been far too large for half a minute", () => {
    const axis = new AxisRange();
    axis.fit(0, 1_000, 0);
    for (let t = 1; t <= 30_000; t += 1_000) axis.fit(0, 10, t);
    assert.ok(axis.high >= 1_000);
    axis.fit(0, 10, 31_002);
    assert.ok(axis.high <= 20);
  });

  test("a spike in between begins the half minute anew", () => {
    const axis = new AxisRange();
    axis.fit(0, 1_000, 0);
    axis.fit(0, 10, 1);
    axis.fit(0, 900, 20_000);
    axis.fit(0, 10, 31_000);
    assert.ok(axis.high >= 900);
  });

  test("fixed ends stay, but what is beyond them is still shown", () => {
    const axis = new AxisRange({ min: 0, max: 100 });
    axis.fit(20, 30, 0);
    assert.deepEqual([axis.low, axis.high], [0, 100]);
    axis.fit(20, 130, 1);
    assert.ok(axis.high >= 130);
  });

  test("one value, nothing, and numbers without end are no fault", () => {
    for (const value of [0, 5, -5, 1e12, 1e-9]) {
      const axis = new AxisRange();
      axis.fit(value, value, 0);
      assert.ok(axis.low < axis.high && axis.low <= value && axis.high >= value, `${value}`);
    }
    const axis = new AxisRange();
    axis.fit(Infinity, -Infinity, 0);
    assert.deepEqual([axis.low, axis.high], [0, 0]);
  });
});
