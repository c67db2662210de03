// Grid of tiles: built from a board or from chosen series, and kept up to date from the store.

import { chosenBoard } from "../data/chosen-board.js";
import { Store } from "../data/store.js";
import { h } from "./dom.js";
import "./stat-tile.js";
import "./line-tile.js";
import "./gauge-tile.js";
import "./bar-tile.js";
import "./table-tile.js";
import "./text-tile.js";
import "./status-tile.js";

/** @import { Board, Frame, Snapshot, Widget } from "../client/protocol.js" */
/** @import { Tile, TileContext } from "./tile.js" */

const DEFAULTS = { series: [], document: "", w: 1, h: 1, unit: null, decimals: null, legend: "", min: null, max: null, thresholds: [], note: "" };
/** A board of chosen series with more rows than this is taller than the screen. */
const MOST_CHOSEN_ROWS = 4;

export class DashBoard extends HTMLElement {
  constructor() {
    super();
    this.store = new Store();
    /** @type {Tile[]} */
    this.tiles = [];
    /** the board of the current tiles, as JSON */
    this.plan = "";
    /** @type {Board | undefined} undefined for chosen selectors */
    this.board = undefined;
    /** @type {string[]} */
    this.selectors = [];
    /** @type {TileContext["moment"]} */
    this.moment = { at: null };
    this.context = /** @type {TileContext} */ (/** @type {unknown} */ (null)); // set by configure, before anything else
  }

  /** Set the grid up, once. @param {Omit<TileContext, "store" | "moment">} host */
  configure(host) {
    this.context = { ...host, store: this.store, moment: this.moment };
  }

  /** Start again from a snapshot. @param {Snapshot} snapshot @param {string[]} selectors the chosen ones, if there is no board */
  begin(snapshot, selectors) {
    this.store.begin(snapshot);
    this.board = snapshot.board ?? this.board; // the server sends it once: a snapshot after a gap has none
    this.selectors = selectors;
    this.update();
    for (const tile of this.tiles) tile.changed();
  }

  /** Rebuild the tiles if others are needed: for another board, or for a chosen document that has appeared. */
  update() {
    const board = this.board ?? chosenBoard(this.selectors, this.store);
    const plan = JSON.stringify(board);
    if (plan === this.plan && this.tiles[0]?.isConnected) return;
    this.plan = plan;
    this.build(board);
  }

  /** Apply the changes of a frame. @param {Frame} frame */
  apply(frame) {
    const { shape } = this.store;
    this.store.apply(frame);
    if (!this.board && this.store.shape !== shape) this.update();
    for (const tile of this.tiles) tile.changed();
  }

  /** Replace the tiles by those of a board. @param {Board} board */
  build(board) {
    this.style.setProperty("--columns", String(board.columns));
    this.style.setProperty("--rows", String(board.rows));
    this.toggleAttribute("data-long", !this.board && board.rows > MOST_CHOSEN_ROWS);
    let place = 0; // index in the list of the board's selectors, as the server makes it: the series of each widget, then its document
    this.tiles = board.widgets.map((given) => {
      const widget = /** @type {Widget} */ ({ ...DEFAULTS, ...given });
      const tile = /** @type {Tile} */ (h(`${widget.kind}-tile`));
      tile.configure(widget, this.context, given.place ?? place);
      place += widget.series.length + (widget.document ? 1 : 0);
      return tile;
    });
    this.replaceChildren(...this.tiles);
  }

  /** Paint all tiles, once a second: their ages grow while no values arrive. */
  tick() {
    for (const tile of this.tiles) this.context.loop.mark(tile);
  }

  /** Show the charts at a moment. @param {number | null} at null for now */
  showMoment(at) {
    this.moment.at = at;
    this.toggleAttribute("data-moment", at !== null);
    this.tick();
  }

  /** Paint all tiles in the colours of another theme. */
  recolour() {
    for (const tile of this.tiles) {
      tile.recolour();
      this.context.loop.mark(tile);
    }
  }
}
customElements.define("dash-board", DashBoard);
