// Explore page: a live row for each series and document, a search, and a choice of series to show as charts.

import "../widgets/connection-curtain.js";
import { Store } from "../data/store.js";
import { conditionsOf, freshnessOfLine, isCondition, isDerived, looksAsked, proposed } from "../data/expressions.js";
import { freshness, OLD } from "../data/freshness.js";
import { shortNames } from "../data/labels.js";
import { addressOf, addressOfAll, searchFilter } from "../data/series-search.js";
import { WAYS_TO_ASK } from "../data/ways-to-ask.js";
import { age, format } from "../draw/format.js";
import { drawSpark } from "../draw/spark.js";
import { copyText } from "../widgets/dialog.js";
import { arrange, button, byId, h, setText } from "../widgets/dom.js";
import { ExpressionLine } from "../widgets/expression-line.js";
import { curlForSeries } from "../widgets/snippet.js";
import { SIZES, suitedToSeries } from "../data/suited-widget.js";
import { putOnBoard } from "../widgets/put-on-board.js";
import { currentUser } from "../widgets/user.js";
import { Shell } from "./shell.js";

/** @import { NewWidget } from "../data/suited-widget.js" */

/** @import { DocumentState } from "../client/protocol.js" */
/** @import { Series } from "../data/series.js" */
/** @import { AnswerChart } from "../widgets/answer-chart.js" */

/** More rows than this are not shown, so that the page stays fast. */
const MOST_ROWS = 300;
const WINDOW_S = 300;
/** The server is asked when the user has not typed for this long. */
const TYPING_MS = 300;
/** The server accepts this many selectors in one request. */
const MOST_CHOSEN = 100;
/** A button of a copy says this long whether it worked. */
const COPIED_MS = 2_000;
/** Width of a letter of a name: the column has its width by the letters, so that a face that arrives late moves nothing. */
const LETTER_EM = 0.6;
const EVERYTHING = '{__name__=~".+"}';

const shell = new Shell();
const store = new Store();
const search = byId("search", HTMLInputElement);
const line = new ExpressionLine(search, new AbortController().signal); // as long as the page
const show = byId("show", HTMLButtonElement);
/** for editors only */
const put = /** @type {HTMLButtonElement | null} */ (document.getElementById("put"));
/** @type {Set<string>} the chosen series */
const chosen = new Set();

/** Row of one series. */
class SeriesRow {
  /** @param {Series} series */
  constructor(series) {
    this.series = series;
    /** version of the series that was painted */
    this.seenVersion = -1;
    const check = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", "aria-label": `Choose ${series.text}` }));
    check.checked = chosen.has(series.text);
    check.addEventListener("change", () => (check.checked = choose(isDerived(series) ? series.name : series.text, check.checked)));
    this.spark = /** @type {HTMLCanvasElement} */ (h("canvas", { "aria-hidden": "true" }));
    this.number = h("span");
    this.unit = h("small");
    this.age = h("td", { class: "age" });
    this.state = h("td", { class: "state" });
    const link = h("a", { href: addressOf(series), title: series.text }, series.name);
    if (series.text !== series.name) link.append(h("span", { class: "labels", text: series.text.slice(series.name.length) }));
    const name = h("td", { class: "name" }, link, ...this.proposal());
    this.letters = (name.textContent ?? "").length + 1;
    this.element = h("tr", {}, h("td", { class: "check" }, check), name, h("td", { class: "spark" }, this.spark),
      h("td", { class: "value" }, this.number, " ", this.unit), this.age, this.state);
  }

  /** Return a link to the expression that suits a counter or a histogram. */
  proposal() {
    const expression = proposed(this.series);
    const words = expression.startsWith("rate") ? "rate" : "p99";
    return expression ? [" ", h("a", { class: "proposal", href: `/board?expr=${encodeURIComponent(expression)}`, title: expression, text: words })] : [];
  }

