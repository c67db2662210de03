// Request for the data of a board that is edited: what its tiles show. Pure.

import { seriesFromSelector } from "./snippet.js";

/** @import { BoardDocument, DraftWidget } from "../client/protocol.js" */

/** The server takes this many selectors in one request. */
const MOST_SELECTORS = 100;
/** Frames a second are enough for editing. */
const MOST_HZ = 5;

/** Return the texts of a widget's expressions. @param {DraftWidget} widget */
function textsOf({ expr = [] }) {
  return typeof expr === "string" ? [expr].filter(Boolean) : expr.map((each) => each.expr);
}

/** Return the request. @param {BoardDocument} doc @param {number[]} skipped places of the selectors whose tiles sleep */
export function watchRequest(doc, skipped) {
  const selectors = doc.widgets.flatMap((widget) => [...(widget.series ?? []), ...textsOf(widget), ...(widget.document ? [widget.document] : [])]).slice(0, MOST_SELECTORS);
  const skip = skipped.filter((place) => place < selectors.length);
  return { selectors, ...(skip.length ? { skip } : {}), window_s: doc.window_s ?? 900, rate_hz: Math.min(doc.rate_hz ?? 10, MOST_HZ) };
}

/** Return what a board shows, as the list of series names it: `series NAME`, `document KEY`, `expression TEXT`. @param {BoardDocument} doc */
export function shownOn(doc) {
  return new Set(doc.widgets.flatMap((widget) => [
    ...(widget.series ?? []).map((text) => `series ${seriesFromSelector(text).name}`),
    ...(widget.document ? [`document ${widget.document}`] : []),
    ...textsOf(widget).map((text) => `expression ${text}`),
  ]));
}
