// Places of tiles on the grid of a board that is edited: making room for a moved tile, and a free place for a new one. Pure.

/** Place and size in cells. @typedef {{x: number, y: number, w: number, h: number}} Place */

/** Return whether two places share a cell. @param {Place} a @param {Place} b */
export function overlap(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/**
 * Return the places of all tiles when one takes a new place: those in its way move down, and push others down.
 * @param {Map<string, Place>} places @param {string} id @param {Place} wanted @returns {Map<string, Place>} with all tiles
 */
export function makeRoom(places, id, wanted) {
  const settled = new Map([[id, wanted]]);
  const others = [...places].filter(([other]) => other !== id).sort(([, a], [, b]) => a.y - b.y || a.x - b.x);
  for (const [other, place] of others) {
    let at = place;
    for (let below = inTheWay(settled, at); below; below = inTheWay(settled, at)) at = { ...at, y: below.y + below.h };
    settled.set(other, at);
  }
  return new Map([...places.keys()].map((other) => [other, settled.get(other) ?? wanted]));
}

/** @param {Map<string, Place>} settled @param {Place} place */
function inTheWay(settled, place) {
  return [...settled.values()].find((other) => overlap(other, place));
}

/** Return the first free place of a size, in reading order. @param {Place[]} places @param {number} columns @param {{w: number, h: number}} size @returns {Place} */
export function freePlace(places, columns, size) {
  const w = Math.min(size.w, columns);
  for (let y = 0; ; y++) {
    for (let x = 0; x + w <= columns; x++) {
      const place = { x, y, w, h: size.h };
      if (!places.some((other) => overlap(other, place))) return place;
    }
  }
}

/** Return a place within the grid. @param {Place} place @param {number} columns @returns {Place} */
export function within(place, columns) {
  const w = Math.max(1, Math.min(place.w, columns, 24));
  const h = Math.max(1, Math.min(place.h, 24));
  return { w, h, x: Math.max(0, Math.min(place.x, columns - w)), y: Math.max(0, Math.min(place.y, 190)) };
}
