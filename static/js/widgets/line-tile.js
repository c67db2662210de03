// Series over time.

import { LineChart } from "../draw/line-chart.js";
import { spanAround, spanFor } from "../data/span.js";
import { seriesToken } from "../draw/palette.js";
import { shortNames } from "../data/labels.js";
import { fitChildren, h, setText } from "./dom.js";
import { Tile } from "./tile.js";

const MOST_LINES = 24;
const MOST_NAMED = 8;

export class LineTile extends Tile {
  constructor() {
    super();
    this.chartBox = h("div", { class: "chart" });
    this.hoverBox = h("div", { class: "hover" });
    this.body.append(this.chartBox, this.hoverBox);
    /** @type {LineChart | null} */
    this.chart = null;
    this.all = 0;
    /** @type {string | undefined} */
    this.unit = undefined;
    this.legendFits = 0; // the width for which that was looked at
  }

  reshaped() {
    this.all = this.series.length;
    this.series = this.series.slice(0, MOST_LINES);
    const names = shortNames(this.series, this.widget.legend);
    this.legendFits = 0;
    if (names.join("\n") === this.chart?.names.join("\n") && this.unit === this.series[0]?.unit) return;
    this.unit = this.series[0]?.unit;
    this.chart?.destroy();
    this.chart = null;
    if (!names.length) return;
    const { min, max, thresholds, decimals } = this.widget;
    const options = { unit: this.unitOf(this.series[0]), min, max, thresholds, decimals };
    this.chart = new LineChart(this.chartBox, options, (rows, when, left) => this.showHover(rows, when, left));
    this.chart.reset(names);
  }

  /** Names that do not all fit are not shown in part: their number is, and the pointer tells them. @param {number} width */
  nameLines(width) {
    this.legendFits = width;
    this.legend.replaceChildren();
    const names = this.chart?.names ?? [];
    if (names.length < 2) return;
    if (names.length <= MOST_NAMED) {
      this.showLegend(names, seriesToken);
      const tops = [...this.legend.children].map((name) => /** @type {HTMLElement} */ (name).offsetTop);
      if (tops[0] === tops[tops.length - 1]) return;
    }
    this.legend.replaceChildren(this.all > MOST_LINES ? `${MOST_LINES} of ${this.all} lines` : `${names.length} lines`);
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = this.legend;
    if (scrollWidth <= clientWidth && scrollHeight <= clientHeight) return;
    this.legend.replaceChildren(this.all > MOST_LINES ? `${MOST_LINES}/${this.all}` : ""); // what is left out is said in any case
  }

  /** The theme changed. */
  recolour() {
    this.chart?.reset(this.chart.names);
  }

  draw() {
    const { clock, store } = this.context;
    const width = Math.max(1, this.chartBox.clientWidth);
    if (width !== this.legendFits) this.nameLines(width);
    const [span, end] = spanAround(this.context.moment.at, spanFor(store.windowMs, clock.now(), this.series), clock.now());
    const pixel = span / width;
    const to = Math.ceil(end / pixel) * pixel;
    this.state = this.series.map((series) => this.stateOf(series.value)).sort(severity)[0] ?? "";
    if (!this.chart) return;
    this.chart.marked = this.context.moment.at;
    this.chart.draw(this.series, to - span, to, clock.now());
  }

  /** @param {{name: string, token: string, text: string}[] | null} rows @param {string} when @param {number} left */
  showHover(rows, when, left) {
    this.hoverBox.style.display = rows ? "block" : "none";
    if (!rows) return;
    fitChildren(this.hoverBox, rows.length + 1, () => h("div", {}, h("span"), h("b")));
    const line = (/** @type {number} */ i) => /** @type {HTMLElement} */ (this.hoverBox.children[i]);
    setText(line(0).children[0], when);
    rows.forEach((row, i) => {
      const element = line(i + 1);
      element.style.setProperty("--c", `var(--${row.token})`);
      setText(element.children[0], row.name);
      setText(element.children[1], row.text);
    });
    const room = this.body.clientWidth;
    const right = left > room / 2;
    this.hoverBox.style.left = right ? "auto" : `${left + 60}px`;
    this.hoverBox.style.right = right ? `${Math.max(0, room - left)}px` : "auto";
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.chart?.destroy();
  }
}

/** @param {string} a @param {string} b critical first */
function severity(a, b) {
  const order = ["critical", "warning", ""];
  return order.indexOf(a) - order.indexOf(b);
}
customElements.define("line-tile", LineTile);
