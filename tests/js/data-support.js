// Values that the tests of data/ and draw/ share.

/** Make a definition as the server sends it. @param {Partial<import("../../static/js/client/protocol.js").Definition>} [more] */
export const definition = (more) => ({ sid: 1, series: "a", name: "a", labels: {}, unit: "", every_s: null, last: 0, selectors: [0], ...more });
/** Make a line. @param {number[]} times @param {number[]} values @param {Partial<import("../../static/js/data/align.js").Line>} [more] */
export const line = (times, values, more) => ({ times, values, everyS: null, stepMs: 0, ...more });
