// Time chart on uPlot: lines with labels at their ends, threshold bands, an axis that holds still, values under the pointer.

import uPlot from "../../vendor/uplot.js";
import { align } from "../data/align.js";
import { OLD } from "../data/freshness.js";
import { axisLabels } from "./axis-labels.js";
import { AxisRange } from "./axis-range.js";
import { entryAt, haveRoom, lastOf, spread } from "./end-labels.js";
import { clock, format, moment } from "./format.js";
import { boundsAt, boundsOf, drawBands } from "./min-max-band.js";
import { colour, seriesToken } from "./palette.js";
import { needSeconds, timeSplits } from "./time-splits.js";

/** @import { Freshness } from "../data/freshness.js" */
/** @import { Threshold } from "../client/protocol.js" */
/** @import { Line } from "../data/align.js" */
/** @typedef {{unit: string, decimals?: number | null, min?: number | null, max?: number | null, thresholds?: Threshold[]}} Options */
/** One row for each series, or null when the pointer leaves. @typedef {(rows: {name: string, token: string, text: string}[] | null, when: string, left: number) => void} OnHover */

/** Charts with more lines than this have no fill below them. */
const AREA_LINES = 2;
/** The room for the labels of the value axis is given back when it was not needed for this long. */
const AXIS_NARROWS_MS = 600_000;
/** The labels at the right end say the states of lines in words only up to this share of the width; else by their shapes. */
const MOST_GUTTER = 0.3;
/** A new chart has room at its right end for so many of the latest values. */
const ROOM_FOR_VALUES = 60;
/** So many widths of labels are remembered. */
const MOST_WIDTHS = 500;

export class LineChart {
  /** @param {HTMLElement} container @param {Options} options @param {OnHover} onHover */
  constructor(container, options, onHover) {
    this.container = container;
    this.options = options;
    this.onHover = onHover;
    this.range = new AxisRange({ min: options.min, max: options.max, unit: options.unit });
    /** @type {string[]} */
    this.names = [];
    /** @type {Line[]} */
    this.lines = [];
    /** @type {uPlot | null} */
    this.plot = null;
    this.from = 0;
    this.to = 1;
    /** size of the container in CSS pixels, and its type; set by `fitTo` */
    this.box = { width: 0, height: 0, size: 10, family: "sans-serif" };
    this.gutter = 0;
    this.size = 0;
    /** width of the value labels in CSS pixels; it only grows, so that the lines hold still */
    this.axisWidth = 0;
    this.axisNeededAt = 0;
    /** @type {CanvasRenderingContext2D | null} for measuring text */
    this.pen = null;
    /** @type {Map<string, number>} widths of measured texts */
    this.widths = new Map();
    /** @type {Freshness[]} of each line, to be said at its end; empty if there is nothing to say */
    this.states = [];
    /** whether the states are said in words, and when the room for the labels was needed the last time */
    this.saysWords = true;
    this.gutterNeededAt = 0;
    /** @type {number | null} moment to mark, ms */
    this.marked = null;
  }

  /** Rebuild the chart for these series, or for another theme. @param {string[]} names */
  reset(names) {
    this.names = names;
    this.plot?.destroy();
    this.plot = null;
  }

  /** Take the container's type, and its size as it is known: asking it in every frame would make the browser lay out each time. @param {number} width @param {number} height */
  fitTo(width, height) {
    this.widths.clear(); // a face may have arrived
    const { fontSize, fontFamily } = getComputedStyle(this.container);
    const size = Math.max(10, Math.round(parseFloat(fontSize) * 0.92)); // whole pixels, because uPlot scales no others
    this.box = { width, height, size, family: fontFamily };
  }

  /** Draw the lines. @param {Line[]} lines @param {number} from @param {number} to @param {number} now all in ms */
  draw(lines, from, to, now) {
    const { width, height } = this.box;
    if (width < 20 || height < 20) return;
    this.lines = lines;
    this.from = from;
    this.to = to;
    const data = align(lines, from, to, width);
    this.fit(data, now);
    const gutter = this.gutterFor(data);
    const size = this.fontSize();
    if (this.plot && (gutter !== this.gutter || size !== this.size)) this.reset(this.names);
    if (size !== this.size) this.axisWidth = 0;
    this.gutter = gutter;
    this.size = size;
    if (!this.plot) {
      this.plot = new uPlot(this.settings(width, height), /** @type {uPlot.AlignedData} */ (data), this.container);
    } else {
      if (this.plot.width !== width || this.plot.height !== height) this.plot.setSize({ width, height });
      this.plot.setData(/** @type {uPlot.AlignedData} */ (data));
    }
  }

