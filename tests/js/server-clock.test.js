import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ServerClock } from "../../static/js/data/server-clock.js";

describe("the server's clock", () => {
  test("the least delayed message tells, whatever this machine's clock says", () => {
    let local = 1_000;
    const clock = new ServerClock(() => local);
    clock.observe(50_000);
    local = 1_500;
    clock.observe(50_400); // 100 ms under way
    assert.equal(clock.now(), 50_500);
    local = 2_000;
    assert.equal(clock.now(), 51_000);
  });

  test("what was heard long ago or before a reset does not count", () => {
    let local = 0;
    const clock = new ServerClock(() => local);
    clock.observe(90_000);
    clock.reset();
    assert.equal(clock.now(), 90_000);
    clock.observe(40_000);
    assert.equal(clock.now(), 40_000);
    for (let i = 0; i < 40; i++) clock.observe(30_000 + (local += 10));
    assert.equal(clock.now(), 30_000 + local);
  });
});
