// The exact curl line that feeds a series or a document, for this very server.

/** @param {string} text for a POSIX shell */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param {{name: string, labels: Record<string, string>, unit?: string}} series @param {number} value @param {string} origin */
export function curlForSeries({ name, labels, unit }, value, origin) {
  const sample = { series: name, ...(Object.keys(labels).length ? { labels } : {}), value, ...(unit ? { unit } : {}) };
  return `curl ${origin}/api/v1/samples -d ${quoted(JSON.stringify(sample))}`;
}

/** @param {string} key @param {unknown} body @param {string} origin */
export function curlForDocument(key, body, origin) {
  return `curl -X PUT ${quoted(`${origin}/api/v1/documents/${encodeURIComponent(key)}`)} -d ${quoted(JSON.stringify(body))}`;
}

/** A selector that nothing matches yet, as a series that it would match. @param {string} selector */
export function seriesFromSelector(selector) {
  const name = /^\s*([A-Za-z_:][A-Za-z0-9_:./-]*)/.exec(selector)?.[1] ?? "my_series";
  /** @type {Record<string, string>} */
  const labels = {};
  for (const [, label, value] of selector.matchAll(/([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"/g)) labels[label] = value;
  return { name, labels };
}
