import { NOW, documentOf, series, shown, widget } from "./tiles.js";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tile } from "../../static/js/widgets/tile.js";
import { key } from "./page.js";

describe("a tile", () => {
  test("takes its place on the grid, or flows behind the others without one", () => {
    const { tile } = shown(new Tile());
    assert.deepEqual([tile.style.gridColumn, tile.style.gridRow], ["3 / span 4", "2 / span 3"]);
    tile.replaced(widget({ x: null, y: null }), 0);
    assert.deepEqual([tile.style.gridColumn, tile.style.gridRow], ["", ""]);
    assert.equal(tile.getAttribute("aria-label"), "CPU");
  });

  test("shows the series of its own selectors, in the order of their names as people read them", () => {
    const definitions = [series(10, 1), series(2, 2), series(3, 3, { selectors: [1] })];
    const { tile } = shown(new Tile(), {}, { series: definitions });
    assert.deepEqual(tile.series.map((/** @type {any} */ each) => each.sid), [2, 10]);
    assert.equal(tile.matched, 2);
    assert.deepEqual(tile.places(), [0]);
    assert.deepEqual(shown(new Tile(), { document: "d" }).tile.watchedPlaces(), [0, 1]);
  });

  test("says how old its values are, and announces when that changes", () => {
    const { tile, said, time } = shown(new Tile(), {}, { series: [series(1, 1)] });
    assert.equal(tile.dataset.fresh, "live");
    assert.deepEqual(said, []);
    time.now = NOW + 60_000;
    tile.updateFreshness();
    assert.equal(tile.dataset.fresh, "stale");
    assert.equal(said.length, 1);
    assert.match(said[0], /^CPU: /);
    assert.equal(tile.newest(), NOW - 500);
  });

  test("announces a threshold that a value reaches, and none with its first value", () => {
    const { tile, said } = shown(new Tile(), { thresholds: [{ at: 90, state: "warning", below: false }] }, { series: [series(1, 1)] });
    assert.equal(tile.stateOf(95), "warning");
    tile.state = "warning";
    tile.updateFreshness();
    tile.state = "";
    tile.updateFreshness();
    assert.deepEqual(said, ["CPU: warning", "CPU: ok"]);
  });

  test("keeps its picture and the time of it while nobody sees it", () => {
    const { tile, store, time } = shown(new Tile(), {}, { series: [series(1, 1)] });
    tile.fallAsleep(NOW);
    time.now = NOW + 90_000;
    assert.equal(tile.now(), NOW);
    assert.match(tile.badge.textContent, /^as of /);
    store.apply(/** @type {any} */ ({ as_of: NOW + 90_000, gone: [1] }));
    tile.changed();
    assert.equal(tile.series.length, 1);
    tile.wakeUp();
    assert.equal(tile.series.length, 0);
    assert.equal(tile.now(), NOW + 90_000);
  });

  test("without values says how to feed it, by Enter too", () => {
    const { tile, fed } = shown(new Tile(), { series: ['cpu{core="1"}'] });
    assert.match(tile.emptyCode.textContent, /^curl http:\/\/dash\/api\/v1\/samples/);
    tile.dispatchEvent(key("Enter"));
    tile.querySelector(".feed").click();
    assert.equal(fed.length, 2);
    assert.equal(fed[0][0], "CPU");
    const note = shown(new Tile(), { series: [], document: "d" }, { documents: [documentOf({ text: "hi" })] });
    assert.match(note.tile.snippets()[0], /documents\/d/);
  });

  test("hears nothing any more when it has left the page", () => {
    const { tile, fed } = shown(new Tile());
    tile.remove();
    tile.dispatchEvent(key("Enter"));
    assert.deepEqual(fed, []);
  });

  test("names lines in the legend, and those that are not live by their state", () => {
    const { tile } = shown(new Tile(), {}, { series: [series(1, 1), series(2, 2)] });
    tile.lines = [{ name: "one", fresh: "live" }, { name: "two", fresh: "dead" }];
    tile.showLegend((/** @type {number} */ i) => `series-${i + 1}`);
    assert.deepEqual(tile.legend.children.map((/** @type {any} */ each) => [each.textContent, each.title, each.dataset.fresh]), [["one", "", "live"], ["two", "two is dead", "dead"]]);
  });
});
