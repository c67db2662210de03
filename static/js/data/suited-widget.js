// The widget that suits a series or document: its kind and size, from the number of series, the unit, and how the values change. Pure.

/** @typedef {{[field: string]: unknown, kind: string, title: string, w: number, h: number}} NewWidget */

/** Sizes by kind, in cells of 24 columns. */
export const SIZES = /** @type {Record<string, {w: number, h: number}>} */ ({
  stat: { w: 4, h: 3 }, gauge: { w: 4, h: 3 }, line: { w: 8, h: 4 }, bar: { w: 6, h: 4 }, table: { w: 8, h: 5 }, text: { w: 6, h: 3 }, status: { w: 8, h: 4 },
});
const PERCENT = new Set(["%", "percent"]);
/** More series than this are compared better as bars. */
const MOST_LINES = 12;

/** Return a title made of a name. @param {string} name */
function titled(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * Return the widget for the series of one name.
 * @param {string} name @param {{labels: Record<string, string>, unit: string, distinct: number}[]} series `distinct`: how many different values it had lately
 * @returns {NewWidget}
 */
export function suitedToSeries(name, series) {
  const [first] = series;
  const kind = series.length > MOST_LINES ? "bar" : series.length > 1 ? "line" : PERCENT.has(first?.unit) ? "gauge" : first?.distinct > 2 ? "line" : "stat";
  /** @type {NewWidget} */
  const widget = { kind, title: titled(name), series: [name], ...SIZES[kind] };
  if (kind === "gauge") Object.assign(widget, { min: 0, max: 100 });
  const names = Object.keys(first?.labels ?? {});
  const telling = names.find((label) => new Set(series.map(({ labels }) => labels[label])).size === series.length);
  if (series.length > 1 && telling) widget.legend = telling;
  return widget;
}

/** Return the widget for an expression, whose number of lines is not known yet. @param {string} text @returns {NewWidget} */
export function suitedToExpression(text) {
  return { kind: "line", title: text.replace(/\s+/g, " ").slice(0, 60), expr: text, ...SIZES.line };
}

/** Return the widget for a document. @param {string} key @param {string} kind @returns {NewWidget} */
export function suitedToDocument(key, kind) {
  return { kind, title: titled(key), document: key, ...(SIZES[kind] ?? SIZES.table) };
}
