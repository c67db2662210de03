import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { TileClipboard, isTyping } from "../../static/js/widgets/tile-clipboard.js";
import { document } from "./page.js";

/** @param {string} id @param {object} [more] @returns {any} */
const tile = (id, more) => ({ id, kind: "stat", title: id.toUpperCase(), x: 0, y: 0, w: 4, h: 3, ...more });

/** A board with two tiles of which some are selected, and what was done. @param {string[]} chosen */
function board(chosen, { accepts = true } = {}) {
  const widgets = [tile("a"), tile("b", { x: 4 })];
  const [steps, said, marked] = [/** @type {any[]} */ ([]), /** @type {string[]} */ ([]), /** @type {string[][]} */ ([])];
  let count = 0;
  const clipboard = new TileClipboard({
    placing: /** @type {any} */ ({ chosen, mark: (/** @type {string[]} */ ids) => marked.push(ids), tile: () => undefined }),
    document: () => /** @type {any} */ ({ title: "Wall", columns: 12, rows: 10, widgets }),
    operate: (/** @type {any[]} */ more) => accepts && steps.push(...more) > 0,
    newId: (/** @type {string} */ kind) => `${kind}-${(count += 1)}`,
    added: () => {}, announce: (/** @type {string} */ text) => said.push(text),
  });
  return { clipboard, steps, said, marked };
}

/** An event of the clipboard. @param {string} type @param {string} [text] on it */
function clip(type, text = "") {
  const data = { text, setData: (/** @type {string} */ _, /** @type {string} */ given) => { data.text = given; }, getData: () => data.text };
  return Object.assign(new Event(type, { cancelable: true }), { clipboardData: data });
}

test("tiles that are copied and pasted keep their places to each other and get new ids", () => {
  const { clipboard, steps, said, marked } = board(["a", "b"]);
  const copied = clip("copy");
  document.dispatchEvent(copied);
  assert.equal(copied.defaultPrevented, true);
  document.dispatchEvent(clip("paste", copied.clipboardData.text));
  assert.deepEqual(steps.map(({ op, value }) => [op, value.id, value.title]), [["add", "stat-1", "A"], ["add", "stat-2", "B"]]);
  assert.equal(steps[1].value.x - steps[0].value.x, 4);
  assert.ok(steps.every(({ value }) => value.y >= 3), "they are put on others");
  assert.deepEqual([said, marked], [["2 tiles are copied", "2 tiles are on the board"], [["stat-1", "stat-2"]]]);
  clipboard.listening.abort();
});

test("cutting removes what it has copied", () => {
  const { clipboard, steps, said } = board(["b"]);
  document.dispatchEvent(clip("cut"));
  assert.deepEqual(steps, [{ op: "remove", widget: "b" }]);
  assert.deepEqual(said.map((text) => text.slice(0, 12)), ["B is copied", "B is removed"].map((text) => text.slice(0, 12)));
  clipboard.listening.abort();
});

test("another text, and what is typed in a field, is not taken", () => {
  const { clipboard, steps } = board(["a"]);
  for (const text of ["", "hello", "{}", '{"dashboard tiles": 5}', "null"]) document.dispatchEvent(clip("paste", text));
  const field = document.createElement("input");
  document.body.append(field);
  assert.equal(isTyping(field), true);
  assert.ok(!isTyping(document.body));
  assert.deepEqual(steps, []);
  clipboard.listening.abort();
});

test("a widget without a place gets a free one, and wrong numbers become the least ones", () => {
  const { clipboard, steps } = board([]);
  clipboard.add([/** @type {any} */ ({ kind: "line", title: "New", x: null, y: "1", w: 4.5, h: -2 })]);
  const { x, y, w, h } = steps[0].value;
  assert.deepEqual([w, h], [1, 1]);
  assert.ok(Number.isInteger(x) && Number.isInteger(y));
  clipboard.add([/** @type {any} */ ({ kind: "line", title: "Meant", x: 1, y: 2, w: 3, h: 4 })], true);
  assert.deepEqual([steps[1].value.x, steps[1].value.y], [1, 2]);
  clipboard.listening.abort();
});

test("if the board takes no edits, nothing is selected or said", () => {
  const { clipboard, said, marked } = board(["a"], { accepts: false });
  clipboard.duplicate();
  assert.deepEqual([said, marked], [[], []]);
  clipboard.selectAll();
  assert.deepEqual(marked, [["a", "b"]]);
  clipboard.listening.abort();
});
