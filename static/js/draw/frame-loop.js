// The only place that draws: it collects what has changed and paints all of it in one animation frame. Hidden pages get no animation frames, so they draw nothing.

/**
 * `paint` writes to the document. `steps`, if there are any, run after the paints of all items: the first step of each item, then the second
 * of each, and so on. So a step that asks for a size makes the browser lay out once for all items, not once for each.
 * @typedef {{paint: () => void, steps?: () => Iterator<void>}} Paintable
 */

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
    for (const item of items) attempt(() => item.paint());
    let running = items.flatMap((item) => item.steps?.() ?? []);
    while (running.length) running = running.filter((steps) => attempt(() => !steps.next().done));
    for (const callback of after) attempt(callback);
  }
}

/** Return what `work` returns; an error is reported as uncaught, while the other items are still painted. @template T @param {() => T} work @returns {T | undefined} */
function attempt(work) {
  try {
    return work();
  } catch (error) {
    queueMicrotask(() => { throw error; });
  }
}
