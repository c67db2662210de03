// Labels at the right ends of lines: which value stands there, and where its label goes so that none overlaps. Pure.

/** Distance between two labels, in heights of their type. */
const APART = 1.12;

/** Return index and value of the last number of a line. @param {ArrayLike<number | null | undefined>} column @returns {[number, number] | undefined} */
export function lastOf(column) {
  for (let i = column.length - 1; i >= 0; i--) {
    const value = column[i];
    if (typeof value === "number") return [i, value];
  }
  return undefined;
}

/** Return the index at or before `at` where a line has an entry, also a gap. @param {ArrayLike<number | null | undefined>} column @param {number} at */
export function entryAt(column, at) {
  while (at > 0 && column[at] === undefined) at -= 1;
  return at;
}

/** Return whether so many labels have room one above the other. @param {number} count @param {number} height @param {number} size */
export function haveRoom(count, height, size) {
  return count * size * APART <= height + size;
}

/**
 * Sort the ends of lines by their height and move labels that would overlap apart: down, and up again from the bottom.
 * @template {{y: number, at: number}} End
 * @param {End[]} ends `y`: where the line ends; `at`: set to where the label goes @param {number} bottom @param {number} size of the type, in the unit of `y`
 * @returns {End[]} the same ends, from top to bottom
 */
export function spread(ends, bottom, size) {
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => (end.at = i ? Math.max(end.y, ends[i - 1].at + size * APART) : end.y));
  if (ends.length && ends[ends.length - 1].at > bottom) {
    ends.forEach((end, i) => (end.at = Math.min(end.at, bottom - (ends.length - 1 - i) * size * APART)));
  }
  return ends;
}
