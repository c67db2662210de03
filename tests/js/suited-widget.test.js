import assert from "node:assert/strict";
import test from "node:test";
import { suitedToDocument, suitedToExpression, suitedToSeries } from "../../static/js/data/suited-widget.js";

const series = (/** @type {any} */ more = {}) => ({ labels: {}, unit: "", distinct: 1, ...more });

test("the widget suits the number of series, the unit and how the values change", () => {
  assert.equal(suitedToSeries("up", [series()]).kind, "stat");
  assert.equal(suitedToSeries("load", [series({ distinct: 9 })]).kind, "line");
  assert.deepEqual(suitedToSeries("used_share", [series({ unit: "%" })]), { kind: "gauge", title: "Used share", series: ["used_share"], w: 4, h: 3, min: 0, max: 100 });
  const hosts = Array.from({ length: 13 }, (_, n) => series({ labels: { job: "x", host: String(n) } }));
  assert.equal(suitedToSeries("cpu", hosts).kind, "bar");
  assert.deepEqual([suitedToSeries("cpu", hosts.slice(0, 2)).kind, suitedToSeries("cpu", hosts.slice(0, 2)).legend], ["line", "host"]);
  assert.equal(suitedToDocument("top", "table").document, "top");
  assert.deepEqual(suitedToExpression("sum(\n  a)"), { kind: "line", title: "sum( a)", expr: "sum(\n  a)", w: 8, h: 4 });
});
