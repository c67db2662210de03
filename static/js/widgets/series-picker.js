// List of the live series and documents, and of the expression that is typed into its search, each with the widget that suits it: choosing one, or dragging it, puts it on the board.

import { faultOf } from "../client/expression-check.js";
import { tileKind } from "../data/document-body.js";
import { looksAsked } from "../data/expressions.js";
import { Store } from "../data/store.js";
import { SIZES, suitedToDocument, suitedToExpression, suitedToSeries } from "../data/suited-widget.js";
import { drawSpark } from "../draw/spark.js";
import { read, write } from "./kept-texts.js";
import { currentUser } from "./user.js";
import { breakable, button, h, setText } from "./dom.js";

/** @import { Views } from "../client/views.js" */
/** @import { NewWidget } from "../data/suited-widget.js" */
/** @import { Series } from "../data/series.js" */
/** What the list needs from its page. @typedef {{views: Views, everySecond: (() => void)[], clock: {now: () => number}}} PickerHost */
/** One entry: a name with its series, a document, or an expression; `key` tells a series and a document of one name apart. @typedef {{key: string, name: string, about: string, widget: NewWidget, series?: Series, isExpression?: boolean}} Entry */

const MOST_SHOWN = 60;
const REDRAW_EVERY_S = 2;
const EVERYTHING = '{__name__=~".+"}';
/** Names of the server's own series come last. */
const OWN = /^(dashboard|node)_/;
/** The expressions that a user has chosen last in this browser are offered again, to that user. */
const RECENT = ["recent expressions", currentUser()?.user?.id].filter(Boolean).join(" ");
const MOST_RECENT = 20;
/** Type of what is dragged onto the board. */
export const DRAGGED = "application/x-dashboard-widget";
/** What is dragged now; a browser gives the data of a drag only to its drop. @type {NewWidget | null} */
let dragged = null;

/** Return the widget that is dragged from a list of this page; null if none is. */
export function draggedWidget() {
  return dragged;
}

/** @param {string} text @param {string} about @returns {Entry} */
function expressionEntry(text, about) {
  return { key: `expression ${text}`, name: text, about, widget: suitedToExpression(text), isExpression: true };
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
    /** keys of the entries that the board shows @type {Set<string>} */
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
    this.toggleAttribute("data-loading", true); // until there is something to list
    const kinds = h("div", { class: "kinds" }, ...Object.keys(SIZES).map((kind) => button(kind, () => pick({ kind, title: kind, ...SIZES[kind] }))));
    this.append(this.search, h("h2", { text: "Not on this board" }), this.fresh, h("h2", { text: "On this board" }), this.rest, this.more, h("h2", { text: "Widgets" }), kinds,
      h("p", { text: "Choose with a click or Enter, or drag onto the board. Arrow keys move the selected tile, shift and arrow keys resize it, Enter leads to its options. ? shows all keys." }));
    this.search.addEventListener("input", () => this.list());
    this.search.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && this.search.value.trim() && this.takeFirst());
    shell.views.watch({ selectors: [EVERYTHING], window_s: 300, rate_hz: 0.5, points: 40 }, {
      snapshot: (snapshot) => {
        this.store.begin(snapshot);
        this.update();
        this.removeAttribute("data-loading");
      },
      frame: (frame) => {
        this.store.apply(frame);
        if (this.store.shape !== this.shape) this.update();
      },
      error: (error) => {
        setText(this.more, error.message);
        this.removeAttribute("data-loading");
      },
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
    const fault = await faultOf(text);
    this.isChecking = false;
    if (fault) return setText(this.more, fault);
    write(RECENT, [text, ...read(RECENT).filter((each) => each !== text)].slice(0, MOST_RECENT));
    this.pick(widget);
    this.list();
  }

  /** Say what the board shows, as `shownOn` says it. @param {Set<string>} shown */
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
      return { key: `series ${name}`, name, about, widget, series: all[0] };
    });
    const documents = [...this.store.documents.values()].map(({ key, body }) => {
      const kind = tileKind(body);
      return { key: `document ${key}`, name: key, about: `document · ${kind}`, widget: suitedToDocument(key, kind) };
    });
    this.entries = [...names, ...documents].sort((a, b) => Number(OWN.test(a.name)) - Number(OWN.test(b.name)) || (a.name < b.name ? -1 : 1));
    this.list();
  }

  list() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const typed = this.search.value.trim();
    const all = [...this.entries, ...read(RECENT).filter((text) => text !== typed).map((text) => expressionEntry(text, "expression · chosen before"))];
    const found = all.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
    const expression = looksAsked(typed) ? [expressionEntry(typed, "add this expression")] : [];
    this.sparks = [];
    const focused = this.fresh.contains(document.activeElement) || this.rest.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : null;
    this.fresh.replaceChildren(...[...expression, ...found.filter(({ key }) => !this.shown.has(key))].slice(0, MOST_SHOWN).map((entry) => this.item(entry)));
    this.rest.replaceChildren(...found.filter(({ key }) => this.shown.has(key)).slice(0, MOST_SHOWN).map((entry) => this.item(entry)));
    const nothing = this.entries.length ? "Nothing matches." : "Nothing has been fed yet.";
    setText(this.more, found.length || expression.length ? (found.length > MOST_SHOWN ? `${found.length} found: narrow the search.` : "") : nothing);
    if (focused) /** @type {HTMLElement} */ (this.querySelector(`.pick[data-key="${CSS.escape(focused)}"]`) ?? this.search).focus({ preventScroll: true });
  }

  /** @param {Entry} entry */
  item({ key, name, about, widget, series, isExpression }) {
    const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { "aria-hidden": "true" }));
    const pick = h("button", { type: "button", class: "pick", draggable: String(!isExpression), title: name, "data-key": key }, h("b", {}, ...breakable(name)), h("small", { text: about }), canvas);
    pick.addEventListener("click", () => (isExpression ? this.pickExpression(name, widget) : this.pick(widget)));
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
