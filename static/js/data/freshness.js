// Freshness of a value: its age against its cadence. The same rule as dashboard/domain/freshness.py. Pure.

export const DEFAULT_EVERY_S = 60;
const LATE = 2;
const STALE = 5;
const DEAD = 60;
const MIN_LATE_S = 2;
const MIN_STALE_S = 5;
const MIN_DEAD_S = 60;

/** @typedef {"live"|"late"|"stale"|"dead"|"none"} Freshness */

/** Return the freshness of a value. @param {number} ageMs @param {number | null} everyS @param {boolean} [ended] whether its feeder said that no more follow @returns {Freshness} */
export function freshness(ageMs, everyS, ended = false) {
  if (ended) return "dead";
  const age = Math.abs(ageMs) / 1000;
  const every = everyS || DEFAULT_EVERY_S;
  if (age > Math.max(DEAD * every, MIN_DEAD_S)) return "dead";
  if (age > Math.max(STALE * every, MIN_STALE_S)) return "stale";
  if (age > Math.max(LATE * every, MIN_LATE_S)) return "late";
  return "live";
}

const ORDER = /** @type {Freshness[]} */ (["live", "late", "stale", "dead", "none"]);

/** Return the freshest of several, or "none" for an empty list. @param {Freshness[]} all @returns {Freshness} */
export function freshest(all) {
  return all.reduce((best, each) => (ORDER.indexOf(each) < ORDER.indexOf(best) ? each : best), /** @type {Freshness} */ ("none"));
}

/** Return the least fresh of several. @param {Freshness[]} all not empty @returns {Freshness} */
export function leastFresh(all) {
  return all.reduce((worst, each) => (ORDER.indexOf(each) > ORDER.indexOf(worst) ? each : worst));
}

/** What is shown beside a value that is not live: shape and word, as in css/tiles.css; its colour, a token. @type {Partial<Record<Freshness, {text: string, token: string}>>} */
export const OLD = { late: { text: "▲ late", token: "warning" }, stale: { text: "◇ stale", token: "muted" }, dead: { text: "✕ no data", token: "muted" } };
