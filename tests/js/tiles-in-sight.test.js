import assert from "node:assert/strict";
import { describe, test } from "node:test";

let now = 0;
/** @type {{seen: (entries: object[]) => void}[]} */
const observers = [];
globalThis.performance.now = () => now;
globalThis.document = /** @type {any} */ ({ hidden: false });
globalThis.IntersectionObserver = /** @type {any} */ (class {
  constructor(/** @type {(entries: object[]) => void} */ seen) {
    this.seen = seen;
    observers.push(this);
  }
  observe() {}
  disconnect() {}
});
const { TilesInSight } = await import("../../static/js/widgets/tiles-in-sight.js");

/** A tile that watches one selector. @param {number} place */
function tile(place) {
  return { isConnected: true, isAsleep: false, watchedPlaces: () => [place], fallAsleep() { this.isAsleep = true; }, wakeUp() { this.isAsleep = false; } };
}

/** Two tiles, of which the second is out of sight. */
function scene() {
  now = 0;
  /** @type {string[]} */
  const asked = [];
  const sight = new TilesInSight({ ask: (since) => asked.push(since), position: () => "e:5", latest: () => 7, now: () => now });
  const tiles = [tile(0), tile(1)];
  sight.follow(/** @type {any} */ (tiles));
  const look = (/** @type {boolean[]} */ ...seen) => observers.at(-1)?.seen(tiles.map((target, i) => ({ target, isIntersecting: seen[i] })));
  const pass = (/** @type {number} */ ms) => { now += ms; sight.tick(); };
  look(true, false);
  return { sight, tiles, asked, look, pass };
}

describe("tiles that nobody sees", () => {
  test("fall asleep after a minute and wake up with the answer that follows their return", () => {
    const { sight, tiles, asked, look, pass } = scene();
    pass(59_000);
    assert.deepEqual(asked, []);
    pass(1_000);
    assert.deepEqual([asked, sight.skipped(), tiles[1].isAsleep], [["e:5"], [1], true]);
    sight.answered(false, 8);
    look(true, true);
    pass(1_000);
    assert.deepEqual([asked, sight.skipped(), tiles[1].isAsleep], [["e:5", "e:5"], [], true]);
    sight.answered(false, 9);
    assert.equal(tiles[1].isAsleep, false);
  });

  test("sleep on after a change of the board, until all that is asked for anew is there: their old values would be told as stale", () => {
    const { sight, tiles, asked, pass } = scene();
    pass(60_000);
    sight.answered(false, 7);
    sight.rouseSoon();
    assert.deepEqual([sight.skipped(), tiles[1].isAsleep], [[], true]);
    sight.answered(false, 7); // of a request from before the change
    for (let n = 0; n < 100; n++) pass(1_000);
    assert.deepEqual([asked.length, tiles[1].isAsleep], [1, true]);
    sight.refused();
    assert.deepEqual(sight.skipped(), []);
    sight.answered(true, 8);
    assert.equal(tiles[1].isAsleep, false);
    pass(59_000);
    assert.equal(asked.length, 1);
    pass(1_000);
    assert.equal(asked.length, 2);
  });

  test("are not asked about when they have been removed: a deleted board stays watched until it is brought back", () => {
    const { tiles, asked, look, pass } = scene();
    for (const each of tiles) each.isConnected = false;
    look(false, false);
    for (let n = 0; n < 100; n++) pass(1_000);
    assert.deepEqual(asked, []);
  });

  for (const [what, waitMs] of /** @type {[string, number][]} */ ([["refused", 10_000], ["lost", 60_000]])) {
    test(`wake up although an answer was ${what}: it is asked again`, () => {
      const { sight, tiles, asked, look, pass } = scene();
      pass(60_000);
      sight.answered(false, 8);
      look(true, true);
      pass(1_000);
      if (what === "refused") sight.refused();
      const before = asked.length;
      for (let ms = 0; ms < waitMs - 2_000; ms += 1_000) pass(1_000);
      assert.equal(asked.length, before);
      for (let n = 0; n < 3; n++) pass(1_000);
      assert.equal(asked.length, before + 1);
      sight.answered(true, 9);
      assert.equal(tiles[1].isAsleep, false);
    });
  }
});
