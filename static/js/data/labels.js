// Short names that tell the series of one tile apart, for legends and rows. Pure.

/** @typedef {{name: string, labels: Record<string, string>}} Named */

/** @param {string[][]} lists @param {boolean} fromEnd @returns {number} how many tokens all lists have in common at their start or end */
function common(lists, fromEnd) {
  const shortest = Math.min(...lists.map((list) => list.length));
  let count = 0;
  while (count < shortest) {
    const at = (/** @type {string[]} */ list) => (fromEnd ? list[list.length - 1 - count] : list[count]);
    if (lists.some((list) => at(list) !== at(lists[0]))) break;
    count += 1;
  }
  return count;
}

/** Return a label's value with its control characters as a series' text has them. @param {string} value */
export function shownValue(value) {
  return value.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => {
    const code = char.charCodeAt(0);
    const named = { 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r" }[code];
    if (named) return `\\${named}`;
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Return a label's value, with the label's name before it if the value is a bare number. @param {Named} named @param {string} label */
function valueOf(named, label) {
  const value = shownValue(named.labels[label] ?? "");
  return /^\d+$/.test(value) ? `${label} ${value}` : value;
}

/**
 * Return a short name for each series.
 * @param {Named[]} all @param {string} [label] the label whose value is the name, where the board configures one
 * @returns {string[]}
 */
export function shortNames(all, label = "") {
  if (label) return all.map((named) => valueOf(named, label) || named.name);
  if (all.length === 1) return [all[0].name];
  const tokens = all.map((named) => named.name.split(/[_./]/));
  const sameName = all.every((named) => named.name === all[0].name);
  const start = sameName ? 0 : common(tokens, false);
  const end = sameName ? 0 : common(tokens, true);
  const keys = [...new Set(all.flatMap((named) => Object.keys(named.labels)))].sort();
  const differing = keys.filter((key) => new Set(all.map((named) => named.labels[key] ?? "")).size > 1);
  return all.map((named, i) => {
    const own = sameName ? [] : tokens[i].slice(start, Math.max(start + 1, tokens[i].length - end));
    const parts = [own.join(" "), ...differing.map((key) => valueOf(named, key))].filter(Boolean);
    return parts.join(" ") || named.name;
  });
}