  paint() {
    const { series } = this;
    const now = shell.clock.now();
    const own = freshness(now - series.last, series.everyS, series.ended);
    const fresh = own === "live" ? freshnessOfLine(store.documents.values(), series) : own;
    this.element.dataset.fresh = fresh;
    setText(this.age, `${age(now - series.last)} ago`);
    setText(this.state, OLD[fresh]?.text ?? "● live");
    if (series.version === this.seenVersion) return;
    this.seenVersion = series.version;
    const shown = format(series.value, series.unit);
    setText(this.number, shown.text);
    setText(this.unit, shown.unit);
    drawSpark(this.spark, series, now - store.windowMs, now, "series-1");
  }
}

/** @type {Map<number, SeriesRow>} by the number of the series */
let rows = new Map();
/** the store's shape for which the rows were made */
let shape = -1;

/** Return whether the search is a selector or an expression, which the server evaluates. @param {string} text */
function isSelector(text) {
  return looksAsked(text);
}

/** Make the rows, after a change of the store's shape or of the search. */
function listSeries() {
  shape = store.shape;
  const matches = searchFilter(search.value);
  const all = [...store.series.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
  const found = all.filter((series) => matches(series.text));
  const next = new Map();
  for (const series of found.slice(0, MOST_ROWS)) {
    const known = rows.get(series.sid);
    next.set(series.sid, known?.series === series ? known : new SeriesRow(series));
  }
  rows = next;
  const names = Math.max(0, ...[...rows.values()].map((row) => row.letters));
  byId("series").style.setProperty("--names", `${Math.ceil(names * LETTER_EM)}em`);
  arrange(byId("series"), [...rows.values()].map((row) => row.element));
  const more = found.length > MOST_ROWS ? `, of which the first ${MOST_ROWS} are shown: narrow the search` : "";
  const told = conditionsOf(store.documents.values(), [0]).map((each) => each.fault || each.note).filter(Boolean);
  setText(byId("count"), told.join("; ") || `${found.length} of ${all.length} series${more}`);
  line.showFault(told.find((text) => /^\d+:\d+: /.test(text)) ?? "");
  listDocuments();
  const nothing = byId("nothing");
  nothing.hidden = all.length > 0 && found.length > 0;
  nothing.replaceChildren(
    all.length ? "Nothing matches. A series appears here as soon as it is fed:" : "Nothing has been fed yet. Try:",
    h("code", { text: curlForSeries({ name: "orders", labels: { shop: "a" } }, 3, location.origin) }),
  );
  answer.arrange();
  paintAll();
}

/** Chart of what a selector or an expression has given, and the copies of it. */
const answer = {
  place: byId("answer"),
  /** @type {AnswerChart | null} */
  chart: null,

  /** Show or hide it, as the search is. */
  async arrange() {
    this.place.hidden = !isSelector(search.value.trim()) || !store.series.size;
    byId("copies").hidden = !isSelector(search.value.trim());
    if (this.place.hidden) return;
    if (!this.chart) {
      const { AnswerChart } = await import("../widgets/answer-chart.js");
      this.chart ??= new AnswerChart(this.place);
    }
    shell.loop.mark(this);
  },

  paint() {
    if (this.place.hidden || !this.chart) return;
    const now = shell.clock.now();
    const series = [...rows.values()].map((row) => row.series);
    this.chart.draw(series, shortNames(series), now - store.windowMs, now);
  },
};

/** Make the buttons that copy the expression for use elsewhere. */
function makeCopies() {
  const user = currentUser();
  const needsToken = user !== null && user.kind === "user";
  const buttons = Object.entries(WAYS_TO_ASK).map(([name, write]) => {
    const made = button(name, async () => {
      const text = write({ expression: search.value.trim(), origin: location.origin, needsToken });
      const shown = h("pre", { text });
      await copyText(made, text, "Select it, and press Ctrl-C");
      if (made.textContent !== "Copied") byId("copied").replaceChildren(shown);
      setTimeout(() => setText(made, name), COPIED_MS);
    }, { class: "quiet" });
    return made;
  });
  byId("copies").append("Copy as", ...buttons);
}

/** Row of one document. */
class DocumentRow {
  /** @param {string} key */
  constructor(key) {
    this.code = h("code");
    this.age = h("td", { class: "age" });
    const link = h("a", { href: `/board?series=${encodeURIComponent(key)}`, text: key });
    this.element = h("tr", {}, h("td", { class: "name" }, link), h("td", { class: "body" }, this.code), this.age);
  }

  /** @param {DocumentState} document */
  paint(document) {
    setText(this.code, JSON.stringify(document.body).slice(0, 300));
    setText(this.age, `${age(shell.clock.now() - document.t)} ago`);
  }
}

/** @type {Map<string, DocumentRow>} */
const documentRows = new Map();

function listDocuments() {
  const matches = searchFilter(search.value);
  const found = [...store.documents.values()].filter((document) => !isCondition(document) && matches(document.key)).sort((a, b) => (a.key < b.key ? -1 : 1));
  byId("documents-section").hidden = !found.length;
  const elements = found.slice(0, MOST_ROWS).map((document) => {
    const row = documentRows.get(document.key) ?? new DocumentRow(document.key);
    documentRows.set(document.key, row);
    row.paint(document);
    return row.element;
  });
  for (const key of documentRows.keys()) if (!store.documents.has(key)) documentRows.delete(key);
  arrange(byId("documents"), elements);
}

/** Choose a series, or remove it from the choice. @param {string} text @param {boolean} on @returns {boolean} whether it is chosen now */
function choose(text, on) {
  if (!on) chosen.delete(text);
  else if (chosen.size < MOST_CHOSEN) chosen.add(text);
  show.disabled = !chosen.size;
  if (put) put.disabled = !chosen.size;
  const full = chosen.size === MOST_CHOSEN ? " (the limit)" : "";
  setText(show, chosen.size ? `Show ${chosen.size} as charts${full}` : "Show chosen as charts");
  return chosen.has(text);
}

function paintAll() {
  for (const row of rows.values()) shell.loop.mark(row);
  shell.loop.mark(answer);
}

/** Return the request for a view. @param {string} selector */
function request(selector) {
  return { selectors: [selector], window_s: WINDOW_S, rate_hz: 2, points: 120 };
}

let watched = EVERYTHING;
const subscription = shell.views.watch(request(watched), {
  snapshot(snapshot) {
    store.begin(snapshot);
    listSeries();
  },
  frame(frame) {
    store.apply(frame);
    if (store.shape !== shape) listSeries();
    for (const [sid] of frame.points ?? []) {
      const row = rows.get(sid);
      if (row) shell.loop.mark(row);
    }
    if (frame.documents?.length) listSeries();
  },
  error(error) {
    store.series.clear(); // the rows are not watched any more
    store.documents.clear();
    listSeries();
    byId("nothing").hidden = true;
    setText(byId("count"), error.message);
    line.showFault(error.message);
  },
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searchTimer;
/** Watch the series of a selector. @param {string} selector */
function watch(selector) {
  watched = selector;
  shell.views.change(subscription, request(selector));
}

search.addEventListener("input", () => {
  const text = search.value.trim();
  byId("copied").replaceChildren();
  const selector = isSelector(text) ? text : EVERYTHING;
  clearTimeout(searchTimer);
  if (selector === watched) listSeries();
  else searchTimer = setTimeout(() => watch(selector), TYPING_MS);
});
/** Return the widget that suits a chosen series or expression. @param {string} text @returns {NewWidget} */
function widgetFor(text) {
  const series = [...store.series.values()].find((each) => each.text === text && !isDerived(each));
  if (!series) return { kind: "line", title: text.slice(0, 60), expr: text, ...SIZES.line };
  return { ...suitedToSeries(series.name, [{ labels: series.labels, unit: series.unit, distinct: new Set(series.values.slice(-20)).size }]), series: [text] };
}
put?.addEventListener("click", () => putOnBoard([...chosen].map(widgetFor)));
show.addEventListener("click", () => location.assign(addressOfAll(chosen)));
shell.keys.push(["/", "search", () => line.focus()], ["h", "the Host board", () => location.assign("/")]);
shell.everySecond.push(paintAll, listDocuments);
document.addEventListener("theme", () => {
  for (const row of rows.values()) row.seenVersion = -1;
  answer.chart?.recolour();
  paintAll();
});
makeCopies();
shell.start();
