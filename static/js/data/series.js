// One series of a view: its definition, and its samples or buckets in order of time, trimmed to the window. Pure.

/** @import { Definition } from "../client/protocol.js" */

/** Old values are removed in batches of this size, because each removal moves all later ones. */
const TRIM_BATCH = 128;
/** A sample this far in the future is accepted as current: clocks of well-kept machines differ by less. */
const AHEAD_MS = 1_000;

/** Return the first index whose time is not before `t`. @param {number[]} times @param {number} t @returns {number} */
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
  /** @param {Definition} definition @param {number} stepMs length of a bucket, 0 for raw values @param {number} asOf the server's time */
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
    /** @type {[number, number] | undefined} time and value of the newest sample; only with buckets */
    this.newest = definition.newest;
    /** indexes of the request's selectors that match this series */
    this.places = definition.selectors;
    /** time of the newest sample, never later than the server's time at its arrival */
    this.last = definition.last;
    /** how far apart neighbours may be because the server sent fewer samples than there are, in ms */
    this.sparseMs = 0;
    if (definition.of) this.noteSparse(this.times);
    /** the server's time of the last frame */
    this.asOf = asOf;
    this.version = 0;
    this.text = definition.series;
    this.name = definition.name;
    this.labels = definition.labels;
    this.kind = definition.kind ?? "";
    this.unit = definition.unit;
    this.everyS = definition.every_s;
    /** when its feeder said that no more samples follow, 0 for never */
    this.endedMs = definition.ended ?? 0;
  }

  /** Whether its feeder said that no more samples follow, and has sent none since. */
  get ended() {
    return this.endedMs > 0 && this.endedMs >= this.last;
  }

  /** Note that the server has left out samples between these times. @param {number[]} times */
  noteSparse(times) {
    if (times.length) this.sparseMs = Math.max(this.sparseMs, (8 * (times[times.length - 1] - times[0])) / times.length);
  }

  /** Apply a new definition and keep the samples. @param {Definition} definition */
  define(definition) {
    this.unit = definition.unit;
    this.everyS = definition.every_s;
    this.last = Math.max(this.last, definition.last);
    this.endedMs = definition.ended ?? 0;
    this.places = definition.selectors; // fewer while some are left out of the view
    this.version += 1;
  }

  /** Add raw values from a frame of server time `asOf`; one of a time that is known replaces it. */
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
      this.last = Math.min(Math.max(this.last, t), asOf); // never after `asOf`: the server's clock may have been set back
    }
    this.asOf = asOf;
    this.version += 1;
  }

  /** Add buckets, or replace those with the same times. */
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

  /** Remove what is older than `from` (ms), in batches. One value before it stays, so that the line begins at the left edge. @param {number} from */
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

  /** The newest value. Values from the future, of a feeder whose clock is ahead, count only if there are no others. @returns {number | undefined} */
  get value() {
    if (this.newest) return this.newest[1];
    const at = lowerBound(this.times, this.asOf + AHEAD_MS + 1) - 1;
    return this.values[at < 0 ? this.values.length - 1 : at];
  }
}
