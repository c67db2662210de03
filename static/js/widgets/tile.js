// Base of all tiles: title, badge, body, note, heartbeat line, and the button that shows how to feed it. Subclasses draw the body.

import { clock } from "../draw/format.js";
import { badgeOf, newestOf, noteOf, tileState, WORDS } from "../draw/tile-state.js";
import { conditionsOf, expressionsOf } from "../data/expressions.js";
import { namedLines, nameWithState } from "../data/line-names.js";
import { stateOf } from "../data/thresholds.js";
import { fitChildren, h, setText } from "./dom.js";
import { curlForDocument, curlForSeries, seriesFromSelector } from "./snippet.js";

/** @import { DocumentState, Widget } from "../client/protocol.js" */
/** @import { Freshness } from "../data/freshness.js" */
/** @import { NamedLine } from "../data/line-names.js" */
/** @import { Series } from "../data/series.js" */
/** @import { Store } from "../data/store.js" */
/** @import { TileState } from "../draw/tile-state.js" */
/**
 * What a tile needs from its page. `moment.at` is the time that the charts show, null for now.
 * @typedef {object} TileContext
 * @property {Store} store @property {{at: number | null}} moment @property {{now: () => number}} clock
 * @property {{mark: (item: {paint: () => void}) => void}} loop
 * @property {(title: string, lines: string[]) => void} showFeed @property {(text: string) => void} announce
 */

const NATURAL = new Intl.Collator("en", { numeric: true });
/** Series with a shorter cadence have no heartbeat line: it would only flicker. */
const SHORTEST_BEAT_S = 0.5;
/** Shortest time between two restarts of the heartbeat line. */
const BEAT_PAUSE_MS = 200;
const MOST_SNIPPETS = 12;
const MOST_LEGEND = 8;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const CONTAINER_UNITS = CSS.supports("width", "1cqb");

export class Tile extends HTMLElement {
  constructor() {
    super();
    this.listening = new AbortController();
    this.widget = /** @type {Widget} */ (/** @type {unknown} */ (null)); // set by configure, before anything else
    this.context = /** @type {TileContext} */ (/** @type {unknown} */ (null));
    /** index of this tile's first selector in the request's list */
    this.firstPlace = 0;
    this.badge = h("span", { class: "badge" });
    this.legend = h("span", { class: "legend" });
    this.emptyCode = h("code");
    this.emptyText = h("span", { text: "No data yet. Feed it:" });
    this.body = h("div", { class: "body" }, h("div", { class: "empty" }, this.emptyText, this.emptyCode));
    /** size of the body in CSS pixels as of the last layout: to ask the body itself makes the browser lay out */
    this.box = { width: 0, height: 0 };
    /** @type {import("../data/expressions.js").Condition[]} how its expressions are */
    this.conditions = [];
    this.fault = "";
    this.note = h("footer");
    this.beat = h("i");
    /** @type {Animation | null} */
    this.draining = null;
    /** seconds in which it drains */
    this.drainS = 0;
    /** how many series the tile shows at most; subclasses set it */
    this.mostSeries = Infinity;
    /** how many series its selectors match */
    this.matched = 0;
    /** @type {Series[]} the series that the tile shows */
    this.series = [];
    /** @type {string[]} a short name for each of them, with its state if that is not live */
    this.names = [];
    /** @type {NamedLine[]} the short names and the states, separately */
    this.lines = [];
    /** @type {Freshness[]} of each series by its own age, for tiles that name each */
    this.ages = [];
    /** @type {DocumentState | undefined} */
    this.doc = undefined;
    /** the store's shape for which the series were looked up */
    this.shape = -1;
    /** sum of the versions of the series that were painted */
    this.seenVersion = -1;
    /** @type {Freshness} */
    this.fresh = "none";
    this.state = "";
    /** @type {string | undefined} the state that was last announced */
    this.announced = undefined;
    this.beatAt = 0;
    /** whether its series are not watched, because nobody sees it: it keeps its last picture */
    this.isAsleep = false;
    this.sleptAt = 0;
  }

  /** Return the time of the picture: now, or the time when a sleeping tile fell asleep. */
  now() {
    return this.isAsleep ? this.sleptAt : this.context.clock.now();
  }

