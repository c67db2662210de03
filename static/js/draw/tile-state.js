// What a tile says about the age of its values: how fresh it is, its badge, and the note below its body. Pure.

import { freshest, freshness } from "../data/freshness.js";
import { age, clock } from "./format.js";

/** @import { Condition } from "../data/expressions.js" */
/** @import { Freshness } from "../data/freshness.js" */
/** What is known of a series' age. @typedef {{last: number, everyS: number | null | undefined, ended?: boolean}} Aged */
/**
 * How old the values of a tile are. `fresh`: the state that the tile shows; `old` of `count` are not live; `newest`: time of
 * the newest value; `everyS`: the cadence of the first.
 * @typedef {{fresh: Freshness, old: number, count: number, newest: number, everyS: number | null | undefined}} TileState
 */

export const SHAPES = /** @type {Record<string, string>} */ ({ ok: "●", warning: "▲", critical: "■", unknown: "◇" });
/** What screen readers announce when the freshness changes. */
export const WORDS = { live: "live again", late: "late", stale: "stale", dead: "no data", none: "no data yet" };

/**
 * Return the state of a tile. An expression counts as live only while one of its inputs is.
 * @param {number} now @param {Aged[]} series @param {{t: number, every_s?: number | null} | undefined} doc
 * @param {Condition[]} conditions @param {string} fault of an expression, "" if it is well @returns {TileState}
 */
export function tileState(now, series, doc, conditions, fault) {
  const each = series.map(({ last, everyS, ended }) => freshness(now - last, everyS ?? null, ended));
  if (doc) each.push(doc.every_s ? freshness(now - doc.t, doc.every_s) : "live");
  const inputs = conditions.find((condition) => condition.note);
  const own = fault ? "none" : freshest(each);
  const fresh = inputs && own === "live" && inputs.old === inputs.inputs ? /** @type {Freshness} */ (inputs.freshness) : own;
  return {
    fresh,
    old: each.filter((state) => state !== "live").length,
    count: each.length,
    newest: newestOf(series, doc),
    everyS: series[0]?.everyS ?? doc?.every_s,
  };
}

/** Return the time of the newest value. @param {{last: number}[]} series @param {{t: number} | undefined} doc */
export function newestOf(series, doc) {
  return Math.max(doc?.t ?? 0, ...series.map(({ last }) => last));
}

/**
 * Return the badge: its text, and the threshold's state if it shows that. Age comes before severity.
 * @param {number} now @param {TileState} state @param {Condition[]} conditions @param {string} severity "" below all thresholds
 * @returns {{text: string, state: string}}
 */
export function badgeOf(now, { fresh, old, count, newest }, conditions, severity) {
  const plain = (/** @type {string} */ text) => ({ text, state: "" });
  if (fresh === "late") return plain(`late ${age(now - newest)}`);
  if (fresh === "stale") return plain("stale");
  if (fresh === "dead") return plain("no data");
  if (fresh !== "live") return plain("");
  const told = conditions.filter((each) => each.note);
  if (told.length) return plain(told.map((each) => `${each.old} of ${each.inputs} inputs old`).join(", "));
  if (old) return plain(`${old} of ${count} old`);
  return severity ? { text: `${SHAPES[severity]} ${severity}`, state: severity } : plain("");
}

/** Return the note below the body. @param {number} now @param {TileState} state @param {Condition[]} conditions @param {string} own the note of the widget */
export function noteOf(now, { fresh, newest, everyS }, conditions, own) {
  const inputs = conditions.map((each) => each.note).filter(Boolean);
  if (inputs.length) return inputs.join("; ");
  const leftOut = conditions.reduce((sum, each) => sum + each.left_out, 0);
  if (leftOut) return `${leftOut} more series ${leftOut === 1 ? "is" : "are"} not shown`;
  const corrected = conditions.map((each) => each.corrected_from_ms).filter(Boolean);
  if (corrected.length) return `late samples changed values since ${clock(Math.min(...corrected), true)}`;
  if (fresh === "late") return everyS ? `expected every ${age(everyS * 1000)}` : own;
  if (fresh === "stale") return `${age(now - newest)} ago`;
  if (fresh === "dead") return `nothing since ${clock(newest)}`;
  return own || (conditions.find((each) => each.remark)?.remark ?? "");
}
