import { documentOf, series, shown } from "./tiles.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { TextTile } from "../../static/js/widgets/text-tile.js";

test("a document is shown as its text, with its remark as the note", () => {
  const { tile } = shown(new TextTile(), { series: [], document: "d" }, { documents: [documentOf({ text: "Ship it", moreinfo: "by ann" })] });
  assert.deepEqual([tile.value.textContent, tile.note.textContent], ["Ship it", "by ann"]);
});

test("without a document the value of the series is shown with its unit", () => {
  assert.equal(shown(new TextTile(), { unit: "ms" }, { series: [series(1, 3)] }).tile.value.textContent, "3 ms");
});
