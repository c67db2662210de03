// What is known to be wrong, as it should be. tests/unit/test_javascript.py runs these and expects each to fail, strictly:
// whoever mends one moves its test to its place.

import assert from "node:assert/strict";
import { test } from "node:test";
import { format } from "../../static/js/draw/format.js";

test("rounding up to the next prefix keeps three digits", () => {
  for (const [value, unit, expected] of /** @type {[number, string, string][]} */ ([[999.6, "", "1.00 k"], [999_600, "", "1.00 M"], [1_023.7, "B", "1.00 KiB"]])) {
    const shown = format(value, unit);
    assert.equal(`${shown.text} ${shown.unit}`, expected);
  }
});
