// List of the live series and documents, and of the expression that is typed into its search, each with the widget that suits it: choosing one, or dragging it, puts it on the board.

import { api } from "../client/http.js";
import { tileKind } from "../data/document-body.js";
import { looksAsked } from "../data/expressions.js";
import { Store } from "../data/store.js";
import { SIZES, suitedToDocument, suitedToExpression, suitedToSeries } from "../data/suited-widget.js";
import { drawSpark } from "../draw/spark.js";
import { breakable, button, h, setText } from "./dom.js";

/** @import { Views } from "../client/views.js" */
/** @import { NewWidget } from "../data/suited-widget.js" */
/** @import { Series } from "../data/series.js" */
/** What the list needs from its page. @typedef {{views: Views, everySecond: (() => void)[], clock: {now: () => number}}} PickerHost */
/** One entry: a name with its series, a document, or the expression that is typed. @typedef {{name: string, about: string, widget: NewWidget, series?: Series, isTyped?: boolean}} Entry */

const MOST_SHOWN = 60;
const REDRAW_EVERY_S = 2;
const EVERYTHING = '{__name__=~".+"}';
/** Names of the server's own series come last. */
const OWN = /^(dashboard|node)_/;
/** Type of what is dragged onto the board. */
export const DRAGGED = "application/x-dashboard-widget";
/** What is dragged now; a browser gives the data of a drag only to its drop. @type {NewWidget | null} */
let dragged = null;

/** Return the widget that is dragged from a list of this page; null if none is. */
export function draggedWidget() {
  return dragged;
}

export class SeriesPicker extends HTMLElement {
  constructor() {
    super();
    this.store = new Store();
    this.search = /** @type {HTMLInputElement} */ (h("input", { type: "search", placeholder: "Name or expression", "aria-label": "Search series and documents, or type an expression", autocomplete: "off" }));
    this.fresh = h("ul");
    this.rest = h("ul");
    this.more = h("p", { role: "status" });
    this.shape = -1;
    this.isChecking = false;
    /** names that the board shows @type {Set<string>} */
    this.shown = new Set();
    /** @type {Entry[]} */
    this.entries = [];
    /** @type {{canvas: HTMLCanvasElement, series: Series}[]} */
    this.sparks = [];
    this.seconds = 0;
    this.pick = (/** @type {NewWidget} */ widget) => {};
  }