  /** Set the tile up, once, before it is used. @param {Widget} widget @param {TileContext} context @param {number} firstPlace index of its first selector in the request's list */
  configure(widget, context, firstPlace) {
    this.widget = widget;
    this.context = context;
    this.firstPlace = firstPlace;
    this.className = `tile ${widget.kind}`;
    this.dataset.fresh = "none";
    this.placeInGrid();
    this.tabIndex = 0;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", widget.title);
    const feed = h("button", { class: "feed", type: "button", text: "feed", "aria-label": `How to feed ${widget.title}` });
    this.append(h("header", {}, h("h2", { text: widget.title }), this.legend, this.badge), this.body, this.note, h("div", { class: "beat" }, this.beat), feed);
    const signal = this.listening.signal;
    feed.addEventListener("click", () => this.showFeed(), { signal });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== this) return;
      event.preventDefault(); // otherwise the same key would press the first button of the dialog
      this.showFeed();
    }, { signal });
    const resized = new ResizeObserver(([{ contentRect }]) => {
      this.box = { width: Math.round(contentRect.width), height: Math.round(contentRect.height) };
      if (!CONTAINER_UNITS) this.setUnits();
      this.resized();
      context.loop.mark(this);
    });
    resized.observe(this.body);
    signal.addEventListener("abort", () => resized.disconnect());
    this.showEmpty();
  }

  /** Take the place that the widget has on the grid; without one the tile flows behind the others. */
  placeInGrid() {
    const { x, y, w, h: rows } = this.widget;
    this.style.setProperty("--w", String(w));
    this.style.setProperty("--h", String(rows));
    this.style.gridColumn = x === null ? "" : `${x + 1} / span ${w}`;
    this.style.gridRow = y === null ? "" : `${y + 1} / span ${rows}`;
  }

  /** Go on with the same widget at another place. @param {Widget} widget @param {number} firstPlace */
  replaced(widget, firstPlace) {
    if (firstPlace !== this.firstPlace) this.shape = -1; // other series may match now
    this.widget = widget;
    this.firstPlace = firstPlace;
    this.placeInGrid();
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  /** Set the container units of the body for browsers that have none. */
  setUnits() {
    this.body.style.setProperty("--cqb", `${this.box.height / 100}px`);
    this.body.style.setProperty("--cqi", `${this.box.width / 100}px`);
  }

  /** Prepare for another size of the body or of its letters. For subclasses to override. */
  resized() {}

  /** Put the values into the body. For subclasses to override. */
  draw() {}

  /** Prepare for other series than before. For subclasses to override. */
  reshaped() {}

  /** Prepare for the colours of another theme. For subclasses to override. */
  recolour() {}

  /** Take over the changes of the store, and paint if they concern this tile. */
  changed() {
    if (this.isAsleep) return;
    const { store } = this.context;
    if (this.shape !== store.shape) {
      this.shape = store.shape;
      const matched = this.find(store);
      this.matched = matched.length;
      this.series = matched.slice(0, this.mostSeries);
      this.ages = [];
      this.names = this.nameLines();
      this.reshaped();
      this.seenVersion = -1;
    }
    const before = this.doc;
    this.doc = this.widget.document ? store.documents.get(this.widget.document) : undefined;
    const version = this.series.reduce((sum, series) => sum + series.version, 0);
    const told = this.learnConditions(store);
    if (version === this.seenVersion && this.doc === before && !told) return;
    this.seenVersion = version;
    this.restartBeat();
    this.context.loop.mark(this);
  }

  /** Return the series that the selectors match, in the order of the selectors, then of the names. @param {Store} store @returns {Series[]} */
  find(store) {
    const all = [...store.series.values()];
    const byName = (/** @type {Series} */ a, /** @type {Series} */ b) => NATURAL.compare(a.text, b.text);
    const found = this.places().flatMap((place) => all.filter((series) => series.places.includes(place)).sort(byName));
    return [...new Set(found)];
  }

  /** Take over the states of the expressions. @param {Store} store @returns {boolean} whether one of them has changed */
  learnConditions(store) {
    const conditions = conditionsOf(store.documents.values(), this.places());
    if (JSON.stringify(conditions) === JSON.stringify(this.conditions)) return false;
    this.conditions = conditions;
    const names = this.nameLines();
    if (names.join("\n") !== this.names.join("\n")) {
      this.names = names;
      this.reshaped();
    }
    const fault = conditions.map((each) => each.fault).find(Boolean) ?? "";
    this.fault = fault;
    this.showEmpty();
    return true;
  }

  /** Return the indexes of the tile's selectors and expressions in the request's list. @returns {number[]} */
  places() {
    const count = this.widget.series.length + expressionsOf(this.widget).length;
    return Array.from({ length: count }, (_, i) => this.firstPlace + i);
  }

  /** Return the indices of all selectors that the tile watches, and of its document. @returns {number[]} */
  watchedPlaces() {
    return this.widget.document ? [...this.places(), this.firstPlace + this.places().length] : this.places();
  }

  /** Keep the present picture and show its time, because the page may be printed. @param {number} now */
  fallAsleep(now) {
    this.isAsleep = true;
    this.sleptAt = now;
    this.badge.dataset.state = "";
    setText(this.badge, `as of ${clock(now, true)}`);
  }

  /** Show the store's values again. */
  wakeUp() {
    this.isAsleep = false;
    this.seenVersion = -1;
    this.changed();
    this.context.loop.mark(this);
  }

  /** Return a name for each series: by the legend of its expression, else by what tells it from the others. @returns {string[]} */
  nameLines() {
    this.lines = namedLines(this.widget, this.firstPlace, this.series, this.context.store.documents.values(), this.ages);
    return this.lines.map(nameWithState);
  }

  /** Prepare what is shown while there are no values: what is wrong with an expression, the expression, or how to feed the series. */
  showEmpty() {
    const feeds = this.asked().length ? "This expression has no values yet:" : "No data yet. Feed it:";
    setText(this.emptyText, this.fault ? "This expression has no values:" : feeds);
    setText(this.emptyCode, this.fault || (this.snippets()[0] ?? ""));
  }

  /** Return the texts of the expressions, also of those among chosen selectors: nobody can feed what is computed. @returns {string[]} */
  asked() {
    const expressions = expressionsOf(this.widget).map(({ expr }) => expr);
    return expressions.length || !this.conditions.length ? expressions : this.widget.series;
  }

  paint() {
    if (!this.isConnected) return;
    if (this.series.length || this.doc) this.draw();
    if (!this.isAsleep) this.updateFreshness();
  }

  /** Show how old the values are, once a second and with every value. */
  updateFreshness() {
    const now = this.context.clock.now();
    const state = tileState(now, this.series, this.doc, this.conditions, this.fault);
    const { fresh } = state;
    if (fresh !== this.fresh) {
      if (this.fresh !== "none" || fresh !== "live") this.context.announce(`${this.widget.title}: ${WORDS[fresh]}`);
      this.fresh = fresh;
      this.dataset.fresh = fresh;
    }
    if (this.state !== this.announced) {
      if (this.announced !== undefined) this.context.announce(`${this.widget.title}: ${this.state || "ok"}`);
      this.announced = this.state;
    }
    this.showBadge(now, state);
    setText(this.note, this.noteText(now, state));
  }

  /** @param {number} now @param {TileState} state */
  showBadge(now, state) {
    const badge = badgeOf(now, state, this.conditions, this.state);
    setText(this.badge, badge.text);
    this.badge.dataset.state = badge.state;
  }

  /** @param {number} now @param {TileState} state */
  noteText(now, state) {
    return noteOf(now, state, this.conditions, this.widget.note);
  }

  /** Return the time of the newest value. */
  newest() {
    return newestOf(this.series, this.doc);
  }

  /** Fill the heartbeat line: it drains until the next value is due. */
  restartBeat() {
    const every = this.series[0]?.everyS ?? this.doc?.every_s ?? 0;
    const now = performance.now();
    if (every < SHORTEST_BEAT_S || now - this.beatAt < BEAT_PAUSE_MS || STILL.matches) return;
    this.beatAt = now;
    if (this.draining && every === this.drainS) {
      this.draining.currentTime = 0;
      this.draining.play();
      return;
    }
    this.draining?.cancel();
    this.drainS = every;
    this.draining = this.beat.animate([{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }], { duration: every * 1000, fill: "forwards" });
  }

  /** Return the most severe threshold that a value has reached. @param {number | undefined} value */
  stateOf(value) {
    return stateOf(value, this.widget.thresholds);
  }

  /** @param {Series} series */
  unitOf(series) {
    return this.widget.unit ?? series.unit;
  }

  /** Show the names of the lines beside the title; the mark of one that is not live has a gap with a shape, so that the names hold still. @param {(i: number) => string} token colour of each */
  showLegend(token) {
    const shown = this.lines.slice(0, MOST_LEGEND);
    fitChildren(this.legend, shown.length, () => h("span"));
    shown.forEach(({ name, fresh }, i) => {
      const item = /** @type {HTMLElement} */ (this.legend.children[i]);
      setText(item, name);
      item.title = fresh === "live" ? "" : `${name} is ${fresh}`;
      item.dataset.fresh = fresh;
      item.style.setProperty("--c", `var(--${token(i)})`);
    });
  }

  /** Return the shell lines that feed this tile. @returns {string[]} */
  snippets() {
    const origin = location.origin;
    if (this.widget.document) return [curlForDocument(this.widget.document, this.doc?.body ?? { text: "hello" }, origin)];
    const asked = this.asked();
    if (asked.length) return asked;
    if (this.series.length) {
      return this.series.slice(0, MOST_SNIPPETS).map((s) => curlForSeries(s, s.value ?? 1, origin));
    }
    return this.widget.series.map((selector) => curlForSeries(seriesFromSelector(selector), 1, origin));
  }

  showFeed() {
    this.context.showFeed(this.widget.title, this.snippets());
  }
}
