// Base of custom elements: their listeners end when the element leaves the page, and they repaint only when their values differ.

export class LiveElement extends HTMLElement {
  constructor() {
    super();
    this.listening = new AbortController();
    /** the values of the last paint, as JSON */
    this.painted = "";
  }

  connectedCallback() {
    this.listening = new AbortController(); // an element may leave the page and come back
    this.connected(this.listening.signal);
  }

  /** Add content and listeners. For subclasses to override. @param {AbortSignal} signal aborted when the element leaves the page */
  connected(signal) {}

  disconnectedCallback() {
    this.listening.abort();
  }

  /** Return whether these values differ from those of the last paint, and remember them. @param {...unknown} values */
  differs(...values) {
    const painted = JSON.stringify(values);
    if (painted === this.painted) return false;
    this.painted = painted;
    return true;
  }
}
