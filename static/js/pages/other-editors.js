// The other editors of a board, as this page hears of them: their initials at the top of the page and at the tiles that they have selected.

import { initialsBadge } from "../widgets/user.js";

/** @import { BoardEditor } from "../client/protocol.js" */
/** @import { TilePlacing } from "../widgets/tile-placing.js" */

/** An editor that was not heard of for this long has left. */
const GONE_MS = 30_000;
const COLOURS = ["series-4", "series-3", "series-2", "series-5", "series-7", "series-6"];

export class OtherEditors {
  /** @param {TilePlacing} placing marks the tiles @param {HTMLElement} place where the initials stand */
  constructor(placing, place) {
    this.placing = placing;
    this.place = place;
    /** @type {Map<string, number>} when each editor's page was heard of */
    this.heard = new Map();
  }

  /** Take a notice about an editor. @param {BoardEditor} editor */
  take(editor) {
    const { others } = this.placing;
    this.heard.set(editor.page, performance.now());
    if (editor.gone) this.forget(editor.page);
    else others.set(editor.page, { ...editor, token: others.get(editor.page)?.token ?? this.freeColour() });
    this.show();
  }

  freeColour() {
    const taken = [...this.placing.others.values()].map(({ token }) => token);
    return COLOURS.find((each) => !taken.includes(each)) ?? COLOURS[taken.length % COLOURS.length];
  }

  /** @param {string} page */
  forget(page) {
    this.heard.delete(page);
    this.placing.others.delete(page);
  }

  /** Show who edits now; call it once a second. */
  show() {
    for (const [page, at] of this.heard) if (performance.now() - at >= GONE_MS) this.forget(page);
    const badges = [...this.placing.others.values()].map((editor) => {
      const badge = initialsBadge(editor, editor.name);
      badge.style.setProperty("--other", `var(--${editor.token})`);
      return badge;
    });
    this.place.replaceChildren(...(badges.length ? ["editing now ", ...badges] : []));
    this.placing.decorate();
  }
}
