// Clock that shows the server's time, independent of the browser's clock. It is set by the least delayed of recent messages.

/** How many messages are considered. */
const KEPT = 30;

export class ServerClock {
  /** @param {() => number} now monotonic milliseconds */
  constructor(now) {
    this.monotonic = now;
    /** @type {number[]} server time minus local time for each recent message */
    this.offsets = [];
    this.offset = Date.now() - now();
  }

  /** Note the server's time of a message that has just arrived. @param {number} asOf ms */
  observe(asOf) {
    this.offsets.push(asOf - this.monotonic());
    if (this.offsets.length > KEPT) this.offsets.shift();
    this.offset = Math.max(...this.offsets); // the greatest offset is that of the least delayed message
  }

  /** Forget the messages so far: the machine was suspended, or another server answers. */
  reset() {
    this.offsets.length = 0;
  }

  /** Return the server's time. @returns {number} ms since 1970 */
  now() {
    return this.monotonic() + this.offset;
  }
}
