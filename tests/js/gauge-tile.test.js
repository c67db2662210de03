import { series, shown } from "./tiles.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { GaugeTile } from "../../static/js/widgets/gauge-tile.js";

/** Return the share of the arc that is filled. @param {any} tile */
function share(tile) {
  const length = Number(tile.fill.getAttribute("stroke-dasharray"));
  return 1 - Number(tile.fill.getAttribute("stroke-dashoffset")) / length;
}

test("the arc is filled by the value's place between the ends, and not beyond them", () => {
  const ends = { min: 50, max: 150 };
  assert.equal(share(shown(new GaugeTile(), ends, { series: [series(1, 75)] }).tile).toFixed(3), "0.250");
  assert.equal(share(shown(new GaugeTile(), ends, { series: [series(1, 900)] }).tile), 1);
  assert.equal(share(shown(new GaugeTile(), ends, { series: [series(1, -3)] }).tile), 0);
  assert.equal(share(shown(new GaugeTile(), {}, { series: [series(1, 30)] }).tile).toFixed(3), "0.300");
});

test("the value and its state are said in words, too", () => {
  const thresholds = [{ at: 70, state: "warning", below: false }];
  const { tile } = shown(new GaugeTile(), { thresholds, decimals: 0 }, { series: [series(1, 75, { unit: "%" })] });
  assert.deepEqual([tile.number.textContent, tile.spoken.textContent], ["75", "75 %"]);
  assert.equal(tile.dataset.state, "warning");
  assert.deepEqual([tile.low.textContent, tile.high.textContent], ["0", "100"]);
});
