// Everything there is: a row a series, live; a search; a choice to show as charts.

import "../widgets/connection-curtain.js";
import { Store } from "../data/store.js";
import { freshness } from "../data/freshness.js";
import { age, format } from "../draw/format.js";
import { drawSpark } from "../draw/spark.js";
import { arrange, h, setText } from "../widgets/dom.js";
import { curlForSeries } from "../widgets/snippet.js";
import { Shell } from "./shell.js";

/** @typedef {import("../data/series.js").Series} Series */

const MOST_ROWS = 300;
const WINDOW_S = 300;
/** The server is asked when typing pauses. */
const TYPING_MS = 300;
/** The server takes so many selectors in one request. */
const MOST_CHOSEN = 100;
/** A longer choice goes behind the #, where the server's limit on addresses does not count. */
const LONGEST_QUERY = 3_000;
const EVERYTHING = '{__name__=~".+"}';

const shell = new Shell();
const store = new Store();
const at = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const search = /** @type {HTMLInputElement} */ (at("search"));
const show = /** @type {HTMLButtonElement} */ (at("show"));
/** @type {Set<string>} */
const chosen = new Set();

/** One line of the list. */
class Row {
  /** @param {Series} series */
  constructor(series) {
    this.series = series;
    this.seen = -1;
    const check = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", "aria-label": `Choose ${series.text}` }));
    check.checked = chosen.has(series.text);
    check.addEventListener("change", () => (check.checked = choose(series.text, check.checked)));
    this.spark = /** @type {HTMLCanvasElement} */ (h("canvas", { "aria-hidden": "true" }));
    this.number = h("span");
    this.unit = h("small");
    this.age = h("td", { class: "age" });
    this.state = h("td", { class: "state" });
    const link = h("a", { href: `/board?series=${encodeURIComponent(series.text)}`, title: series.text }, series.name);
    if (series.text !== series.name) link.append(h("span", { class: "labels", text: series.text.slice(series.name.length) }));
    this.element = h("tr", {}, h("td", { class: "check" }, check), h("td", { class: "name" }, link), h("td", { class: "spark" }, this.spark),
      h("td", { class: "value" }, this.number, " ", this.unit), this.age, this.state);
  }

  paint() {
    const { series } = this;
    const now = shell.clock.now();
    const fresh = freshness(now - series.last, series.everyS, series.ended);
    this.element.dataset.fresh = fresh;
    setText(this.age, `${age(now - series.last)} ago`);
    setText(this.state, fresh === "live" ? "● live" : fresh === "late" ? "▲ late" : fresh);
    if (series.version === this.seen) return;
    this.seen = series.version;
    const shown = format(series.value, series.unit);
    setText(this.number, shown.text);
    setText(this.unit, shown.unit);
    drawSpark(this.spark, series, now - store.windowMs, now, "series-1");
  }
}

/** @type {Map<number, Row>} */
let rows = new Map();
let shape = -1;

/** @param {string} text */
function isSelector(text) {
  return text.includes("{");
}

/** @returns {(named: {name: string, labels: Record<string, string>, text: string}) => boolean} */
function wanted() {
  const text = search.value.trim();
  if (!text || isSelector(text)) return () => true; // the server has chosen
  const words = text.toLowerCase().split(/\s+/);
  return (named) => words.every((word) => named.text.toLowerCase().includes(word));
}

