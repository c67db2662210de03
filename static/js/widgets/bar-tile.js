// Tile for several numbers of one kind, as bars below each other.

import { format } from "../draw/format.js";
import { NumberRoom } from "../draw/number-room.js";
import { SHAPES } from "../draw/tile-state.js";
import { freshness } from "../data/freshness.js";
import { mostSevere } from "../data/thresholds.js";
import { fitChildren, h, setText } from "./dom.js";
import { Tile } from "./tile.js";

/** @import { Series } from "../data/series.js" */

export class BarTile extends Tile {
  constructor() {
    super();
    this.mostSeries = 40;
    this.room = new NumberRoom();
    this.rows = h("div", { class: "rows" });
    this.body.append(this.rows);
  }

  reshaped() {
    this.room.renew();
  }

  draw() {
    const now = this.now();
    const values = this.series.map((series) => series.value ?? 0);
    const low = this.widget.min ?? Math.min(0, ...values);
    const high = this.widget.max ?? Math.max(...values, low + 1e-9);
    fitChildren(this.rows, this.series.length, () =>
      h("div", { class: "row" }, h("span"), h("span", { class: "value" }), h("div", { class: "track" }, h("i"))));
    const states = this.series.map((series) => this.stateOf(series.value));
    this.series.forEach((series, i) => {
      const row = /** @type {HTMLElement} */ (this.rows.children[i]);
      const state = states[i];
      row.dataset.state = state;
      row.toggleAttribute("data-old", freshness(now - series.last, series.everyS, series.ended) !== "live");
      setText(row.children[0], this.names[i]);
      setText(row.children[1], this.shown(series, series.value));
      const share = Math.max(0, Math.min(1, (values[i] - low) / (high - low || 1)));
      /** @type {HTMLElement} */ (row.children[2].firstElementChild).style.transform = `scaleX(${share})`;
    });
    if (this.series.length) this.rows.style.setProperty("--letters", String(this.room.fit(this.series, (value) => this.shown(this.series[0], value), now)));
    this.state = mostSevere(states);
  }

  /** Return the text that is shown for a value. @param {Series} series @param {number | undefined} value */
  shown(series, value) {
    const { text, unit } = format(value, this.unitOf(series), this.widget.decimals);
    const state = this.stateOf(value);
    return `${state ? `${SHAPES[state]} ` : ""}${text}${unit ? ` ${unit}` : ""}`;
  }
}
customElements.define("bar-tile", BarTile);
