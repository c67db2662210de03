// Tile for one large number, with a sparkline of its recent values.

import { spanFor } from "../data/span.js";
import { format } from "../draw/format.js";
import { drawSpark } from "../draw/spark.js";
import { h, setText } from "./dom.js";
import { Tile } from "./tile.js";

export class StatTile extends Tile {
  constructor() {
    super();
    this.mostSeries = 1; // the badge tells the age of the number that is shown
    this.number = h("span", { class: "number" });
    this.unit = h("small");
    this.value = h("div", { class: "value" }, this.number, this.unit);
    this.spark = /** @type {HTMLCanvasElement} */ (h("canvas", { "aria-hidden": "true" }));
    this.body.append(this.value, this.spark);
  }

  draw() {
    const series = this.series[0];
    if (!series) return;
    const { text, unit } = format(series.value, this.unitOf(series), this.widget.decimals);
    setText(this.number, text);
    setText(this.unit, unit);
    this.value.style.setProperty("--chars", String(Math.max(4, text.length + unit.length * 0.45)));
    this.state = this.stateOf(series.value);
    const now = this.context.clock.now();
    const token = this.state === "critical" ? "critical" : this.state === "warning" ? "warning" : "series-1";
    drawSpark(this.spark, series, now - spanFor(this.context.store.windowMs, now, [series]), now, token);
  }
}
customElements.define("stat-tile", StatTile);
