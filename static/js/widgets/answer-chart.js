// Chart of the series that a selector or an expression has given: their lines and, under the pointer, their values.

import { LineChart } from "../draw/line-chart.js";
import { fitChildren, h, setText } from "./dom.js";

/** @import { Series } from "../data/series.js" */

/** Series beyond these are in the table alone. */
const MOST_LINES = 24;

export class AnswerChart {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.chartBox = h("div", { class: "chart", "aria-hidden": "true" }); // the table beside it has the values
    this.hoverBox = h("div", { class: "hover", "aria-hidden": "true" });
    place.replaceChildren(this.chartBox, this.hoverBox);
    /** @type {LineChart | null} */
    this.chart = null;
    this.unit = "";
  }

  /** Draw series, named by what tells them apart. @param {Series[]} all @param {string[]} names @param {number} from @param {number} now in ms */
  draw(all, names, from, now) {
    const series = all.slice(0, MOST_LINES);
    const shown = names.slice(0, MOST_LINES);
    const unit = series[0]?.unit ?? "";
    if (!this.chart || this.unit !== unit) {
      this.chart?.destroy();
      this.chart = new LineChart(this.chartBox, { unit }, (rows, when, left) => this.showHover(rows, when, left));
      this.chart.reset(shown);
      this.unit = unit;
    } else if (this.chart.names.join("\n") !== shown.join("\n")) this.chart.reset(shown);
    this.chart.fitTo(this.chartBox.clientWidth, this.chartBox.clientHeight);
    this.chart.draw(series, from, now, now);
  }

  /** Rebuild the chart in the colours of another theme. */
  recolour() {
    this.chart?.reset(this.chart.names);
  }

  /** Show the values under the pointer. @param {{name: string, token: string, text: string}[] | null} rows @param {string} when @param {number} left */
  showHover(rows, when, left) {
    this.hoverBox.style.display = rows ? "block" : "none";
    if (!rows) return;
    fitChildren(this.hoverBox, rows.length + 1, () => h("div", {}, h("span"), h("b")));
    setText(this.hoverBox.children[0].children[0], when);
    rows.forEach((row, i) => {
      const line = /** @type {HTMLElement} */ (this.hoverBox.children[i + 1]);
      line.style.setProperty("--c", `var(--${row.token})`);
      setText(line.children[0], row.name);
      setText(line.children[1], row.text);
    });
    const right = left > this.place.clientWidth / 2;
    this.hoverBox.style.left = right ? "auto" : `${left + 60}px`;
    this.hoverBox.style.right = right ? `${Math.max(0, this.place.clientWidth - left)}px` : "auto";
  }
}
