import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { OperationHistory, compare, readDifferences, versionList } from "../../static/js/widgets/board-history.js";
import { document, refused, serve, settled, texts } from "./page.js";

const NOW = 1_700_000_000_000;
const BOARD = /** @type {any} */ ({ title: "Wall", columns: 12, rows: 10, widgets: [] });
/** @param {number} seq @param {string} author @returns {any} */
const operation = (seq, author) => ({ seq, author, name: author.toUpperCase(), key: `k${seq}`, t: NOW - 60_000, changes: [{ field: "title", before: "a", after: "b" }] });

test("operations are listed the newest first, in words, and new ones of others are marked", () => {
  const draft = { history: [operation(1, "ann"), operation(2, "bob"), operation(3, "me")], operations: 3, user: "me" };
  const shown = new OperationHistory("wall", /** @type {any} */ (draft), () => NOW, assert.fail);
  shown.update(BOARD, (seq) => seq > 1);
  const items = /** @type {any[]} */ ([...shown.element.querySelectorAll("li")]);
  assert.deepEqual(items.map((item) => item.querySelector("b").textContent), ["You", "BOB", "ANN"]);
  assert.deepEqual(items.map((item) => Boolean(item.querySelector("mark"))), [false, true, false]);
  assert.match(items[0].textContent, /title.*1 min ago$/);
  Object.assign(draft, { history: [], operations: 0 });
  shown.update(BOARD, () => false);
  assert.match(shown.element.textContent ?? "", /Nothing has changed/);
});

test("earlier operations are read when they are asked for", async () => {
  const history = Array.from({ length: 100 }, (_, i) => operation(i + 31, "ann"));
  const draft = { history, operations: 130, user: "me", takeEarlier: (/** @type {any[]} */ some) => history.unshift(...some) };
  const came = serve({ "GET /api/v1/boards/wall/operations?limit=100&before=31": { operations: Array.from({ length: 30 }, (_, i) => operation(i + 1, "ann")) } });
  const shown = new OperationHistory("wall", /** @type {any} */ (draft), () => NOW, assert.fail);
  shown.update(BOARD, () => false);
  const more = /** @type {any} */ (shown.element.querySelector(".earlier"));
  assert.match(more.textContent, /30 more changes/);
  more.click();
  await settled();
  assert.equal(came.length, 1);
  assert.equal(shown.element.querySelectorAll("li").length, 130);
  assert.equal(more.hidden, true);
});

test("versions are listed with their notes, and all but the newest can be published again", async () => {
  const versions = [{ version: 2, author: "ann", t: NOW, note: "two" }, { version: 1, author: "bob", t: NOW, note: "" }];
  const came = serve({
    "GET /api/v1/boards/wall/versions?limit=50": { versions }, "GET /api/v1/boards/wall/diff?old=published&new=1": { changes: ["board: title"] },
    "POST /api/v1/boards/wall/rollback": { version: 3 },
  });
  const said = /** @type {string[]} */ ([]);
  const list = /** @type {any} */ (versionList("wall", () => NOW, (text) => said.push(text)));
  await settled();
  assert.deepEqual(list.children.map((/** @type {any} */ item) => texts(item.querySelectorAll("button"))), [["Compare"], ["Compare", "Roll back"]]);
  list.children[1].querySelectorAll("button")[1].click();
  await settled();
  const dialog = document.querySelector("dialog");
  assert.match(dialog.textContent, /Roll back to version 1\?.*board: title/);
  dialog.querySelector(".primary").click();
  await settled();
  assert.deepEqual(said, ["Version 1 is published again"]);
  assert.deepEqual(came.filter(([name]) => name.startsWith("POST")), [["POST /api/v1/boards/wall/rollback", { version: 1 }]]);
});

test("two states are compared in words, and a fault is shown in their place", async () => {
  serve({ "GET /api/v1/boards/wall/diff?old=published&new=draft": { changes: ["CPU: removed"] }, "GET /api/v1/boards/wall/versions?limit=50": { versions: [] } });
  assert.deepEqual(await readDifferences("wall", "published", "draft"), ["CPU: removed"]);
  await compare("wall");
  assert.match(document.querySelector(".differences").textContent, /^CPU: removed$/);
  serve({ "GET /api/v1/boards/wall/diff?old=published&new=draft": refused(503, "the store does not answer") });
  await compare("wall");
  assert.match(document.querySelector(".differences").textContent, /the store does not answer/);
});
