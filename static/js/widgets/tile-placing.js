// Placing the tiles of a board that is edited: drag, resize, keys, selection, and what other editors do.

import { makeRoom, within } from "../data/board-layout.js";
import { DRAGGED } from "./series-picker.js";
import { h } from "./dom.js";

/** @import { Place } from "../data/board-layout.js" */
/** @import { BoardEditor, Step } from "../client/protocol.js" */
/** @import { DashBoard } from "./dash-board.js" */
/** @import { NewWidget } from "../data/suited-widget.js" */
/** @import { Tile } from "./tile.js" */
/**
 * What the page does when tiles are placed.
 * @typedef {object} Placing
 * @property {(steps: Step[]) => void} operate @property {(widget: NewWidget, at: {x: number, y: number}) => void} drop
 * @property {(id: string, place: Place | null) => void} point @property {(text: string) => void} announce
 */

/** Others hear of a drag this often. */
const POINT_EVERY_MS = 100;
/** A pointer that moves less than this selects and does not drag. */
const LEAST_DRAG_PX = 4;
const ARROWS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

export class TilePlacing {
  /** @param {DashBoard} board @param {Placing} page */
  constructor(board, page) {
    this.board = board;
    this.page = page;
    this.selected = "";
    /** other editors by their page @type {Map<string, BoardEditor & {token: string}>} */
    this.others = new Map();
    this.pointedAt = 0;
    this.listening = new AbortController();
    const { signal } = this.listening;
    board.addEventListener("pointerdown", (event) => this.grab(event), { signal });
    board.addEventListener("keydown", (event) => this.pressed(event), { capture: true, signal });
    board.addEventListener("focusin", (event) => this.select(this.tileOf(event.target)?.widget.id ?? this.selected), { signal });
    board.addEventListener("dragover", (event) => event.dataTransfer?.types.includes(DRAGGED) && event.preventDefault(), { signal });
    board.addEventListener("drop", (event) => this.dropped(event), { signal });
  }

  /** @param {EventTarget | null} target @returns {Tile | undefined} */
  tileOf(target) {
    return this.board.tiles.find((tile) => target instanceof Node && tile.contains(target));
  }

  /** @param {string} id */
  tile(id) {
    return this.board.tiles.find((tile) => tile.widget.id === id);
  }

  get columns() {
    return this.board.board?.columns ?? 24;
  }

  /** @returns {Map<string, Place>} */
  places() {
    return new Map(this.board.tiles.map(({ widget: { id, x, y, w, h: rows } }) => [id, { x: x ?? 0, y: y ?? 0, w, h: rows }]));
  }

  /** Select a tile. @param {string} id empty for none */
  select(id) {
    if (id === this.selected) return;
    this.selected = id;
    this.decorate();
    this.page.point(id, null);
  }

  /** Mark the tiles: which one is selected, and where the others are. Call it after every change of the tiles. */
  decorate() {
    for (const tile of this.board.tiles) {
      const { id } = tile.widget;
      const here = [...this.others.values()].filter(({ widget }) => widget === id);
      tile.toggleAttribute("data-selected", id === this.selected);
      tile.toggleAttribute("data-other", here.length > 0 && id !== this.selected);
      if (here[0]) tile.style.setProperty("--other", `var(--${here[0].token})`);
      else tile.style.removeProperty("--other");
      const moved = here.find(({ place }) => place);
      const names = here.map(({ name, place }) => (place ? `${name} is moving this` : name));
      const text = [id === this.selected ? "You" : "", ...names].filter(Boolean).join(", ");
      tile.querySelector(":scope > .who")?.remove();
      if (text) tile.append(h("span", { class: "who", text }));
      if (!tile.querySelector(":scope > .grip")) tile.append(h("i", { class: "grip", "aria-hidden": "true" }));
      if (moved?.place && !tile.dataset.dragged) show(tile, { x: moved.place[0], y: moved.place[1], w: moved.place[2], h: moved.place[3] });
      else if (!tile.dataset.dragged) tile.placeInGrid();
    }
  }

  // --- with the pointer ---

