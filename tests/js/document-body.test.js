import assert from "node:assert/strict";
import { test } from "node:test";
import { itemsOf, remarkOf, tableOf, textOf, tileKind } from "../../static/js/data/document-body.js";

const ANYTHING = [null, undefined, 7, true, "text", [], {}, [1, null], { text: 7 }, { items: "none" }, { items: [null, 7] }, { columns: [null, 7], rows: [null, 7, [1]] }];

test("no JSON value is too odd to be read", () => {
  for (const body of ANYTHING) {
    tileKind(body);
    textOf(body);
    remarkOf(body);
    itemsOf(body);
    for (const row of tableOf(body, 20).rows) assert.ok(Array.isArray(row));
  }
});

test("a body is shown by the tile that suits it", () => {
  assert.equal(tileKind("hello"), "text");
  assert.equal(tileKind({ text: "hello", items: [] }), "text");
  assert.equal(tileKind({ items: [{ label: "a" }, { label: "b", state: "ok" }] }), "status");
  assert.equal(tileKind({ items: [{ label: "a", value: 3 }] }), "table");
  assert.equal(tileKind([1, 2]), "table");
});

test("a text is the body, its field, or the body as JSON", () => {
  assert.equal(textOf("a"), "a");
  assert.equal(textOf({ text: "b" }), "b");
  assert.equal(textOf({ text: 3 }), '{\n "text": 3\n}');
  assert.equal(remarkOf({ moreinfo: "since Monday" }), "since Monday");
  assert.equal(remarkOf({ moreinfo: 3 }), undefined);
});

test("items have a label, and the state that was given, if any", () => {
  assert.deepEqual(itemsOf({ items: [{ label: 1, state: "ok" }, {}, null] }), [{ label: "1", state: "ok" }, { label: "", state: undefined }, { label: "", state: undefined }]);
  assert.equal(itemsOf({ rows: [] }), undefined);
});

test("rows are lists, or objects by column title, and cells that are missing stay so", () => {
  const { columns, rows } = tableOf({ columns: ["host", { title: "load", unit: "%" }], rows: [["a", 3], { host: "b", load: 4, other: 5 }, null] }, 20);
  assert.deepEqual(columns, [{ title: "host" }, { title: "load", unit: "%" }]);
  assert.deepEqual(rows, [["a", 3], ["b", 4], [undefined, undefined]]);
});

test("items are a table of labels and values, anything else one cell of JSON", () => {
  assert.deepEqual(tableOf({ items: [{ label: "a", value: 3 }] }, 20), { columns: [{ title: "" }, { title: "", align: "right" }], rows: [["a", 3]] });
  assert.deepEqual(tableOf({ a: 1 }, 20), { columns: [{ title: "" }], rows: [['{"a":1}']] });
});

test("columns beyond the limit are left out", () => assert.equal(tableOf({ columns: ["a", "b", "c"], rows: [] }, 2).columns.length, 2));
