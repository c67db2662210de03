// Feeders page: what each feeder sends, what was refused and why, the series that no board shows, and how to feed this server.

import { ApiError, api } from "../client/http.js";
import { age, clock, format } from "../draw/format.js";
import { copyText } from "../widgets/dialog.js";
import { button, byId, counted, h, setText } from "../widgets/dom.js";
import { SNIPPETS } from "../widgets/feed-snippets.js";
import { SIZES } from "../data/suited-widget.js";
import { putOnBoard } from "../widgets/put-on-board.js";
import { loginUrl } from "../widgets/user.js";
import "./header.js";

/** @import { NewWidget } from "../data/suited-widget.js" */
/**
 * @typedef {object} Feeder
 * @property {string} key @property {string} name @property {string} kind @property {string[]} formats
 * @property {number} accepted @property {number} refused @property {number} dropped @property {number} series
 * @property {number} max_series @property {number} rate @property {number} last @property {string} last_line
 * @property {string} state @property {{t: number, reason: string, snippet: string}[]} refusals
 */
/** @typedef {{name: string, series: number, unit: string, sample: string, last: number, kind: string, widget: string, fields: NewWidget}} Unshown */

const REFRESH_MS = 2_000;
/** How long a button shows that it has copied. */
const COPIED_MS = 2_000;
/** The first figures wait this long for the face, in which their lines break at other places. */
const FACE_MS = 1_000;
const KINDS = /** @type {Record<string, string>} */ ({ token: "token", local: "at the machine", user: "user", source: "source" });

/** Return a count as text. @param {number} count */
function countText(count) {
  const shown = format(count, "");
  return shown.unit ? `${shown.text} ${shown.unit}` : shown.text;
}

/** Make a cell with a number. @param {string} label @param {string} text @param {string} [more] further classes */
function numberCell(label, text, more) {
  return h("span", { class: `number ${more ?? ""}`, "data-label": label }, h("b", { text }));
}

/** Row of one feeder; open, it shows the last line and what was refused. */
class FeederRow {
  constructor() {
    this.summary = h("summary");
    this.inside = h("div", { class: "inside" });
    this.element = /** @type {HTMLDetailsElement} */ (h("details", {}, this.summary, this.inside));
    this.shown = "";
  }

  /** @param {Feeder} feeder @param {number} now */
  paint(feeder, now) {
    const seen = feeder.last ? `${age(Math.max(0, now - feeder.last))} ago` : "never";
    const shown = JSON.stringify([feeder, seen]);
    if (shown === this.shown) return;
    this.shown = shown;
    const limit = feeder.max_series ? ` of ${countText(feeder.max_series)}` : "";
    const lost = feeder.refused + feeder.dropped;
    const parts = [
      h("span", { class: "who" }, h("b", { text: feeder.name }), h("small", { text: KINDS[feeder.kind] ?? feeder.kind })),
      h("span", { class: "dim", text: feeder.formats.join(", ") || "–" }),
      numberCell("rate", `${format(feeder.rate, "").text}/s`),
      numberCell("accepted", countText(feeder.accepted)),
      numberCell("refused", countText(lost), lost ? "bad" : ""),
      h("span", { class: "number", "data-label": "series" }, h("b", { text: feeder.series || feeder.max_series ? countText(feeder.series) : "–" }), h("small", { text: limit })),
      h("span", { class: "number dim", "data-label": "last seen", text: seen }),
    ];
    if (feeder.state) parts.push(h("span", { class: "state", text: `▲ ${feeder.state}` }));
    this.summary.replaceChildren(...parts);
    const rows = [h("dt", { text: "Last line" }), h("dd", {}, h("code", { text: feeder.last_line || "–" }))];
    for (const { t, reason, snippet } of feeder.refusals) {
      rows.push(h("dt", { text: `${clock(t, true)} refused` }), h("dd", { text: reason }, ...(snippet ? [h("code", { text: snippet })] : [])));
    }
    if (!feeder.refusals.length) rows.push(h("dt", { text: "Refused" }), h("dd", { class: "dim", text: "nothing lately" }));
    this.inside.replaceChildren(h("dl", {}, ...rows));
  }
}

/** @type {Map<string, FeederRow>} by key */
const feederRows = new Map();

