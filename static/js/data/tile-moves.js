// Steps that give the tiles of a board new places, and the place of a tile that is resized. Pure; the places come from board-layout.js.

import { within } from "./board-layout.js";

/** @import { Step } from "../client/protocol.js" */
/** @import { Place } from "./board-layout.js" */

/** Return whether two places are the same. @param {Place} a @param {Place} b */
export function same(a, b) {
  return a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;
}

/** Return the place of a tile that grows by columns and rows, as far as the grid lets it. @param {Place} start @param {number} dx @param {number} dy @param {number} columns @returns {Place} */
export function resized(start, dx, dy, columns) {
  return within({ ...start, w: Math.min(start.w + dx, columns - start.x), h: start.h + dy }, columns);
}

/**
 * Return the steps from some places to others. A tile is resized before it is moved: at the right edge it must shrink first.
 * @param {Map<string, Place>} before @param {Map<string, Place>} after @returns {Step[]}
 */
export function stepsBetween(before, after) {
  /** @type {Step[]} */
  const steps = [];
  for (const [widget, place] of after) {
    const { x, y, w, h } = /** @type {Place} */ (before.get(widget));
    if (place.w !== w || place.h !== h) steps.push({ op: "resize", widget, w: place.w, h: place.h });
    if (place.x !== x || place.y !== y) steps.push({ op: "move", widget, x: place.x, y: place.y });
  }
  return steps;
}
