// What an editor does with a whole board: rename, archive, copy, download, delete, and bring back.

import { api } from "../client/http.js";
import { confirmed, showDialog } from "./dialog.js";
import { button, h, setText } from "./dom.js";

/** @import { BoardDocument } from "../client/protocol.js" */
/** The board of an editor: where it is kept, and its document now; `isLeaving`: this page goes elsewhere by itself; `sent`: resolves when all edits have been sent. */
/** @typedef {{id: string, home: string, isArchived: boolean, isLeaving: boolean, document: () => BoardDocument, sent: () => Promise<void>, complain: (error: unknown) => void}} EditedBoard */

const ID = "[A-Za-z0-9_\\-]{1,60}";

/** Return a name that nobody uses yet. @param {string} id */
function copyName(id) {
  return `${id.slice(0, 50)}-copy-${Array.from(crypto.getRandomValues(new Uint8Array(2)), (byte) => byte.toString(36)).join("")}`;
}

/** Publish a copy of what the editor shows under another id, and edit it. @param {EditedBoard} board */
export async function saveCopy({ id, document, complain }) {
  const copy = copyName(id);
  try {
    await api("PUT", `/api/v1/boards/${copy}`, document());
    location.assign(`/boards/${copy}/edit`);
  } catch (error) {
    complain(error);
  }
}

/** Ask for another id. @param {EditedBoard} board */
function rename(board) {
  const { id } = board;
  const name = /** @type {HTMLInputElement} */ (h("input", { id: "new-id", value: id, required: "", pattern: ID, maxlength: "60", spellcheck: "false", autocomplete: "off" }));
  const wrong = h("p", { class: "wrong", role: "alert" });
  const form = h("form", { class: "form" }, h("p", { text: "The old address redirects to the new one, and screens that show the board follow." }), h("div", { class: "field" }, h("label", { for: "new-id", text: "Address: /boards/…" }), name), wrong,
    h("div", { class: "row" }, h("button", { class: "button primary", type: "submit", text: "Rename" })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    board.isLeaving = true;
    try {
      await api("PATCH", `/api/v1/boards/${id}`, { id: name.value });
      location.replace(`/boards/${name.value}/edit`);
    } catch (error) {
      board.isLeaving = false;
      setText(wrong, error instanceof Error ? error.message : String(error));
    }
  });
  showDialog("Rename the board", form);
  name.select();
}

/** @param {EditedBoard} board */
async function remove(board) {
  const { id, complain } = board;
  if (!(await confirmed("Delete the board?", "Its screens say that it was deleted. It can be brought back for 30 days, from the list of boards.", "Delete"))) return;
  board.isLeaving = true;
  try {
    await api("DELETE", `/api/v1/boards/${id}`);
    location.assign("/boards");
  } catch (error) {
    board.isLeaving = false;
    complain(error);
  }
}

/** Return the buttons for the whole board. @param {EditedBoard} board @returns {Node[]} */
export function boardActions(board) {
  const archive = button("", async () => {
    try {
      await api("PATCH", `/api/v1/boards/${board.id}`, { archived: !board.isArchived });
      board.isArchived = !board.isArchived;
      name();
    } catch (error) {
      board.complain(error);
    }
  }, { title: "An archived board is in no list, and keeps its address" });
  const name = () => setText(archive, board.isArchived ? "List it again" : "Archive");
  name();
  const own = board.home === "store" ? [button("Rename", () => rename(board)), archive] : [];
  const about = { file: "This board is a file on the server: rename or delete that file instead.", server: "This board comes with the server and stays as it is. Edit a copy instead." }[board.home];
  return [h("h2", { text: "This board" }), ...(about ? [h("p", { class: "hint", text: about })] : []),
    h("div", { class: "acts" }, ...own, button("Save a copy", () => saveCopy(board)), h("a", { class: "button", href: `/api/v1/boards/${board.id}/draft/text`, download: `${board.id}.yaml`, text: "Download" }),
      ...(board.home === "store" ? [button("Delete", () => remove(board), { class: "button danger" })] : []))];
}
