// What one view has sent: series by number, documents by key; a snapshot replaces all, a frame moves it on. Pure.

import { Series } from "./series.js";

/** @typedef {import("../client/views.js").Snapshot} Snapshot */
/** @typedef {import("../client/views.js").Frame} Frame */
/** @typedef {import("../client/views.js").DocumentState} DocumentState */

export class Store {
  constructor() {
    /** @type {Map<number, Series>} */
    this.series = new Map();
    /** @type {Map<string, DocumentState>} */
    this.documents = new Map();
    this.windowMs = 0;
    this.stepMs = 0;
    /** changes when series or documents come, go, or are described otherwise */
    this.shape = 0;
    /** changes with everything */
    this.version = 0;
  }

  /** @param {Snapshot} snapshot */
  begin(snapshot) {
    this.windowMs = snapshot.window_s * 1000;
    this.stepMs = snapshot.step_ms ?? 0;
    this.series = new Map((snapshot.series ?? []).map((d) => [d.sid, new Series(d, this.stepMs, snapshot.as_of)]));
    this.documents = new Map((snapshot.documents ?? []).map((d) => [d.key, d]));
    this.shape += 1;
    this.version += 1;
  }

  /** @param {Frame} frame */
  move(frame) {
    for (const definition of frame.series ?? []) {
      const known = this.series.get(definition.sid);
      if (known) known.define(definition);
      else this.series.set(definition.sid, new Series(definition, this.stepMs, frame.as_of));
      this.shape += 1;
    }
    const from = frame.as_of - this.windowMs;
    for (const [sid, times, values, of] of frame.points ?? []) {
      const series = this.series.get(sid);
      if (of) series?.thinned(times);
      series?.append(times, values, frame.as_of);
      series?.trim(from);
    }
    for (const [sid, times, mins, means, maxs, newest] of frame.buckets ?? []) {
      const series = this.series.get(sid);
      series?.replace(times, mins, means, maxs, newest, frame.as_of);
      series?.trim(from);
    }
    for (const sid of frame.gone ?? []) if (this.series.delete(sid)) this.shape += 1;
    for (const document of frame.documents ?? []) {
      if (!this.documents.has(document.key)) this.shape += 1;
      this.documents.set(document.key, document);
    }
    for (const key of frame.gone_documents ?? []) if (this.documents.delete(key)) this.shape += 1;
    this.version += 1;
  }
}
