// The server's time on this page, whatever the browser's clock says: the least delayed of recent messages tells. Pure.

const KEPT = 30;

export class ServerClock {
  /** @param {() => number} now monotonic milliseconds */
  constructor(now) {
    this.monotonic = now;
    /** @type {number[]} server time minus local time, of recent messages */
    this.offsets = [];
    this.offset = Date.now() - now();
  }

  /** A message said that it was `asOf` (ms) on the server when it left. @param {number} asOf */
  hear(asOf) {
    this.offsets.push(asOf - this.monotonic());
    if (this.offsets.length > KEPT) this.offsets.shift();
    this.offset = Math.max(...this.offsets); // the least delayed message gives the greatest offset
  }

  /** Forget what was heard: the machine slept, or another server answers. */
  reset() {
    this.offsets.length = 0;
  }

  /** @returns {number} milliseconds since 1970 on the server */
  now() {
    return this.monotonic() + this.offset;
  }
}
