// Cells of a table: their texts, and at which side they stand. Pure.

import { format } from "./format.js";

/** @import { Column } from "../data/document-body.js" */

/** Return whether the cells of a column stand at its right side, as numbers do. @param {Column} column */
export function isRight(column) {
  return column.align ? column.align === "right" : Boolean(column.unit);
}

/** Return the text of a cell; a number has the unit of its column. @param {unknown} value @param {Column} column */
export function cellText(value, column) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return typeof value === "object" ? JSON.stringify(value) : String(value);
  if (!column.unit) return String(value);
  const { text, unit } = format(value, column.unit);
  return unit ? `${text} ${unit}` : text;
}
