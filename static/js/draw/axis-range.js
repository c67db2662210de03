// Range of a value axis that holds still: it grows at once when values need it, and shrinks only after it was far too large for a while. Pure.

/** The axis is too large while the values need less than this share of it. */
const SHRINK_BELOW = 0.5;
const SHRINK_AFTER_MS = 30_000;
const STEPS = 4;
const MOST_LINES = 50;
/** Values are cut off here, so that their span stays a finite number. */
const LARGEST = 1e300;

/** Steps of durations, in seconds; longer ones are whole days. */
const TIME_STEPS = [15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/** Return 1, 2 or 5 times a power of ten, not below `span`. @param {number} span @returns {number} */
function decimalStep(span) {
  const power = 10 ** Math.floor(Math.log10(span));
  const rest = span / power;
  return (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10) * power;
}

/** Return a step that is round in the unit of the largest value, not below `span`. @param {number} span @param {number} largest @param {string} unit @returns {number} */
function niceStep(span, largest, unit) {
  if (!(span > 0) || !Number.isFinite(span)) return 1;
  if (unit.startsWith("B") && largest >= 1024) {
    const scale = 1024 ** Math.floor(Math.log(largest) / Math.log(1024));
    return decimalStep(span / scale) * scale;
  }
  const second = unit === "s" ? 1 : unit === "ms" ? 1_000 : 0;
  if (second && span / second > 10) {
    const step = TIME_STEPS.find((each) => each >= span / second) ?? decimalStep(span / second / 86_400) * 86_400;
    return step * second;
  }
  return decimalStep(span);
}

export class AxisRange {
  /** @param {{min?: number | null, max?: number | null, unit?: string}} [fixed] */
  constructor({ min = null, max = null, unit = "" } = {}) {
    this.fixedMin = min;
    this.fixedMax = max;
    this.unit = unit;
    this.low = 0;
    this.high = 0;
    this.step = 1;
    this.tooLargeSince = 0;
    this.set = false;
  }

  /** Fit the range to the values shown. @param {number} least @param {number} greatest @param {number} now ms */
  fit(least, greatest, now) {
    if (!Number.isFinite(least) || !Number.isFinite(greatest)) return;
    const [low, high, step] = this.wanted(Math.max(least, -LARGEST), Math.min(greatest, LARGEST));
    const grows = !this.set || low < this.low || high > this.high;
    const small = high - low < (this.high - this.low) * SHRINK_BELOW;
    if (!small) this.tooLargeSince = 0;
    else if (!this.tooLargeSince) this.tooLargeSince = now;
    if (grows && this.set && !small) [this.low, this.high, this.step] = this.wanted(Math.min(low, this.low), Math.max(high, this.high));
    else if (grows || (small && now - this.tooLargeSince > SHRINK_AFTER_MS)) {
      [this.low, this.high, this.step] = [low, high, step];
      this.tooLargeSince = 0;
    }
    this.set = true;
  }

  /** Return the range for these values. @param {number} least @param {number} greatest @returns {[number, number, number]} low, high, step */
  wanted(least, greatest) {
    let low = this.fixedMin ?? least;
    let high = this.fixedMax ?? greatest;
    low = Math.min(low, least);
    high = Math.max(high, greatest);
    if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
      const room = Math.max(Math.abs(high) * 0.1, this.fixedMin === null ? 0.5 : 1);
      high += room;
      if (this.fixedMin === null) low -= room;
    }
    const step = niceStep((high - low) / STEPS, Math.max(Math.abs(low), Math.abs(high)), this.unit);
    const tidy = (/** @type {number} */ n) => Number(n.toPrecision(12));
    return [tidy(Math.floor(low / step + 1e-9) * step), tidy(Math.ceil(high / step - 1e-9) * step), step];
  }

  /** Return the values of the grid lines. @returns {number[]} */
  splits() {
    const lines = [];
    const first = Math.round(this.low / this.step);
    for (let n = first; n * this.step <= this.high + this.step / 1e6 && n - first < MOST_LINES; n++) {
      if (n + 1 === n) break; // floating-point numbers of this size are farther apart than the step
      lines.push(Number((n * this.step).toPrecision(12)));
    }
    return lines;
  }
}
