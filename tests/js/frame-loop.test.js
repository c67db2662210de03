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
