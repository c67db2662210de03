// The newest edit of a board that its editor has seen in this browser. A browser that denies storage remembers nothing.

/** @import { Seen } from "../data/while-away.js" */

export class SeenEdits {
  /** @param {string} user @param {string} board */
  constructor(user, board) {
    this.name = `seen edits ${user} ${board}`;
    this.text = "";
  }

  /** Return what was seen last, null if nothing was. @returns {Seen | null} */
  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name) ?? "null");
      return Number.isInteger(kept?.seq) && Number.isInteger(kept?.version) ? kept : null;
    } catch {
      return null;
    }
  }

  /** Remember what is seen now. @param {Seen} seen */
  keep(seen) {
    const text = JSON.stringify(seen);
    if (text === this.text || seen.seq < 0) return;
    this.text = text;
    try {
      localStorage.setItem(this.name, text);
    } catch {
      return; // storage is denied or full
    }
  }
}
