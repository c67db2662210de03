// Which tiles of a board are in sight. A tile that is out of sight for a minute falls asleep: it keeps its last picture, and its series are not
// watched until it is seen again. A tile that wakes up asks for the changes since it fell asleep; it is painted again when they are there.

/** @import { Tile } from "./tile.js" */
/**
 * `ask` asks the server for the series that `skipped` does not leave out, with the changes since a position ("": a snapshot). Its reply is passed to `answered`. `latest` is the id of the latest request.
 * @typedef {{ask: (since: string) => void, position: () => string, latest: () => number, now: () => number}} Asking
 */

const ASLEEP_AFTER_MS = 60_000;
/** Tiles this far from the edge of the screen wake up, so that they are painted when they come into sight. */
const NEAR = "200px";
/** Scrolling asks the server at most this often. */
const ASK_EVERY_MS = 300;
/** After a longer sleep a snapshot is smaller than all changes since. */
const CATCH_UP_MS = 120_000;
/** After this long without an answer, or after a refusal, it asks again. */
const LOST_AFTER_MS = 60_000;
const REFUSED_PAUSE_MS = 10_000;
/** A print waits this long for tiles to wake up. */
const PRINT_WAIT_MS = 3_000;
/** The server takes this many indices. */
const MOST_SKIPPED = 2_000;

