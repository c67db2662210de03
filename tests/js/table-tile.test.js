import { documentOf, shown } from "./tiles.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { TableTile } from "../../static/js/widgets/table-tile.js";
import { texts } from "./page.js";

const BODY = { columns: [{ title: "host" }, { title: "load", unit: "%" }], rows: [["a", 5], ["b", 71], ["c", 9]] };
/** @param {unknown} body */
const table = (body) => shown(new TableTile(), { series: [], document: "d" }, { documents: [documentOf(body)] }).tile;

test("columns have their titles, and numbers stand at the right", () => {
  const tile = table(BODY);
  assert.deepEqual(texts(tile.head.children), ["host", "load"]);
  assert.deepEqual(tile.head.children.map((/** @type {any} */ each) => each.className), ["", "right"]);
  assert.deepEqual(tile.rows.children.map((/** @type {any} */ row) => row.children[0].textContent), ["a", "b", "c"]);
  assert.equal(tile.rows.children[1].children[1].className, "right");
});

test("only whole rows are shown, and the note says of how many", () => {
  const tile = table(BODY);
  tile.box = { width: 200, height: 62 };
  tile.heights = { head: 20, row: 20 };
  tile.paint();
  assert.equal(tile.rows.children.length, 2);
  assert.equal(tile.note.textContent, "2 of 3 rows");
  assert.equal(tile.capacity(), 2);
});

test("a body without columns is one cell", () => {
  const tile = table(5);
  assert.equal(tile.rows.children.length, 1);
  assert.match(tile.textContent, /5/);
});
