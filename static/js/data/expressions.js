// Expressions of a widget, the names of their lines, and the documents that hold the state of an expression. Pure.

import { shownValue } from "./labels.js";

/** @import { DocumentState, Widget } from "../client/protocol.js" */
/** @import { Freshness } from "./freshness.js" */

/** Beginning of the keys of documents about expressions. */
const PREFIX = "expr:";

/** @typedef {{fault: string, note: string, freshness: string, inputs: number, old: number, left_out: number, corrected_from_ms: number, remark: string, lines: Record<string, Freshness>}} Condition */
const WELL = { fault: "", note: "", freshness: "live", inputs: 0, old: 0, left_out: 0, corrected_from_ms: 0, remark: "", lines: {} };

/** Return the expressions of a widget with their legends. @param {Widget} widget @returns {{expr: string, legend: string}[]} */
export function expressionsOf(widget) {
  const given = widget.expr ?? [];
  if (typeof given === "string") return given ? [{ expr: given, legend: widget.legend.includes("{{") ? widget.legend : "" }] : [];
  return given.map(({ expr, legend }) => ({ expr, legend: legend ?? "" }));
}

/** Return a legend with the values of labels in place of their names, as in `{{shop}}`. @param {string} template @param {Record<string, string>} labels */
export function filled(template, labels) {
  return template.replace(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/g, (_, name) => shownValue(labels[name] ?? ""));
}

/** Return whether a document is about an expression. @param {DocumentState} item */
export function isCondition(item) {
  return item.key.startsWith(PREFIX);
}

/** Return whether a series has the values of an expression. The name of such a series is the text of the expression. @param {{text: string, name: string}} series */
export function isDerived(series) {
  return looksAsked(series.name);
}

/** Return the expression that shows a counter or a histogram, "" for other series. @param {{text: string, name: string, kind: string, labels: Record<string, string>}} series */
export function proposed(series) {
  if (isDerived(series)) return "";
  const operand = /^[A-Za-z_:][A-Za-z0-9_:]*$/.test(series.name) ? series.text : `{"${series.name}"${series.text.slice(series.name.length).replace("{", ",") || "}"}`;
  if (series.name.endsWith("_bucket") && "le" in series.labels) return `histogram_quantile(0.99, sum by (le) (rate(${series.name}[1m])))`;
  return series.kind === "counter" || series.name.endsWith("_total") ? `rate(${operand}[1m])` : "";
}

/** Return whether a text is a selector or an expression rather than words to search for. @param {string} text */
export function looksAsked(text) {
  return /[{}()[\]"]/.test(text) || /\s[-+*/%^<>]\s|\s(?:offset|and|or|unless)\s/.test(text);
}

/** Return the freshness of a line by the inputs of its own values: "live" while one of them is. @param {Iterable<DocumentState>} documents @param {{text: string, name: string, places: number[]}} series @returns {Freshness} */
export function freshnessOfLine(documents, series) {
  if (!isDerived(series)) return "live";
  const found = conditionsOf(documents, series.places).map((each) => each.lines[series.text.slice(series.name.length)]);
  return found.find(Boolean) ?? "live";
}

/** Return the states of the expressions at these places. @param {Iterable<DocumentState>} documents @param {number[]} places @returns {Condition[]} */
export function conditionsOf(documents, places) {
  return [...documents]
    .filter((item) => isCondition(item) && item.selectors.some((place) => places.includes(place)))
    .map((item) => ({ ...WELL, .../** @type {Partial<Condition>} */ (item.body) }));
}
