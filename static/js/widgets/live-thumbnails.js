// Live lines in the thumbnails of the index: of the boards in sight, drawn from their series. Loaded after the first picture.

import { Connection } from "../client/connection.js";
import { api } from "../client/http.js";
import { Views } from "../client/views.js";
import { Store } from "../data/store.js";
import { svg } from "./dom.js";

/** @import { BoardDocument } from "../client/protocol.js" */
/** @import { Series } from "../data/series.js" */
/** @import { Subscription } from "../client/views.js" */
/** Thumbnail of a board: its picture, and what its tiles show, once that is read. @typedef {{id: string, picture: SVGElement, tiles: {selector: string, x: number, y: number, w: number, h: number}[] | null}} Thumbnail */

/** Boards in sight that are drawn; the server takes 100 selectors in a request. */
const MOST_BOARDS = 16;
const MOST_TILES = 6;
const WINDOW_S = 300;
const REDRAW_MS = 5_000;
/** Boards that are in sight for a shorter time, while the user scrolls, are not asked for. */
const STILL_MS = 300;
/** Series of a tile that are drawn. */
const MOST_LINES = 3;

export class LiveThumbnails {
  constructor() {
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.connection = new Connection(address.href);
    this.views = new Views(this.connection);
    this.store = new Store();
    /** @type {Map<Element, Thumbnail>} */
    this.known = new Map();
    /** @type {Set<Element>} */
    this.seen = new Set();
    /** @type {Subscription | null} */
    this.subscription = null;
    /** @type {{thumbnail: Thumbnail, tile: {x: number, y: number, w: number, h: number}}[]} what each selector of the request is for */
    this.places = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) isIntersecting ? this.seen.add(target) : this.seen.delete(target);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.watch(), STILL_MS);
    });
    this.connection.start();
    setInterval(() => document.hidden || this.draw(), REDRAW_MS);
  }

  /** Draw into these pictures from now on. @param {Map<SVGElement, string>} pictures with the ids of their boards */
  show(pictures) {
    this.observer.disconnect();
    this.seen.clear();
    const tiles = new Map([...this.known.values()].map((each) => [each.id, each.tiles]));
    this.known = new Map([...pictures].map(([picture, id]) => [picture, { id, picture, tiles: tiles.get(id) ?? null }]));
    for (const picture of pictures.keys()) this.observer.observe(picture);
  }

  /** Watch the series of the boards in sight. */
  async watch() {
    const shown = [...this.known].filter(([picture]) => this.seen.has(picture)).map(([, thumbnail]) => thumbnail).slice(0, MOST_BOARDS);
    await Promise.all(shown.map((thumbnail) => this.read(thumbnail)));
    this.places = shown.flatMap((thumbnail) => (thumbnail.tiles ?? []).map((tile) => ({ thumbnail, tile })));
    const selectors = shown.flatMap(({ tiles }) => (tiles ?? []).map(({ selector }) => selector));
    const request = { selectors, window_s: WINDOW_S, rate_hz: 0.2, points: 40 };
    if (!selectors.length) {
      if (this.subscription) this.views.end(this.subscription);
      this.subscription = null;
    } else if (this.subscription) this.views.change(this.subscription, request);
    else {
      this.subscription = this.views.watch(request, {
        snapshot: (snapshot) => {
          this.store.begin(snapshot);
          this.draw();
        },
        frame: (frame) => this.store.apply(frame),
        error: () => {}, // the layout stays without lines
      });
    }
  }

  /** Read what the tiles of a board show. @param {Thumbnail} thumbnail */
  async read(thumbnail) {
    if (thumbnail.tiles) return;
    try {
      const document = /** @type {BoardDocument} */ (await api("GET", `/api/v1/boards/${thumbnail.id}`));
      thumbnail.tiles = document.widgets.flatMap(({ series = [], x = 0, y = 0, w = 1, h = 1 }) => (series[0] ? [{ selector: series[0], x: x ?? 0, y: y ?? 0, w, h }] : [])).slice(0, MOST_TILES);
    } catch {
      thumbnail.tiles = []; // it was deleted meanwhile
    }
  }

  draw() {
    const now = Date.now();
    const newest = Math.max(0, ...[...this.store.series.values()].map(({ last }) => last));
    const end = newest || now;
    for (const thumbnail of new Set(this.places.map((each) => each.thumbnail))) for (const line of thumbnail.picture.querySelectorAll("polyline")) line.remove();
    this.places.forEach(({ thumbnail, tile }, place) => {
      const found = [...this.store.series.values()].filter(({ places }) => places.includes(place)).slice(0, MOST_LINES);
      for (const series of found) {
        const points = pointsOf(series, tile, end);
        if (points) thumbnail.picture.append(svg("polyline", { points, "vector-effect": "non-scaling-stroke" }));
      }
    });
  }
}

/** Return the points of a line within its tile; empty for too few samples. @param {Series} series @param {{x: number, y: number, w: number, h: number}} tile @param {number} end */
function pointsOf({ times, values }, { x, y, w, h }, end) {
  const samples = times.map((t, i) => [t, values[i]]).filter(([t, value]) => Number.isFinite(value) && t > end - WINDOW_S * 1000);
  if (samples.length < 2) return "";
  const all = samples.map(([, value]) => value);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const span = high - low || 1;
  return samples.map(([t, value]) => {
    const right = x + 0.4 + (w - 0.8) * (1 - (end - t) / (WINDOW_S * 1000));
    return `${right.toFixed(2)},${(y + h - 0.4 - (h - 0.8) * (high === low ? 0.5 : (value - low) / span)).toFixed(2)}`;
  }).join(" ");
}
