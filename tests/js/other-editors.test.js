import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { OtherEditors } from "../../static/js/pages/other-editors.js";
import { document, texts } from "./page.js";

/** The editors of a page, of which nobody is there yet. */
function editors() {
  let decorated = 0;
  const placing = { others: new Map(), decorate: () => (decorated += 1) };
  const place = document.createElement("div");
  const made = new OtherEditors(/** @type {any} */ (placing), place);
  const take = (/** @type {string} */ page, more = {}) => made.take(/** @type {any} */ ({ page, id: page, name: `User ${page}`, widget: "", ...more }));
  const tokens = () => [...placing.others.values()].map(({ token }) => token);
  return { made, place, placing, take, tokens, decorated: () => decorated };
}

test("each editor has a colour of their own and keeps it", () => {
  const { place, take, tokens, decorated } = editors();
  take("a");
  take("b");
  const before = tokens();
  take("a", { widget: "w1" });
  assert.deepEqual(tokens(), before);
  assert.equal(new Set(before).size, 2);
  assert.match(place.textContent, /^editing now /);
  assert.deepEqual(texts(place.querySelectorAll(".initials")), ["UA", "UB"]);
  assert.equal(decorated(), 3);
});

test("a colour is free again when its editor has left", () => {
  const { place, take, tokens } = editors();
  take("a");
  const [first] = tokens();
  take("b");
  take("a", { gone: true });
  take("c");
  assert.ok(tokens().includes(first));
  take("b", { gone: true });
  take("c", { gone: true });
  assert.equal(place.textContent, "");
});

test("an editor that is not heard of for half a minute has left", () => {
  const now = mock.method(performance, "now", () => 0);
  const { made, placing, take } = editors();
  take("a");
  now.mock.mockImplementation(() => 29_999);
  made.show();
  assert.equal(placing.others.size, 1);
  now.mock.mockImplementation(() => 30_000);
  made.show();
  assert.equal(placing.others.size, 0);
  now.mock.restore();
});
