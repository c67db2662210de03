import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChartTable } from "../../static/js/widgets/chart-table.js";
import { line } from "./data-support.js";
import { texts } from "./page.js";

const FROM = 1_700_000_000_000;
const TO = FROM + 600_000;

test("a chart is a table of times and values with the names of its lines", () => {
  const table = new ChartTable();
  const times = Array.from({ length: 60 }, (_, i) => FROM + i * 10_000);
  table.update("Load", ["a", "b"], [line(times, times.map((_, i) => i)), line([], [])], FROM, TO, (value) => (value === undefined ? "" : `${value}!`));
  assert.match(table.caption.textContent, /^Load, /);
  assert.deepEqual(texts(table.head.children), ["Time", "a", "b"]);
  const rows = table.rows.children.map((/** @type {any} */ row) => texts(row.children));
  assert.equal(rows.length, 10);
  assert.match(rows[0][1], /^\d+!$/);
  assert.equal(rows[0][2], "–");
  assert.equal(table.rows.children[0].children[0].getAttribute("scope"), "row");
});

test("it follows its chart slowly, unless it is renewed", () => {
  const table = new ChartTable();
  const update = (/** @type {string} */ title, /** @type {number} */ to) => table.update(title, [], [], FROM, to, String);
  update("first", TO);
  update("second", TO + 14_000);
  assert.match(table.caption.textContent, /^first/);
  update("third", TO + 15_000);
  assert.match(table.caption.textContent, /^third/);
  table.renew();
  update("fourth", TO + 15_001);
  assert.match(table.caption.textContent, /^fourth/);
});
