import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { PeopleList } from "../../static/js/widgets/people-list.js";
import { document, texts } from "./page.js";

/** @param {string} id @param {object} [more] @returns {any} */
const user = (id, more) => ({ id, name: id.toUpperCase(), status: "online", ...more });

test("users on this board come before those elsewhere, and oneself is no button", () => {
  const list = new PeopleList();
  const everybody = [user("ann"), user("bob", { screens: [{ board: "hall" }, { board: "hall" }, { board: "" }] }), user("me")];
  list.paint([user("ann"), user("me")], 2, everybody, "me", true);
  assert.deepEqual(texts(list.querySelectorAll("h3")), ["On this board", "Elsewhere"]);
  assert.deepEqual(list.querySelectorAll("button").map((/** @type {any} */ each) => each.dataset.person), ["ann", "bob"]);
  assert.match(list.textContent, /ME \(you\)/);
  assert.match(list.textContent, /2 screens without a person/);
  assert.match(list.textContent, /on hall/);
});

test("choosing a user tells who was chosen, and a later list keeps the focus", () => {
  const list = new PeopleList();
  document.body.append(list);
  const chosen = /** @type {string[]} */ ([]);
  list.onChoose = ({ id }) => chosen.push(id);
  list.paint([], 0, [user("ann"), user("bob")], "me", false);
  const bob = /** @type {any} */ (list.querySelectorAll("button")[1]);
  bob.click();
  assert.deepEqual(chosen, ["bob"]);
  assert.deepEqual(texts(list.querySelectorAll("h3")), ["Connected"]);
  bob.focus();
  /** @type {any} */ (globalThis).CSS.escape = String;
  list.paint([], 0, [user("bob", { status: "away" })], "me", false);
  assert.equal(document.activeElement.dataset.person, "bob");
  assert.notEqual(document.activeElement, bob);
});

test("nobody is said to be there, and nothing is painted twice", () => {
  const list = new PeopleList();
  list.paint([], 0, [], "me", false);
  assert.match(list.textContent, /Nobody else is connected/);
  const [before] = list.children;
  list.paint([], 0, [], "me", false);
  assert.equal(list.children[0], before);
});
