// Tile for series over time, as a chart.

import { LineChart } from "../draw/line-chart.js";
import { spanAround, spanFor } from "../data/span.js";
import { seriesToken } from "../draw/palette.js";
import { freshness } from "../data/freshness.js";
import { mostSevere } from "../data/thresholds.js";
import { ChartTable } from "./chart-table.js";
import { fitChildren, h, setText } from "./dom.js";
import { Tile } from "./tile.js";

/** @import { TileState } from "../draw/tile-state.js" */

const MOST_LINES = 24;
/** With more lines than this the legend shows their number instead of their names. */
const MOST_NAMED = 8;

export class LineTile extends Tile {
  constructor() {
    super();
    this.mostSeries = MOST_LINES;
    this.chartBox = h("div", { class: "chart", "aria-hidden": "true" });
    this.hoverBox = h("div", { class: "hover", "aria-hidden": "true" });
    this.table = new ChartTable();
    this.body.append(this.chartBox, this.hoverBox, this.table.element);
    /** @type {LineChart | null} */
    this.chart = null;
    /** width for which the legend was last fitted, 0 for never */
    this.legendWidth = 0;
    /** the series of the current chart, and their unit */
    this.charted = "";
    /** the badge that it was fitted beside */
    this.legendBadge = "";
  }

  reshaped() {
    const { names } = this;
    this.legendWidth = 0;
    this.nameAll(); // before the first layout, because the row of the names has a height on a phone
    this.table.renew();
    const charted = JSON.stringify([this.series[0]?.unit, this.series.map(({ text }) => text)]);
    if (this.chart && charted === this.charted) {
      this.chart.names = names;
      return;
    }
    this.charted = charted;
    this.chart?.destroy();
    this.chart = null;
    if (!names.length) return;
    const { min, max, thresholds, decimals } = this.widget;
    const options = { unit: this.unitOf(this.series[0]), min, max, thresholds, decimals };
    this.chart = new LineChart(this.chartBox, options, (rows, when, left) => this.showHover(rows, when, left));
    this.chart.reset(names);
    this.resized();
  }

  resized() {
    this.legendWidth = 0;
    if (this.box.width) this.chart?.fitTo(this.box.width, this.box.height);
  }

  /** Show the names in the legend if all fit, otherwise their number: the values under the pointer have the names. Steps that write and steps that read take turns. */
  *fitLegend() {
    this.legendWidth = this.box.width;
    const { names } = this;
    if (names.length < 2) {
      this.legend.replaceChildren();
      return;
    }
    if (names.length <= MOST_NAMED) {
      this.nameAll();
      yield;
      const [first, last] = [this.legend.firstElementChild, this.legend.lastElementChild].map((name) => /** @type {HTMLElement} */ (name).offsetTop);
      yield;
      if (first === last) return;
    }
    this.countAll();
    yield;
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = this.legend;
    yield;
    if (scrollWidth <= clientWidth && scrollHeight <= clientHeight) return;
    this.legend.replaceChildren(...(this.matched > MOST_LINES ? [h("bdi", { text: `${MOST_LINES}/${this.matched}` })] : [])); // lines that are left out are always counted
  }

  /** Put all names into the legend, or their number if they are many. */
  nameAll() {
    if (this.names.length < 2) this.legend.replaceChildren();
    else if (this.names.length > MOST_NAMED) this.countAll();
    else {
      this.legend.querySelector("bdi")?.remove(); // the number of the lines
      this.showLegend(seriesToken);
    }
  }

  /** Put the number of the lines into the legend. */
  countAll() {
    this.legend.replaceChildren(h("bdi", { text: this.matched > MOST_LINES ? `${MOST_LINES} of ${this.matched} lines` : `${this.names.length} lines` }));
  }

  /** Show how old the values are, and which lines are older than the others. */
  updateFreshness() {
    super.updateFreshness();
    if (this.series.length < 2) return;
    const now = this.context.clock.now();
    const ages = this.series.map((series) => freshness(now - series.last, series.everyS, series.ended));
    if (ages.join() === this.ages.join()) return;
    this.ages = ages;
    const names = this.nameLines();
    if (names.join("\n") === this.names.join("\n")) return;
    this.names = names;
    this.reshaped();
    this.context.loop.mark(this);
  }

  /** @param {number} now @param {TileState} state */
  showBadge(now, state) {
    super.showBadge(now, state);
    const beside = this.badge.textContent ?? "";
    if (beside.length === this.legendBadge.length) return; // the age in it may change every second
    this.legendBadge = beside;
    this.legendWidth = 0;
  }

  /** Rebuild the chart in the colours of another theme. */
  recolour() {
    this.chart?.reset(this.chart.names);
  }

  draw() {
    this.state = mostSevere(this.series.map((series) => this.stateOf(series.value)));
  }

  /** Fit the legend where something has changed around it, then draw the chart. */
  *steps() {
    if (!this.isConnected || !this.box.width) return;
    if (this.box.width !== this.legendWidth) yield* this.fitLegend();
    if (this.chart && this.series.length) this.drawChart(this.chart);
  }

  /** @param {LineChart} chart */
  drawChart(chart) {
    const { store, moment } = this.context;
    const { series } = this;
    const now = this.now();
    const [span, end] = spanAround(moment.at, spanFor(store.windowMs, now, series), now);
    const pixel = span / this.box.width;
    const to = Math.ceil(end / pixel) * pixel;
    chart.marked = moment.at;
    const states = this.lines.map(({ fresh }) => fresh);
    chart.states = moment.at !== null || states.every((state) => state === states[0]) ? [] : states; // what all are, the badge says; of a moment in the past nobody knows
    chart.draw(series, to - span, to, now);
    this.table.update(this.widget.title, this.names, series, to - span, to, (value) => chart.label(value));
  }

  /** Show the values under the pointer. @param {{name: string, token: string, text: string}[] | null} rows @param {string} when @param {number} left */
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
    const room = this.box.width;
    const right = left > room / 2;
    this.hoverBox.style.left = right ? "auto" : `${left + 60}px`;
    this.hoverBox.style.right = right ? `${Math.max(0, room - left)}px` : "auto";
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.chart?.destroy();
  }
}
customElements.define("line-tile", LineTile);
