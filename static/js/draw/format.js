// Numbers and times as text: the unit decides on prefix and precision. Pure.

export const SI = ["", "k", "M", "G", "T", "P", "E"];
export const IEC = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** Units that take an SI prefix: 12.3 kW. Others do not: k°C is not a unit. */
export const PREFIXED = new Set(["", "/s", "/min", "/h", "Hz", "W", "Wh", "VA", "V", "A", "J", "g", "m", "bit", "bit/s", "bps", "req/s", "ops/s"]);

/** Return a number with this many significant digits, without an exponent. @param {number} value @param {number} digits @returns {string} */
function significant(value, digits) {
  const size = Math.abs(Number(value.toPrecision(digits)));
  if (size === 0) return "0";
  const whole = Math.floor(Math.log10(size)) + 1;
  return value.toFixed(Math.max(0, Math.min(12, digits - whole)));
}

/** Remove zeros at the end of the decimals: 1.50 → 1.5, 2.00 → 2. @param {string} text */
function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Remove the sign of a zero: -0.0 → 0.0. @param {string} text @returns {string} */
function unsigned(text) {
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/**
 * Return a value as text with its unit.
 * @param {number | null | undefined} value
 * @param {string} [unit]
 * @param {number | null} [decimals] how many, instead of three significant digits
 * @returns {{text: string, unit: string}}
 */
export function format(value, unit = "", decimals = null) {
  if (value === null || value === undefined || !Number.isFinite(value)) return { text: "–", unit: "" };
  if (unit === "ms" && Math.abs(value) >= 1000) return format(value / 1000, "s", decimals);
  if (unit === "s" && Math.abs(value) >= 100) return { text: duration(value), unit: "" };
  if (unit === "%") return { text: unsigned(decimals === null ? percent(value) : value.toFixed(decimals)), unit };
  if (unit === "B" || unit === "B/s") return scaled(value, unit, 1024, IEC, decimals);
  return scaled(value, unit, 1000, SI, decimals);
}

/** @param {number} value */
function percent(value) {
  if (Math.abs(value) >= 1e6) return value.toExponential(1);
  return Math.abs(value) >= 99.95 || value === 0 ? value.toFixed(0) : value.toFixed(1);
}

/** @param {number} value @param {string} unit @param {number} base @param {string[]} names @param {number | null} decimals */
function scaled(value, unit, base, names, decimals) {
  let size = Math.abs(value);
  let power = 0;
  while (size >= base * 0.9995 && power < names.length - 1) {
    size /= base;
    power += 1;
  }
  if (size >= 10_000) return { text: value.toExponential(1), unit };
  const shown = value < 0 ? -size : size;
  const fixed = power === 0 && decimals !== null;
  const text = fixed ? unsigned(shown.toFixed(decimals)) : power === 0 && Number.isInteger(value) ? String(value) : tidy(shown, power);
  if (base === 1024 || PREFIXED.has(unit)) return { text, unit: `${names[power]}${unit}` };
  return power ? { text: `${text} ${names[power]}`, unit } : { text, unit };
}

/** @param {number} value @param {number} power */
function tidy(value, power) {
  if (power > 0) return significant(value, 3);
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return trimmed(significant(value, 3));
}

/** Return a duration by its two largest parts: "3 d 4 h", "2 h 5 min". @param {number} seconds @returns {string} */
export function duration(seconds) {
  const sign = seconds < 0 ? "−" : "";
  let rest = Math.floor(Math.abs(seconds));
  const parts = [];
  for (const [name, length] of /** @type {[string, number][]} */ ([["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]])) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count || (name === "s" && !parts.length)) parts.push(`${count} ${name}`);
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return sign + parts.join(" ");
}

/** Return an age by its largest part: "4 min". @param {number} ms @returns {string} */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Return how long ago a time was, without the seconds that a text would count. @param {number} t @param {number} now both in milliseconds @returns {string} */
export function since(t, now) {
  return now - t < 60_000 ? "just now" : `${age(now - t)} ago`;
}

/** Return the local time of day. @param {number} ms @param {boolean} [withSeconds] @returns {string} */
export function clock(ms, withSeconds = false) {
  const date = new Date(ms);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${time}:${two(date.getSeconds())}` : time;
}

/** Return the local time of day, with the date if it is not today. @param {number} ms @param {number} now */
export function moment(ms, now) {
  const day = new Date(ms);
  return day.toDateString() === new Date(now).toDateString() ? clock(ms) : `${day.getDate()}.${day.getMonth() + 1}. ${clock(ms)}`;
}
