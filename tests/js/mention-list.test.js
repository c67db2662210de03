import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { MentionList } from "../../static/js/widgets/mention-list.js";
import { document, key } from "./page.js";

const PEOPLE = [{ id: "ann", name: "Ann", status: "online" }, { id: "andy", name: "Andy", status: "online" }, { id: "bob", name: "Bob", status: "online" }];

/** A text area with a typed text, and its list. @param {string} text */
function typed(text) {
  const area = document.createElement("textarea");
  const list = new MentionList(area, () => /** @type {any} */ (PEOPLE));
  list.listen(new AbortController().signal);
  area.value = text;
  area.selectionStart = text.length;
  area.dispatchEvent(new Event("input"));
  return { area, list, names: () => list.element.children.map((/** @type {any} */ each) => each.children[1].textContent) };
}

test("after an @ the users whose names begin so are offered", () => {
  const { list, names } = typed("hello @an");
  assert.equal(list.open, true);
  assert.deepEqual(names().sort(), ["@andy", "@ann"]);
  assert.equal(typed("hello an").list.open, false);
});

test("arrows choose in a ring, and Enter puts the id into the text", () => {
  const { area, list } = typed("ask @an now".slice(0, 7));
  area.value = "ask @an now";
  const first = list.found[0].id;
  for (const name of ["ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"]) assert.equal(list.key(/** @type {any} */ (key(name))), true);
  assert.equal(list.chosen, 0);
  assert.equal(area.getAttribute("aria-activedescendant"), "mention-0");
  const enter = key("Enter");
  assert.equal(list.key(/** @type {any} */ (enter)), true);
  assert.equal(area.value, `ask @${first}  now`);
  assert.deepEqual([list.open, enter.defaultPrevented], [false, true]);
});

test("Escape and leaving the area close the list, and other keys are the area's", () => {
  const { area, list } = typed("@an");
  assert.equal(list.key(/** @type {any} */ (key("x"))), false);
  list.key(/** @type {any} */ (key("Escape")));
  assert.equal(list.open, false);
  assert.equal(list.key(/** @type {any} */ (key("Enter"))), false);
  area.dispatchEvent(new Event("input"));
  area.dispatchEvent(new Event("blur"));
  assert.equal(list.open, false);
  assert.equal(area.hasAttribute("aria-activedescendant"), false);
});

test("a press on a name takes it", () => {
  const { area, list } = typed("@bo");
  list.element.children[0].children[0].dispatchEvent(new Event("pointerdown", { bubbles: true, cancelable: true }));
  assert.equal(area.value, "@bob ");
});
