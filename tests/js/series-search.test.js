import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, addressOfAll, searchFilter } from "../../static/js/data/series-search.js";

/** @param {string} search */
const found = (search) => ['cpu_idle{host="Web-1"}', 'cpu_user{host="db"}', "orders"].filter(searchFilter(search));

test("every word of a search must be in the name, in any case and order", () => {
  assert.deepEqual(found(""), ['cpu_idle{host="Web-1"}', 'cpu_user{host="db"}', "orders"]);
  assert.deepEqual(found("  CPU "), ['cpu_idle{host="Web-1"}', 'cpu_user{host="db"}']);
  assert.deepEqual(found("web idle"), ['cpu_idle{host="Web-1"}']);
  assert.deepEqual(found("web user"), []);
});

test("what the server has matched is not searched again", () => {
  assert.equal(found('{host="none"}').length, 3);
  assert.equal(found("sum(none)").length, 3);
});

test("a row leads to a board with its series or its expression", () => {
  assert.equal(addressOf({ text: 'a{b="c d"}', name: "a" }), "/board?series=a%7Bb%3D%22c%20d%22%7D");
  assert.equal(addressOf({ text: 'sum(a){b="c"}', name: "sum(a)" }), "/board?expr=sum(a)");
});

test("a long choice goes behind the # of the address", () => {
  assert.equal(addressOfAll(["a", "b&c"]), "/board?series=a&series=b%26c");
  const many = Array.from({ length: 300 }, (_, i) => `series_${i}`);
  const address = addressOfAll(many);
  assert.ok(address.startsWith("/board?#series=series_0&"));
  assert.deepEqual(new URLSearchParams(address.slice("/board?#".length)).getAll("series"), many);
});
