import { NOW, series, shown } from "./tiles.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { BarTile } from "../../static/js/widgets/bar-tile.js";

/** Return the widths of the bars. @param {any} tile */
function widths(tile) {
  return tile.rows.children.map((/** @type {any} */ row) => row.children[2].children[0].style.transform);
}

test("bars share one scale from zero to the largest value, or between the ends of the widget", () => {
  const values = [series(1, 10), series(2, 40)];
  assert.deepEqual(widths(shown(new BarTile(), {}, { series: values }).tile), ["scaleX(0.25)", "scaleX(1)"]);
  assert.deepEqual(widths(shown(new BarTile(), { min: 0, max: 20 }, { series: values }).tile), ["scaleX(0.5)", "scaleX(1)"]);
  assert.deepEqual(widths(shown(new BarTile(), {}, { series: [series(1, -10), series(2, 30)] }).tile), ["scaleX(0)", "scaleX(1)"]);
});

test("a row has its name, its value and its state, and the tile the most severe state", () => {
  const thresholds = [{ at: 30, state: "warning", below: false }];
  const { tile } = shown(new BarTile(), { thresholds, unit: "ms" }, { series: [series(1, 10), series(2, 40)] });
  assert.deepEqual(tile.rows.children.map((/** @type {any} */ row) => row.dataset.state), ["", "warning"]);
  assert.match(tile.rows.children[1].children[1].textContent, /40 ms$/);
  assert.equal(tile.state, "warning");
});

test("a row whose value is old is marked", () => {
  const { tile } = shown(new BarTile(), {}, { series: [series(1, 10, { last: NOW - 300_000 }), series(2, 40)] });
  assert.deepEqual(tile.rows.children.map((/** @type {any} */ row) => row.hasAttribute("data-old")), [true, false]);
});
