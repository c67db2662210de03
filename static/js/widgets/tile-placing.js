// Placing the tiles of a board that is edited: selection of one or several, drag, resize, keys, and what other editors do.

import { makeRoom, moveTogether, within } from "../data/board-layout.js";
import { resized, same, stepsBetween } from "../data/tile-moves.js";
import { DRAGGED, draggedWidget } from "./series-picker.js";
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
/** A drag: the tile under the pointer, where it was pressed, and the places of what moves. */
/** @typedef {{tile: Tile, resizing: boolean, from: PointerEvent, before: Map<string, Place>, ids: string[], wanted: Map<string, Place>, cell: {width: number, height: number}}} Drag */

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
    /** ids of the tiles that are selected together; empty if only one is @type {Set<string>} */
    this.marked = new Set();
    /** other editors by their page @type {Map<string, BoardEditor & {token: string}>} */
    this.others = new Map();
    this.pointedAt = 0;
    this.ghosts = /** @type {HTMLElement[]} */ ([]);
    this.listening = new AbortController();
    const { signal } = this.listening;
    board.addEventListener("pointerdown", (event) => this.grab(event), { signal });
    board.addEventListener("keydown", (event) => this.pressed(event), { capture: true, signal });
    board.addEventListener("focusin", (event) => this.select(this.tileOf(event.target)?.widget.id ?? this.selected), { signal });
    board.addEventListener("dragover", (event) => this.draggedOver(event), { signal });
    board.addEventListener("dragleave", (event) => event.relatedTarget instanceof Node && board.contains(event.relatedTarget) || this.showGhosts([]), { signal });
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

  // --- the selection ---

  /** Ids of the selected tiles, in the order of the board. */
  get chosen() {
    const wanted = this.marked.size ? this.marked : new Set([this.selected]);
    return this.board.tiles.map(({ widget }) => widget.id).filter((id) => wanted.has(id));
  }

  /** Select a tile. @param {string} id empty for none */
  select(id) {
    if (id === this.selected) return;
    this.selected = id;
    this.decorate();
    this.page.point(id, null);
  }

  /** Select several tiles together; one or none ends that. @param {string[]} ids */
  mark(ids) {
    this.marked = new Set(ids.length > 1 ? ids : []);
    if (ids.length) this.selected = ids[ids.length - 1];
    this.decorate();
    this.page.point(this.selected, null);
    if (ids.length > 1) this.page.announce(`${ids.length} tiles are selected`);
  }

  /** Add a tile to those that are selected together, or take it out. @param {string} id */
  toggle(id) {
    const chosen = this.chosen;
    this.mark(chosen.includes(id) && chosen.length > 1 ? chosen.filter((each) => each !== id) : [...chosen.filter((each) => each !== id), id]);
  }

  /** Mark the tiles: which are selected, and where the others are. Call it after every change of the tiles. */
  decorate() {
    const chosen = new Set(this.chosen);
    for (const tile of this.board.tiles) {
      const { id } = tile.widget;
      const here = [...this.others.values()].filter(({ widget }) => widget === id);
      tile.toggleAttribute("data-selected", chosen.has(id));
      tile.toggleAttribute("data-other", here.length > 0 && !chosen.has(id));
      if (here[0]) tile.style.setProperty("--other", `var(--${here[0].token})`);
      else tile.style.removeProperty("--other");
      const moved = here.find(({ place }) => place);
      const names = here.map(({ name, place }) => (place ? `${name} is moving this` : name));
      const text = [chosen.has(id) ? "You" : "", ...names].filter(Boolean).join(", ");
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
    const { id } = tile.widget;
    const resizing = event.target instanceof Element && event.target.classList.contains("grip");
    if (!resizing && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault(); // the click selects no text
      this.toggle(id);
      this.tile(this.selected)?.focus({ preventScroll: true });
      return;
    }
    if (!this.marked.has(id) || resizing) this.marked.clear();
    const ids = this.marked.has(id) ? this.chosen : [id];
    tile.focus({ preventScroll: true });
    const before = this.places();
    this.follow({ tile, resizing, from: event, before, ids, wanted: moveTogether(before, ids, 0, 0, this.columns), cell: this.cell() });
  }

  /** Follow the pointer until it is released. @param {Drag} drag */
  follow(drag) {
    const { signal, end } = this.untilReleased(drag);
    addEventListener("pointermove", (at) => this.dragged(drag, at), { signal });
    addEventListener("pointerup", () => end(true), { signal });
    addEventListener("pointercancel", () => end(false), { signal });
    addEventListener("keydown", (key) => key.key === "Escape" && end(false), { signal, capture: true });
  }

  /** @param {Drag} drag */
  untilReleased(drag) {
    const ended = new AbortController();
    const end = (/** @type {boolean} */ keep) => {
      ended.abort();
      const moved = Boolean(drag.tile.dataset.dragged);
      for (const id of drag.ids) {
        const tile = this.tile(id);
        tile?.style.removeProperty("transform");
        if (tile) delete tile.dataset.dragged;
      }
      this.showGhosts([]);
      if (!moved) this.mark([drag.tile.widget.id]);
      else this.page.point(drag.tile.widget.id, null);
      if (keep && moved) this.place(drag.wanted);
      else for (const each of this.board.tiles) each.placeInGrid();
    };
    return { signal: ended.signal, end };
  }

  /** @param {Drag} drag @param {PointerEvent} at */
  dragged(drag, at) {
    const { tile, resizing, from, before, ids, cell } = drag;
    const [dx, dy] = [at.clientX - from.clientX, at.clientY - from.clientY];
    if (!tile.dataset.dragged && Math.hypot(dx, dy) < LEAST_DRAG_PX) return;
    for (const id of ids) this.tile(id)?.setAttribute("data-dragged", "1");
    const [columns, rows] = [Math.round(dx / cell.width), Math.round(dy / cell.height)];
    const { id } = tile.widget;
    const start = /** @type {Place} */ (before.get(id));
    const wanted = resizing ? new Map([[id, resized(start, columns, rows, this.columns)]]) : moveTogether(before, ids, columns, rows, this.columns);
    const place = /** @type {Place} */ (wanted.get(id));
    if (!resizing) {
      // the tiles stay under the pointer; where they would drop is drawn below them
      const shift = `translate(${dx - (place.x - start.x) * cell.width}px, ${dy - (place.y - start.y) * cell.height}px)`;
      for (const each of ids) this.tile(each)?.style.setProperty("transform", shift);
    }
    if (same(place, /** @type {Place} */ (drag.wanted.get(id)))) return;
    drag.wanted = wanted;
    this.preview(id, wanted);
    if (!resizing) this.showGhosts([...wanted.values()]);
  }

  /** Size of a cell with its gap, in pixels. */
  cell() {
    const style = getComputedStyle(this.board);
    const gap = parseFloat(style.columnGap) || 0;
    const width = this.board.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const height = this.board.clientHeight - parseFloat(style.paddingBottom);
    return { width: (width + gap) / this.columns, height: (height + gap) / (this.board.board?.rows ?? 12) };
  }

  /** Show where dragged tiles would be, and the others make room. @param {string} id of the tile under the pointer @param {Map<string, Place>} wanted */
  preview(id, wanted) {
    const places = makeRoom(this.places(), wanted);
    for (const tile of this.board.tiles) {
      const place = places.get(tile.widget.id);
      if (place) show(tile, place);
    }
    const now = performance.now();
    if (now - this.pointedAt < POINT_EVERY_MS) return;
    this.pointedAt = now;
    this.page.point(id, wanted.get(id) ?? null);
  }

  /** Draw where something would drop. @param {Place[]} places none: nothing is dragged */
  showGhosts(places) {
    for (const ghost of this.ghosts.splice(0)) ghost.remove();
    for (const place of places) {
      const ghost = h("div", { class: "ghost", "aria-hidden": "true", text: "drops here" });
      show(ghost, place);
      this.ghosts.push(ghost);
      this.board.append(ghost);
    }
  }

  /** Give tiles their places; those in their way make room. @param {Map<string, Place>} wanted */
  place(wanted) {
    const before = this.places();
    const steps = stepsBetween(before, makeRoom(before, wanted));
    if (steps.length) this.page.operate(steps);
    else for (const tile of this.board.tiles) tile.placeInGrid();
  }

  // --- from the list of series ---

  /** Return the place in the grid of what is dragged. @param {DragEvent} event @param {NewWidget} widget @returns {Place} */
  placeOf(event, widget) {
    const box = this.board.getBoundingClientRect();
    const cell = this.cell();
    return within({ w: widget.w, h: widget.h, x: Math.floor((event.clientX - box.left) / cell.width), y: Math.floor((event.clientY - box.top) / cell.height) }, this.columns);
  }

  /** @param {DragEvent} event */
  draggedOver(event) {
    if (!event.dataTransfer?.types.includes(DRAGGED)) return;
    event.preventDefault();
    const widget = draggedWidget();
    if (widget) this.showGhosts([this.placeOf(event, widget)]);
  }

  /** @param {DragEvent} event */
  dropped(event) {
    this.showGhosts([]);
    const text = event.dataTransfer?.getData(DRAGGED);
    if (!text) return;
    event.preventDefault();
    const widget = JSON.parse(text);
    this.page.drop(widget, this.placeOf(event, widget));
  }

  // --- with the keyboard ---

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const tile = this.tileOf(event.target);
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.arrowPressed(tile, arrow, event.shiftKey);
    else if (event.key === " ") this.toggle(tile.widget.id);
    else if (event.key === "Escape" && this.marked.size) this.mark([tile.widget.id]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Tile} tile @param {[number, number]} arrow @param {boolean} resizing */
  arrowPressed(tile, [dx, dy], resizing) {
    const { id, title } = tile.widget;
    const before = this.places();
    const start = before.get(id);
    if (!start) return;
    const ids = this.marked.has(id) ? this.chosen : [id];
    const wanted = resizing ? new Map([[id, resized(start, dx, dy, this.columns)]]) : moveTogether(before, ids, dx, dy, this.columns);
    const place = /** @type {Place} */ (wanted.get(id));
    const who = !resizing && ids.length > 1 ? `${ids.length} tiles` : title;
    if (same(start, place)) return this.page.announce(`${who} ${ids.length > 1 ? "are" : "is"} at the edge`);
    this.place(wanted);
    this.page.announce(resizing ? `${title}: ${place.w} by ${place.h}` : `${who}: column ${place.x + 1}, row ${place.y + 1}`);
  }
}

/** @param {HTMLElement} element @param {Place} place */
function show(element, place) {
  element.style.gridColumn = `${place.x + 1} / span ${place.w}`;
  element.style.gridRow = `${place.y + 1} / span ${place.h}`;
}
