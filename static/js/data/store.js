// State of one view: series by number, documents by key. A snapshot replaces everything, a frame applies changes. Pure.

import { Series } from "./series.js";

/** @import { DocumentState, Frame, Snapshot } from "../client/protocol.js" */

export class Store {
  constructor() {
    /** @type {Map<number, Series>} */
    this.series = new Map();
    /** @type {Map<string, DocumentState>} */
    this.documents = new Map();
    this.windowMs = 0;
    this.stepMs = 0;
    /** grows when series or documents appear, disappear or are defined again */
    this.shape = 0;
    /** grows with every snapshot and frame */
    this.version = 0;
  }

  /** Replace everything. @param {Snapshot} snapshot */
  begin(snapshot) {
    this.windowMs = snapshot.window_s * 1000;
    this.stepMs = snapshot.step_ms ?? 0;
    this.series = new Map((snapshot.series ?? []).map((d) => [d.sid, new Series(d, this.stepMs, snapshot.as_of)]));
    this.documents = new Map((snapshot.documents ?? []).map((d) => [d.key, d]));
    this.shape += 1;
    this.version += 1;
  }

  /** Apply the changes of a frame. @param {Frame} frame */
  apply(frame) {
    for (const definition of frame.series ?? []) {
      const known = this.series.get(definition.sid);
      if (known) known.define(definition);
      else this.series.set(definition.sid, new Series(definition, this.stepMs, frame.as_of));
      this.shape += 1;
    }
    const from = frame.as_of - this.windowMs;
    for (const [sid, times, values, of] of frame.points ?? []) {
      const series = this.series.get(sid);
      if (of) series?.noteSparse(times);
      series?.append(times, values, frame.as_of);
      series?.trim(from);
    }
    for (const [sid, times, mins, means, maxs, newest] of frame.buckets ?? []) {
      const series = this.series.get(sid);
      series?.replace(times, mins, means, maxs, newest, frame.as_of);
      series?.trim(from);
    }
    for (const sid of frame.gone ?? []) if (this.series.delete(sid)) this.shape += 1;
    for (const state of frame.documents ?? []) {
      if (!this.documents.has(state.key)) this.shape += 1;
      this.documents.set(state.key, state);
    }
    for (const key of frame.gone_documents ?? []) if (this.documents.delete(key)) this.shape += 1;
    this.version += 1;
  }
}
