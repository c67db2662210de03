import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserMenu } from "../../static/js/widgets/user-menu.js";
import { document, key, refused, serve, settled, texts, visited } from "./page.js";

/** A page for a user, with its menu. @param {object | null} me */
function menuFor(me) {
  const meta = document.createElement("meta");
  meta.setAttribute("name", "user");
  meta.setAttribute("content", JSON.stringify(me));
  document.body.replaceChildren(meta);
  const menu = new UserMenu();
  document.body.append(menu);
  return menu;
}

/** @param {string} role */
const links = (role) => texts(menuFor({ kind: "user", user: { id: "ann", name: "Ann" }, role }).querySelectorAll("a"));

test("the menu offers what the user may do", () => {
  assert.deepEqual(links("viewer"), ["Profile"]);
  assert.deepEqual(links("operator"), ["Profile", "Feeders", "Administration"]);
  assert.deepEqual(texts(menuFor({ kind: "anonymous", role: "" }).querySelectorAll("a")), ["Log in"]);
  assert.equal(menuFor(null).children.length, 0);
});

test("the menu opens, and closes by Escape, by a press beside it, or when the focus leaves", () => {
  const menu = menuFor({ kind: "user", user: { id: "ann", name: "Ann" }, role: "viewer" });
  const opener = /** @type {any} */ (menu.opener);
  opener.click();
  assert.deepEqual([menu.list?.hidden, opener.getAttribute("aria-expanded"), document.activeElement.textContent], [false, "true", "Profile"]);
  menu.dispatchEvent(key("Escape"));
  assert.deepEqual([menu.list?.hidden, document.activeElement === opener], [true, true]);
  opener.click();
  menu.dispatchEvent(Object.assign(new Event("focusout"), { relatedTarget: document.body }));
  assert.equal(menu.list?.hidden, true);
});

test("logging out leads to the login, also if the session has ended already", async () => {
  for (const answer of [null, refused(401, "ended")]) {
    const came = serve({ "POST /api/v1/logout": answer });
    const menu = menuFor({ kind: "user", user: { id: "ann", name: "Ann" }, role: "viewer" });
    menu.querySelectorAll("button").at(-1)?.click();
    await settled();
    assert.deepEqual([came.length, visited.at(-1)], [1, "/login"]);
  }
});
