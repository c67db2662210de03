import { NOW, documentOf, series, shown } from "./tiles.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusTile } from "../../static/js/widgets/status-tile.js";
import { texts } from "./page.js";

test("the states of a document are shown as they are named, and an unknown name as unknown", () => {
  const items = [{ label: "db", state: "critical" }, { label: "web", state: "ok" }, { label: "new", state: "toString" }];
  const { tile } = shown(new StatusTile(), { series: [], document: "d" }, { documents: [documentOf({ items })] });
  assert.deepEqual(tile.cells.children.map((/** @type {any} */ cell) => cell.title), ["db: critical", "web: ok", "new: unknown"]);
  assert.deepEqual(tile.worst, { state: "critical", count: 1 });
  assert.match(tile.badge.textContent, / 1 critical$/);
});

test("a series is judged by its thresholds while its value is fresh", () => {
  const thresholds = [{ at: 90, state: "warning", below: false }];
  const definitions = [series(1, 95), series(2, 5), series(3, 95, { last: NOW - 600_000 })];
  const { tile } = shown(new StatusTile(), { thresholds }, { series: definitions });
  assert.deepEqual(tile.items().map(({ state }) => state), ["warning", "ok", "unknown"]);
  assert.deepEqual(texts(tile.cells.children.map((/** @type {any} */ cell) => cell.children[0])), tile.names);
});

test("if all is well, the badge counts all", () => {
  const { tile } = shown(new StatusTile(), {}, { series: [series(1, 1), series(2, 2)] });
  assert.deepEqual(tile.worst, { state: "ok", count: 2 });
});
