// Label positions of a time axis: at round times of the local day. Pure.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * SECOND).concat([1, 2, 5, 10, 15, 30].map((n) => n * MINUTE), [1, 2, 3, 6, 12, 24].map((n) => n * HOUR));

/** Return the times of the labels. @param {number} from @param {number} to ms @param {number} most how many labels fit @returns {number[]} */
export function timeSplits(from, to, most) {
  const step = STEPS.find((each) => (to - from) / each <= Math.max(1, most)) ?? 24 * HOUR;
  if (step >= HOUR) return hourSplits(from, to, step / HOUR);
  const offset = new Date(to).getTimezoneOffset() * MINUTE;
  const times = [];
  for (let t = Math.ceil((from - offset) / step) * step + offset; t <= to; t += step) times.push(t);
  return times;
}

/** Return the times whose local hour is a multiple of `hours`, also where the clocks are put forward or back between them. @param {number} from @param {number} to ms @param {number} hours */
function hourSplits(from, to, hours) {
  const first = new Date(from);
  /** @type {number[]} */
  const times = [];
  for (let hour = 0; ; hour += hours) {
    const t = new Date(first.getFullYear(), first.getMonth(), first.getDate(), hour).getTime();
    if (t > to || Number.isNaN(t)) return times;
    if (t >= from && t !== times[times.length - 1]) times.push(t);
  }
}

/** Return whether hours and minutes do not tell the labels apart. @param {number[]} times ms */
export function needSeconds(times) {
  return times.some((t) => t % MINUTE !== 0);
}
