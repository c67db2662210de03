// Grid of tiles: built from a board or from chosen series, and kept up to date from the store.

import { chosenBoard } from "../data/chosen-board.js";
import { expressionsOf } from "../data/expressions.js";
import { Store } from "../data/store.js";
import { h } from "./dom.js";
import { TilesInSight } from "./tiles-in-sight.js";
import "./stat-tile.js";
import "./line-tile.js";
import "./gauge-tile.js";
import "./bar-tile.js";
import "./table-tile.js";
import "./text-tile.js";
import "./status-tile.js";

/** @import { Board, Frame, Snapshot, Widget } from "../client/protocol.js" */
/** @import { Tile, TileContext } from "./tile.js" */

/** Fields of a widget that say where it is; a change of them rebuilds nothing. */
const PLACE = new Set(["x", "y", "w", "h"]);
const DEFAULTS = { id: "", x: null, y: null, series: [], expr: [], document: "", w: 1, h: 1, unit: null, decimals: null, legend: "", min: null, max: null, thresholds: [], note: "" };
/** A board of chosen series with more rows than this is taller than the screen. */
const MOST_CHOSEN_ROWS = 4;

/** Return what a widget draws, without its place, as JSON. @param {Widget} widget */
function drawing(widget) {
  return JSON.stringify(widget, (key, value) => (PLACE.has(key) && typeof value === "number" ? undefined : value));
}

/** Return what a board asks of the server, as JSON. @param {Board | undefined} board */
function dataOf(board) {
  return JSON.stringify([board?.window_s, board?.rate_hz, board?.widgets.map(({ id, series, expr, document }) => [id, series ?? [], expr ?? [], document ?? ""])]);
}

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
    /** @type {TilesInSight | null} null for a board whose tiles are all watched, seen or not */
    this.sight = null;
  }

  /** Set the grid up, once. @param {Omit<TileContext, "store" | "moment">} host @param {Omit<import("./tiles-in-sight.js").Asking, "now">} [asking] how to watch only what is seen */
  configure(host, asking) {
    this.context = { ...host, store: this.store, moment: this.moment };
    if (asking) this.sight = new TilesInSight({ ...asking, now: () => host.clock.now() });
  }

  /** Return the request's fields that leave out what nobody sees. @returns {{skip?: number[]}} */
  skipping() {
    const skip = this.sight?.skipped() ?? [];
    return skip.length ? { skip } : {};
  }

  /** Start again from a snapshot. @param {Snapshot} snapshot @param {string[]} selectors the chosen ones, if there is no board */
  begin(snapshot, selectors) {
    this.store.begin(snapshot);
    if (snapshot.board && snapshot.board.tag !== this.board?.tag) this.sight?.rouse(); // the server has left nothing out
    this.board = snapshot.board ?? this.board; // the server sends it once: a snapshot after a gap has none
    this.selectors = selectors;
    this.update();
    this.taken(snapshot, true);
  }

  /** Let the tiles take over what the store has taken from a message. @param {{id?: string | number}} message its id is that of the request that it answers @param {boolean} isSnapshot */
  taken({ id }, isSnapshot) {
    for (const tile of this.tiles) tile.changed();
    if (id !== undefined) this.sight?.answered(isSnapshot, Number(id));
    else if (isSnapshot) this.sight?.startedAgain();
  }

  /** Rebuild the tiles if others are needed: for another board, or for a chosen document that has appeared. */
  update() {
    const board = this.board ?? chosenBoard(this.selectors, this.store);
    const plan = JSON.stringify({ ...board, tag: "", fault: "" });
    if (plan === this.plan && this.tiles[0]?.isConnected) return;
    this.plan = plan;
    this.build(board);
  }

  /** Apply the changes of a frame. @param {Frame} frame */
  apply(frame) {
    const { shape } = this.store;
    this.store.apply(frame);
    if (!this.board && this.store.shape !== shape) this.update();
    this.taken(frame, false);
  }

  /** Make the tiles of a board. A tile whose widget is the same as before stays, at its new place. @param {Board} board */
  build(board) {
    this.style.setProperty("--columns", String(board.columns));
    this.style.setProperty("--rows", String(board.rows));
    this.toggleAttribute("data-long", !this.board && board.rows > MOST_CHOSEN_ROWS);
    let place = 0; // index in the list of the board's selectors, as the server makes it: the series of each widget, its expressions, its document
    const known = new Map(this.tiles.filter((tile) => tile.isConnected && tile.widget.id).map((tile) => [tile.widget.id, tile]));
    this.tiles = board.widgets.map((given) => {
      const widget = /** @type {Widget} */ ({ ...DEFAULTS, ...given });
      const kept = known.get(widget.id);
      const same = kept && drawing(kept.widget) === drawing(widget);
      if (!same && !customElements.get(`${widget.kind}-tile`)) throw new Error(`no tile is of the kind “${widget.kind}” here`);
      const tile = same ? kept : /** @type {Tile} */ (h(`${widget.kind}-tile`));
      if (same) tile.replaced(widget, given.place ?? place);
      else tile.configure(widget, this.context, given.place ?? place);
      place += widget.series.length + expressionsOf(widget).length + (widget.document ? 1 : 0);
      return tile;
    });
    const wanted = new Set(/** @type {Element[]} */ (this.tiles));
    for (const child of [...this.children]) if (!wanted.has(child)) child.remove();
    const reading = [...this.tiles].sort((a, b) => (a.widget.y ?? 0) - (b.widget.y ?? 0) || (a.widget.x ?? 0) - (b.widget.x ?? 0));
    reading.forEach((tile, rank) => (tile.style.order = String(rank))); // sets the order in a phone's column; to move the element would end its listeners
    reading.reduceRight((/** @type {Tile | null} */ next, tile) => {
      if (!tile.isConnected) this.insertBefore(tile, next); // Tab goes from tile to tile in this order
      return tile;
    }, null);
    const indicesAreKnown = this.board || this.tiles.every(({ widget }) => !widget.document); // chosen selectors that match documents make tiles without one
    this.sight?.follow(indicesAreKnown ? this.tiles : []);
  }

  /** Show another state of the board. @param {Board} board @returns {boolean} whether it shows other data, so that its view must be asked for again */
  change(board) {
    const before = this.board;
    this.board = board;
    if (dataOf(before) !== dataOf(board)) {
      this.sight?.rouseSoon(); // the indices that were left out are those of other tiles
      return true;
    }
    this.update();
    for (const tile of this.tiles) tile.changed();
    return false;
  }

  /** Paint all tiles, once a second: their ages grow while no values arrive. */
  tick() {
    for (const tile of this.tiles) if (!tile.isAsleep) this.context.loop.mark(tile);
    this.sight?.tick();
  }

  /** Show the charts at a moment. @param {number | null} at null for now */
  showMoment(at) {
    this.moment.at = at;
    this.toggleAttribute("data-moment", at !== null);
    this.tick();
  }

  /** Paint all tiles with a face that has arrived. */
  retype() {
    for (const tile of this.tiles) tile.resized();
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
