// Readers of a document's body, which may be any JSON value: as a text, as items with states, or as a table. Pure.

/** @typedef {{title: string, unit?: string, align?: string}} Column */
/** @typedef {{label: string, state: string | undefined}} Item */

/** Return the fields of an object, none for other values. @param {unknown} value @returns {Record<string, unknown>} */
function fieldsOf(value) {
  return typeof value === "object" && value !== null ? /** @type {Record<string, unknown>} */ (value) : {};
}

/** Return the kind of tile that suits a body. @param {unknown} body @returns {"text" | "status" | "table"} */
export function tileKind(body) {
  if (typeof body === "string" || typeof fieldsOf(body).text === "string") return "text";
  if (itemsOf(body)?.some(({ state }) => state !== undefined)) return "status";
  return "table";
}

/** Return a body as text. @param {unknown} body @returns {string} */
export function textOf(body) {
  if (typeof body === "string") return body;
  const { text } = fieldsOf(body);
  return typeof text === "string" ? text : JSON.stringify(body, null, 1);
}

/** Return the remark that a body has beside its value. @param {unknown} body @returns {string | undefined} */
export function remarkOf(body) {
  const { moreinfo } = fieldsOf(body); // Smashing's name for it
  return typeof moreinfo === "string" ? moreinfo : undefined;
}

/** Return the items of `{"items": [{"label", "state"}]}`. @param {unknown} body @returns {Item[] | undefined} undefined for other bodies */
export function itemsOf(body) {
  const { items } = fieldsOf(body);
  if (!Array.isArray(items)) return undefined;
  return items.map(fieldsOf).map(({ label, state }) => ({ label: String(label ?? ""), state: state === undefined ? undefined : String(state) }));
}

/**
 * Return the columns and rows of `{"columns": [{"title", "unit"?, "align"?}], "rows": [[…], …]}`. Rows may be objects by column
 * title, and `{"items": [{"label", "value"}]}` is a table of two columns. Any other body is shown as JSON in one cell.
 * @param {unknown} body @param {number} mostColumns @returns {{columns: Column[], rows: unknown[][]}}
 */
export function tableOf(body, mostColumns) {
  const { columns: given, rows, items } = fieldsOf(body);
  const columns = columnsOf(given, Array.isArray(items)).slice(0, mostColumns);
  if (Array.isArray(rows)) return { columns, rows: rows.map((row) => (Array.isArray(row) ? row : columns.map(({ title }) => fieldsOf(row)[title]))) };
  if (Array.isArray(items)) return { columns, rows: items.map(fieldsOf).map(({ label, value }) => [label, value]) };
  return { columns, rows: [[JSON.stringify(body)]] };
}

/** @param {unknown} given @param {boolean} hasItems @returns {Column[]} */
function columnsOf(given, hasItems) {
  if (Array.isArray(given)) return given.map((each) => (typeof each === "string" ? { title: each } : { ...fieldsOf(each), title: String(fieldsOf(each).title ?? "") }));
  return hasItems ? [{ title: "" }, { title: "", align: "right" }] : [{ title: "" }];
}
