import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { align } from "../../static/js/data/align.js";
import { Series } from "../../static/js/data/series.js";
import { Store } from "../../static/js/data/store.js";
import { definition } from "./data-support.js";

describe("the store", () => {
  test("values that were made fewer on their way are no gaps", () => {
    const store = new Store();
    store.begin(/** @type {any} */ ({ type: "snapshot", as_of: 0, window_s: 900, series: [definition({ every_s: 1, t: [0], v: [1] })] }));
    const times = Array.from({ length: 50 }, (_, n) => 1_000 + n * 12_000);
    store.apply(/** @type {any} */ ({ type: "frame", as_of: 600_000, points: [[1, times, times.map(() => 2), 600]] }));
    const series = /** @type {Series} */ (store.series.get(1));
    assert.ok(series.sparseMs >= 12_000);
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
    store.apply(frame({ points: [[1, [1_500], [2]], [99, [1], [1]]], documents: [{ key: "d", body: { x: 2 }, t: 2, every_s: null, selectors: [1] }] }));
    assert.equal(store.shape, shape);
    assert.equal(store.series.get(1)?.value, 2);
    assert.deepEqual(store.documents.get("d")?.body, { x: 2 });
    store.apply(frame({ series: [definition({ sid: 3, series: "c" })], points: [[3, [1_600], [7]]] }));
    assert.notEqual(store.shape, shape);
    assert.equal(store.series.get(3)?.value, 7);
    store.apply(frame({ gone: [2, 98], gone_documents: ["d", "e"] }));
    assert.deepEqual([...store.series.keys()], [1, 3]);
    assert.equal(store.documents.size, 0);
  });

  test("a definition of a known series keeps its history", () => {
    const store = new Store();
    store.begin(snapshot());
    store.apply(frame({ series: [definition({ sid: 1, unit: "ms" })] }));
    assert.equal(store.series.get(1)?.unit, "ms");
    assert.deepEqual(store.series.get(1)?.values, [1]);
  });

  test("values that have left the window are let go of", () => {
    const store = new Store();
    store.begin(snapshot());
    for (let t = 1; t <= 2_000; t++) store.apply(frame({ as_of: t * 100, points: [[1, [t * 100], [t]]] }));
    assert.ok((store.series.get(1)?.times.length ?? 0) < 100 + 128 + 2);
  });
});
