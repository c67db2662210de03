import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { boardActions, saveCopy } from "../../static/js/widgets/board-actions.js";
import { document, refused, serve, settled, texts, visited } from "./page.js";

/** An edited board, and its buttons by their texts. @param {object} [more] */
function edited(more) {
  const complaints = /** @type {unknown[]} */ ([]);
  const board = { id: "wall", home: "store", isArchived: false, isLeaving: false, document: () => ({ title: "Wall" }), sent: async () => {}, complain: (/** @type {unknown} */ error) => complaints.push(error), ...more };
  const place = document.createElement("div");
  place.append(...boardActions(/** @type {any} */ (board)));
  const press = async (/** @type {string} */ text) => {
    place.querySelectorAll("button").find((/** @type {any} */ each) => each.textContent === text).click();
    await settled();
  };
  return { board, complaints, place, press, names: () => texts(place.querySelectorAll("button")) };
}

test("only a board of the store can be renamed, archived and deleted", () => {
  assert.deepEqual(edited().names(), ["Rename", "Archive", "Save a copy", "Delete"]);
  assert.deepEqual(edited({ home: "file" }).names(), ["Save a copy"]);
  assert.match(edited({ home: "server" }).place.textContent, /comes with the server/);
});

test("a board is archived, and listed again by the same button", async () => {
  const came = serve({ "PATCH /api/v1/boards/wall": null });
  const { board, press, names } = edited();
  await press("Archive");
  assert.deepEqual([board.isArchived, names()[1]], [true, "List it again"]);
  await press("List it again");
  assert.deepEqual(came.map(([, body]) => body), [{ archived: true }, { archived: false }]);
  serve({ "PATCH /api/v1/boards/wall": refused(503, "away") });
  const failing = edited();
  await failing.press("Archive");
  assert.deepEqual([failing.board.isArchived, failing.complaints.length], [false, 1]);
});

test("a board is deleted only after a second word, and the page leaves by itself", async () => {
  const came = serve({ "DELETE /api/v1/boards/wall": null });
  const { board, press } = edited();
  await press("Delete");
  assert.deepEqual([came, board.isLeaving], [[], false]);
  document.querySelector("dialog").querySelector(".danger").click();
  await settled();
  assert.deepEqual([came.length, board.isLeaving, visited.at(-1)], [1, true, "/boards"]);
});

test("a renamed board is edited at its new address, and a wrong name is said in the dialog", async () => {
  const { board, press } = edited();
  serve({ "PATCH /api/v1/boards/wall": refused(409, "there is a board hall") });
  await press("Rename");
  const dialog = document.querySelector("dialog");
  const submit = async () => {
    dialog.querySelector("form").dispatchEvent(new Event("submit", { cancelable: true }));
    await settled();
  };
  dialog.querySelector("input").value = "hall";
  await submit();
  assert.deepEqual([dialog.querySelector(".wrong").textContent, board.isLeaving], ["there is a board hall", false]);
  serve({ "PATCH /api/v1/boards/wall": null });
  await submit();
  assert.equal(visited.at(-1), "/boards/hall/edit");
});

test("a copy is what the editor shows, under an id that nobody uses", async () => {
  const { board } = edited();
  const came = /** @type {string[]} */ ([]);
  Object.assign(globalThis, { fetch: async (/** @type {string} */ path) => (came.push(path), { ok: true, status: 204, json: async () => null }) });
  await saveCopy(/** @type {any} */ (board));
  assert.match(came[0], /^\/api\/v1\/boards\/wall-copy-[0-9a-z]{2,4}$/);
  assert.equal(visited.at(-1), `${came[0].replace("/api/v1", "")}/edit`);
});
