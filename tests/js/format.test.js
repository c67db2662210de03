import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { age, clock, duration, format, moment, since } from "../../static/js/draw/format.js";

describe("numbers", () => {
  /** @type {[number | null | undefined, string, number | null, string][]} */
  const cases = [
    [1_234_567, "", null, "1.23 M"], [1_000, "", null, "1.00 k"], [999, "", null, "999 "], [0, "", null, "0 "],
    [3.14159, "", null, "3.14 "], [0.5, "", null, "0.5 "], [-42, "", null, "-42 "], [-1_500, "", null, "-1.50 k"], [1.5, "", 3, "1.500 "],
    [0.00012, "", null, "1.2e-4 "], [1_234, "/min", null, "1.23 k/min"],
    [1_023, "B", null, "1023 B"], [1_024, "B", null, "1.00 KiB"], [1_048_576, "B/s", null, "1.00 MiB/s"], [909 * 1024 ** 4, "B", null, "909 TiB"],
    [99.2, "%", null, "99.2 %"], [99.96, "%", null, "100 %"], [0, "%", null, "0 %"], [12.345, "%", 2, "12.35 %"],
    [5, "s", null, "5 s"], [100, "s", null, "1 min 40 s "], [93_784, "s", null, "1 d 2 h "],
    [null, "ms", null, "– "], [undefined, "", null, "– "], [NaN, "", null, "– "], [Infinity, "B", null, "– "],
  ];
  for (const [value, unit, decimals, expected] of cases) {
    test(`${value} ${unit} is ${expected.trim()}`, () => {
      const shown = format(value, unit, decimals);
      assert.equal(`${shown.text} ${shown.unit}`, expected);
    });
  }

  test("no number is longer than a tile can show", () => {
    for (let power = -3; power <= 20; power++) {
      for (const mantissa of [1, 1.23456, 9.9949, 9.99951]) {
        const { text } = format(mantissa * 10 ** power, "");
        assert.ok(text.replace("-", "").length <= 7, `${mantissa}e${power} is ${text}`);
      }
    }
  });
});

describe("times", () => {
  test("a duration has its two largest parts", () => {
    assert.deepEqual([0, 59, 60, 3_600, 90_061, 86_400].map(duration), ["0 s", "59 s", "1 min", "1 h", "1 d 1 h", "1 d"]);
    assert.equal(duration(-61), "−1 min 1 s");
  });

  test("an age has one part and is never negative", () => {
    assert.deepEqual([-5_000, 0, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000].map(age), ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h", "1 d"]);
  });

  test("a clock has two digits each, a moment of another day its day", () => {
    const noon = new Date(2026, 2, 7, 9, 5, 3).getTime();
    assert.equal(clock(noon), "09:05");
    assert.equal(clock(noon, true), "09:05:03");
    assert.equal(moment(noon, noon + 1), "09:05");
    assert.ok(moment(noon, noon + 86_400_000).endsWith(" 09:05"));
    assert.notEqual(moment(noon, noon + 86_400_000), "09:05");
  });
});

test("a small number is not shown as nothing", () => {
  for (const value of [0.0011, 0.0015, 0.0049]) assert.notEqual(format(value, "s").text, "0", `${value}`);
});

test("a small number keeps three significant digits", () => assert.equal(format(0.0123, "s").text, "0.0123"));

test("a small negative percentage is not minus nothing", () => assert.equal(format(-0.04, "%").text, "0.0"));

test("milliseconds become seconds and not kilomilliseconds", () => {
  const { text, unit } = format(12_345, "ms");
  assert.equal(`${text} ${unit}`, "12.3 s");
});

test("units that take no prefix get none", () => {
  for (const unit of ["°C", "min", "h", "count"]) assert.ok(!format(12_345, unit).unit.startsWith("k"), format(12_345, unit).unit);
});

test("a number beyond all prefixes is still short", () => assert.ok(format(1e30).text.length <= 7, format(1e30).text));

test("rounding up to the next prefix keeps three digits", () => {
  for (const [value, unit, expected] of /** @type {[number, string, string][]} */ ([[999.6, "", "1.00 k"], [999_600, "", "1.00 M"], [1_023.7, "B", "1.00 KiB"]])) {
    const shown = format(value, unit);
    assert.equal(`${shown.text} ${shown.unit}`, expected);
  }
});

test("how long ago counts no seconds", () => {
  assert.equal(since(1_000, 60_999), "just now");
  assert.equal(since(1_000, 3 * 86_400_000 + 2_000), "3 d ago");
});
