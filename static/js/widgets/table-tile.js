// A document of columns and rows: {"columns": [{"title", "unit"?, "align"?}], "rows": [[…], …]}.

import { format } from "../draw/format.js";
import { fitChildren, h, setText } from "./dom.js";
import { Tile } from "./tile.js";

const MOST_ROWS = 100;
const MOST_COLUMNS = 20;

/** @typedef {{title: string, unit?: string, align?: string}} Column */

export class TableTile extends Tile {
  constructor() {
    super();
    this.head = h("tr");
    this.rows = h("tbody");
    this.count = "";
    this.body.append(h("table", {}, h("thead", {}, this.head), this.rows));
  }

  /** How many rows fit without one being cut in half. */
  room() {
    const row = /** @type {HTMLElement | null} */ (this.rows.firstElementChild);
    const height = row?.getBoundingClientRect().height;
    if (!height) return MOST_ROWS;
    return Math.max(1, Math.floor((this.body.clientHeight - this.head.getBoundingClientRect().height + 1) / height));
  }

  /** @param {number} now @param {import("../data/freshness.js").Freshness} fresh */
  noteText(now, fresh) {
    const note = super.noteText(now, fresh);
    return this.count && fresh === "live" ? [note, this.count].filter(Boolean).join(" · ") : note;
  }

  draw() {
    const body = this.doc?.body;
    const columns = columnsOf(body).slice(0, MOST_COLUMNS);
    /** @type {unknown[][]} */
    const all = rowsOf(body, columns);
    const rows = all.slice(0, Math.min(MOST_ROWS, this.room()));
    this.count = rows.length < all.length ? `${rows.length} of ${all.length} rows` : "";
    fitChildren(this.head, columns.length, () => h("th", { scope: "col" }));
    columns.forEach((column, i) => {
      setText(this.head.children[i], column.title);
      this.head.children[i].className = isRight(column) ? "right" : "";
    });
    fitChildren(this.rows, rows.length, () => h("tr"));
    rows.forEach((row, at) => {
      const line = this.rows.children[at];
      fitChildren(line, columns.length, () => h("td"));
      columns.forEach((column, i) => {
        setText(line.children[i], cell(row[i], column));
        line.children[i].className = isRight(column) ? "right" : "";
      });
    });
  }
}

/** @param {Column} column */
function isRight(column) {
  return column.align ? column.align === "right" : Boolean(column.unit);
}

/** @param {any} body @returns {Column[]} */
function columnsOf(body) {
  if (Array.isArray(body?.columns)) {
    return body.columns.map((/** @type {any} */ c) => (typeof c === "string" ? { title: c } : { ...c, title: String(c?.title ?? "") }));
  }
  if (Array.isArray(body?.items)) return [{ title: "" }, { title: "", align: "right" }];
  return [{ title: "" }];
}

/** @param {any} body @param {Column[]} columns @returns {unknown[][]} */
function rowsOf(body, columns) {
  if (Array.isArray(body?.rows)) return body.rows.map((/** @type {any} */ row) => (Array.isArray(row) ? row : columns.map((c) => row?.[c.title])));
  if (Array.isArray(body?.items)) return body.items.map((/** @type {any} */ item) => [item?.label, item?.value]);
  return [[JSON.stringify(body)]];
}

/** @param {unknown} value @param {Column} column */
function cell(value, column) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return typeof value === "object" ? JSON.stringify(value) : String(value);
  if (!column.unit) return String(value);
  const { text, unit } = format(value, column.unit);
  return unit ? `${text} ${unit}` : text;
}
customElements.define("table-tile", TableTile);
