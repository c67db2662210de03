import assert from "node:assert/strict";
import { test } from "node:test";
import { counted } from "../../static/js/widgets/dom.js";

test("only exactly one thing is named in the singular, also if the number is given as it is shown", () => {
  assert.deepEqual([0, 1, 2].map((count) => counted(count, "sample")), ["0 samples", "1 sample", "2 samples"]);
  assert.deepEqual(["0.1", "1", "1 k"].map((count) => counted(count, "sample")), ["0.1 samples", "1 sample", "1 k samples"]);
  assert.equal(counted(1, "more series is", "more series are"), "1 more series is");
});
