// Callbacks by event name. One that throws is reported and stops no other. Knows no DOM.

export class Emitter {
  constructor() {
    /** @type {Map<string, Set<(data: any) => void>>} */
    this.listeners = new Map();
  }

  /** @param {string} event @param {(data: any) => void} callback @returns {() => void} takes it back */
  on(event, callback) {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(callback));
    return () => this.off(event, callback);
  }

  /** @param {string} event @param {(data: any) => void} [callback] without it: all of them */
  off(event, callback) {
    if (callback) this.listeners.get(event)?.delete(callback);
    else this.listeners.delete(event);
  }

  /** @param {string} event @param {any} [data] */
  tell(event, data) {
    for (const callback of [...(this.listeners.get(event) ?? [])]) {
      try {
        callback(data);
      } catch (error) {
        queueMicrotask(() => { throw error; }); // seen in the console, not by the other callbacks
      }
    }
  }
}
