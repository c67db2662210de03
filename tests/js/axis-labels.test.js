import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { axisLabels } from "../../static/js/draw/axis-labels.js";
import { AxisRange } from "../../static/js/draw/axis-range.js";

/** The labels of an axis that holds these values. @param {number} least @param {number} greatest @param {string} unit @param {{min?: number, max?: number}} [fixed] */
function labels(least, greatest, unit, fixed = {}) {
  const range = new AxisRange({ ...fixed, unit });
  range.fit(least, greatest, 0);
  return axisLabels(range.splits(), unit);
}

describe("labels of an axis", () => {
  const MIB = 1024 ** 2;
  /** @type {[string, string[], string[]][]} */
  const cases = [
    ["an axis of mebibytes", labels(0, 1.46 * MIB, "B/s"), ["0 MiB/s", "0.5 MiB/s", "1.0 MiB/s", "1.5 MiB/s"]],
    ["an axis below a mebibyte", labels(0, 1_000 * 1024, "B/s"), ["0 KiB/s", "500 KiB/s", "1000 KiB/s"]],
    ["an axis that its step carries over a mebibyte", axisLabels([0, 512_000, 1_024_000, 1_536_000], "B/s"), ["0 KiB/s", "500 KiB/s", "1000 KiB/s", "1500 KiB/s"]],
    ["large numbers near each other", labels(1_630_020_000, 1_630_380_000, ""), ["1.6300 G", "1.6301 G", "1.6302 G", "1.6303 G", "1.6304 G"]],
    ["large numbers on steps of half a unit", axisLabels([1_630_150_000, 1_630_200_000, 1_630_250_000], ""), ["1.63015 G", "1.63020 G", "1.63025 G"]],
    ["percents", labels(3, 97, "%", { min: 0, max: 100 }), ["0%", "50%", "100%"]],
    ["parts of a percent", labels(99.97, 99.991, "%"), ["99.97%", "99.98%", "99.99%", "100.00%"]],
    ["milliseconds", labels(0, 290, "ms"), ["0 ms", "100 ms", "200 ms", "300 ms"]],
    ["milliseconds that are seconds", labels(0, 2_900, "ms"), ["0 s", "1 s", "2 s", "3 s"]],
    ["an uptime of hours", labels(0, 6 * 3_600, "s"), ["0 h", "2 h", "4 h", "6 h"]],
    ["an uptime of some minutes", labels(13_000, 13_900, "s"), ["215 min", "220 min", "225 min", "230 min", "235 min"]],
    ["a unit without prefixes", labels(0, 4_000, "°C"), ["0 k °C", "1 k °C", "2 k °C", "3 k °C", "4 k °C"]],
    ["nothing at all", axisLabels([0], "B"), ["0 B"]],
  ];
  for (const [name, shown, expected] of cases) test(name, () => assert.deepEqual(shown, expected));

  test("tell any values apart, in one unit, and stay short", () => {
    for (const unit of ["", "B", "B/s", "s", "ms", "%", "W", "°C"]) {
      for (const [least, greatest] of [[0, 1], [0, 1e-9], [1e-12, 3e-12], [1e9, 1e9 + 7], [0, 1.7e308], [-1.7e308, 1.7e308], [-5, 5], [0, 999], [0, 1_023], [0, 1_025], [1e15, 1e15 + 100], [86_390, 86_410], [0.1, 0.3]]) {
        const shown = labels(least, greatest, unit);
        assert.equal(new Set(shown).size, shown.length, `${shown}`);
        assert.ok(Math.max(...shown.map((label) => label.length)) <= 24, `${shown}`);
        const units = new Set(shown.map((label) => label.replace(/^[-\d.e+]+/, "")));
        assert.equal(units.size, 1, `${shown}`);
      }
    }
  });
});
