// Threshold states of values: critical, warning, or none. Pure.

/** @import { Threshold } from "../client/protocol.js" */

/** Return the most severe threshold that a value has reached. @param {number | undefined} value @param {Threshold[]} thresholds @returns {string} empty for none */
export function stateOf(value, thresholds) {
  if (value === undefined) return "";
  return mostSevere(thresholds.filter((each) => (each.below ? value <= each.at : value >= each.at)).map((each) => each.state));
}

/** Return the most severe of several states. @param {string[]} states @returns {string} empty for none */
export function mostSevere(states) {
  return states.includes("critical") ? "critical" : (states.find(Boolean) ?? "");
}
