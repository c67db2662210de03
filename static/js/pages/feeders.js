// The ingest tap: who feeds what, live; what was refused and why; what nothing shows yet; how to feed this server.

import { ApiError, api } from "../client/http.js";
import { age, clock, format } from "../draw/format.js";
import { h, setText } from "../widgets/dom.js";
import { SNIPPETS } from "../widgets/feed-snippets.js";
import { loginAddress } from "../widgets/who.js";
import { at } from "./plain.js";

/**
 * @typedef {object} Feeder
 * @property {string} key @property {string} name @property {string} kind @property {string[]} formats
 * @property {number} accepted @property {number} refused @property {number} dropped @property {number} series
 * @property {number} max_series @property {number} rate @property {number} last @property {string} last_line
 * @property {string} state @property {{t: number, reason: string, snippet: string}[]} refusals
 */
/** @typedef {{name: string, series: number, unit: string, sample: string, last: number, kind: string, widget: string}} Unshown */

const EVERY_MS = 2_000;
const KINDS = /** @type {Record<string, string>} */ ({ token: "token", local: "at the machine", user: "user", source: "source" });

/** @param {number} count */
function whole(count) {
  const shown = format(count, "");
  return shown.unit ? `${shown.text} ${shown.unit}` : shown.text;
}

/** @param {string} label @param {string} text @param {string} [more] */
function number(label, text, more) {
  return h("span", { class: `number ${more ?? ""}`, "data-label": label }, h("b", { text }));
}

/** One feeder, open or not. */
class Tap {
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
    const limit = feeder.max_series ? ` of ${whole(feeder.max_series)}` : "";
    const lost = feeder.refused + feeder.dropped;
    const parts = [
      h("span", { class: "who" }, h("b", { text: feeder.name }), h("small", { text: KINDS[feeder.kind] ?? feeder.kind })),
      h("span", { class: "dim", text: feeder.formats.join(", ") || "–" }),
      number("rate", `${format(feeder.rate, "").text}/s`),
      number("accepted", whole(feeder.accepted)),
      number("refused", whole(lost), lost ? "bad" : ""),
      h("span", { class: "number", "data-label": "series" }, h("b", { text: feeder.series || feeder.max_series ? whole(feeder.series) : "–" }), h("small", { text: limit })),
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

/** @type {Map<string, Tap>} */
const taps = new Map();

/** @param {Feeder[]} feeders @param {number} now */
function showFeeders(feeders, now) {
  const place = at("feeders");
  if (!feeders.length) {
    place.replaceChildren(h("p", { class: "empty" }, "Nothing has come yet. Below is how to feed this server; what comes shows here at once."));
    return;
  }
  const elements = feeders.map((feeder) => {
    const tap = taps.get(feeder.key) ?? new Tap();
    taps.set(feeder.key, tap);
    tap.paint(feeder, now);
    return tap.element;
  });
  const labels = h("summary", { class: "labels", "aria-hidden": "true" }, ...["Feeder", "Formats", "Rate", "Accepted", "Refused", "Series", "Last seen"].map((text, i) => h("span", { class: i > 1 ? "number" : "", text })));
  if (place.children.length !== elements.length + 1 || elements.some((element, i) => place.children[i + 1] !== element)) place.replaceChildren(labels, ...elements);
  const rate = feeders.reduce((sum, feeder) => sum + feeder.rate, 0);
  setText(at("total"), `${whole(feeders.length)} ${feeders.length === 1 ? "feeder" : "feeders"}, ${format(rate, "").text} samples a second`);
}

let trayShown = "";

/** @param {Unshown[]} rows */
function showTray(rows) {
  const plan = JSON.stringify(rows.map(({ name, series, kind }) => [name, series, kind]));
  if (plan === trayShown) return;
  trayShown = plan;
  const cards = rows.map((row) => {
    const copy = h("button", { class: "button", type: "button", text: "Copy widget" });
    copy.addEventListener("click", () => copyTo(copy, row.widget));
    const many = row.series === 1 ? row.sample : `${whole(row.series)} series, such as ${row.sample}`;
    const look = h("a", { class: "button", href: `/board?series=${encodeURIComponent(row.name)}`, text: "Look" });
    return h("article", {}, h("h3", { text: row.name }), h("p", { text: many }), h("p", { text: `suits: ${row.kind}${row.unit ? ` in ${row.unit}` : ""}` }), h("div", { class: "row" }, look, copy));
  });
  at("unshown").replaceChildren(...(cards.length ? cards : [h("p", { class: "empty", text: "Every series there is stands on a board." })]));
}

/** @param {HTMLElement} pressed @param {string} text */
async function copyTo(pressed, text) {
  const before = pressed.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
    setText(pressed, "Copied");
  } catch {
    setText(pressed, "Select it, and press Ctrl-C");
  }
  setTimeout(() => setText(pressed, before), 2_000);
}

async function look() {
  try {
    const { now, feeders, unshown } = await api("GET", "/api/v1/feeders");
    at("failed").hidden = true;
    showFeeders(feeders, now);
    showTray(unshown);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) location.replace(loginAddress());
    at("failed").hidden = false;
    setText(at("failed"), `▲ What you see is old: ${/** @type {Error} */ (error).message}`);
  }
}

let way = "curl";

function showSnippet() {
  const [series, token] = [at("series").value.trim() || "orders", at("token").value.trim()];
  setText(at("snippet"), SNIPPETS[way]({ series, token, origin: location.origin, host: location.hostname }));
  for (const tab of at("ways").children) tab.setAttribute("aria-selected", String(tab.textContent === way));
}

for (const name of Object.keys(SNIPPETS)) {
  const tab = h("button", { class: "quiet", type: "button", role: "tab", text: name });
  tab.addEventListener("click", () => {
    way = name;
    showSnippet();
  });
  at("ways").append(tab);
}
at("series").addEventListener("input", showSnippet);
at("token").addEventListener("input", showSnippet);
at("copy").addEventListener("click", () => copyTo(at("copy"), at("snippet").textContent ?? ""));
showSnippet();
look();
setInterval(() => document.hidden || look(), EVERY_MS);
document.addEventListener("visibilitychange", () => document.hidden || look());