  /** @param {ReturnType<typeof align>} data @param {number} now */
  fit(data, now) {
    let [least, greatest] = boundsOf(this.lines, this.from, this.to);
    for (const column of data.slice(1)) {
      for (const value of column) {
        if (typeof value !== "number") continue;
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }
    }
    this.range.fit(least, greatest, now);
  }

  /** Return the width for the end labels, in steps of 8 px, so that it seldom changes. @param {ReturnType<typeof align>} data */
  gutterFor(data) {
    const size = this.fontSize();
    const values = data.slice(1).map((column) => this.latest(column).map((value) => this.label(value)));
    const room = () => Math.ceil((this.widest(values.flatMap((all, i) => all.map((label) => `${label} ${this.said(i)}`.trimEnd())), 600) + size) / 8) * 8;
    this.saysWords = true;
    this.saysWords = room() <= this.box.width * MOST_GUTTER;
    const needed = room();
    const now = performance.now();
    if (size === this.size && needed < this.gutter && now - this.gutterNeededAt < AXIS_NARROWS_MS) return this.gutter;
    this.gutterNeededAt = now;
    return needed;
  }

  /** Return the text at the end of a line that is not live, else "". @param {number} i */
  said(i) {
    const text = this.old(i)?.text ?? "";
    return this.saysWords ? text : text.slice(0, 1);
  }

  /** Return what is said of a line that is not live. @param {number} i */
  old(i) {
    return OLD[this.states[i] ?? "live"];
  }

  /** Return the value at the end of a line; for a new chart also those before, so that the next values have room. @param {(number | null | undefined)[]} column */
  latest(column) {
    const last = lastOf(column)?.[1];
    const before = this.plot ? [] : column.slice(-ROOM_FOR_VALUES);
    return [last, ...before.map((value) => value ?? undefined)];
  }

  /** Return the width for the labels of the value axis, in steps of 8 px, so that it seldom changes. @param {(string | number | null)[]} labels */
  axisFor(labels) {
    const needed = Math.ceil((this.widest(labels) + 8) / 8) * 8;
    const now = performance.now();
    if (needed >= this.axisWidth || now - this.axisNeededAt > AXIS_NARROWS_MS) [this.axisWidth, this.axisNeededAt] = [needed, now];
    return this.axisWidth;
  }

  /** Return the width of the longest of these labels, in CSS pixels. @param {(string | number | null)[]} labels @param {number} [weight] */
  widest(labels, weight = 400) {
    const font = `${weight} ${this.fontSize()}px ${this.box.family}`;
    let most = 0;
    for (const label of labels) most = Math.max(most, this.widthOf(String(label ?? ""), font));
    return Math.ceil(most);
  }

  /** Return the width of a text in CSS pixels; most labels are those of the frame before. @param {string} text @param {string} font */
  widthOf(text, font) {
    const known = this.widths.get(`${text}\n${font}`);
    if (known !== undefined) return known;
    this.pen ??= document.createElement("canvas").getContext("2d");
    if (!this.pen) return 0;
    this.pen.font = font;
    const { width } = this.pen.measureText(text);
    if (this.widths.size >= MOST_WIDTHS) this.widths.clear();
    this.widths.set(`${text}\n${font}`, width);
    return width;
  }

  fontSize() {
    return this.box.size;
  }

  /** @param {number | undefined} value */
  label(value) {
    if (value === undefined) return "";
    const { text, unit } = format(value, this.options.unit, this.options.decimals ?? null);
    return unit === "%" ? `${text}%` : unit ? `${text} ${unit}` : text;
  }

