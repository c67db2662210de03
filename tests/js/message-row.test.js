import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { messageRow, pendingRow } from "../../static/js/widgets/message-row.js";
import { texts } from "./page.js";

const T = 1_700_000_000_000;
/** @param {object} [more] @returns {any} */
const message = (more) => ({ messageId: "m1", userId: "ann", name: "Ann", text: "hi", html: "<p>hi</p>", t: T, ...more });
const HOW = { own: false, grouped: false, named: false, mayDelete: false, readers: /** @type {string[]} */ ([]) };

/** Actions that keep what was asked for. */
function actions() {
  const done = /** @type {[string, unknown][]} */ ([]);
  const keep = (/** @type {string} */ name) => (/** @type {unknown} */ what) => done.push([name, what]);
  return { done, ...Object.fromEntries(["jump", "edit", "remove", "again", "discard"].map((name) => [name, keep(name)])) };
}

/** @param {any} row */
const buttons = (row) => row.querySelectorAll("button");

test("whoever wrote a message may change it, and others only if they may delete", () => {
  const row = (/** @type {object} */ how) => texts(buttons(messageRow(message(), { ...HOW, ...how }, /** @type {any} */ (actions()))).slice(1));
  assert.deepEqual(row({ own: true }), ["Edit", "Delete"]);
  assert.deepEqual(row({ mayDelete: true }), ["Delete"]);
  assert.deepEqual(row({}), []);
});

test("a message is deleted by a second press in time", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const now = mock.method(performance, "now", () => 1_000);
  const asked = actions();
  const pressed = () => buttons(messageRow(message({ messageId: "m2" }), { ...HOW, own: true }, /** @type {any} */ (asked))).at(-1);
  const first = pressed();
  first.click();
  assert.equal(first.textContent, "Really delete?");
  now.mock.mockImplementation(() => 5_000);
  mock.timers.tick(4_000);
  assert.equal(first.textContent, "Delete");
  first.click();
  const anew = pressed(); // its row was made anew meanwhile
  assert.equal(anew.textContent, "Really delete?");
  anew.click();
  assert.deepEqual(asked.done.map(([name]) => name), ["remove"]);
  mock.timers.reset();
  now.mock.restore();
});

test("a row tells who wrote when about which moment, and whether it was read", () => {
  const asked = actions();
  const row = messageRow(message({ at: T - 5_000, edited: T + 1 }), { ...HOW, named: true, grouped: true, readers: ["Bob", "Eve"] }, /** @type {any} */ (asked));
  assert.deepEqual([row.hasAttribute("data-named"), row.hasAttribute("data-grouped"), row.dataset.id], [true, true, "m1"]);
  assert.match(row.textContent, /^Ann.*hi.*edited.*read by 2/);
  for (const each of buttons(row)) each.click();
  assert.deepEqual(asked.done, [["jump", T], ["jump", T - 5_000]]);
});

test("of a deleted message only its author and time are left", () => {
  const row = messageRow(message({ deleted: true }), { ...HOW, own: true }, /** @type {any} */ (actions()));
  assert.deepEqual([buttons(row).length, row.textContent.includes("hi"), row.querySelector(".gone")?.textContent], [0, false, "deleted"]);
});

test("a message that is not sent yet says what will happen, and a failed one can be tried again", () => {
  const asked = actions();
  const row = (/** @type {object} */ more, offline = false) => pendingRow(/** @type {any} */ ({ key: "k", text: "hi", t: T, state: "waiting", ...more }), { name: "Ann", grouped: false, offline }, /** @type {any} */ (asked));
  assert.equal(row({}).querySelector(".state")?.textContent, "sending…");
  assert.equal(row({}, true).querySelector(".state")?.textContent, "will be sent when the connection is back");
  const failed = row({ state: "failed", reason: "too long" });
  assert.equal(failed.querySelector(".state")?.textContent, "▲ not sent: too long");
  for (const each of buttons(failed)) each.click();
  assert.deepEqual(asked.done.map(([name]) => name), ["again", "discard"]);
});
