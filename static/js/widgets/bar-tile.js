// Tile for several numbers of one kind, as bars below each other.

import { format } from "../draw/format.js";
import { freshness } from "../data/freshness.js";
import { mostSevere } from "../data/thresholds.js";
import { fitChildren, h, setText } from "./dom.js";
import { SHAPES, Tile } from "./tile.js";

export class BarTile extends Tile {
  constructor() {
    super();
    this.mostSeries = 40;
    this.rows = h("div", { class: "rows" });
    this.body.append(this.rows);
  }

  draw() {
    const now = this.context.clock.now();
    const values = this.series.map((series) => series.value ?? 0);
    const low = this.widget.min ?? Math.min(0, ...values);
    const high = this.widget.max ?? Math.max(...values, low + 1e-9);
    fitChildren(this.rows, this.series.length, () =>
      h("div", { class: "row" }, h("span"), h("span", { class: "value" }), h("div", { class: "track" }, h("i"))));
    const states = this.series.map((series) => this.stateOf(series.value));
    this.series.forEach((series, i) => {
      const row = /** @type {HTMLElement} */ (this.rows.children[i]);
      const { text, unit } = format(series.value, this.unitOf(series), this.widget.decimals);
      const state = states[i];
      row.dataset.state = state;
      row.toggleAttribute("data-old", freshness(now - series.last, series.everyS, series.ended) !== "live");
      setText(row.children[0], this.names[i]);
      setText(row.children[1], `${state ? `${SHAPES[state]} ` : ""}${text}${unit ? ` ${unit}` : ""}`);
      const share = Math.max(0, Math.min(1, (values[i] - low) / (high - low || 1)));
      /** @type {HTMLElement} */ (row.children[2].firstElementChild).style.transform = `scaleX(${share})`;
    });
    this.state = mostSevere(states);
  }
}
customElements.define("bar-tile", BarTile);
