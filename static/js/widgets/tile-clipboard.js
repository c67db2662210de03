// Several tiles at once: duplicate, remove, copy, and paste onto this board or another.

import { freePlace, freePlaces } from "../data/board-layout.js";

/** @import { BoardDocument, Step } from "../client/protocol.js" */
/** @import { Place } from "../data/board-layout.js" */
/** @import { NewWidget } from "../data/suited-widget.js" */
/** @import { TilePlacing } from "./tile-placing.js" */
/** What the clipboard needs from its page. @typedef {{placing: TilePlacing, document: () => BoardDocument, operate: (steps: Step[]) => boolean, newId: (kind: string) => string, added: () => void, announce: (text: string) => void}} ClipboardHost */

/** Name of the list of tiles in a copied text. */
const TILES = "dashboard tiles";

/** @param {{x?: number | null, y?: number | null, w?: number, h?: number}} widget @returns {Place} the place of a pasted widget; a missing or wrong number becomes the least one */
function placeOf({ x, y, w, h }) {
  const whole = (/** @type {unknown} */ value, /** @type {number} */ least) => (Number.isInteger(value) ? Math.max(least, Number(value)) : least);
  return { x: whole(x, 0), y: whole(y, 0), w: whole(w, 1), h: whole(h, 1) };
}

/** Return whether somebody types in an element. @param {EventTarget | null} target */
export function isTyping(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLElement && target.isContentEditable);
}

export class TileClipboard {
  /** @param {ClipboardHost} host */
  constructor(host) {
    this.host = host;
    this.listening = new AbortController();
    const { signal } = this.listening;
    document.addEventListener("copy", (event) => this.copied(event), { signal });
    document.addEventListener("cut", (event) => this.copied(event) && this.remove(), { signal });
    document.addEventListener("paste", (event) => this.pasted(event), { signal });
  }

  /** The selected tiles. */
  get chosen() {
    const ids = new Set(this.host.placing.chosen);
    return this.host.document().widgets.filter(({ id }) => ids.has(id));
  }

  /** Put new tiles onto the board, in one operation, and select them. Tiles without a place get a free one. @param {NewWidget[]} widgets @param {boolean} [placed] the places are meant */
  add(widgets, placed = false) {
    const { placing, document: board, operate, newId, added, announce } = this.host;
    if (!widgets.length) return;
    const now = board();
    const there = now.widgets.map(placeOf);
    const columns = now.columns ?? 24;
    const together = widgets.every(({ x, y }) => typeof x === "number" && typeof y === "number");
    const places = placed ? widgets.map(placeOf) : together ? freePlaces(there, columns, widgets.map(placeOf)) : [];
    const made = widgets.map((widget, i) => {
      const place = places[i] ?? freePlace(there, columns, placeOf(widget));
      there.push(place);
      return { ...widget, ...place, id: newId(widget.kind) };
    });
    if (!operate(made.map((value) => ({ op: "add", value })))) return;
    placing.mark(made.map(({ id }) => id));
    placing.tile(made[0].id)?.focus();
    added();
    announce(made.length > 1 ? `${made.length} tiles are on the board` : `${made[0].title} is on the board`);
  }

  /** Duplicate the selected tiles. */
  duplicate() {
    this.add(/** @type {NewWidget[]} */ (/** @type {unknown} */ (this.chosen)));
  }

  /** Remove the selected tiles, in one operation. */
  remove() {
    const widgets = this.chosen;
    if (!widgets.length) return;
    this.host.operate(widgets.map(({ id }) => ({ op: "remove", widget: id })));
    this.host.announce(`${widgets.length > 1 ? `${widgets.length} tiles are` : `${widgets[0].title} is`} removed. Control Z brings back what was removed`);
  }

  /** Select all tiles. */
  selectAll() {
    this.host.placing.mark(this.host.document().widgets.map(({ id }) => id));
  }

  /** Return the selected tiles as text. */
  text() {
    return JSON.stringify({ [TILES]: this.chosen });
  }

  /** Put the selected tiles on the clipboard. @param {ClipboardEvent} event @returns {boolean} whether there were any */
  copied(event) {
    const { length } = this.chosen;
    if (!length || isTyping(event.target) || String(getSelection() ?? "")) return false;
    event.clipboardData?.setData("text/plain", this.text());
    event.preventDefault();
    this.host.announce(length > 1 ? `${length} tiles are copied` : `${this.chosen[0].title} is copied`);
    return true;
  }

  /** @param {ClipboardEvent} event */
  pasted(event) {
    if (isTyping(event.target)) return;
    try {
      const widgets = JSON.parse(event.clipboardData?.getData("text/plain") ?? "")[TILES];
      this.add(widgets);
    } catch {
      return; // something else was copied
    }
    event.preventDefault();
  }
}
