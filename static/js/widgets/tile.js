// What every tile is: title, badge, body, note, heartbeat line, the button that shows how to feed it. Subclasses draw a body.

import { age, clock } from "../draw/format.js";
import { freshest, freshness } from "../data/freshness.js";
import { fitChildren, h, setText } from "./dom.js";
import { curlForDocument, curlForSeries, seriesFromSelector } from "./snippet.js";

/** @typedef {import("../data/series.js").Series} Series */
/** @typedef {import("../data/store.js").Store} Store */
/** @typedef {import("../client/views.js").DocumentState} DocumentState */
/** @typedef {import("../data/freshness.js").Freshness} Freshness */
/** @typedef {{at: number, state: "warning" | "critical", below?: boolean}} Threshold */
/**
 * @typedef {object} Widget
 * @property {string} kind @property {string} title @property {string[]} series @property {string} document
 * @property {number} w @property {number} h @property {string | null} unit @property {number | null} decimals
 * @property {string} legend @property {number | null} min @property {number | null} max
 * @property {Threshold[]} thresholds @property {string} note
 */
/** @typedef {{store: Store, clock: {now: () => number}, loop: {mark: (item: {paint: () => void}) => void}, showFeed: (title: string, lines: string[]) => void, announce: (text: string) => void, moment: {at: number | null}}} Context */

export const SHAPES = /** @type {Record<string, string>} */ ({ ok: "●", warning: "▲", critical: "■", unknown: "◇" });
const NATURAL = new Intl.Collator("en", { numeric: true });
const SHORTEST_BEAT_S = 0.5;
const MOST_SNIPPETS = 12;
const MOST_LEGEND = 8;

export class Tile extends HTMLElement {
  constructor() {
    super();
    this.listening = new AbortController();
    this.widget = /** @type {Widget} */ (/** @type {unknown} */ (null)); // set by configure, before anything else
    this.context = /** @type {Context} */ (/** @type {unknown} */ (null));
    /** where this tile's selectors stand in the request's list */
    this.firstPlace = 0;
    this.badge = h("span", { class: "badge" });
    this.legend = h("span", { class: "legend" });
    this.emptyCode = h("code");
    this.body = h("div", { class: "body" }, h("div", { class: "empty" }, h("span", { text: "No data yet. Feed it:" }), this.emptyCode));
    this.note = h("footer");
    this.beat = h("i");
    /** @type {Animation | null} */
    this.draining = null;
    /** @type {Series[]} */
    this.series = [];
    /** @type {DocumentState | undefined} */
    this.doc = undefined;
    this.shape = -1;
    this.seen = -1;
    /** @type {Freshness} */
    this.fresh = "none";
    this.state = "";
    /** @type {string | undefined} the state that was last announced */
    this.said = undefined;
    this.beatAt = 0;
  }

