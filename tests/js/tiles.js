// Tiles on a page: their store, their clock, and what they announced. Import it before the tile.

import "./page.js";
import { Store } from "../../static/js/data/store.js";
import { definition } from "./data-support.js";
import { document } from "./page.js";

export const NOW = 1_700_000_000_000;

/** A widget as boards have it. @param {object} [more] @returns {any} */
export function widget(more) {
  return { id: "w1", kind: "stat", title: "CPU", series: ["cpu"], document: "", legend: "", x: 2, y: 1, w: 4, h: 3, min: null, max: null, decimals: null, unit: null, thresholds: [], note: "", ...more };
}

/** A series with a value of now. @param {number} sid @param {number} value @param {object} [more] @returns {any} */
export function series(sid, value, more) {
  const { series: text = `cpu{core="${sid}"}`, last = NOW - 500 } = /** @type {any} */ (more ?? {});
  return definition({ sid, series: text, name: "cpu", labels: { core: String(sid) }, last, t: [last - 1_000, last], v: [value, value], every_s: 5, ...more });
}

/**
 * Put a tile on the page, as its board does.
 * @param {any} tile @param {object} [of] its widget @param {{series?: any[], documents?: any[]}} [content] of the store
 */
export function shown(tile, of, { series: definitions = [], documents = [] } = {}) {
  const store = new Store();
  store.begin(/** @type {any} */ ({ as_of: NOW, window_s: 900, series: definitions, documents }));
  const said = /** @type {string[]} */ ([]);
  const fed = /** @type {[string, string[]][]} */ ([]);
  const time = { now: NOW };
  tile.configure(widget(of), {
    store, moment: { at: null }, clock: { now: () => time.now }, loop: { mark() {} },
    showFeed: (/** @type {string} */ title, /** @type {string[]} */ lines) => fed.push([title, lines]), announce: (/** @type {string} */ text) => said.push(text),
  }, 0);
  document.body.append(tile);
  tile.changed();
  tile.paint();
  return { tile, store, said, fed, time };
}

/** A document of a store. @param {unknown} body @param {object} [more] */
export function documentOf(body, more) {
  return { key: "d", body, t: NOW - 500, every_s: null, selectors: [0], ...more };
}
