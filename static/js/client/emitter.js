// Callbacks by event name. A callback that throws is reported to the console and does not stop the others.

/**
 * `Events` maps the name of each event to the type of its data.
 * @template {object} Events
 */
export class Emitter {
  constructor() {
    /** @type {Map<keyof Events, Set<(data: never) => void>>} */
    this.callbacks = new Map();
  }

  /**
   * Add a callback.
   * @template {keyof Events} K
   * @param {K} event @param {(data: Events[K]) => void} callback
   * @returns {() => void} removes the callback
   */
  on(event, callback) {
    const callbacks = this.callbacks.get(event) ?? new Set();
    this.callbacks.set(event, callbacks.add(callback));
    return () => this.off(event, callback);
  }

  /**
   * Remove one callback of an event, or all of them.
   * @template {keyof Events} K
   * @param {K} event @param {(data: Events[K]) => void} [callback]
   */
  off(event, callback) {
    if (callback) this.callbacks.get(event)?.delete(callback);
    else this.callbacks.delete(event);
  }

  /**
   * Call every callback of an event.
   * @template {keyof Events} K
   * @param {K} event @param {Events[K]} data
   */
  emit(event, data) {
    for (const callback of [...(this.callbacks.get(event) ?? [])]) {
      try {
        callback(/** @type {never} */ (data));
      } catch (error) {
        queueMicrotask(() => { throw error; }); // reported as uncaught, while the other callbacks still run
      }
    }
  }
}