  /** @param {Widget} widget @param {Context} context @param {number} firstPlace of its selectors in the request's list */
  configure(widget, context, firstPlace) {
    this.widget = widget;
    this.context = context;
    this.firstPlace = firstPlace;
    this.className = `tile ${widget.kind}`;
    this.dataset.fresh = "none";
    this.style.setProperty("--w", String(widget.w));
    this.style.setProperty("--h", String(widget.h));
    this.tabIndex = 0;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", widget.title);
    const feed = h("button", { class: "feed", type: "button", text: "feed", "aria-label": `How to feed ${widget.title}` });
    this.append(h("header", {}, h("h2", { text: widget.title }), this.legend, this.badge), this.body, this.note, h("div", { class: "beat" }, this.beat), feed);
    const signal = this.listening.signal;
    feed.addEventListener("click", () => this.showFeed(), { signal });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== this) return;
      event.preventDefault(); // or the same key presses the dialog's first button
      this.showFeed();
    }, { signal });
    const resized = new ResizeObserver(() => context.loop.mark(this));
    resized.observe(this);
    signal.addEventListener("abort", () => resized.disconnect());
    setText(this.emptyCode, this.snippets()[0] ?? "");
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  /** Put the values into the body. Subclasses do. */
  draw() {}

  /** Other series than before. Subclasses may. */
  reshaped() {}

  /** The store has moved on: take note, and be painted if it concerns this tile. */
  changed() {
    const { store } = this.context;
    if (this.shape !== store.shape) {
      this.shape = store.shape;
      this.series = this.find(store);
      this.reshaped();
      this.seen = -1;
    }
    const before = this.doc;
    this.doc = this.widget.document ? store.documents.get(this.widget.document) : undefined;
    const seen = this.series.reduce((sum, series) => sum + series.version, 0);
    if (seen === this.seen && this.doc === before) return;
    this.seen = seen;
    this.refill();
    this.context.loop.mark(this);
  }

  /** In the order of the board's selectors, then of the names. @param {Store} store @returns {Series[]} */
  find(store) {
    const all = [...store.series.values()].sort((a, b) => NATURAL.compare(a.text, b.text));
    const places = this.widget.series.map((_, i) => this.firstPlace + i);
    const found = places.flatMap((place) => all.filter((series) => series.places.includes(place)));
    return [...new Set(found)];
  }

  paint() {
    if (!this.isConnected) return;
    if (this.series.length || this.doc) this.draw();
    this.judge();
  }

  /** Once a second, and with every value: how old is it? */
  judge() {
    const now = this.context.clock.now();
    const each = this.series.map((series) => freshness(now - series.last, series.everyS, series.ended));
    if (this.doc) each.push(this.doc.every_s ? freshness(now - this.doc.t, this.doc.every_s) : "live");
    const fresh = freshest(each);
    const old = each.filter((state) => state !== "live").length;
    if (fresh !== this.fresh) {
      if (this.fresh !== "none" || fresh !== "live") this.context.announce(`${this.widget.title}: ${WORDS[fresh]}`);
      this.fresh = fresh;
      this.dataset.fresh = fresh;
    }
    if (this.state !== this.said) {
      if (this.said !== undefined) this.context.announce(`${this.widget.title}: ${this.state || "ok"}`);
      this.said = this.state;
    }
    this.showBadge(now, fresh, old, each.length);
    setText(this.note, this.noteText(now, fresh));
  }

  /** @param {number} now @param {Freshness} fresh @param {number} old @param {number} count */
  showBadge(now, fresh, old, count) {
    const newest = this.newest();
    let text = "";
    let state = "";
    if (fresh === "late") text = `late ${age(now - newest)}`;
    else if (fresh === "stale") text = "stale";
    else if (fresh === "dead") text = "no data";
    else if (fresh === "live" && old) text = `${old} of ${count} old`;
    else if (fresh === "live" && this.state) {
      text = `${SHAPES[this.state]} ${this.state}`;
      state = this.state;
    }
    setText(this.badge, text);
    this.badge.dataset.state = state;
  }

  newest() {
    return Math.max(this.doc?.t ?? 0, ...this.series.map((series) => series.last));
  }

  /** @param {number} now @param {Freshness} fresh */
  noteText(now, fresh) {
    const every = this.series[0]?.everyS ?? this.doc?.every_s;
    if (fresh === "late") return every ? `expected every ${age(every * 1000)}` : this.widget.note;
    if (fresh === "stale") return `${age(now - this.newest())} ago`;
    if (fresh === "dead") return `nothing since ${clock(this.newest())}`;
    return this.widget.note;
  }

  /** A value came: the heartbeat line is full again and drains until the next is due. */
  refill() {
    const every = this.series[0]?.everyS ?? this.doc?.every_s ?? 0;
    const now = performance.now();
    if (every < SHORTEST_BEAT_S || now - this.beatAt < 200 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.beatAt = now;
    this.draining?.cancel();
    this.draining = this.beat.animate([{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }], { duration: every * 1000, fill: "forwards" });
  }

  /** The most severe threshold that a value has reached. @param {number | undefined} value */
  stateOf(value) {
    if (value === undefined) return "";
    const reached = this.widget.thresholds.filter((t) => (t.below ? value <= t.at : value >= t.at)).map((t) => t.state);
    return reached.includes("critical") ? "critical" : (reached[0] ?? "");
  }

  /** @param {Series} series */
  unitOf(series) {
    return this.widget.unit ?? series.unit;
  }

  /** @param {string[]} names @param {(i: number) => string} token */
  showLegend(names, token) {
    const shown = names.slice(0, MOST_LEGEND);
    fitChildren(this.legend, shown.length, () => h("span"));
    shown.forEach((name, i) => {
      const item = /** @type {HTMLElement} */ (this.legend.children[i]);
      setText(item, name);
      item.style.setProperty("--c", `var(--${token(i)})`);
    });
  }

  /** @returns {string[]} the lines that would feed this tile */
  snippets() {
    const origin = location.origin;
    if (this.widget.document) return [curlForDocument(this.widget.document, this.doc?.body ?? { text: "hello" }, origin)];
    if (this.series.length) {
      return this.series.slice(0, MOST_SNIPPETS).map((s) => curlForSeries(s, s.value ?? 1, origin));
    }
    return this.widget.series.map((selector) => curlForSeries(seriesFromSelector(selector), 1, origin));
  }

  showFeed() {
    this.context.showFeed(this.widget.title, this.snippets());
  }
}

/** What a screen reader is told. */
const WORDS = { live: "live again", late: "late", stale: "stale", dead: "no data", none: "no data yet" };
