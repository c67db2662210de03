// Widths of a table's columns that hold still: shares by the widest cells that were shown, divided anew only when a cell has not enough room.

import { widthInEm } from "../draw/text-width.js";

/** @typedef {{texts: string[], isNumber: boolean}} ColumnTexts */

/** Space between two columns, with a reserve. */
const BETWEEN_EM = 1;
/** A column of texts has at least this width, for later texts; no text gets more than `MOST_EM`. */
const LEAST_TEXT_EM = 7;
const MOST_EM = 16;
const FORGET_AFTER_MS = 60_000;
/** The columns give room back only if all of them together need less than this share of it. */
const MUCH_LESS = 0.9;

export class ColumnWidths {
  constructor() {
    /** @type {number[]} what each column needs, in em */
    this.needed = [];
    this.names = "";
    /** @type {number[]} what each column has needed since `since` */
    this.recent = [];
    this.since = 0;
    /** @type {number[]} the share of each column, in percent */
    this.shares = [];
  }

  /**
   * Return the shares of the columns, in percent of the table. Where all have not enough room, numbers are whole and texts are cut.
   * Other columns begin anew. A column gives room back when it has not needed it for a minute.
   * @param {ColumnTexts[]} columns @param {string} family of the letters @param {number} roomEm width of the table @param {string} names of the columns
   * @param {number} now
   */
  fit(columns, family, roomEm, names = "", now = 0) {
    const needed = columns.map(({ texts, isNumber }) => {
      const longest = texts.reduce((most, text) => (text.length > most.length ? text : most), "");
      return Math.max(isNumber ? 0 : LEAST_TEXT_EM, Math.min(MOST_EM, widthInEm(longest, family)) + BETWEEN_EM);
    });
    if (columns.length !== this.needed.length || names !== this.names) [this.needed, this.recent, this.shares, this.names] = [needed, needed, [], names];
    this.recent = needed.map((each, i) => Math.max(each, this.recent[i]));
    if (now - this.since >= FORGET_AFTER_MS) {
      if (sum(this.recent) < MUCH_LESS * sum(this.needed)) [this.needed, this.shares] = [this.recent, []];
      [this.recent, this.since] = [needed, now];
    }
    this.needed = needed.map((each, i) => Math.max(each, this.needed[i]));
    const all = sum(this.needed);
    const numbers = sum(this.needed.filter((_, i) => columns[i].isNumber));
    const isTight = this.needed.some((width, i) => (columns[i].isNumber || all <= roomEm) && width > ((this.shares[i] ?? 0) / 100) * roomEm + 0.01);
    if (!isTight && this.shares.length) return this.shares;
    const cut = all > roomEm && roomEm > numbers ? (roomEm - numbers) / (all - numbers) : 1;
    const given = this.needed.map((width, i) => (columns[i].isNumber ? width : width * cut));
    this.shares = given.map((width) => (width / sum(given)) * 100);
    return this.shares;
  }
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
