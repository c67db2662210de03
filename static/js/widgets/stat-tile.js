// Tile for one large number, with a sparkline of its recent values.

import { spanFor } from "../data/span.js";
import { format } from "../draw/format.js";
import { NumberRoom } from "../draw/number-room.js";
import { drawSpark } from "../draw/spark.js";
import { widthInEm } from "../draw/text-width.js";
import { h, setText } from "./dom.js";
import { Tile } from "./tile.js";

export class StatTile extends Tile {
  constructor() {
    super();
    this.mostSeries = 1; // the badge tells the age of the number that is shown
    this.room = new NumberRoom();
    /** of the letters, as of the last size */
    this.family = "sans-serif";
    this.number = h("span", { class: "number" });
    this.unit = h("small");
    this.value = h("div", { class: "value" }, this.number, this.unit);
    this.spark = /** @type {HTMLCanvasElement} */ (h("canvas", { "aria-hidden": "true" }));
    this.body.append(this.value, this.spark);
  }

  resized() {
    this.family = getComputedStyle(this.body).fontFamily;
  }

  reshaped() {
    this.room.renew();
  }

  draw() {
    const series = this.series[0];
    if (!series) return;
    const { text, unit } = format(series.value, this.unitOf(series), this.widget.decimals);
    setText(this.number, text);
    setText(this.unit, unit);
    this.state = this.stateOf(series.value);
    const now = this.now();
    const letters = this.room.fit([series], (value) => format(value, this.unitOf(series), this.widget.decimals).text, now);
    this.value.style.setProperty("--chars", String(Math.max(4, letters) + unit.length * 0.45));
    this.value.style.setProperty("--width", widthInEm(text, this.family).toFixed(3));
    this.value.style.setProperty("--letters", String(text.length));
    const token = this.state === "critical" ? "critical" : this.state === "warning" ? "warning" : "series-1";
    drawSpark(this.spark, series, now - spanFor(this.context.store.windowMs, now, [series]), now, token);
  }
}
customElements.define("stat-tile", StatTile);
