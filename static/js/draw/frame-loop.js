// The one place that draws: marks collect, one animation frame paints them all. Nothing is drawn while nobody looks.

/** @typedef {{paint: () => void}} Painted */

const MOST_AFTER = 200;

export class FrameLoop {
  constructor() {
    /** @type {Set<Painted>} */
    this.dirty = new Set();
    this.asked = 0;
    /** @type {(() => void)[]} */
    this.after = [];
  }

  /** Paint this in the next frame. @param {Painted} item */
  mark(item) {
    this.dirty.add(item);
    if (!this.asked) this.asked = requestAnimationFrame(() => this.run());
  }

  /** Call once, behind the next frame that paints. @param {() => void} done */
  painted(done) {
    if (this.after.length < MOST_AFTER) this.after.push(done); // a page that is not painted collects nothing
  }

  run() {
    this.asked = 0;
    const items = [...this.dirty];
    this.dirty.clear();
    const after = this.after;
    this.after = [];
    for (const work of [...items.map((item) => () => item.paint()), ...after]) {
      try {
        work();
      } catch (error) {
        queueMicrotask(() => { throw error; }); // seen in the console, not by the others
      }
    }
  }
}
