// One series on this page: its definition and its columns, ordered by time, trimmed to the window. Pure.

/** @typedef {import("../client/views.js").Definition} Definition */

const TRIM_BATCH = 128;
/** Clocks of good machines differ by so much. */
const AHEAD_MS = 1_000;

/** @param {number[]} times @param {number} t @returns {number} first index whose time is not before t */
export function lowerBound(times, t) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Series {
  /** @param {Definition} definition @param {number} stepMs bucket length; 0: raw values @param {number} asOf the server's time */
  constructor(definition, stepMs, asOf = Infinity) {
    this.stepMs = stepMs;
    this.sid = definition.sid;
    /** @type {number[]} */
    this.times = definition.t ?? [];
    /** @type {number[]} raw values, or the means of buckets */
    this.values = definition.v ?? definition.mean ?? [];
    /** @type {number[]} */
    this.mins = definition.min ?? [];
    /** @type {number[]} */
    this.maxs = definition.max ?? [];
    /** @type {[number, number] | undefined} time and value of the newest sample, where there are buckets */
    this.newest = definition.newest;
    /** places in the request's list of the selectors that want it */
    this.places = definition.selectors;
    /** newest time, never later than the server's when it came */
    this.last = definition.last;
    /** how far apart neighbours may be for having been made fewer on their way, in ms */
    this.thinMs = 0;
    if (definition.of) this.thinned(this.times);
    /** the server's time of what came last */
    this.asOf = asOf;
    this.version = 0;
    this.text = definition.series;
    this.name = definition.name;
    this.labels = definition.labels;
    this.unit = definition.unit;
    this.everyS = definition.every_s;
    /** when its sender said that no more comes; 0: never */
    this.endedMs = definition.ended ?? 0;
  }

  /** Whether its sender said so, and has sent nothing later since. */
  get ended() {
    return this.endedMs > 0 && this.endedMs >= this.last;
  }

  /** These were made fewer on their way. @param {number[]} times */
  thinned(times) {
    if (times.length) this.thinMs = Math.max(this.thinMs, (8 * (times[times.length - 1] - times[0])) / times.length);
  }

  /** @param {Definition} definition */
  define(definition) {
    this.unit = definition.unit;
    this.everyS = definition.every_s;
    this.last = Math.max(this.last, definition.last);
    this.endedMs = definition.ended ?? 0;
    this.version += 1;
  }

  /** Raw values in order of time, from a frame of server time `asOf`; one of a time that is known replaces it. */
  /** @param {number[]} times @param {number[]} values @param {number} asOf */
  append(times, values, asOf) {
    for (let i = 0; i < times.length; i++) {
      const t = times[i];
      if (!this.times.length || t > this.times[this.times.length - 1]) {
        this.times.push(t);
        this.values.push(values[i]);
      } else {
        const at = lowerBound(this.times, t);
        const known = this.times[at] === t ? 1 : 0;
        this.times.splice(at, known, t);
        this.values.splice(at, known, values[i]);
      }
      this.last = Math.min(Math.max(this.last, t), asOf); // the server's clock may have been set back
    }
    this.asOf = asOf;
    this.version += 1;
  }

  /** Buckets as they are now; one that is known is replaced. */
  /** @param {number[]} times @param {number[]} mins @param {number[]} means @param {number[]} maxs @param {[number, number]} newest @param {number} asOf */
  replace(times, mins, means, maxs, newest, asOf) {
    for (let i = 0; i < times.length; i++) {
      const at = lowerBound(this.times, times[i]);
      const known = this.times[at] === times[i] ? 1 : 0;
      this.times.splice(at, known, times[i]);
      this.mins.splice(at, known, mins[i]);
      this.values.splice(at, known, means[i]);
      this.maxs.splice(at, known, maxs[i]);
    }
    this.newest = newest;
    this.last = Math.min(Math.max(this.last, newest[0]), asOf);
    this.version += 1;
  }

  /** Let go of what is before `from` (ms), now and then; one value before it stays so that a line enters the picture. @param {number} from */
  trim(from) {
    const cut = lowerBound(this.times, from) - 1;
    if (cut < TRIM_BATCH) return;
    this.times.splice(0, cut);
    this.values.splice(0, cut);
    if (this.stepMs) {
      this.mins.splice(0, cut);
      this.maxs.splice(0, cut);
    }
  }

  /** The newest, but none from the future, as of a feeder whose clock was ahead, while there are others. @returns {number | undefined} */
  get value() {
    if (this.newest) return this.newest[1];
    const at = lowerBound(this.times, this.asOf + AHEAD_MS + 1) - 1;
    return this.values[at < 0 ? this.values.length - 1 : at];
  }
}
