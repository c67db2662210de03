// Tile for one number between two ends, as an arc.

import { format } from "../draw/format.js";
import { h, setText, svg } from "./dom.js";
import { Tile } from "./tile.js";

const RADIUS = 44;
const SWEEP = 240;
const LENGTH = (Math.PI * RADIUS * SWEEP) / 180;

/** Return a point of the arc, for a path. @param {number} degrees from straight up */
function point(degrees) {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return `${60 + RADIUS * Math.cos(angle)} ${56 + RADIUS * Math.sin(angle)}`;
}

export class GaugeTile extends Tile {
  constructor() {
    super();
    this.mostSeries = 1; // the badge tells the age of the number that is shown
    const d = `M ${point(-SWEEP / 2)} A ${RADIUS} ${RADIUS} 0 1 1 ${point(SWEEP / 2)}`;
    const arc = { d, fill: "none", "stroke-width": 9, "stroke-linecap": "butt" };
    this.fill = svg("path", { ...arc, class: "fill", "stroke-dasharray": LENGTH, "stroke-dashoffset": LENGTH });
    this.number = svg("tspan", {});
    this.unit = svg("tspan", { class: "unit", dx: 2 });
    this.low = svg("text", { class: "end", x: 24, y: 92 });
    this.high = svg("text", { class: "end", x: 96, y: 92 });
    const text = svg("text", { class: "number", x: 60, y: 65 }, this.number, this.unit);
    this.spoken = h("span", { class: "visually-hidden" });
    this.body.append(this.spoken, svg("svg", { viewBox: "0 0 120 96", "aria-hidden": "true" }, svg("path", { ...arc, class: "track" }), this.fill, text, this.low, this.high));
  }

  draw() {
    const series = this.series[0];
    if (!series) return;
    const low = this.widget.min ?? 0;
    const high = this.widget.max ?? 100;
    const unit = this.unitOf(series);
    const value = series.value ?? low;
    const share = Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
    this.fill.setAttribute("stroke-dashoffset", String(LENGTH * (1 - share)));
    const shown = format(series.value, unit, this.widget.decimals);
    setText(this.number, shown.text);
    setText(this.unit, shown.unit);
    setText(this.spoken, `${shown.text} ${shown.unit}`);
    setText(this.low, format(low, unit).text);
    setText(this.high, format(high, unit).text);
    this.state = this.stateOf(series.value);
    this.dataset.state = this.state;
  }
}
customElements.define("gauge-tile", GaugeTile);
