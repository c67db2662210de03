import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameLoop } from "../../static/js/draw/frame-loop.js";

test("a screen that does not paint keeps no list of what it would have painted", () => {
  const frames = /** @type {any} */ (globalThis);
  frames.requestAnimationFrame ??= () => 1;
  const loop = new FrameLoop();
  for (let i = 0; i < 10_000; i++) {
    loop.mark({ paint() {} });
    loop.afterPaint(() => {});
  }
  assert.ok(loop.after.length <= 1_000, `${loop.after.length}`);
});

test("the steps of all items run side by side after all paints, and one that fails ends alone", async () => {
  const frames = /** @type {any} */ (globalThis);
  const before = process.listeners("uncaughtException");
  /** @type {string[]} */
  const said = [];
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", (error) => said.push(error.message));
  /** @type {() => void} */
  let paint = () => {};
  frames.requestAnimationFrame = (/** @type {() => void} */ callback) => { paint = callback; return 1; };
  const item = (/** @type {string} */ name, fails = false) => ({
    paint() { said.push(`paint ${name}`); },
    *steps() {
      said.push(`${name} 1`);
      yield;
      if (fails) throw new Error(`${name} failed`);
      said.push(`${name} 2`);
    },
  });
  const loop = new FrameLoop();
  loop.mark(item("a", true));
  loop.mark({ paint() { said.push("paint b"); } });
  loop.mark(item("c"));
  loop.afterPaint(() => said.push("after"));
  paint();
  assert.deepEqual(said, ["paint a", "paint b", "paint c", "a 1", "c 1", "c 2", "after"]);
  await new Promise((done) => setTimeout(done));
  assert.equal(said.at(-1), "a failed");
  for (const listener of before) process.on("uncaughtException", listener);
});
