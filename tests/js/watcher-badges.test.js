import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { WatcherBadges } from "../../static/js/widgets/watcher-badges.js";
import { texts } from "./page.js";

/** @param {number} count @returns {any[]} */
const users = (count) => Array.from({ length: count }, (_, i) => ({ id: `u${i}`, name: `User ${i}`, status: i ? "online" : "away" }));

/** Return the badges. @param {any} badges */
const initials = (badges) => texts(badges.querySelectorAll(".initials"));

test("a few users are badges, and of many the others are a number", () => {
  const badges = new WatcherBadges();
  badges.paint(users(5), 0, "wall");
  assert.equal(initials(badges).length, 5);
  badges.paint(users(7), 3, "wall");
  assert.deepEqual(initials(badges).slice(4), ["+3", "▭ 3"]);
  assert.match(badges.textContent, /Here: User 0 \(@u0\) \(away\), User 1 \(@u1\).*; 3 screens\. Show the list/);
});

test("a press shows the list, and without anybody there is no button", () => {
  const badges = new WatcherBadges();
  let pressed = 0;
  badges.onPress = () => { pressed += 1; };
  badges.paint([], 1, "wall");
  badges.querySelector("button")?.click();
  assert.equal(pressed, 1);
  badges.paint([], 0, "wall");
  assert.equal(badges.children.length, 0);
});