export class TilesInSight {
  /** @param {Asking} asking */
  constructor(asking) {
    this.asking = asking;
    this.afterMs = ASLEEP_AFTER_MS;
    /** @type {Map<Tile, number>} since when each tile is out of sight */
    this.outSince = new Map();
    /** @type {Map<Tile, {at: number, position: string}>} the position up to which each sleeping tile has its values; "": not known */
    this.asleep = new Map();
    /** @type {{at: number, position: string}[]} positions of sleeping tiles that were replaced by awake tiles */
    this.lost = [];
    /** @type {Set<Tile>} tiles that wake up with the next answer */
    this.waking = new Set();
    this.isAsking = false;
    /** the latest request before one that leaves nothing out, whose answer wakes all tiles up; -1 while none is awaited */
    this.rousedAfter = -1;
    /** whether all tiles are to be awake, wherever they are */
    this.wantsAll = false;
    /** called once, when all are awake */
    this.whenAwake = () => {};
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.askedAt = -ASK_EVERY_MS;
    this.pausedUntil = 0;
    this.observer = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: NEAR });
  }

  /** Follow these tiles from now on, and no others. @param {Tile[]} tiles */
  follow(tiles) {
    this.observer.disconnect();
    const kept = new Set(tiles);
    for (const tile of [...this.outSince.keys()]) if (!kept.has(tile)) this.outSince.delete(tile);
    for (const [tile, sleep] of [...this.asleep]) {
      if (kept.has(tile)) continue;
      this.asleep.delete(tile);
      this.waking.delete(tile);
      if (this.rousedAfter < 0) this.lost.push(sleep);
    }
    for (const tile of tiles) this.observer.observe(tile);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  seen(entries) {
    for (const { target, isIntersecting } of entries) {
      const tile = /** @type {Tile} */ (target);
      if (isIntersecting) this.outSince.delete(tile);
      else if (!this.outSince.has(tile)) this.outSince.set(tile, performance.now());
    }
    if (this.wakers().length) this.adjustSoon();
  }

  /** Return the indices of the selectors of the tiles that sleep and do not wake up. @returns {number[]} */
  skipped() {
    const sleeping = [...this.asleep.keys()].filter((tile) => !this.waking.has(tile));
    return sleeping.flatMap((tile) => tile.watchedPlaces()).sort((a, b) => a - b).slice(0, MOST_SKIPPED);
  }

  /** Let tiles fall asleep that are out of sight for long enough; called once a second. */
  tick() {
    if (!document.hidden) this.adjust(); // a hidden page watches nothing, and does not know what is in sight
  }

  adjustSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.adjust(), Math.max(0, this.askedAt + ASK_EVERY_MS - performance.now()));
  }

  /** Return the sleeping tiles that are to wake up. */
  wakers() {
    return [...this.asleep.keys()].filter((tile) => this.wantsAll || !this.outSince.has(tile));
  }

  /** Ask for other series if other tiles are to be awake. While an answer is on its way, nothing else is asked. */
  adjust() {
    const now = performance.now();
    const position = this.asking.position();
    if (this.rousedAfter >= 0) return; // the page asks for all
    if ((this.isAsking && now - this.askedAt < LOST_AFTER_MS) || now < this.pausedUntil || !position) return;
    const tired = this.wantsAll ? [] : [...this.outSince].filter(([tile, at]) => tile.isConnected && now - at >= this.afterMs && !this.asleep.has(tile) && tile.watchedPlaces().length).map(([tile]) => tile);
    const wakers = this.wakers();
    if (!tired.length && !wakers.length && !this.lost.length) return;
    const slept = [...this.lost, ...wakers.map((tile) => this.asleep.get(tile) ?? { at: now, position: "" })].sort((a, b) => a.at - b.at);
    const known = slept.every((each) => each.position && now - each.at < CATCH_UP_MS);
    for (const tile of tired) {
      this.asleep.set(tile, { at: now, position });
      tile.fallAsleep(this.asking.now());
    }
    this.waking = new Set(wakers);
    this.lost = [];
    this.isAsking = true;
    this.askedAt = now;
    this.asking.ask(known ? slept[0]?.position ?? position : "");
  }

  /** Take note of a reply of the server, which has been applied. @param {boolean} isSnapshot @param {number} id of the request */
  answered(isSnapshot, id) {
    if (isSnapshot) this.startedAgain();
    if (id <= this.rousedAfter) return; // it left out what still sleeps
    this.rousedAfter = -1;
    this.isAsking = false;
    for (const tile of this.waking) {
      this.asleep.delete(tile);
      if (this.outSince.has(tile)) this.outSince.set(tile, performance.now());
      tile.wakeUp();
    }
    this.waking.clear();
    if (this.wakers().length) this.adjustSoon();
    else if (!this.asleep.size) this.allAwake();
  }

  /** Take note that the server has refused to answer. */
  refused() {
    this.isAsking = false;
    if (this.rousedAfter < 0) this.waking.clear();
    this.startedAgain();
    this.pausedUntil = performance.now() + REFUSED_PAUSE_MS;
  }

  allAwake() {
    const { whenAwake } = this;
    this.whenAwake = () => {};
    whenAwake();
  }

  /** Forget what the sleeping tiles have: a snapshot without their series has replaced everything. */
  startedAgain() {
    for (const each of this.asleep.values()) each.position = "";
  }

  /** Wake all tiles up at once, because their series are there. */
  rouse() {
    for (const tile of this.asleep.keys()) tile.wakeUp();
    this.asleep.clear();
    this.waking.clear();
    this.lost = [];
    this.isAsking = false;
    this.rousedAfter = -1;
    for (const tile of this.outSince.keys()) this.outSince.set(tile, performance.now());
  }

  /** Wake all tiles up with the answer to the page's next request, which leaves nothing out. Until then what they have is old: they would say that it is stale. */
  rouseSoon() {
    if (!this.asleep.size) return;
    this.rousedAfter = this.asking.latest();
    this.waking = new Set(this.asleep.keys());
    this.lost = [];
  }

  /** Keep all tiles awake, wherever they are, until `release`. @param {() => void} [then] called when all are awake */
  keepAwake(then = () => {}) {
    this.wantsAll = true;
    this.whenAwake = then;
    setTimeout(() => this.allAwake(), this.asleep.size ? PRINT_WAIT_MS : 0);
    if (this.asleep.size) this.adjust();
  }

  /** Let tiles that are out of sight sleep again. */
  release() {
    this.wantsAll = false;
  }
}
