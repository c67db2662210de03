// Inspecting a tile: what it asks, its newest samples, what they cost, its last error, and the line that feeds it.

import { api } from "../client/http.js";
import { expressionsOf } from "../data/expressions.js";
import { age, clock, format } from "../draw/format.js";
import { copyButton, showSheet } from "./dialog.js";
import { counted, h, setText } from "./dom.js";

/** @import { Series } from "../data/series.js" */
/** @import { Tile } from "./tile.js" */

const MOST_SERIES = 12;
const MOST_SAMPLES = 5;
const REFRESH_MS = 1_000;
/** Expressions whose evaluation is timed when the dialog opens. */
const MOST_TIMED = 3;
/** The rate of samples is that of this time. */
const RATE_MS = 60_000;

/** @param {string} title @param {...(Node | string)} content */
function part(title, ...content) {
  return h("section", {}, h("h3", { text: title }), ...content);
}

/** Return a table of the newest samples, a series a row. @param {Tile} tile */
function newest(tile) {
  const rows = tile.series.slice(0, MOST_SERIES).map((series) => {
    const unit = tile.unitOf(series);
    const from = Math.max(0, series.times.length - MOST_SAMPLES);
    const samples = series.times.slice(from).map((t, i) => `${clock(t, true)} ${text(series.values[from + i], unit)}`).reverse();
    return h("tr", {}, h("th", { scope: "row", text: series.text }), h("td", { text: samples.join(" · ") || "none in this window" }));
  });
  if (tile.doc) rows.push(h("tr", {}, h("th", { scope: "row", text: tile.doc.key }), h("td", {}, h("code", { text: JSON.stringify(tile.doc.body).slice(0, 600) }))));
  const more = tile.series.length > MOST_SERIES ? [h("p", { class: "hint", text: `and ${tile.series.length - MOST_SERIES} more series` })] : [];
  return rows.length ? [h("table", {}, ...rows), ...more] : [h("p", { text: "Nothing matches yet." })];
}

/** @param {number} value @param {string} unit @param {number} [decimals] */
function text(value, unit, decimals) {
  const shown = format(value, unit, decimals);
  return `${shown.text}${shown.unit ? ` ${shown.unit}` : ""}`;
}

/** Return the bytes of the tile's samples since a time, as frames carry them. @param {Series} series @param {number} since */
function bytes({ times, values }, since) {
  const from = times.findIndex((t) => t >= since);
  return from < 0 ? 0 : JSON.stringify([Array.from(times.slice(from)), Array.from(values.slice(from))]).length;
}

/** Ask for the tile's expressions once, and return how long the server computed each, in words. @param {Tile} tile */
async function timesOf(tile) {
  const said = [];
  for (const { expr } of expressionsOf(tile.widget).slice(0, MOST_TIMED)) {
    try {
      const { data } = /** @type {{data: {stats: {timings: {cpuTime: number}}}}} */ (await api("POST", "/prometheus/api/v1/query", new URLSearchParams({ query: expr, stats: "cpu" })));
      const { cpuTime } = data.stats.timings;
      said.push(`One evaluation of ${expr} took ${text(cpuTime * 1000, "ms", 2)} of the server's CPU: ${text(cpuTime * 100, "%", 2)} of a core while somebody sees it.`);
    } catch (error) {
      said.push(`${expr}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return said.join(" ");
}

/** Return what the tile's data cost, in words. @param {Tile} tile */
function cost(tile) {
  const now = tile.context.clock.now();
  const held = tile.series.reduce((sum, { times }) => sum + times.length, 0);
  const lately = tile.series.reduce((sum, series) => sum + count(series, now - RATE_MS), 0);
  const sent = tile.series.reduce((sum, series) => sum + bytes(series, now - RATE_MS), 0);
  const expressions = expressionsOf(tile.widget).length;
  const evaluated = expressions ? `; the server evaluates ${expressions === 1 ? "its expression" : `its ${expressions} expressions`} once a second for all screens that show the same` : "";
  return `${tile.series.length} series, ${counted(held, "sample")} in this window, ${counted(text(lately / (RATE_MS / 1000), ""), "sample")} and about ${counted(text(sent / (RATE_MS / 1000), "", 0), "byte")} a second to this screen${evaluated}.`;
}

/** Return the number of samples since a time. @param {Series} series @param {number} since */
function count({ times }, since) {
  return times.filter((t) => t >= since).length;
}

/** Return what is wrong with a tile, in words. @param {Tile} tile */
function faults(tile) {
  const notes = tile.conditions.map((each) => each.note).filter(Boolean);
  const now = tile.context.clock.now();
  const old = tile.fresh === "live" || tile.fresh === "none" ? "" : `${tile.fresh}: the newest value is ${age(now - tile.newest())} old`;
  return [tile.fault, ...notes, old].filter(Boolean).join("; ") || "None.";
}

/** Show what a tile asks and gets, kept up to date until the dialog closes. @param {Tile} tile */
export function inspectTile(tile) {
  const { widget } = tile;
  const asked = [...widget.series, ...expressionsOf(widget).map(({ expr }) => expr), ...(widget.document ? [widget.document] : [])];
  const lines = tile.snippets().join("\n");
  const live = h("div");
  const took = h("p");
  void timesOf(tile).then((said) => setText(took, said));
  const fill = () => live.replaceChildren(part("Newest samples", ...newest(tile)), part("Cost", h("p", { text: cost(tile) }), took), part("Last error", h("p", { text: faults(tile) })));
  fill();
  const dialog = showSheet(`Inspect “${widget.title}”`, part("Asks for", h("pre", { text: asked.join("\n") || "nothing" })), live, part("Fed by", h("pre", { text: lines || "nothing" }), h("div", { class: "row" }, copyButton(lines))));
  dialog.classList.add("inspector");
  const timer = setInterval(fill, REFRESH_MS);
  dialog.addEventListener("close", () => clearInterval(timer));
}
