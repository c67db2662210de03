// Publishing a draft: the button that says who will see it at once, and the dialog that says what changes.

import { api } from "../client/http.js";
import { saveCopy } from "./board-actions.js";
import { readDifferences } from "./board-history.js";
import { showDialog } from "./dialog.js";
import { button, counted, h, setText } from "./dom.js";

/** @import { EditedBoard } from "./board-actions.js" */
/** Who has a board open. @typedef {{screens: number, viewers: number}} Reach */

/** The screens and viewers are counted again this often. */
const COUNT_EVERY_S = 5;

/** Return who has a board open, in words; empty for nobody. @param {Reach} reach */
function reachText({ screens, viewers }) {
  return [screens ? counted(screens, "screen", "screens") : "", viewers ? counted(viewers, "viewer", "viewers") : ""].filter(Boolean).join(", ");
}

export class Publishing {
  /** @param {EditedBoard} board @param {HTMLButtonElement} opener @param {(text: string) => void} announce */
  constructor(board, opener, announce) {
    this.board = board;
    this.opener = opener;
    this.announce = announce;
    this.reach = { screens: 0, viewers: 0 };
    this.seconds = 0;
  }

  /** Count the screens and viewers from time to time; call it once a second. */
  tick() {
    if (!document.hidden && this.seconds++ % COUNT_EVERY_S === 0) void this.count();
  }

  async count() {
    try {
      this.reach = /** @type {Reach} */ (await api("GET", `/api/v1/boards/${this.board.id}/reach`));
    } catch {
      return; // the last figures stay; the curtain says that the server is away
    }
    const text = reachText(this.reach);
    setText(this.opener, text ? `Publish to ${text}` : "Publish");
  }

  /** Ask for a note, say what changes, and publish. */
  async open() {
    const { board } = this;
    const note = /** @type {HTMLInputElement} */ (h("input", { id: "note", maxlength: "500", placeholder: "what was changed and why", autocomplete: "off" }));
    const wrong = h("p", { class: "wrong", role: "alert" });
    const go = button("Publish", async () => {
      go.disabled = true;
      setText(go, "Publishing …");
      try {
        await board.sent(); // while the server is away, this takes until it is back
        if (!dialog.isConnected) return; // somebody has closed the dialog meanwhile
        await api("POST", `/api/v1/boards/${board.id}/publish`, { note: note.value });
        dialog.close();
        this.announce("Published");
      } catch (error) {
        go.disabled = false;
        setText(go, "Publish");
        setText(wrong, error instanceof Error ? error.message : String(error));
      }
    }, { class: "button primary" });
    note.addEventListener("keydown", (event) => event.key === "Enter" && go.click());
    const list = h("ul", { class: "differences", tabindex: "0", "aria-label": "Changes" }, h("li", { class: "hint", text: "Reading what differs …" }));
    const seen = reachText(this.reach);
    const about = `${seen ? `${seen} will show this at once` : "Nobody has this board open now"}; only changed tiles are rebuilt.`;
    const more = board.home === "store" ? [] : [h("p", { text: board.home === "file" ? "This board is a file. Publishing writes it back only where the server may; else download the YAML, or save a copy in the store." : "This board comes with the server and stays as it is. Save a copy under another id instead." }),
      h("div", { class: "row" }, button("Save a copy", () => saveCopy(board)), h("a", { class: "button", href: `/api/v1/boards/${board.id}/draft/text`, download: `${board.id}.yaml`, text: "Download" }))];
    const dialog = showDialog("Publish the draft", h("p", { text: about }), list, h("div", { class: "field" }, h("label", { for: "note", text: "Note" }), note), wrong, ...more, h("div", { class: "row" }, button("Cancel", () => dialog.close()), go));
    note.focus();
    await board.sent(); // the list has all edits
    const changes = await readDifferences(board.id, "published", "draft").catch((error) => [String(error.message)]);
    list.replaceChildren(...(changes.length ? changes : ["Nothing differs from what is published."]).map((text) => h("li", { text })));
  }
}
