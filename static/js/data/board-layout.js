// Places of tiles on the grid of a board that is edited: making room for a moved tile, and a free place for a new one. Pure.

/** The last row where a tile may begin. */
const LOWEST = 190;
/** Place and size in cells. @typedef {{x: number, y: number, w: number, h: number}} Place */

/** Return whether two places share a cell. @param {Place} a @param {Place} b */
export function overlap(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/**
 * Return the places of all tiles when some take new places: those in their way move down, and push others down.
 * @param {Map<string, Place>} places @param {Map<string, Place>} moved @returns {Map<string, Place>} with all tiles
 */
export function makeRoom(places, moved) {
  const settled = new Map(moved);
  const others = [...places].filter(([other]) => !moved.has(other)).sort(([, a], [, b]) => a.y - b.y || a.x - b.x);
  for (const [other, place] of others) {
    let at = place;
    for (let below = inTheWay(settled, at); below; below = inTheWay(settled, at)) at = { ...at, y: below.y + below.h };
    settled.set(other, at);
  }
  return new Map([...places].map(([other, place]) => [other, settled.get(other) ?? place]));
}

/**
 * Return the places of tiles that move together: as far as asked, or until one of them reaches the edge of the grid.
 * @param {Map<string, Place>} places @param {string[]} ids @param {number} dx columns @param {number} dy rows @param {number} columns @returns {Map<string, Place>}
 */
export function moveTogether(places, ids, dx, dy, columns) {
  const some = ids.flatMap((id) => (places.has(id) ? [[id, /** @type {Place} */ (places.get(id))]] : []));
  const all = some.map(([, place]) => /** @type {Place} */ (place));
  const right = Math.min(dx, ...all.map(({ x, w }) => columns - w - x));
  const down = Math.min(dy, ...all.map(({ y }) => LOWEST - y));
  const byX = Math.max(right, ...all.map(({ x }) => -x));
  const byY = Math.max(down, ...all.map(({ y }) => -y));
  return new Map(/** @type {[string, Place][]} */ (some).map(([id, place]) => [id, { ...place, x: place.x + byX, y: place.y + byY }]));
}

/**
 * Return free places for tiles that keep their arrangement, below or beside all other tiles.
 * @param {Place[]} places @param {number} columns @param {Place[]} added @returns {Place[]}
 */
export function freePlaces(places, columns, added) {
  const left = Math.min(...added.map(({ x }) => x));
  const top = Math.min(...added.map(({ y }) => y));
  const w = Math.max(...added.map((each) => each.x + each.w)) - left;
  const h = Math.max(...added.map((each) => each.y + each.h)) - top;
  if (w > columns) return added.map((each, i) => freePlace([...places, ...added.slice(0, i)], columns, each));
  const at = freePlace(places, columns, { w, h });
  return added.map((each) => ({ ...each, x: each.x - left + at.x, y: each.y - top + at.y }));
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
  return { w, h, x: Math.max(0, Math.min(place.x, columns - w)), y: Math.max(0, Math.min(place.y, LOWEST)) };
}
