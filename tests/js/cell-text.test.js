import assert from "node:assert/strict";
import { test } from "node:test";
import { cellText, isRight } from "../../static/js/draw/cell-text.js";

/** @param {object} some */
const column = (some) => /** @type {import("../../static/js/data/document-body.js").Column} */ ({ title: "a", unit: "", align: "", ...some });

test("a column says its side, else numbers with a unit stand right", () => {
  assert.equal(isRight(column({})), false);
  assert.equal(isRight(column({ unit: "ms" })), true);
  assert.equal(isRight(column({ unit: "ms", align: "left" })), false);
  assert.equal(isRight(column({ align: "right" })), true);
});

test("whatever a document holds has a text", () => {
  assert.equal(cellText(null, column({})), "–");
  assert.equal(cellText(undefined, column({ unit: "ms" })), "–");
  assert.equal(cellText("x", column({ unit: "ms" })), "x");
  assert.equal(cellText({ a: [1] }, column({})), '{"a":[1]}');
  assert.equal(cellText(true, column({})), "true");
  assert.equal(cellText(1.5, column({})), "1.5");
  assert.equal(cellText(1500, column({ unit: "ms" })), "1.5 s");
});
