// Board for chosen selectors: a chart for each selector, and each document that they match as the tile that suits it. Pure.

import { tileKind } from "./document-body.js";
import { isCondition } from "./expressions.js";

/** @import { Board } from "../client/protocol.js" */
/** @import { Store } from "./store.js" */

const MOST_COLUMNS = 2;

/** Return the board for the selectors of a view. @param {string[]} selectors @param {Store} store @returns {Board} */
export function chosenBoard(selectors, store) {
  const matched = new Set([...store.series.values()].flatMap((series) => series.places));
  const charts = selectors
    .map((selector, place) => ({ kind: "line", title: selector, series: [selector], place }))
    .filter(({ title, place }) => matched.has(place) || !store.documents.has(title));
  const documents = [...store.documents.values()].filter((item) => !isCondition(item)).map(({ key, body }) => ({ kind: tileKind(body), title: key, document: key }));
  const widgets = [...charts, ...documents].map((widget) => ({ ...widget, w: 1, h: 1 }));
  const columns = Math.max(1, Math.min(MOST_COLUMNS, widgets.length));
  return { columns, rows: Math.max(1, Math.ceil(widgets.length / columns)), widgets };
}
