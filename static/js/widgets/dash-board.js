// The grid of tiles: built from a board, or from chosen series; moved on by the store.

import { Store } from "../data/store.js";
import { h } from "./dom.js";
import "./stat-tile.js";
import "./line-tile.js";
import "./gauge-tile.js";
import "./bar-tile.js";
import "./table-tile.js";
import "./text-tile.js";
import "./status-tile.js";

/** @typedef {import("./tile.js").Tile} Tile */
/** @typedef {import("./tile.js").Widget} Widget */
/** @typedef {import("../client/views.js").Snapshot} Snapshot */
/** @typedef {import("../client/views.js").Frame} Frame */

const DEFAULTS = { series: [], document: "", w: 1, h: 1, unit: null, decimals: null, legend: "", min: null, max: null, thresholds: [], note: "" };
const CHOSEN_COLUMNS = 2;

export class DashBoard extends HTMLElement {
  constructor() {
    super();
    this.store = new Store();
    /** @type {Tile[]} */
    this.tiles = [];
    this.plan = "";
  }

  /** @param {import("../pages/shell.js").Shell} shell @param {(text: string) => void} announce */
  configure(shell, announce) {
    this.context = { store: this.store, clock: shell.clock, loop: shell.loop, showFeed: shell.showFeed.bind(shell), announce };
  }

  /** @param {Snapshot} snapshot @param {string[]} selectors chosen ones, when there is no board */
  begin(snapshot, selectors) {
    this.store.begin(snapshot);
    const board = snapshot.board ?? chosenBoard(selectors, [...this.store.documents.keys()]);
    const plan = JSON.stringify(board);
    if (plan !== this.plan) {
      this.plan = plan;
      this.build(board);
    }
    for (const tile of this.tiles) tile.changed();
  }

  /** @param {Frame} frame */
  move(frame) {
    this.store.move(frame);
    for (const tile of this.tiles) tile.changed();
  }

  /** @param {{columns: number, rows: number, widgets: (Partial<Widget> & {place?: number})[]}} board */
  build(board) {
    this.style.setProperty("--columns", String(board.columns));
    this.style.setProperty("--rows", String(board.rows));
    let place = 0; // the server counts a board's selectors the same way: each widget's series, then its document
    this.tiles = board.widgets.map((given) => {
      const widget = /** @type {Widget} */ ({ ...DEFAULTS, ...given });
      const tile = /** @type {Tile} */ (h(`${widget.kind}-tile`));
      tile.configure(widget, /** @type {any} */ (this.context), given.place ?? place);
      place += widget.series.length + (widget.document ? 1 : 0);
      return tile;
    });
    this.replaceChildren(...this.tiles);
  }

  /** Once a second: ages go on whether values come or not. */
  second() {
    for (const tile of this.tiles) this.context?.loop.mark(tile);
  }

  recolour() {
    for (const tile of this.tiles) {
      if ("recolour" in tile) /** @type {any} */ (tile).recolour();
      this.context?.loop.mark(tile);
    }
  }
}

/** A board for chosen selectors: a chart each, and the documents that they match. @param {string[]} selectors @param {string[]} documents */
function chosenBoard(selectors, documents) {
  const charts = selectors
    .map((selector, place) => ({ kind: "line", title: selector, series: [selector], place }))
    .filter(({ title }) => !documents.includes(title));
  const tables = documents.map((key) => ({ kind: "table", title: key, document: key }));
  const widgets = [...charts, ...tables].map((widget) => ({ ...widget, w: 1, h: 1 }));
  const columns = Math.min(CHOSEN_COLUMNS, widgets.length);
  return { columns: Math.max(1, columns), rows: Math.max(1, Math.ceil(widgets.length / Math.max(1, columns))), widgets };
}
customElements.define("dash-board", DashBoard);
