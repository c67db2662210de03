// Dialog that puts widgets onto a board of the user's choice: into its draft, which the editor then shows.

import { api } from "../client/http.js";
import { showSheet } from "./dialog.js";
import { button, h, setText } from "./dom.js";

/** @import { BoardListed } from "../data/board-index.js" */
/** @import { NewWidget } from "../data/suited-widget.js" */

const MOST_LISTED = 100;

/** Return a key that nobody else makes. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36)).join("");
}

/** Ask for a board, and put widgets onto it. @param {NewWidget[]} widgets */
export async function putOnBoard(widgets) {
  const wrong = h("p", { class: "wrong", role: "alert" });
  const list = h("div", { class: "choices" }, h("p", { text: "Reading the boards …" }));
  showSheet("Put on a board", list, wrong);
  try {
    const { boards } = /** @type {{boards: BoardListed[]}} */ (await api("GET", "/api/v1/boards"));
    const mine = boards.filter(({ may_edit: may, archived, source }) => may && !archived && source !== "server").slice(0, MOST_LISTED);
    const put = async (/** @type {string} */ id) => {
      try {
        await api("POST", `/api/v1/boards/${id}/operations`, { key: newKey(), operation: widgets.map((value) => ({ op: "add", value })) });
        location.assign(`/boards/${id}/edit`);
      } catch (error) {
        setText(wrong, error instanceof Error ? error.message : String(error));
      }
    };
    list.replaceChildren(...mine.map(({ id, title }) => button(title, () => put(id))), ...(mine.length ? [] : [h("p", {}, "There is no board that you may edit. ", h("a", { href: "/boards", text: "Make one" }), ".")]));
    list.querySelector("button")?.focus();
  } catch (error) {
    setText(wrong, error instanceof Error ? error.message : String(error));
  }
}
