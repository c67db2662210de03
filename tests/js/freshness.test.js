import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { freshest, freshness, leastFresh } from "../../static/js/data/freshness.js";
import { Series } from "../../static/js/data/series.js";
import { definition } from "./data-support.js";

describe("freshness", () => {
  test("the freshest of several counts; of none there is none", () => {
    assert.equal(freshest(["dead", "late", "stale"]), "late");
    assert.equal(freshest(["none", "dead"]), "dead");
    assert.equal(freshest([]), "none");
  });

  test("the least fresh of several is a line's state", () => {
    assert.equal(leastFresh(["live", "stale"]), "stale");
    assert.equal(leastFresh(["dead", "late"]), "dead");
    assert.equal(leastFresh(["live", "live"]), "live");
  });

  test("what has ended with the last that came is dead, also where it is shown in buckets", () => {
    const series = new Series(definition({ every_s: 10, last: 1_000 }), 10_000);
    series.replace([0], [1], [1], [1], [1_000, 1], 1_150);
    series.define(definition({ every_s: 10, last: 1_000, ended: 1_000 }));
    assert.equal(series.ended, true);
    series.replace([0], [1], [1], [1], [1_400, 1], 1_400);
    assert.equal(series.ended, false);
  });

  test("what its sender has ended is dead at once, until it sends something later", () => {
    const series = new Series(definition({ every_s: 10, last: 1_000, ended: 2_000 }), 0);
    assert.equal(freshness(0, series.everyS, series.ended), "dead");
    series.append([3_000], [1], 3_000);
    assert.equal(series.ended, false);
    series.define(definition({ every_s: 10, last: 3_000, ended: 4_000 }));
    assert.equal(series.ended, true);
    assert.equal(freshness(0, 10, false), "live");
  });

  test("a value from the future is judged by its distance", () => assert.equal(freshness(-400_000, 60), "stale"));
});
