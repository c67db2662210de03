// Tile for the states of many things, each as shape, colour and word: of series with thresholds, or of a document
// {"items": [{"label", "state": "ok" | "warning" | "critical" | "unknown"}]}.

import { itemsOf } from "../data/document-body.js";
import { freshness } from "../data/freshness.js";
import { SHAPES } from "../draw/tile-state.js";
import { fitChildren, h, setText } from "./dom.js";
import { Tile } from "./tile.js";

/** @import { TileState } from "../draw/tile-state.js" */

const MOST_CELLS = 200;

export class StatusTile extends Tile {
  constructor() {
    super();
    this.cells = h("div", { class: "cells" });
    /** @type {{state: string, count: number} | null} */
    this.worst = null;
    this.body.append(this.cells);
  }

  /** @returns {{label: string, state: string}[]} */
  items() {
    const items = itemsOf(this.doc?.body);
    if (items) return items.map(({ label, state = "" }) => ({ label, state: Object.hasOwn(SHAPES, state) ? state : "unknown" }));
    const now = this.now();
    return this.series.map((series, i) => {
      const fresh = freshness(now - series.last, series.everyS, series.ended);
      const isKnown = fresh === "live" || fresh === "late";
      return { label: this.names[i], state: isKnown ? this.stateOf(series.value) || "ok" : "unknown" };
    });
  }

  draw() {
    const items = this.items().slice(0, MOST_CELLS);
    fitChildren(this.cells, items.length, () => h("div", { class: "cell" }, h("span"), h("b")));
    items.forEach(({ label, state }, i) => {
      const cell = /** @type {HTMLElement} */ (this.cells.children[i]);
      cell.dataset.state = state;
      setText(cell.children[0], label);
      setText(cell.children[1], SHAPES[state]);
      cell.title = `${label}: ${state}`;
      cell.setAttribute("aria-label", cell.title);
    });
    const count = (/** @type {string} */ state) => items.filter((item) => item.state === state).length;
    const worst = ["critical", "warning", "unknown"].find(count) ?? "ok";
    this.worst = { state: worst, count: worst === "ok" ? items.length : count(worst) };
  }

  /** @param {number} now @param {TileState} state */
  showBadge(now, state) {
    if (state.fresh !== "live" || !this.worst) {
      super.showBadge(now, state);
      return;
    }
    setText(this.badge, `${SHAPES[this.worst.state]} ${this.worst.count} ${this.worst.state}`);
    this.badge.dataset.state = this.worst.state;
  }
}
customElements.define("status-tile", StatusTile);
