import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenBoard } from "../../static/js/data/chosen-board.js";
import { Store } from "../../static/js/data/store.js";
import { definition } from "./data-support.js";

/** @param {number[][]} places those that each series matches @param {Record<string, unknown>} [documents] */
function storeWith(places, documents = {}) {
  const store = new Store();
  store.begin({ type: "snapshot", view: "v", as_of: 0, position: "e:1", window_s: 60, step_ms: 0, series: places.map((selectors, sid) => definition({ sid, selectors })),
    documents: Object.entries(documents).map(([key, body]) => ({ key, body, t: 0, every_s: null, selectors: [0] })) });
  return store;
}
/** @param {ReturnType<typeof chosenBoard>} board */
const tiles = ({ widgets }) => widgets.map(({ kind, title, place }) => [kind, title, place]);

test("each selector is a chart that knows its place, whether anything matches or not", () => {
  assert.deepEqual(tiles(chosenBoard(["a", "b{x='1'}"], storeWith([[1]]))), [["line", "a", 0], ["line", "b{x='1'}", 1]]);
});

test("a document takes the place of the empty chart of its name, and not of one that has series", () => {
  assert.deepEqual(tiles(chosenBoard(["note", "b"], storeWith([[1]], { note: "hi" }))), [["line", "b", 1], ["text", "note", undefined]]);
  assert.deepEqual(tiles(chosenBoard(["note"], storeWith([[0]], { note: { rows: [] } }))), [["line", "note", 0], ["table", "note", undefined]]);
});

test("the grid has at most two columns, and at least one tile's room", () => {
  const shape = (/** @type {number} */ count) => {
    const { columns, rows } = chosenBoard(Array.from({ length: count }, (_, n) => `s${n}`), storeWith([]));
    return [columns, rows];
  };
  assert.deepEqual([0, 1, 2, 3, 5].map(shape), [[1, 1], [1, 1], [2, 1], [2, 2], [2, 3]]);
});
