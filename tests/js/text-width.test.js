import assert from "node:assert/strict";
import { test } from "node:test";

const measured = /** @type {string[]} */ ([]);
const pen = { font: "", measureText: (/** @type {string} */ text) => (measured.push(text), { width: text.length * 50 }) };
globalThis.document = /** @type {any} */ ({ createElement: () => ({ getContext: () => pen }) });
const { widthInEm } = await import("../../static/js/draw/text-width.js");

test("a width is in em, and all figures are as wide as a zero", () => {
  assert.equal(widthInEm("12.5 k", "Inter, serif"), 3);
  assert.deepEqual(measured, ["00.0 k"]);
  assert.ok(pen.font.endsWith("px Inter, serif"));
});
