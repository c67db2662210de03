// Colours for canvases: the tokens of css/tokens.css, read once for each theme.

const COUNT = 8;

/** @type {Map<string, string>} */
const known = new Map();

/** Forget the colours: the theme has changed. */
export function resetPalette() {
  known.clear();
}

/** Return a colour of the current theme. @param {string} token without the dashes @param {number} [alpha] @returns {string} */
export function colour(token, alpha = 1) {
  let value = known.get(token);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
    known.set(token, value);
  }
  return alpha === 1 ? value : withAlpha(value, alpha);
}

/** Return a colour made transparent. @param {string} value `oklch(…)`, a colour of the system, or `#rgb` or `#rrggbb`, which the files for old browsers have @param {number} alpha */
export function withAlpha(value, alpha) {
  if (/^[A-Za-z]+$/.test(value)) return `color-mix(in srgb, ${value} ${alpha * 100}%, transparent)`; // a colour of the system
  if (!value.startsWith("#")) return value.replace(/\)$/, ` / ${alpha})`);
  const digits = value.length === 4 ? value.slice(1).replace(/./g, "$&$&") : value.slice(1);
  return `#${digits}${Math.round(alpha * 255).toString(16).padStart(2, "0")}`;
}

/** Return the token of the colour of a tile's series. @param {number} index @returns {string} */
export function seriesToken(index) {
  return `series-${(index % COUNT) + 1}`;
}
