import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { putOnBoard } from "../../static/js/widgets/put-on-board.js";
import { document, refused, serve, settled, texts, visited } from "./page.js";

/** @param {string} id @param {object} [more] */
const board = (id, more) => ({ id, title: id.toUpperCase(), may_edit: true, archived: false, source: "store", ...more });
const WIDGET = /** @type {any} */ ({ kind: "stat", title: "CPU" });

test("only boards that the user may edit are offered, and the widgets go into the chosen one's draft", async () => {
  const boards = [board("a"), board("b", { may_edit: false }), board("c", { archived: true }), board("d", { source: "server" }), board("e", { source: "file" })];
  const came = serve({ "GET /api/v1/boards": { boards }, "POST /api/v1/boards/e/operations": { seq: 1 } });
  await putOnBoard([WIDGET]);
  const choices = document.querySelector(".choices").querySelectorAll("button");
  assert.deepEqual(texts(choices), ["A", "E"]);
  assert.equal(document.activeElement, choices[0]);
  choices[1].click();
  await settled();
  const [, { key, operation }] = /** @type {[string, any]} */ (came.at(-1));
  assert.match(key, /^[0-9a-z]{9,18}$/);
  assert.deepEqual(operation, [{ op: "add", value: WIDGET }]);
  assert.equal(visited.at(-1), "/boards/e/edit");
});

test("what went wrong is said in the dialog", async () => {
  serve({ "GET /api/v1/boards": { boards: [board("a")] }, "POST /api/v1/boards/a/operations": refused(400, "the board is full") });
  await putOnBoard([WIDGET]);
  document.querySelector(".choices").querySelector("button").click();
  await settled();
  assert.equal(document.querySelector("dialog").querySelector(".wrong").textContent, "the board is full");
  serve({ "GET /api/v1/boards": { boards: [] } });
  await putOnBoard([WIDGET]);
  assert.match(document.querySelector(".choices").textContent, /no board that you may edit/);
});
