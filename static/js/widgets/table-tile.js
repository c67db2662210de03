// Tile for a document of columns and rows, as data/document-body.js reads it.

import { tableOf } from "../data/document-body.js";
import { cellText, isRight } from "../draw/cell-text.js";
import { ColumnWidths } from "./column-widths.js";
import { counted, fitChildren, h, setText } from "./dom.js";
import { Tile } from "./tile.js";

const MOST_ROWS = 100;
const MOST_COLUMNS = 20;

/** @import { TileState } from "../draw/tile-state.js" */

export class TableTile extends Tile {
  constructor() {
    super();
    this.head = h("tr");
    this.rows = h("tbody");
    /** how many of the rows are shown, empty if all are */
    this.count = "";
    /** heights of the head and of a row in CSS pixels, 0 until they are known */
    this.heights = { head: 0, row: 0 };
    this.widths = new ColumnWidths();
    /** its letters, as of the last size */
    this.type = { family: "sans-serif", size: 12 };
    this.table = h("table", {}, h("thead", {}, this.head), this.rows);
    this.body.append(this.table);
  }

  resized() {
    this.heights = { head: this.head.getBoundingClientRect().height, row: this.rows.firstElementChild?.getBoundingClientRect().height ?? 0 };
    const { fontFamily, fontSize } = getComputedStyle(this.body);
    this.type = { family: fontFamily, size: parseFloat(fontSize) };
  }

  /** Return how many whole rows fit. */
  capacity() {
    const { head, row } = this.heights;
    return row ? Math.max(1, Math.floor((this.box.height - head + 1) / row)) : MOST_ROWS;
  }

  /** Leave out the rows that do not fit, once their height is known. */
  *steps() {
    if (!this.isConnected || this.heights.row || !this.box.height) return;
    this.resized();
    if (!this.heights.row) return;
    yield;
    this.paint();
  }

  /** @param {number} now @param {TileState} state */
  noteText(now, state) {
    const note = super.noteText(now, state);
    return this.count && state.fresh === "live" ? [note, this.count].filter(Boolean).join(" · ") : note;
  }

  draw() {
    const { columns, rows: all } = tableOf(this.doc?.body, MOST_COLUMNS);
    const rows = all.slice(0, Math.min(MOST_ROWS, this.capacity()));
    this.count = rows.length < all.length ? `${rows.length} of ${counted(all.length, "row")}` : "";
    const texts = rows.map((row) => columns.map((column, i) => cellText(row[i], column)));
    const numbers = columns.map((column, i) => isRight(column) || (!column.align && rows.length > 0 && rows.every((row) => typeof (row[i] ?? 0) === "number")));
    const shares = this.widths.fit(columns.map((column, i) => ({ texts: [column.title, ...texts.map((row) => row[i])], isNumber: numbers[i] || !texts.length })),
      this.type.family, this.box.width / this.type.size, columns.map(({ title }) => title).join("\n"), this.now());
    this.table.style.visibility = this.box.width ? "" : "hidden"; // the widths are not known yet
    fitChildren(this.head, columns.length, () => h("th", { scope: "col" }));
    columns.forEach((column, i) => {
      setText(this.head.children[i], column.title);
      /** @type {HTMLElement} */ (this.head.children[i]).style.width = `${shares[i]}%`;
      this.head.children[i].className = numbers[i] ? "right" : "";
    });
    fitChildren(this.rows, rows.length, () => h("tr"));
    rows.forEach((_, at) => {
      const line = this.rows.children[at];
      fitChildren(line, columns.length, () => h("td"));
      numbers.forEach((isNumber, i) => {
        setText(line.children[i], texts[at][i]);
        line.children[i].className = isNumber ? "right" : "";
      });
    });
  }
}

customElements.define("table-tile", TableTile);
