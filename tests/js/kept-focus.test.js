import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { h } from "../../static/js/widgets/dom.js";
import { keepFocus, lendFocus } from "../../static/js/widgets/kept-focus.js";
import { document } from "./page.js";

/** @param {...string} names */
const buttons = (...names) => names.map((text) => h("button", { text }));

test("the focus stays at the same control, else at the next one, else where the caller says", () => {
  const place = /** @type {any} */ (h("div", {}, ...buttons("a", "×", "×", "add")));
  const tab = /** @type {any} */ (h("button", { text: "tab" }));
  /** @param {...string} names */
  const become = (...names) => keepFocus(place, () => place.replaceChildren(...buttons(...names)), tab);
  const index = () => place.children.indexOf(document.activeElement);
  tab.focus();
  become("a", "×", "×", "add");
  assert.equal(document.activeElement, tab); // who works elsewhere stays there
  place.children[2].focus();
  become("a", "×", "×", "add");
  assert.equal(index(), 2);
  become("a", "×", "add");
  assert.equal(index(), 1);
  become("a", "add");
  assert.equal(index(), 1);
  become("b");
  assert.equal(document.activeElement, tab);
  document.body.focus();
});

test("after a dialog the focus is where it would be without one, whatever was made anew below it", () => {
  const place = /** @type {any} */ (h("div", {}, ...buttons("a", "roll back")));
  const tab = /** @type {any} */ (h("button", { text: "tab" }));
  document.body.append(place, tab);
  /** @param {string[]} names those of the controls that are made while the dialog is open @returns {any} what has the focus after it */
  const focusedAfter = (names) => {
    place.children[1].focus();
    const dialog = /** @type {any} */ (h("dialog", {}));
    const giveBack = lendFocus(dialog);
    document.body.append(dialog);
    document.body.focus();
    keepFocus(place, () => place.replaceChildren(...buttons(...names)), tab);
    assert.equal(document.activeElement, document.body); // the dialog is still open
    dialog.remove();
    giveBack();
    return document.activeElement;
  };
  assert.equal(focusedAfter(["b", "roll back"]), place.children[1]);
  assert.equal(focusedAfter(["reading"]), tab);
  document.body.focus();
});
