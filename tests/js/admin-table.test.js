import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { endTime, row, rowButton, run, runConfirmed, table, timeAgo, titled, words } from "../../static/js/pages/admin-table.js";
import { document, settled, texts } from "./page.js";

test("cells carry the titles of their columns, for narrow screens", () => {
  const made = table([["User", "name"], ["Role", "tight dim"], ["", "acts"]], [row(true, titled("Ann", "ann"), "viewer", [rowButton("Delete", "ann", () => {})])]);
  const [line] = made.querySelectorAll("tbody")[0].children;
  assert.equal(line.hasAttribute("data-off"), true);
  assert.deepEqual([...line.children].map((cell) => [cell.className, cell.getAttribute("data-label")]), [["name", null], ["tight dim", "Role"], ["acts", null]]);
  assert.deepEqual(texts(/** @type {any} */ (made.querySelectorAll("th"))), ["User", "Role", "Actions"]);
  assert.equal(line.querySelector("button")?.getAttribute("aria-label"), "Delete ann");
});

test("a name that says the same as the title is not repeated", () => {
  assert.deepEqual([titled("ann", "ann").length, titled("Ann", "ann").length, titled("Ann", "").length], [1, 2, 1]);
  assert.deepEqual(words(" a, b,,c d "), ["a", "b", "c", "d"]);
});

test("times are said as they matter: how long ago, and when something ends", () => {
  assert.deepEqual([timeAgo(null), endTime(null), endTime(Date.now() - 5)], ["never", "does not", "has ended"]);
  assert.match(timeAgo(Date.now() - 120_000), /^2 min ago$/);
  assert.doesNotMatch(endTime(Date.now() + 999_999_999), /ended|not/);
});

test("the section is loaded again after an action, and a refusal is shown instead", async () => {
  let loads = 0;
  await run(async () => {}, () => (loads += 1));
  assert.equal(loads, 1);
  await run(async () => { throw new Error("the last administrator stays"); }, () => (loads += 1));
  assert.equal(loads, 1);
  assert.match(document.querySelector("dialog").textContent, /Not done.*the last administrator stays/);
});

test("an action that asks first is not done without a yes", async () => {
  const done = /** @type {string[]} */ ([]);
  const asked = () => runConfirmed("Delete?", "for ever", "Delete", async () => done.push("done"), () => done.push("loaded"));
  const no = asked();
  document.querySelector("dialog").close();
  await no;
  assert.deepEqual(done, []);
  const yes = asked();
  document.querySelector("dialog").querySelector(".danger").click();
  await yes;
  await settled();
  assert.deepEqual(done, ["done", "loaded"]);
});
