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
const MOST_CHOSEN_ROWS = 4;

export class DashBoard extends HTMLElement {
  constructor() {
    super();
    this.store = new Store();
    /** @type {Tile[]} */
    this.tiles = [];
    this.plan = "";
    /** @type {any} */
    this.board = undefined;
    /** @type {string[]} */
    this.selectors = [];
    /** @type {{at: number | null}} the moment that the charts show; null: now */
    this.moment = { at: null };
  }

  /** @param {import("../pages/shell.js").Shell} shell */
  configure(shell) {
    const { clock, loop } = shell;
    this.context = { store: this.store, moment: this.moment, clock, loop, showFeed: shell.showFeed.bind(shell), announce: shell.announce.bind(shell) };
  }

  /** @param {Snapshot} snapshot @param {string[]} selectors chosen ones, when there is no board */
  begin(snapshot, selectors) {
    this.store.begin(snapshot);
    this.board = snapshot.board ?? this.board; // it is told once: a snapshot after a gap is of the same
    this.selectors = selectors;
    this.replan();
    for (const tile of this.tiles) tile.changed();
  }

  /** Build the tiles anew where others are needed: another board, a chosen document that has come. */
  replan() {
    const board = this.board ?? chosenBoard(this.selectors, this.store);
    const plan = JSON.stringify(board);
    if (plan === this.plan && this.tiles[0]?.isConnected) return;
    this.plan = plan;
    this.build(board);
  }

  /** @param {Frame} frame */
  move(frame) {
    const { shape } = this.store;
    this.store.move(frame);
    if (!this.board && this.store.shape !== shape) this.replan();
    for (const tile of this.tiles) tile.changed();
  }

  /** @param {{columns: number, rows: number, widgets: (Partial<Widget> & {place?: number})[]}} board */
  build(board) {
    this.style.setProperty("--columns", String(board.columns));
    this.style.setProperty("--rows", String(board.rows));
    this.toggleAttribute("data-long", !this.board && board.rows > MOST_CHOSEN_ROWS); // taller than the screen then
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

  /** Show the charts at this moment; null: now again. @param {number | null} at */
  lookAt(at) {
    this.moment.at = at;
    this.toggleAttribute("data-moment", at !== null);
    this.second();
  }

  recolour() {
    for (const tile of this.tiles) {
      if ("recolour" in tile) /** @type {any} */ (tile).recolour();
      this.context?.loop.mark(tile);
    }
  }
}

/** A board for chosen selectors: a chart each, and each document that they match as what it is. */
/** @param {string[]} selectors @param {Store} store */
function chosenBoard(selectors, store) {
  const documents = [...store.documents.values()];
  const fed = new Set([...store.series.values()].flatMap((series) => series.places));
  const charts = selectors
    .map((selector, place) => ({ kind: "line", title: selector, series: [selector], place }))
    .filter(({ title, place }) => fed.has(place) || !store.documents.has(title));
  const others = documents.map(({ key, body }) => ({ kind: kindOf(body), title: key, document: key }));
  const widgets = [...charts, ...others].map((widget) => ({ ...widget, w: 1, h: 1 }));
  const columns = Math.max(1, Math.min(CHOSEN_COLUMNS, widgets.length));
  return { columns, rows: Math.max(1, Math.ceil(widgets.length / columns)), widgets };
}

/** @param {any} body */
function kindOf(body) {
  if (typeof body === "string" || typeof body?.text === "string") return "text";
  if (Array.isArray(body?.items) && body.items.some((/** @type {any} */ item) => item?.state !== undefined)) return "status";
  return "table";
}
customElements.define("dash-board", DashBoard);
