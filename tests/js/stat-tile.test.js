import { series, shown } from "./tiles.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { StatTile } from "../../static/js/widgets/stat-tile.js";

test("the number of the first series is shown with its unit, and its state is that of its threshold", () => {
  const thresholds = [{ at: 90, state: "critical", below: false }];
  const { tile } = shown(new StatTile(), { thresholds, decimals: 1 }, { series: [series(1, 95.25, { unit: "%" }), series(2, 1)] });
  assert.deepEqual([tile.number.textContent, tile.unit.textContent], ["95.3", "%"]);
  assert.equal(tile.state, "critical");
  assert.equal(tile.series.length, 1);
});

test("the unit of the widget counts before that of the series", () => {
  const { tile } = shown(new StatTile(), { unit: "B" }, { series: [series(1, 2048, { unit: "ms" })] });
  assert.match(tile.unit.textContent, /B$/);
});