  /** @param {PointerEvent} event */
  grab(event) {
    const tile = this.tileOf(event.target);
    if (!tile || event.button !== 0) return;
    const resizing = event.target instanceof Element && event.target.classList.contains("grip");
    const start = this.places().get(tile.widget.id);
    if (!start) return;
    const cell = this.cell();
    let wanted = start;
    const move = (/** @type {PointerEvent} */ at) => {
      const [dx, dy] = [at.clientX - event.clientX, at.clientY - event.clientY];
      if (!tile.dataset.dragged && Math.hypot(dx, dy) < LEAST_DRAG_PX) return;
      tile.dataset.dragged = "1";
      const [columns, rows] = [Math.round(dx / cell.width), Math.round(dy / cell.height)];
      const next = within(resizing ? { ...start, w: Math.min(start.w + columns, this.columns - start.x), h: start.h + rows } : { ...start, x: start.x + columns, y: start.y + rows }, this.columns);
      if (same(next, wanted)) return;
      wanted = next;
      this.preview(tile.widget.id, wanted);
    };
    const ended = new AbortController();
    const end = (/** @type {boolean} */ keep) => {
      ended.abort();
      delete tile.dataset.dragged;
      this.page.point(tile.widget.id, null);
      if (keep && !same(start, wanted)) this.place(tile.widget.id, wanted);
      else for (const each of this.board.tiles) each.placeInGrid();
    };
    addEventListener("pointermove", move, { signal: ended.signal });
    addEventListener("pointerup", () => end(true), { signal: ended.signal });
    addEventListener("pointercancel", () => end(false), { signal: ended.signal });
    addEventListener("keydown", (key) => key.key === "Escape" && end(false), { signal: ended.signal, capture: true });
    tile.focus({ preventScroll: true });
  }

  /** Size of a cell with its gap, in pixels. */
  cell() {
    const style = getComputedStyle(this.board);
    const gap = parseFloat(style.columnGap) || 0;
    const width = this.board.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const height = this.board.clientHeight - parseFloat(style.paddingBottom);
    return { width: (width + gap) / this.columns, height: (height + gap) / (this.board.board?.rows ?? 12) };
  }

  /** Show where a dragged tile would be, and the others make room. @param {string} id @param {Place} wanted */
  preview(id, wanted) {
    const places = makeRoom(this.places(), id, wanted);
    for (const tile of this.board.tiles) {
      const place = places.get(tile.widget.id);
      if (place) show(tile, place);
    }
    const now = performance.now();
    if (now - this.pointedAt < POINT_EVERY_MS) return;
    this.pointedAt = now;
    this.page.point(id, wanted);
  }

  /** Give a tile its place; those in its way make room. @param {string} id @param {Place} wanted */
  place(id, wanted) {
    const before = this.places();
    /** @type {Step[]} */
    const steps = [];
    for (const [widget, place] of makeRoom(before, id, wanted)) {
      const { x, y, w, h: rows } = /** @type {Place} */ (before.get(widget));
      // a tile at the right edge must shrink before it moves, and move before it grows
      const moves = place.x !== x || place.y !== y ? [{ op: "move", widget, x: place.x, y: place.y }] : [];
      const resizes = place.w !== w || place.h !== rows ? [{ op: "resize", widget, w: place.w, h: place.h }] : [];
      steps.push(...resizes, ...moves);
    }
    if (steps.length) this.page.operate(steps);
  }

  /** @param {DragEvent} event */
  dropped(event) {
    const text = event.dataTransfer?.getData(DRAGGED);
    if (!text) return;
    event.preventDefault();
    const box = this.board.getBoundingClientRect();
    const cell = this.cell();
    this.page.drop(JSON.parse(text), { x: Math.floor((event.clientX - box.left) / cell.width), y: Math.floor((event.clientY - box.top) / cell.height) });
  }

  // --- with the keyboard ---

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const tile = this.tileOf(event.target);
    const arrow = ARROWS[event.key];
    if (!tile || !arrow || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { id, title } = tile.widget;
    const start = this.places().get(id);
    if (!start) return;
    const [dx, dy] = arrow;
    const wanted = within(event.shiftKey ? { ...start, w: Math.min(start.w + dx, this.columns - start.x), h: start.h + dy } : { ...start, x: start.x + dx, y: start.y + dy }, this.columns);
    if (same(start, wanted)) return this.page.announce(`${title} is at the edge`);
    this.place(id, wanted);
    this.page.announce(event.shiftKey ? `${title}: ${wanted.w} by ${wanted.h}` : `${title}: column ${wanted.x + 1}, row ${wanted.y + 1}`);
  }
}

/** @param {Tile} tile @param {Place} place */
function show(tile, place) {
  tile.style.gridColumn = `${place.x + 1} / span ${place.w}`;
  tile.style.gridRow = `${place.y + 1} / span ${place.h}`;
}

/** @param {Place} a @param {Place} b */
function same(a, b) {
  return a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;
}
