import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lowerBound, Series } from "../../static/js/data/series.js";
import { definition } from "./data-support.js";

describe("a series", () => {
  test("lowerBound finds the first time that is not before", () => {
    assert.deepEqual([0, 1, 2, 3, 4, 9].map((t) => lowerBound([1, 3, 3, 5], t)), [0, 0, 1, 1, 3, 4]);
  });

  test("late values go where they belong, one of a time that is known replaces it", () => {
    const series = new Series(definition({ t: [10, 30], v: [1, 3] }), 0);
    series.append([20, 30, 5], [2, 4, 0], 1_000);
    assert.deepEqual(series.times, [5, 10, 20, 30]);
    assert.deepEqual(series.values, [0, 1, 2, 4]);
    assert.equal(series.value, 4);
    series.append([10, 10], [7, 8], 1_000);
    assert.deepEqual(series.values, [0, 8, 2, 4]);
  });

  test("a value from the future does not make it newer than the server's now", () => {
    const series = new Series(definition(), 0);
    series.append([9_000], [1], 5_000);
    assert.equal(series.last, 5_000);
  });

  test("a late value does not make it older", () => {
    const series = new Series(definition({ t: [10], v: [1], last: 10 }), 0);
    series.append([5], [1], 100);
    assert.equal(series.last, 10);
  });

  test("a known bucket is replaced, a new one added", () => {
    const series = new Series(definition({ t: [0, 60], min: [1, 1], mean: [2, 2], max: [3, 3] }), 60);
    series.replace([60, 120], [0, 5], [4, 6], [9, 7], [130, 7], 1_000);
    assert.deepEqual([series.times, series.mins, series.values, series.maxs], [[0, 60, 120], [1, 0, 5], [2, 4, 6], [3, 9, 7]]);
  });

  test("a series shown in buckets has the value and the age of its newest sample", () => {
    const series = new Series(definition({ t: [0, 60], min: [1, 1], mean: [2, 2], max: [3, 3], newest: [70, 3], last: 70 }), 60, 100);
    assert.deepEqual([series.value, series.last], [3, 70]);
    series.replace([60], [0], [1], [3], [90, 0], 1_000);
    assert.deepEqual([series.value, series.last], [0, 90]);
    series.replace([0], [-9], [1], [3], [90, 0], 1_100);
    assert.deepEqual([series.value, series.last], [0, 90], "a late one changes neither");
    series.replace([1_140], [5], [5], [5], [1_150, 5], 1_120);
    assert.deepEqual([series.value, series.last], [5, 1_120], "a clock ahead makes nothing newer than now");
  });

  test("trimming is done now and then, and leaves one value before the window", () => {
    const times = Array.from({ length: 300 }, (_, i) => i * 10);
    const series = new Series(definition({ t: times, v: [...times] }), 0);
    series.trim(100);
    assert.equal(series.times.length, 300);
    series.trim(2_000);
    assert.equal(series.times[0], 1_990);
    assert.equal(series.values.length, series.times.length);
  });

  test("every change has another version", () => {
    const series = new Series(definition(), 0);
    const versions = [series.version];
    series.append([1], [1], 1);
    versions.push(series.version);
    series.define(definition({ unit: "ms" }));
    versions.push(series.version);
    assert.equal(new Set(versions).size, 3);
  });
});

describe("a value from the future", () => {
  test("is not shown as that of now, unless there is no other", () => {
    const series = new Series(definition({ t: [1_000, 601_000], v: [5, 777], last: 1_000 }), 0, 2_000);
    assert.equal(series.value, 5);
    series.append([3_000], [6], 3_000);
    assert.equal(series.value, 6);
    series.append([601_000], [778], 601_000);
    assert.equal(series.value, 778);
    assert.equal(new Series(definition({ t: [601_000], v: [777] }), 0, 2_000).value, 777);
  });
});
