import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { TilePlacing } from "../../static/js/widgets/tile-placing.js";
import { Tile } from "../../static/js/widgets/tile.js";
import { document, key } from "./page.js";
import { widget } from "./tiles.js";

/** A board of 12 columns with tiles a and b beside each other, and what the page was told. */
function placing() {
  const board = Object.assign(document.createElement("dash-board"), { board: { columns: 12, rows: 12 }, tiles: /** @type {any[]} */ ([]) });
  for (const [id, x] of /** @type {[string, number][]} */ ([["a", 0], ["b", 4]])) {
    const tile = /** @type {any} */ (new Tile());
    tile.widget = widget({ id, title: id.toUpperCase(), x, y: 0, w: 4, h: 2 });
    board.tiles.push(tile);
    board.append(tile);
  }
  Object.assign(board, { clientWidth: 1_200, clientHeight: 1_200 });
  const steps = /** @type {any[]} */ ([]);
  const said = /** @type {string[]} */ ([]);
  const made = new TilePlacing(/** @type {any} */ (board), {
    operate: (more) => steps.push(...more), drop: () => {}, point: () => {}, announce: (text) => said.push(text),
  });
  return { board, made, steps, said, press: (/** @type {number} */ at, /** @type {string} */ name, more = {}) => board.tiles[at].dispatchEvent(key(name, more)) };
}

/** @param {string} type @param {number} x @param {number} y @param {object} [more] */
const pointer = (type, x, y, more) => Object.assign(new Event(type, { bubbles: true, cancelable: true }), { clientX: x, clientY: y, button: 0, ...more });

test("arrows move the tile, and with Shift resize it, as far as the grid goes", () => {
  const { press, steps, said } = placing();
  press(1, "ArrowDown");
  assert.deepEqual(steps[0], { op: "move", widget: "b", x: 4, y: 1 });
  press(1, "ArrowRight", { shiftKey: true });
  assert.equal(steps.at(-1).w, 5);
  press(0, "ArrowLeft");
  assert.deepEqual(said, ["B: column 5, row 2", "B: 5 by 2", "A is at the edge"]);
});

test("the tiles in the way make room", () => {
  const { press, steps } = placing();
  press(0, "ArrowRight");
  assert.deepEqual(steps.map(({ widget: id, x, y }) => [id, x, y]).sort(), [["a", 1, 0], ["b", 4, 2]]);
});

test("space selects several, which move together, and Escape ends that", () => {
  const { made, press, steps, said } = placing();
  made.select("a");
  press(1, " ");
  assert.deepEqual(made.chosen, ["a", "b"]);
  press(1, "ArrowDown");
  assert.deepEqual(steps.map(({ widget: id, y }) => [id, y]), [["a", 1], ["b", 1]]);
  assert.deepEqual(said, ["2 tiles are selected", "2 tiles: column 5, row 2"]);
  press(0, "Escape");
  assert.deepEqual(made.chosen, ["a"]);
});

test("a drag moves the tile by whole cells when it is released, and one that hardly moves selects", () => {
  const globals = /** @type {any} */ (globalThis);
  const window = document.createElement("window");
  globals.addEventListener = window.addEventListener.bind(window);
  const { board, made, steps } = placing();
  board.tiles[1].dispatchEvent(pointer("pointerdown", 500, 50));
  window.dispatchEvent(pointer("pointermove", 502, 51));
  window.dispatchEvent(pointer("pointerup", 502, 51));
  assert.deepEqual([steps, made.chosen], [[], ["b"]]);
  board.tiles[1].dispatchEvent(pointer("pointerdown", 500, 50));
  window.dispatchEvent(pointer("pointermove", 620, 260));
  assert.equal(made.ghosts.length, 1);
  window.dispatchEvent(pointer("pointerup", 620, 260));
  assert.deepEqual(steps, [{ op: "move", widget: "b", x: 5, y: 2 }]);
  assert.deepEqual([made.ghosts.length, board.tiles[1].dataset.dragged], [0, undefined]);
});

test("a drag that is given up changes nothing", () => {
  const globals = /** @type {any} */ (globalThis);
  const window = document.createElement("window");
  globals.addEventListener = window.addEventListener.bind(window);
  const { board, steps } = placing();
  board.tiles[1].dispatchEvent(pointer("pointerdown", 500, 50));
  window.dispatchEvent(pointer("pointermove", 820, 260));
  window.dispatchEvent(key("Escape"));
  window.dispatchEvent(pointer("pointerup", 820, 260));
  assert.deepEqual(steps, []);
  assert.equal(board.tiles[1].style.gridColumn, "5 / span 4");
});

test("where another editor is, the tile is marked in that editor's colour", () => {
  const { made, board } = placing();
  made.others.set("page1", /** @type {any} */ ({ widget: "a", place: null, token: "series-3" }));
  made.decorate();
  assert.equal(board.tiles[0].hasAttribute("data-other"), true);
  assert.equal(board.tiles[0].style.getPropertyValue("--other"), "var(--series-3)");
  made.others.clear();
  made.decorate();
  assert.equal(board.tiles[0].hasAttribute("data-other"), false);
});