  /** Begin. @param {PickerHost} shell @param {(widget: NewWidget) => void} pick called with the chosen widget */
  begin(shell, pick) {
    this.pick = pick;
    const kinds = h("div", { class: "kinds" }, ...Object.keys(SIZES).map((kind) => button(kind, () => pick({ kind, title: kind, ...SIZES[kind] }))));
    this.append(this.search, h("h2", { text: "Not on this board" }), this.fresh, h("h2", { text: "On this board" }), this.rest, this.more, h("h2", { text: "Widgets" }), kinds,
      h("p", { text: "Choose with a click or Enter, or drag onto the board. Arrow keys move the selected tile, shift and arrow keys resize it, Enter leads to its options. ? shows all keys." }));
    this.search.addEventListener("input", () => this.list());
    this.search.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && this.search.value.trim() && this.takeFirst());
    shell.views.watch({ selectors: [EVERYTHING], window_s: 300, rate_hz: 0.5, points: 40 }, {
      snapshot: (snapshot) => {
        this.store.begin(snapshot);
        this.update();
      },
      frame: (frame) => {
        this.store.apply(frame);
        if (this.store.shape !== this.shape) this.update();
      },
      error: (error) => setText(this.more, error.message),
    });
    shell.everySecond.push(() => this.seconds++ % REDRAW_EVERY_S || this.draw(shell.clock.now()));
  }

  /** Go to the search; what is typed replaces an earlier search. */
  beginSearch() {
    this.search.focus();
    this.search.select();
  }

  /** Choose the first series that the search has found. */
  takeFirst() {
    const first = this.fresh.querySelector("button") ?? this.rest.querySelector("button");
    first?.click();
  }

  /** Choose an expression if the server can read it: with one that it cannot read, no tile of the draft would get data. @param {string} text @param {NewWidget} widget */
  async pickExpression(text, widget) {
    if (this.isChecking) return;
    this.isChecking = true;
    try {
      await api("GET", `/prometheus/api/v1/parse_query?query=${encodeURIComponent(text)}`);
      this.pick(widget);
    } catch (error) {
      setText(this.more, error instanceof Error ? error.message : String(error));
    }
    this.isChecking = false;
  }

  /** Say which names the board shows. @param {Set<string>} shown */
  mark(shown) {
    if ([...shown].join("\n") === [...this.shown].join("\n")) return;
    this.shown = shown;
    this.list();
  }

  update() {
    this.shape = this.store.shape;
    /** @type {Map<string, Series[]>} */
    const byName = new Map();
    for (const series of this.store.series.values()) byName.set(series.name, [...(byName.get(series.name) ?? []), series]);
    const names = [...byName].map(([name, all]) => {
      const widget = suitedToSeries(name, all.map((series) => ({ labels: series.labels, unit: series.unit, distinct: new Set(series.values.slice(-20)).size })));
      const about = [all.length > 1 ? `${all.length} series` : "", all[0].unit, `${widget.kind} suits`].filter(Boolean).join(" · ");
      return { name, about, widget, series: all[0] };
    });
    const documents = [...this.store.documents.values()].map(({ key, body }) => {
      const kind = tileKind(body);
      return { name: key, about: `document · ${kind}`, widget: suitedToDocument(key, kind) };
    });
    this.entries = [...names, ...documents].sort((a, b) => Number(OWN.test(a.name)) - Number(OWN.test(b.name)) || (a.name < b.name ? -1 : 1));
    this.list();
  }

  list() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.entries.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
    const typed = this.search.value.trim();
    const expression = looksAsked(typed) ? [{ name: typed, about: "add this expression", widget: suitedToExpression(typed), isTyped: true }] : [];
    this.sparks = [];
    const focused = this.fresh.contains(document.activeElement) || this.rest.contains(document.activeElement) ? document.activeElement?.getAttribute("title") : null;
    this.fresh.replaceChildren(...[...expression, ...found.filter(({ name }) => !this.shown.has(name))].slice(0, MOST_SHOWN).map((entry) => this.item(entry)));
    this.rest.replaceChildren(...found.filter(({ name }) => this.shown.has(name)).slice(0, MOST_SHOWN).map((entry) => this.item(entry)));
    const nothing = this.entries.length ? "Nothing matches." : "Nothing has been fed yet.";
    setText(this.more, found.length || expression.length ? (found.length > MOST_SHOWN ? `${found.length} found: narrow the search.` : "") : nothing);
    if (focused) /** @type {HTMLElement} */ (this.querySelector(`.pick[title="${CSS.escape(focused)}"]`) ?? this.search).focus({ preventScroll: true });
  }

  /** @param {Entry} entry */
  item({ name, about, widget, series, isTyped }) {
    const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { "aria-hidden": "true" }));
    const pick = h("button", { type: "button", class: "pick", draggable: String(!isTyped), title: name }, h("b", {}, ...breakable(name)), h("small", { text: about }), canvas);
    pick.addEventListener("click", () => (isTyped ? this.pickExpression(name, widget) : this.pick(widget)));
    pick.addEventListener("dragstart", (event) => {
      dragged = widget;
      event.dataTransfer?.setData(DRAGGED, JSON.stringify(widget));
    });
    pick.addEventListener("dragend", () => (dragged = null));
    if (series) this.sparks.push({ canvas, series });
    return h("li", {}, pick);
  }

  /** @param {number} now */
  draw(now) {
    for (const { canvas, series } of this.sparks) if (canvas.isConnected) drawSpark(canvas, series, now - 300_000, now, "series-1");
  }
}
customElements.define("series-picker", SeriesPicker);