/** Which rows there are: after a change of shape, or of the search. */
function list() {
  shape = store.shape;
  const test = wanted();
  const all = [...store.series.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
  const found = all.filter((series) => test(series));
  const next = new Map();
  for (const series of found.slice(0, MOST_ROWS)) {
    const known = rows.get(series.sid);
    next.set(series.sid, known?.series === series ? known : new Row(series));
  }
  rows = next;
  arrange(at("series"), [...rows.values()].map((row) => row.element));
  const more = found.length > MOST_ROWS ? `, the first ${MOST_ROWS} shown: narrow the search` : "";
  setText(at("count"), `${found.length} of ${all.length} series${more}`);
  listDocuments();
  const nothing = at("nothing");
  nothing.hidden = all.length > 0 && found.length > 0;
  nothing.replaceChildren(
    all.length ? "Nothing matches. A series appears here as soon as it is fed:" : "Nothing has been fed yet. Try:",
    h("code", { text: curlForSeries({ name: "orders", labels: { shop: "a" } }, 3, location.origin) }),
  );
  paintAll();
}

/** One document of the list. */
class DocumentRow {
  /** @param {string} key */
  constructor(key) {
    this.code = h("code");
    this.age = h("td", { class: "age" });
    const link = h("a", { href: `/board?series=${encodeURIComponent(key)}`, text: key });
    this.element = h("tr", {}, h("td", { class: "name" }, link), h("td", { class: "body" }, this.code), this.age);
  }

  /** @param {import("../client/views.js").DocumentState} document */
  paint(document) {
    setText(this.code, JSON.stringify(document.body).slice(0, 300));
    setText(this.age, `${age(shell.clock.now() - document.t)} ago`);
  }
}

/** @type {Map<string, DocumentRow>} */
const documentRows = new Map();

function listDocuments() {
  const test = wanted();
  const found = [...store.documents.values()].filter((d) => test({ name: d.key, labels: {}, text: d.key })).sort((a, b) => (a.key < b.key ? -1 : 1));
  at("documents-section").hidden = !found.length;
  const elements = found.slice(0, MOST_ROWS).map((document) => {
    const row = documentRows.get(document.key) ?? new DocumentRow(document.key);
    documentRows.set(document.key, row);
    row.paint(document);
    return row.element;
  });
  for (const key of documentRows.keys()) if (!store.documents.has(key)) documentRows.delete(key);
  arrange(at("documents"), elements);
}

/** @param {string} text @param {boolean} on */
function choose(text, on) {
  if (!on) chosen.delete(text);
  else if (chosen.size < MOST_CHOSEN) chosen.add(text);
  show.disabled = !chosen.size;
  const full = chosen.size === MOST_CHOSEN ? " (no more than that)" : "";
  setText(show, chosen.size ? `Show ${chosen.size} as charts${full}` : "Show chosen as charts");
  return chosen.has(text);
}

function paintAll() {
  for (const row of rows.values()) shell.loop.mark(row);
}

/** @param {string} selector */
function request(selector) {
  return { selectors: [selector], window_s: WINDOW_S, rate_hz: 2, points: 120 };
}

let watched = EVERYTHING;
const watching = shell.views.watch(request(watched), {
  snapshot(snapshot) {
    store.begin(snapshot);
    list();
  },
  frame(frame) {
    store.move(frame);
    if (store.shape !== shape) list();
    for (const [sid] of frame.points ?? []) {
      const row = rows.get(sid);
      if (row) shell.loop.mark(row);
    }
    if (frame.documents?.length) listDocuments();
  },
  error(error) {
    store.series.clear(); // what was there is not watched any more
    store.documents.clear();
    list();
    at("nothing").hidden = true;
    setText(at("count"), error.message);
  },
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let asking;
/** @param {string} selector */
function ask(selector) {
  watched = selector;
  shell.views.change(watching, request(selector));
}

search.addEventListener("input", () => {
  const text = search.value.trim();
  const selector = isSelector(text) ? text : EVERYTHING;
  clearTimeout(asking);
  if (selector === watched) list();
  else asking = setTimeout(() => ask(selector), TYPING_MS);
});
show.addEventListener("click", () => {
  const query = new URLSearchParams([...chosen].map((text) => ["series", text])).toString();
  location.assign(query.length < LONGEST_QUERY ? `/board?${query}` : `/board?#${query}`);
});
shell.keys.push(["/", "search", () => search.focus()], ["h", "the Host board", () => location.assign("/")]);
shell.seconds.push(paintAll, listDocuments);
document.addEventListener("theme", () => {
  for (const row of rows.values()) row.seen = -1;
  paintAll();
});
shell.start();
