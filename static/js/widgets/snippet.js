// Curl lines that feed a series or a document of this server. Pure.

/** Quote a text for a POSIX shell. @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Return the line that feeds a series. @param {{name: string, labels: Record<string, string>, unit?: string}} series @param {number} value @param {string} origin */
export function curlForSeries({ name, labels, unit }, value, origin) {
  const sample = { series: name, ...(Object.keys(labels).length ? { labels } : {}), value, ...(unit ? { unit } : {}) };
  return `curl ${origin}/api/v1/samples -d ${quoted(JSON.stringify(sample))}`;
}

/** Return the line that writes a document. @param {string} key @param {unknown} body @param {string} origin */
export function curlForDocument(key, body, origin) {
  return `curl -X PUT ${quoted(`${origin}/api/v1/documents/${encodeURIComponent(key)}`)} -d ${quoted(JSON.stringify(body))}`;
}

const MATCHER = /([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')/g;

/** Return a series that a selector would match, as far as its patterns tell. @param {string} selector */
export function seriesFromSelector(selector) {
  let name = /^\s*([A-Za-z_:][A-Za-z0-9_:./-]*)/.exec(selector)?.[1] ?? "my_series";
  /** @type {Record<string, string>} */
  const labels = {};
  for (const [, label, operator, double, single] of selector.matchAll(MATCHER)) {
    const value = (double ?? single ?? "").replace(/\\(.)/g, (_, char) => (char === "n" ? "\n" : char));
    const example = operator === "=" ? value : operator === "=~" ? exampleFor(value) : value === "" ? "x" : "";
    if (label === "__name__") name = example || name;
    else if (example) labels[label] = example;
  }
  return { name, labels };
}

/** Return a text that a simple pattern matches: its first alternative, with `x` for wildcards. @param {string} pattern */
function exampleFor(pattern) {
  const first = pattern.replace(/^\^|\$$/g, "").split("|")[0].replace(/^\(+|\)+$/g, "");
  return first.replace(/\.[*+]\??/g, "x").replace(/[\\[\](){}?*+]/g, "") || "x";
}