  /** @param {number} width @param {number} height @returns {uPlot.Options} */
  settings(width, height) {
    const size = this.fontSize();
    const font = `${size}px ${this.box.family}`;
    const axis = { font, stroke: () => colour("muted"), ticks: { show: false }, gap: 4 };
    const grid = { stroke: () => colour("grid"), width: 1 };
    return {
      width,
      height,
      ms: 1,
      padding: [size * 0.7, this.gutter, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      legend: { show: false },
      scales: {
        x: { time: true, range: () => [this.from, this.to] },
        y: { range: () => [this.range.low, this.range.high] },
      },
      axes: [
        { ...axis, size: size * 1.8, splits: (plot) => timeSplits(this.from, this.to, (plot.width - this.gutter - size * 4) / (size * 7)), grid: { show: false }, values: (plot, times) => this.timeLabels(plot, times) },
        {
          ...axis,
          grid,
          size: (_, values) => this.axisFor(values ?? []),
          splits: () => this.range.splits(),
          values: (_, splits) => axisLabels(splits, this.options.unit),
        },
      ],
      series: [{}, ...this.names.map((_, i) => this.seriesSettings(i))],
      hooks: { drawClear: [(plot) => this.drawThresholds(plot), (plot) => drawBands(plot, this.lines, this.from, this.to)], draw: [(plot) => this.drawMark(plot), (plot) => this.drawEnds(plot)], setCursor: [(plot) => this.hover(plot)] },
    };
  }

  /** Return the labels of the time axis, without the outer ones that would overlap the value labels, unless all would. @param {uPlot} plot @param {number[]} times */
  timeLabels(plot, times) {
    const withSeconds = needSeconds(times);
    const labels = times.map((t) => (this.to - this.from > 86_400_000 ? moment(t, this.to) : clock(t, withSeconds)));
    const half = this.widest(labels) / 2;
    const end = plot.valToPos(this.to, "x");
    const reaches = times.map((t) => plot.valToPos(t, "x") < half || plot.valToPos(t, "x") + half > end + this.fontSize() / 2);
    return reaches.every(Boolean) ? labels : labels.map((label, i) => (reaches[i] ? "" : label));
  }

  /** @param {number} i @returns {uPlot.Series} */
  seriesSettings(i) {
    const token = seriesToken(i);
    return {
      stroke: () => colour(token),
      width: Math.max(1.5, this.size * 0.1), // thicker on a large screen, as its type is
      fill: this.names.length <= AREA_LINES ? () => colour(token, 0.07) : undefined,
      fillTo: () => this.range.low,
      points: { show: false },
      spanGaps: false,
    };
  }

  /** Draw thresholds as faint bands. @param {uPlot} plot */
  drawThresholds(plot) {
    const { ctx, bbox } = plot;
    const clamp = (/** @type {number} */ v) => Math.max(bbox.top, Math.min(bbox.top + bbox.height, v));
    ctx.save();
    for (const { at, state, below } of this.options.thresholds ?? []) {
      const edge = clamp(plot.valToPos(at, "y", true));
      const top = below ? edge : bbox.top;
      const bottom = below ? bbox.top + bbox.height : edge;
      ctx.fillStyle = colour(state, 0.08);
      ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    }
    ctx.restore();
  }

  /** Draw a dashed line at the marked moment. @param {uPlot} plot */
  drawMark(plot) {
    if (this.marked === null || this.marked < this.from || this.marked > this.to) return;
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio || 1;
    const x = Math.round(plot.valToPos(this.marked, "x", true)) + 0.5;
    ctx.save();
    ctx.strokeStyle = colour("focus");
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }

  /** Draw a dot at the latest value of each line, a ring if it is not live, and its label in the gutter; labels that would overlap are moved apart. @param {uPlot} plot */
  drawEnds(plot) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio || 1;
    const size = this.fontSize() * ratio;
    const ends = [];
    for (let i = 1; i < plot.data.length; i++) {
      const last = lastOf(plot.data[i]);
      if (!last) continue;
      const x = plot.valToPos(plot.data[0][last[0]], "x", true);
      const y = plot.valToPos(last[1], "y", true);
      if (x >= bbox.left) ends.push({ x, y, at: y, text: this.label(last[1]), token: seriesToken(i - 1), old: this.old(i - 1), said: this.said(i - 1) });
    }
    spread(ends, bbox.top + bbox.height, size);
    ctx.save();
    ctx.font = `600 ${size}px ${this.box.family}`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    for (const end of ends) {
      ctx.fillStyle = ctx.strokeStyle = colour(end.token);
      ctx.lineWidth = Math.max(1.2 * ratio, size * 0.09);
      ctx.beginPath();
      ctx.arc(end.x, end.y, Math.max(2.6 * ratio, size * 0.18), 0, 7);
      if (end.old) ctx.stroke();
      else ctx.fill();
      if (!haveRoom(ends.length, bbox.height, size)) continue;
      const x = bbox.left + bbox.width + size * 0.5;
      ctx.fillText(end.text, x, end.at);
      if (!end.old) continue;
      ctx.fillStyle = colour(end.old.token);
      ctx.fillText(end.said, x + ctx.measureText(`${end.text} `).width, end.at);
    }
    ctx.restore();
  }

  /** Pass the values under the pointer to `onHover`. @param {uPlot} plot */
  hover(plot) {
    const { idx, left } = plot.cursor;
    if (idx === null || idx === undefined || left === undefined || left < 0) {
      this.onHover(null, "", 0);
      return;
    }
    const rows = this.names.map((name, i) => {
      const column = plot.data[i + 1];
      const at = entryAt(column, idx);
      const bounds = boundsAt(this.lines[i], plot.data[0][at]);
      const text = this.label(column[at] ?? undefined) || "–";
      return { name, token: seriesToken(i), text: bounds ? `${text} (${bounds.map((v) => this.label(v)).join(" to ")})` : text };
    });
    this.onHover(rows, clock(plot.data[0][idx], true), left);
  }

  destroy() {
    this.plot?.destroy();
    this.plot = null;
  }
}
