import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { spanAround, spanFor } from "../../static/js/data/span.js";

describe("the span of a chart", () => {
  test("is the next step above what there is, at most the window", () => {
    assert.equal(spanFor(900_000, 1_000_000, [{ times: [999_000] }]), 60_000);
    assert.equal(spanFor(900_000, 1_000_000, [{ times: [939_000] }, { times: [] }]), 120_000);
    assert.equal(spanFor(900_000, 1_000_000, [{ times: [0] }]), 900_000);
    assert.equal(spanFor(30_000, 1_000_000, [{ times: [999_000] }]), 30_000);
  });
});

describe("the span around a moment", () => {
  test("now, nothing changes", () => assert.deepEqual(spanAround(null, 900, 10_000), [900, 10_000]));
  test("a moment stands near the right end of a third", () => assert.deepEqual(spanAround(9_600, 900, 10_000), [300, 9_675]));
  test("a very recent one ends with now", () => assert.deepEqual(spanAround(9_990, 900, 10_000), [300, 10_000]));
  test("one at the far end begins where the data begins", () => assert.deepEqual(spanAround(9_110, 900, 10_000), [300, 9_400]));
});
