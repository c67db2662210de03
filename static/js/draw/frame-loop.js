// The one place that draws: marks collect, one animation frame paints them all. Nothing is drawn while nobody looks.

/** @typedef {{paint: () => void}} Painted */

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
    this.after.push(done);
  }

  run() {
    this.asked = 0;
    const items = [...this.dirty];
    this.dirty.clear();
    for (const item of items) item.paint();
    const after = this.after;
    this.after = [];
    for (const done of after) done();
  }
}
