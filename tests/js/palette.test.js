import assert from "node:assert/strict";
import { test } from "node:test";
import { colour, resetPalette, seriesToken, withAlpha } from "../../static/js/draw/palette.js";

test("a colour is read once for each theme, and its alpha is added", (t) => {
  const globals = /** @type {any} */ (globalThis);
  const theme = { value: " oklch(0.8 0.1 200) ", reads: 0 };
  globals.document = { documentElement: {} };
  globals.getComputedStyle = () => ({ getPropertyValue: (/** @type {string} */ name) => (theme.reads++, name === "--series-1" ? theme.value : "") });
  t.after(() => {
    delete globals.document;
    delete globals.getComputedStyle;
  });
  resetPalette();
  assert.deepEqual([colour("series-1"), colour("series-1", 0.2), theme.reads], ["oklch(0.8 0.1 200)", "oklch(0.8 0.1 200 / 0.2)", 1]);
  theme.value = "oklch(0.3 0.1 200)";
  assert.equal(colour("series-1"), "oklch(0.8 0.1 200)");
  resetPalette();
  assert.equal(colour("series-1"), "oklch(0.3 0.1 200)");
});

test("colours of series repeat after eight", () => assert.deepEqual([0, 7, 8].map(seriesToken), ["series-1", "series-8", "series-1"]));

test("alpha is added to colours of the files for old browsers, and to those of the system", () => assert.deepEqual(["#fff", "#10161b", "CanvasText"].map((each) => withAlpha(each, 0.5)), ["#ffffff80", "#10161b80", "color-mix(in srgb, CanvasText 50%, transparent)"]));