/** Show the feeders. @param {Feeder[]} feeders @param {number} now */
function showFeeders(feeders, now) {
  const place = byId("feeders");
  if (!feeders.length) {
    place.replaceChildren(h("p", { class: "empty" }, "No feeder has sent anything yet. See below how to feed this server; feeders appear here at once."));
    return;
  }
  const elements = feeders.map((feeder) => {
    const row = feederRows.get(feeder.key) ?? new FeederRow();
    feederRows.set(feeder.key, row);
    row.paint(feeder, now);
    return row.element;
  });
  const labels = h("div", { class: "labels", "aria-hidden": "true" }, ...["Feeder", "Formats", "Rate", "Accepted", "Refused", "Series", "Last seen"].map((text, i) => h("span", { class: i > 1 ? "number" : "", text })));
  if (place.children.length !== elements.length + 1 || elements.some((element, i) => place.children[i + 1] !== element)) place.replaceChildren(labels, ...elements);
  const rate = feeders.reduce((sum, feeder) => sum + feeder.rate, 0);
  setText(byId("total"), `${counted(countText(feeders.length), "feeder")}, ${counted(format(rate, "").text, "sample")} a second`);
}

/** the rows of the last call, as JSON */
let unshownPlan = "";

/** Show the series that no board shows. @param {Unshown[]} rows */
function showUnshown(rows) {
  const plan = JSON.stringify(rows.map(({ name, series, kind }) => [name, series, kind]));
  if (plan === unshownPlan) return;
  unshownPlan = plan;
  const cards = rows.map((row) => {
    const copy = h("button", { class: "button", type: "button", text: "Copy widget" });
    copy.addEventListener("click", () => copyFrom(copy, row.widget));
    const many = row.series === 1 ? row.sample : `${countText(row.series)} series, such as ${row.sample}`;
    const put = button("Put on a board", () => putOnBoard([{ ...SIZES[row.kind], ...row.fields }]), { "aria-label": `Put on a board: ${row.name}` });
    const look = h("a", { class: "button", href: `/board?series=${encodeURIComponent(row.name)}`, text: "Look" });
    return h("article", {}, h("h3", { text: row.name }), h("p", { text: many }), h("p", { text: `suits: ${row.kind}${row.unit ? ` in ${row.unit}` : ""}` }), h("div", { class: "row" }, look, put, copy));
  });
  byId("unshown").replaceChildren(...(cards.length ? cards : [h("p", { class: "empty", text: "Every series is shown on a board." })]));
}

/** Copy a text, and show on the button for a while whether it worked. @param {HTMLElement} button @param {string} text */
async function copyFrom(button, text) {
  const label = button.textContent ?? "";
  await copyText(button, text, "Select it, and press Ctrl-C");
  setTimeout(() => setText(button, label), COPIED_MS);
}

const faceThere = Promise.race([document.fonts.load("1em Inter").catch(() => []), new Promise((resolve) => setTimeout(resolve, FACE_MS))]);

/** Load and show the current figures. */
async function refresh() {
  try {
    const { now, feeders, unshown } = await /** @type {Promise<{now: number, feeders: Feeder[], unshown: Unshown[]}>} */ (api("GET", "/api/v1/feeders"));
    byId("failed").hidden = true;
    showFeeders(feeders, now);
    showUnshown(unshown);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) location.replace(loginUrl());
    byId("failed").hidden = false;
    setText(byId("failed"), `▲ These figures are old: ${/** @type {Error} */ (error).message}`);
  }
  await faceThere;
  byId("main").removeAttribute("data-loading");
}

let way = "curl";

/** Show the snippet of the chosen way, for the series and token of the form. */
function showSnippet() {
  const [series, token] = [byId("series", HTMLInputElement).value.trim() || "orders", byId("token", HTMLInputElement).value.trim()];
  setText(byId("snippet"), SNIPPETS[way]({ series, token, origin: location.origin, host: location.hostname }));
  for (const tab of byId("ways").children) tab.setAttribute("aria-selected", String(tab.textContent === way));
}

for (const name of Object.keys(SNIPPETS)) {
  const tab = h("button", { class: "quiet", type: "button", role: "tab", text: name });
  tab.addEventListener("click", () => {
    way = name;
    showSnippet();
  });
  byId("ways").append(tab);
}
byId("series").addEventListener("input", showSnippet);
byId("token").addEventListener("input", showSnippet);
byId("copy").addEventListener("click", () => copyFrom(byId("copy"), byId("snippet").textContent ?? ""));
showSnippet();
refresh();
setInterval(() => document.hidden || refresh(), REFRESH_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
