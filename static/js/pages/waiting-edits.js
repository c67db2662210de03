// Edits that the server has not answered yet, kept in this browser, so that they survive a reload or a closed page.
//
// Each page keeps its own under its name. The next page of the same user and board takes them over, also if the board was renamed
// meanwhile; an edit that is sent twice counts once, by its key. A browser that denies storage keeps nothing, and the page asks before it is left.

/** @import { Waiting } from "../data/board-draft.js" */

/** Edits that are older than this are not sent any more: others have gone on. */
const KEPT_MS = 7 * 86_400_000;

export class WaitingEdits {
  /** @param {string} user @param {string} board @param {string} page @param {string[]} [formerly] ids that the board had before it was renamed */
  constructor(user, board, page, formerly = []) {
    this.prefixes = [board, ...formerly].map((id) => `waiting edits ${user} ${id} `);
    this.name = this.prefixes[0] + page;
    this.text = "";
    this.isKept = true;
  }

  /** Keep the edits that wait now. @param {Waiting[]} waiting */
  keep(waiting) {
    const text = waiting.length ? JSON.stringify({ at: Date.now(), waiting: waiting.map(({ key, steps }) => ({ key, steps })) }) : "";
    if (text === this.text) return;
    this.text = text;
    try {
      if (text) localStorage.setItem(this.name, text);
      else localStorage.removeItem(this.name);
      this.isKept = true;
    } catch {
      this.isKept = !text; // storage is denied or full
    }
  }

  /** Take over what earlier pages have kept, the oldest first. @returns {Waiting[]} */
  takeOver() {
    /** @type {{at: number, waiting: Waiting[]}[]} */
    const found = [];
    try {
      const names = Object.keys(localStorage).filter((name) => this.prefixes.some((prefix) => name.startsWith(prefix)) && name !== this.name);
      for (const name of names) {
        const kept = JSON.parse(localStorage.getItem(name) ?? "null");
        localStorage.removeItem(name);
        if (Array.isArray(kept?.waiting) && Date.now() - kept.at < KEPT_MS) found.push(kept);
      }
    } catch {
      // storage is denied, or another program wrote there: keep what was read before
    }
    return found.sort((a, b) => a.at - b.at).flatMap(({ waiting }) => waiting);
  }
}
