import assert from "node:assert/strict";
import { test } from "node:test";
import { nameWithState, namedLines } from "../../static/js/data/line-names.js";
import { Series } from "../../static/js/data/series.js";
import { definition } from "./data-support.js";

/** @param {object} some */
const widget = (some) => /** @type {import("../../static/js/client/protocol.js").Widget} */ ({ legend: "", series: [], document: "", ...some });
/** @param {string} shop @param {number} place */
const sold = (shop, place, name = "sold") => new Series(definition({ series: `${name}{shop="${shop}"}`, name, labels: { shop }, selectors: [place] }), 0);
/** @param {{name: string}[]} lines */
const names = (lines) => lines.map(({ name }) => name);

test("series are named by what tells them apart", () => {
  assert.deepEqual(names(namedLines(widget({ series: ["sold"] }), 0, [sold("a", 0), sold("b", 0)], [])), ["a", "b"]);
});

test("values of an expression are named by its legend", () => {
  const asked = widget({ series: ["sold"], expr: [{ expr: "one", legend: "shop {{shop}}" }, { expr: "two" }] });
  const found = namedLines(asked, 5, [sold("a", 5), sold("b", 6), sold("c", 7)], []);
  assert.equal(found[1].name, "shop b");
  assert.doesNotMatch(found[0].name, /^shop /);
  assert.doesNotMatch(found[2].name, /^shop /);
});

test("a line without a live input says so, unless it is the only one", () => {
  const name = "sum by (shop) (x)";
  const document = { key: "expr:ab:1", body: { lines: { '{shop="a"}': "stale" } }, t: 0, every_s: null, selectors: [0] };
  const asked = widget({ expr: name });
  const two = namedLines(asked, 0, [sold("a", 0, name), sold("b", 0, name)], [document]);
  assert.deepEqual(two.map(({ fresh }) => fresh), ["stale", "live"]);
  assert.match(nameWithState(two[0]), / \(stale\)$/);
  assert.equal(nameWithState(two[1]), two[1].name);
  assert.equal(namedLines(asked, 0, [sold("a", 0, name)], [document])[0].fresh, "live");
});

test("a line that is older than the others says so", () => {
  const two = namedLines(widget({ series: ["sold"] }), 0, [sold("a", 0), sold("b", 0)], [], ["live", "late"]);
  assert.deepEqual(two.map(({ fresh }) => fresh), ["live", "late"]);
});
