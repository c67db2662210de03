import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { currentUser, initialsBadge, loginUrl, nameAndId, nameShown } from "../../static/js/widgets/user.js";
import { document } from "./page.js";

/** Let the page have been written for a user. @param {string} content */
function pageOf(content) {
  document.body.replaceChildren();
  const meta = document.createElement("meta");
  meta.setAttribute("name", "user");
  meta.setAttribute("content", content);
  document.body.append(meta);
}

test("names that look alike are told apart by their ids", () => {
  assert.equal(nameAndId({ id: "ann", name: "Ann" }), "Ann (@ann)");
  const shown = nameShown({ id: "ann", name: "Ann" }, " (you)");
  assert.deepEqual([shown.title, shown.textContent], ["@ann", "Ann (you) (@ann)"]);
  const badge = initialsBadge({ name: "Ann Bell" });
  assert.deepEqual([badge.textContent, badge.dataset.status], ["AB", "online"]);
});

test("the user of the page is the one that the server wrote into it", () => {
  pageOf(JSON.stringify({ kind: "user", user: { id: "ann", name: "Ann", role: "editor" } }));
  assert.deepEqual(currentUser(), { kind: "user", user: { id: "ann", name: "Ann", role: "editor" }, role: "editor" });
  pageOf(JSON.stringify({ kind: "local", role: "operator" }));
  assert.deepEqual(currentUser(), { kind: "local", user: null, role: "operator" });
  for (const content of ["", "null", "{"]) {
    pageOf(content);
    assert.equal(currentUser(), null);
  }
});

test("the login leads back to this page", () => {
  Object.assign(location, { pathname: "/boards/wall", search: "?span=1h" });
  assert.equal(loginUrl(), "/login?next=%2Fboards%2Fwall%3Fspan%3D1h");
  location.search = "";
});
