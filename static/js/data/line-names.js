// Names of a tile's lines: by the legend of its expression, else by what tells a series from the others. Pure.

import { expressionsOf, filled, freshnessOfLine } from "./expressions.js";
import { leastFresh } from "./freshness.js";
import { shortNames } from "./labels.js";

/** @import { DocumentState, Widget } from "../client/protocol.js" */
/** @import { Freshness } from "./freshness.js" */
/** @import { Series } from "./series.js" */
/** @typedef {{name: string, fresh: Freshness}} NamedLine */

/**
 * Return name and freshness of each line; of a single line the tile itself shows the freshness.
 * @param {Widget} widget @param {number} firstPlace index of its first selector in the request's list
 * @param {Series[]} series @param {Iterable<DocumentState>} documents
 * @param {Freshness[]} [ages] of each series by its own age; where there is none, only its inputs count @returns {NamedLine[]}
 */
export function namedLines(widget, firstPlace, series, documents, ages = []) {
  const expressions = expressionsOf(widget);
  const names = shortNames(series, widget.legend.includes("{{") ? "" : widget.legend);
  return series.map((each, i) => {
    const at = each.places.map((place) => place - firstPlace - widget.series.length).find((place) => expressions[place]);
    const name = (at !== undefined && filled(expressions[at].legend, each.labels)) || names[i];
    const fresh = series.length < 2 ? "live" : leastFresh([ages[i] ?? "live", freshnessOfLine(documents, each)]);
    return { name, fresh };
  });
}

/** Return a line's name, with its state if that is not live. @param {NamedLine} line */
export function nameWithState({ name, fresh }) {
  return fresh === "live" ? name : `${name} (${fresh})`;
}
