import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionsOf, expressionsOf, filled, freshnessOfLine, isCondition, isDerived, looksAsked, proposed } from "../../static/js/data/expressions.js";

/** @param {object} some */
const widget = (some) => /** @type {import("../../static/js/client/protocol.js").Widget} */ ({ legend: "", series: [], document: "", ...some });

test("a widget has no expression, one, or several with their legends", () => {
  assert.deepEqual(expressionsOf(widget({})), []);
  assert.deepEqual(expressionsOf(widget({ expr: "sum(x)", legend: "{{shop}}" })), [{ expr: "sum(x)", legend: "{{shop}}" }]);
  assert.deepEqual(expressionsOf(widget({ expr: "sum(x)", legend: "shop" })), [{ expr: "sum(x)", legend: "" }]);
  assert.deepEqual(expressionsOf(widget({ expr: [{ expr: "a" }, { expr: "b", legend: "B" }] })), [{ expr: "a", legend: "" }, { expr: "b", legend: "B" }]);
});

test("a legend is filled with the values of labels", () => {
  assert.equal(filled("{{ shop }} in {{country}}{{none}}", { shop: "a", country: "x" }), "a in x");
});

test("documents say how the expressions at some places are", () => {
  const document = { key: "expr:ab:1", body: { fault: "1:2: wrong" }, t: 0, every_s: null, selectors: [3] };
  assert.ok(isCondition(document));
  assert.deepEqual(conditionsOf([document, { ...document, key: "note" }], [3, 4]).map(({ fault, old }) => [fault, old]), [["1:2: wrong", 0]]);
  assert.deepEqual(conditionsOf([document], [1]), []);
});

test("a line without a live input is as old as the newest of its inputs", () => {
  const document = { key: "expr:ab:1", body: { lines: { '{shop="a"}': "stale" } }, t: 0, every_s: null, selectors: [3] };
  const line = (/** @type {string} */ labels, places = [3]) => ({ text: `sum by (shop) (x)${labels}`, name: "sum by (shop) (x)", places });
  assert.equal(freshnessOfLine([document], line('{shop="a"}')), "stale");
  assert.equal(freshnessOfLine([document], line('{shop="b"}')), "live");
  assert.equal(freshnessOfLine([document], line('{shop="a"}', [4])), "live");
});

test("expressions and selectors are told from words", () => {
  for (const text of ["rate(x[1m])", "a / b", "x offset 5m", 'x{a="b"}']) assert.ok(looksAsked(text), text);
  for (const text of ["cpu web", "a-b", "disk/free"]) assert.ok(!looksAsked(text), text);
  assert.ok(isDerived({ text: "sum(x)", name: "sum(x)" }));
  assert.ok(!isDerived({ text: 'x{a="b"}', name: "x" }));
});

test("counters and histograms are proposed as rates and quantiles", () => {
  const series = (/** @type {string} */ name, kind = "", labels = {}) => ({ text: name, name, kind, labels });
  assert.equal(proposed(series("orders_total")), "rate(orders_total[1m])");
  assert.equal(proposed(series("jobs", "counter")), "rate(jobs[1m])");
  assert.equal(proposed(series("a.b", "counter")), 'rate({"a.b"}[1m])');
  assert.equal(proposed({ ...series("a.b", "counter"), text: 'a.b{c="d"}' }), 'rate({"a.b",c="d"}[1m])');
  assert.equal(proposed(series("took_bucket", "histogram", { le: "1" })), "histogram_quantile(0.99, sum by (le) (rate(took_bucket[1m])))");
  assert.equal(proposed(series("temperature")), "");
});
