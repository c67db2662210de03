// Room for numbers that change: as much as the widest number of the window needs. So letters keep their size, and neighbours their place. Pure.

/** @typedef {{values: number[], value: number | undefined}} Values */

/** The longest number is looked for again at this interval, in ms: the room shrinks when it has left the window. */
const LOOK_EVERY_MS = 60_000;

/** Return the least and the greatest of the numbers that series show. @param {Values[]} all @returns {number[]} none if there is no number */
function extremes(all) {
  let [least, greatest] = [Infinity, -Infinity];
  for (const { values } of all) {
    for (const value of values) {
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
  }
  return least <= greatest ? [least, greatest] : [];
}

export class NumberRoom {
  constructor() {
    /** number of letters of the longest number */
    this.letters = 0;
    this.lookedAt = -Infinity;
  }

  /** Look for the longest number again, because other series are shown. */
  renew() {
    this.lookedAt = -Infinity;
  }

  /**
   * Make room for the numbers of the window and for those that the tile shows now.
   * @param {Values[]} series @param {(value: number | undefined) => string} text what is shown of a value
   * @param {number} now ms
   * @returns {number} in letters
   */
  fit(series, text, now) {
    const shown = series.map(({ value }) => value);
    if (now - this.lookedAt > LOOK_EVERY_MS) {
      this.lookedAt = now;
      this.letters = 0;
      shown.push(...extremes(series));
    }
    this.letters = Math.max(this.letters, ...shown.map((value) => text(value).length));
    return this.letters;
  }
}
