// The data of a chart as a table, for those who cannot see it. It is only for screen readers, so it is not drawn and follows the chart slowly.

import { rowsOfLines } from "../data/rows-of-lines.js";
import { clock } from "../draw/format.js";
import { fitChildren, h, setText } from "./dom.js";

/** @import { Line } from "../data/align.js" */

const ROWS = 10;
const EVERY_MS = 15_000;

export class ChartTable {
  constructor() {
    this.caption = h("caption");
    this.head = h("tr");
    this.rows = h("tbody");
    this.element = h("div", { class: "visually-hidden" }, h("table", {}, this.caption, h("thead", {}, this.head), this.rows));
    /** when it was last filled */
    this.filledAt = -Infinity;
  }

  /** Fill it at the next update, whenever that comes. */
  renew() {
    this.filledAt = -Infinity;
  }

  /**
   * Fill the table, unless it was filled a short time ago.
   * @param {string} title @param {string[]} names @param {Line[]} lines one for each name
   * @param {number} from @param {number} to ms @param {(value: number | undefined) => string} label
   */
  update(title, names, lines, from, to, label) {
    if (Math.abs(to - this.filledAt) < EVERY_MS) return;
    this.filledAt = to;
    setText(this.caption, `${title}, ${clock(from)} to ${clock(to)}`);
    fitChildren(this.head, names.length + 1, () => h("th", { scope: "col" }));
    ["Time", ...names].forEach((name, i) => setText(this.head.children[i], name));
    const rows = rowsOfLines(lines, from, to, ROWS);
    fitChildren(this.rows, rows.length, () => h("tr"));
    rows.forEach(({ t, values }, i) => {
      const row = this.rows.children[i];
      if (!row.children.length) row.append(h("th", { scope: "row" }));
      fitChildren(row, values.length + 1, () => h("td"));
      [clock(t, true), ...values.map((value) => label(value) || "–")].forEach((text, column) => setText(row.children[column], text));
    });
  }
}
