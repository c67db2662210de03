// Widths of a table's columns that hold still: shares by the widest cells that were shown, divided anew only when a cell has not enough room.

import { widthInEm } from "../draw/text-width.js";

/** @typedef {{texts: string[], isNumber: boolean}} ColumnTexts */

/** Space between columns, and a reserve. */
const BETWEEN_EM = 1;
/** A column of texts has room for other texts as well, and no text has more than the most. */
const LEAST_TEXT_EM = 7;
const MOST_EM = 16;

export class ColumnWidths {
  constructor() {
    /** @type {number[]} what each column needs, in em */
    this.needed = [];
    /** @type {number[]} the share of each column, in percent */
    this.shares = [];
  }

  /**
   * Return the shares of the columns, in percent of the table. Where all have not enough room, numbers are whole and texts are cut.
   * @param {ColumnTexts[]} columns @param {string} family of the letters @param {number} roomEm width of the table
   */
  fit(columns, family, roomEm) {
    if (columns.length !== this.needed.length) [this.needed, this.shares] = [columns.map(({ isNumber }) => (isNumber ? 0 : LEAST_TEXT_EM)), []];
    columns.forEach(({ texts }, i) => {
      const longest = texts.reduce((most, text) => (text.length > most.length ? text : most), "");
      this.needed[i] = Math.max(this.needed[i], Math.min(MOST_EM, widthInEm(longest, family)) + BETWEEN_EM);
    });
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
