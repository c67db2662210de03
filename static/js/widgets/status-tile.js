// Many things at a glance: shape and colour and word for each. From series and thresholds, or a document
// {"items": [{"label", "state": "ok" | "warning" | "critical" | "unknown"}]}.

import { freshness } from "../data/freshness.js";
import { shortNames } from "../data/labels.js";
import { fitChildren, h, setText } from "./dom.js";
import { SHAPES, Tile } from "./tile.js";

const MOST_CELLS = 200;

export class StatusTile extends Tile {
  constructor() {
    super();
    this.cells = h("div", { class: "cells" });
    /** @type {string[]} */
    this.names = [];
    /** @type {{state: string, n: number} | null} */
    this.worst = null;
    this.body.append(this.cells);
  }

  reshaped() {
    this.names = shortNames(this.series, this.widget.legend);
  }

  /** @returns {{label: string, state: string}[]} */
  items() {
    const items = this.doc?.body?.items;
    if (Array.isArray(items)) return items.map((item) => ({ label: String(item?.label ?? ""), state: Object.hasOwn(SHAPES, item?.state) ? item.state : "unknown" }));
    const now = this.context.clock.now();
    return this.series.map((series, i) => {
      const fresh = freshness(now - series.last, series.everyS, series.ended);
      const known = fresh === "live" || fresh === "late";
      return { label: this.names?.[i] ?? series.text, state: known ? this.stateOf(series.value) || "ok" : "unknown" };
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
    this.worst = ["critical", "warning", "unknown"].map((state) => ({ state, n: count(state) })).find(({ n }) => n) ?? { state: "ok", n: items.length };
  }

  /** @param {number} now @param {import("../data/freshness.js").Freshness} fresh @param {number} old @param {number} all */
  showBadge(now, fresh, old, all) {
    if (fresh !== "live" || !this.worst) {
      super.showBadge(now, fresh, old, all);
      return;
    }
    setText(this.badge, `${SHAPES[this.worst.state]} ${this.worst.n} ${this.worst.state}`);
    this.badge.dataset.state = this.worst.state;
  }
}
customElements.define("status-tile", StatusTile);
