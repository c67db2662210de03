// The only place that draws: it collects what has changed and paints all of it in one animation frame. Hidden pages get no animation frames, so they draw nothing.

/** @typedef {{paint: () => void}} Paintable */

/** Further callbacks are dropped, so that a hidden page does not collect them without end. */
const MOST_AFTER = 200;

export class FrameLoop {
  constructor() {
    /** @type {Set<Paintable>} */
    this.dirty = new Set();
    /** id of the animation frame that is requested, 0 for none */
    this.requested = 0;
    /** @type {(() => void)[]} */
    this.after = [];
  }

  /** Paint an item in the next animation frame. @param {Paintable} item */
  mark(item) {
    this.dirty.add(item);
    if (!this.requested) this.requested = requestAnimationFrame(() => this.run());
  }

  /** Call back once, after the next frame is painted. @param {() => void} callback */
  afterPaint(callback) {
    if (this.after.length < MOST_AFTER) this.after.push(callback);
  }

  run() {
    this.requested = 0;
    const items = [...this.dirty];
    this.dirty.clear();
    const after = this.after;
    this.after = [];
    for (const work of [...items.map((item) => () => item.paint()), ...after]) {
      try {
        work();
      } catch (error) {
        queueMicrotask(() => { throw error; }); // reported as uncaught, while the other items are still painted
      }
    }
  }
}
