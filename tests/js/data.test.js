import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { align, unbroken } from "../../static/js/data/align.js";
import { freshest, freshness } from "../../static/js/data/freshness.js";
import { shortNames } from "../../static/js/data/labels.js";
import { lowerBound, Series } from "../../static/js/data/series.js";
import { ServerClock } from "../../static/js/data/server-clock.js";
import { spanAround, spanFor } from "../../static/js/data/span.js";
import { Store } from "../../static/js/data/store.js";
import { reachOf } from "../../static/js/draw/reach.js";

/** @param {Partial<import("../../static/js/client/views.js").Definition>} [more] */
const definition = (more) => ({ sid: 1, series: "a", name: "a", labels: {}, unit: "", every_s: null, last: 0, selectors: [0], ...more });
/** @param {number[]} times @param {number[]} values @param {Partial<import("../../static/js/data/align.js").Line>} [more] */
const line = (times, values, more) => ({ times, values, everyS: null, stepMs: 0, ...more });

describe("freshness", () => {
  test("the freshest of several counts; of none there is none", () => {
    assert.equal(freshest(["dead", "late", "stale"]), "late");
    assert.equal(freshest(["none", "dead"]), "dead");
    assert.equal(freshest([]), "none");
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

describe("align", () => {
  test("lines with the same times share them", () => {
    assert.deepEqual(align([line([1, 2], [5, 6]), line([1, 2], [7, 8])], 0, 10, 100), [[1, 2], [5, 6], [7, 8]]);
  });

  test("lines with other times are spread over the union, undefined where they have no value", () => {
    const [xs, a, b] = align([line([1, 3], [5, 6]), line([2, 3], [7, 8])], 0, 10, 100);
    assert.deepEqual(xs, [1, 2, 3]);
    assert.deepEqual([...a], [5, undefined, 6]);
    assert.deepEqual([...b], [undefined, 7, 8]);
  });

  test("a gap of more than three cadences breaks the line, one of three does not", () => {
    const [, broken] = align([line([0, 10_000, 40_001], [1, 2, 3], { everyS: 10 })], 0, 50_000, 100);
    assert.deepEqual([...broken], [1, 2, null, 3]);
    const [, whole] = align([line([0, 10_000, 40_000], [1, 2, 3], { everyS: 10 })], 0, 50_000, 100);
    assert.deepEqual([...whole], [1, 2, 3]);
  });

  test("a fast line does not break for a hiccup, and one without a cadence never", () => {
    assert.deepEqual([...align([line([0, 2_500], [1, 2], { everyS: 0.1 })], 0, 9_000, 100)[1]], [1, 2]);
    assert.deepEqual([...align([line([0, 2_600], [1, 2], { everyS: 0.1 })], 0, 9_000, 100)[1]], [1, null, 2]);
    assert.deepEqual([...align([line([0, 9e8], [1, 2])], 0, 1e9, 100)[1]], [1, 2]);
  });

  test("nothing of another line bridges a gap: every shared time inside it is a break", () => {
    const gappy = line([0, 60_000], [1, 2], { everyS: 1 });
    const other = line([0, 20_000, 40_000, 60_000], [1, 1, 1, 1]);
    const [xs, column] = align([gappy, other], 0, 60_000, 100);
    const inside = xs.map((x, i) => [x, column[i]]).filter(([x]) => Number(x) > 1 && Number(x) < 60_000);
    assert.ok(inside.length >= 2);
    for (const [x, value] of inside) assert.equal(value, null, `at ${x}`);
  });

  test("one value before the window is kept, and none after it", () => {
    assert.deepEqual(align([line([1, 5, 9, 20], [1, 2, 3, 4])], 6, 10, 100), [[5, 9], [2, 3]]);
  });

  test("a long line is thinned without losing a spike, in order of time, to two values a step", () => {
    const times = Array.from({ length: 10_000 }, (_, i) => i);
    const values = times.map((t) => (t === 4_321 ? 99 : t === 7_654 ? -99 : Math.sin(t)));
    const [xs, column] = align([line(times, values)], 0, 9_999, 100);
    assert.ok(xs.length <= 2 * 100 + 3, `${xs.length} values`);
    assert.ok(column.includes(99) && column.includes(-99));
    assert.deepEqual([...xs].sort((a, b) => a - b), xs);
    assert.equal(xs.at(-1), 9_999);
  });

  test("behind the means of buckets stands the newest sample, as it is", () => {
    const buckets = line([0, 10_000, 20_000], [1, 2, 3], { everyS: 1, stepMs: 10_000, newest: [27_000, 9] });
    assert.deepEqual(align([buckets], 0, 30_000, 100), [[0, 10_000, 20_000, 27_000], [1, 2, 3, 9]]);
    assert.deepEqual(align([buckets], 0, 25_000, 100)[0], [0, 10_000, 20_000], "but not beyond the picture");
    assert.deepEqual(align([line([], [], { newest: [5, 1] })], 0, 10, 100), [[], []], "and not without them");
  });

  test("what buckets reach is in as many parts as the line", () => {
    const bands = { mins: [0, 1, 2, -5], maxs: [4, 5, 6, 50] };
    const buckets = line([0, 10_000, 90_000, 100_000], [1, 2, 3, 4], { everyS: 1, stepMs: 10_000, ...bands });
    assert.deepEqual(unbroken(buckets, 0, 200_000), [[0, 2], [2, 4]]);
    assert.deepEqual(unbroken(buckets, 15_000, 95_000), [[1, 2], [2, 3]], "and of what is in the picture");
    assert.deepEqual(reachOf([buckets, line([0], [1_000])], 0, 200_000), [-5, 50]);
    assert.deepEqual(reachOf([line([0], [1])], 0, 1), [Infinity, -Infinity]);
  });

  test("no lines, and lines without values, are no fault", () => {
    assert.deepEqual(align([], 0, 1, 10), [[]]);
    assert.deepEqual(align([line([], [])], 0, 1, 10), [[], []]);
  });
});

describe("labels", () => {
  test("one series is called by its name, one of many by what differs", () => {
    assert.deepEqual(shortNames([{ name: "cpu", labels: { host: "a" } }]), ["cpu"]);
    assert.deepEqual(shortNames([{ name: "cpu", labels: { host: "a", dc: "x" } }, { name: "cpu", labels: { host: "b", dc: "x" } }]), ["a", "b"]);
    assert.deepEqual(shortNames([{ name: "net_receive_bytes", labels: {} }, { name: "net_send_bytes", labels: {} }]), ["receive", "send"]);
  });

  test("a bare number is shown with its label", () => {
    assert.deepEqual(shortNames([{ name: "c", labels: { core: "0" } }, { name: "c", labels: { core: "1" } }]), ["core 0", "core 1"]);
  });

  test("the board's label wins, and falls back to the name", () => {
    assert.deepEqual(shortNames([{ name: "c", labels: { a: "1", b: "x" } }, { name: "d", labels: {} }], "b"), ["x", "d"]);
  });

  test("a name that ends where another goes on is not empty", () => {
    for (const name of shortNames([{ name: "a_b", labels: {} }, { name: "a_b_c", labels: {} }])) assert.notEqual(name, "");
  });
});

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

describe("the store", () => {
  test("values that were made fewer on their way are no gaps", () => {
    const store = new Store();
    store.begin(/** @type {any} */ ({ type: "snapshot", as_of: 0, window_s: 900, series: [definition({ every_s: 1, t: [0], v: [1] })] }));
    const times = Array.from({ length: 50 }, (_, n) => 1_000 + n * 12_000);
    store.move(/** @type {any} */ ({ type: "frame", as_of: 600_000, points: [[1, times, times.map(() => 2), 600]] }));
    const series = /** @type {Series} */ (store.series.get(1));
    assert.ok(series.thinMs >= 12_000);
    const [, drawn] = align([series], 0, 600_000, 1_000);
    assert.ok(!drawn.includes(null));
  });

  const snapshot = () => ({
    view: "v", as_of: 1_000, position: "e:1", window_s: 10, step_ms: 0,
    series: [definition({ sid: 1, series: "a", t: [500], v: [1] }), definition({ sid: 2, series: "b", name: "b" })],
    documents: [{ key: "d", body: { x: 1 }, t: 1, every_s: null, selectors: [1] }],
  });
  const frame = (/** @type {object} */ more) => ({ type: "frame", view: "v", as_of: 2_000, position: "e:2", ...more });

  test("a snapshot replaces everything", () => {
    const store = new Store();
    store.begin(snapshot());
    store.begin({ ...snapshot(), series: [], documents: [] });
    assert.equal(store.series.size + store.documents.size, 0);
    assert.equal(store.windowMs, 10_000);
  });

  test("a frame moves values, series and documents on; its shape changes only with what there is", () => {
    const store = new Store();
    store.begin(snapshot());
    const shape = store.shape;
    store.move(frame({ points: [[1, [1_500], [2]], [99, [1], [1]]], documents: [{ key: "d", body: { x: 2 }, t: 2, every_s: null, selectors: [1] }] }));
    assert.equal(store.shape, shape);
    assert.equal(store.series.get(1)?.value, 2);
    assert.deepEqual(store.documents.get("d")?.body, { x: 2 });
    store.move(frame({ series: [definition({ sid: 3, series: "c" })], points: [[3, [1_600], [7]]] }));
    assert.notEqual(store.shape, shape);
    assert.equal(store.series.get(3)?.value, 7);
    store.move(frame({ gone: [2, 98], gone_documents: ["d", "e"] }));
    assert.deepEqual([...store.series.keys()], [1, 3]);
    assert.equal(store.documents.size, 0);
  });

  test("a definition of a known series keeps its history", () => {
    const store = new Store();
    store.begin(snapshot());
    store.move(frame({ series: [definition({ sid: 1, unit: "ms" })] }));
    assert.equal(store.series.get(1)?.unit, "ms");
    assert.deepEqual(store.series.get(1)?.values, [1]);
  });

  test("values that have left the window are let go of", () => {
    const store = new Store();
    store.begin(snapshot());
    for (let t = 1; t <= 2_000; t++) store.move(frame({ as_of: t * 100, points: [[1, [t * 100], [t]]] }));
    assert.ok((store.series.get(1)?.times.length ?? 0) < 100 + 128 + 2);
  });
});

describe("the server's clock", () => {
  test("the least delayed message tells, whatever this machine's clock says", () => {
    let local = 1_000;
    const clock = new ServerClock(() => local);
    clock.hear(50_000);
    local = 1_500;
    clock.hear(50_400); // 100 ms under way
    assert.equal(clock.now(), 50_500);
    local = 2_000;
    assert.equal(clock.now(), 51_000);
  });

  test("what was heard long ago or before a reset does not count", () => {
    let local = 0;
    const clock = new ServerClock(() => local);
    clock.hear(90_000);
    clock.reset();
    assert.equal(clock.now(), 90_000);
    clock.hear(40_000);
    assert.equal(clock.now(), 40_000);
    for (let i = 0; i < 40; i++) clock.hear(30_000 + (local += 10));
    assert.equal(clock.now(), 30_000 + local);
  });
});

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
