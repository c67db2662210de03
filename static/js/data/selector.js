// Which series a widget shows: Prometheus' matcher syntax, as dashboard/domain/selector.py. Pure.
//
// The server has already chosen what a view holds; this sorts a view's series onto its widgets.

/** @typedef {{name: string, labels: Record<string, string>}} Named */

const HEAD = /^\s*([A-Za-z_:][A-Za-z0-9_:./-]*)?\s*(?:\{([\s\S]*)\})?\s*$/;
const MATCHER = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)')\s*(?:,|$)/y;

/** @param {string} text */
function unescape(text) {
  return text.replace(/\\([\s\S])/g, (_, char) => (char === "n" ? "\n" : char));
}

/**
 * @param {string} text
 * @returns {((named: Named) => boolean) | null} null when it is not a selector that this page understands
 */
export function parseSelector(text) {
  const head = HEAD.exec(text);
  if (!head || (!head[1] && head[2] === undefined)) return null;
  /** @type {((named: Named) => boolean)[]} */
  const tests = [];
  if (head[1]) tests.push((named) => named.name === head[1]);
  const inside = head[2] ?? "";
  MATCHER.lastIndex = 0;
  let position = 0;
  while (inside.slice(position).trim()) {
    MATCHER.lastIndex = position;
    const found = MATCHER.exec(inside);
    if (!found) return null;
    const test = matcher(found[1], found[2], unescape(found[3] ?? found[4] ?? ""));
    if (!test) return null;
    tests.push(test);
    position = MATCHER.lastIndex;
  }
  return tests.length ? (named) => tests.every((test) => test(named)) : null;
}

/** @param {string} label @param {string} operator @param {string} value @returns {((named: Named) => boolean) | null} */
function matcher(label, operator, value) {
  const read = label === "__name__" ? (/** @type {Named} */ n) => n.name : (/** @type {Named} */ n) => n.labels[label] ?? "";
  if (operator === "=") return (named) => read(named) === value;
  if (operator === "!=") return (named) => read(named) !== value;
  let pattern;
  try {
    pattern = new RegExp(`^(?:${value})$`, "su");
  } catch {
    return null; // RE2 knows some forms that JavaScript does not
  }
  return operator === "=~" ? (named) => pattern.test(read(named)) : (named) => !pattern.test(read(named));
}
