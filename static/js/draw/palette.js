// Colours for canvases, read from the tokens of css/tokens.css once a theme.

const COUNT = 8;

/** @type {Map<string, string>} */
const known = new Map();

/** Forget what was read: the theme changed. */
export function resetPalette() {
  known.clear();
}

/** @param {string} token without the dashes @param {number} [alpha] @returns {string} */
export function colour(token, alpha = 1) {
  let value = known.get(token);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
    known.set(token, value);
  }
  return alpha === 1 ? value : value.replace(/\)$/, ` / ${alpha})`);
}

/** @param {number} index @returns {string} the token of the index-th series of a tile */
export function seriesToken(index) {
  return `series-${(index % COUNT) + 1}`;
}
