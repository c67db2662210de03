import assert from "node:assert/strict";
import test from "node:test";
import { draftOf, groupsOf, idFor, madeAndChanged, matches } from "../../static/js/data/board-index.js";

const board = (/** @type {string} */ id, /** @type {any} */ more = {}) => ({ id, title: id, subtitle: "", folder: "", tags: [], archived: false, ...more });
const names = (/** @type {any[]} */ groups) => groups.map(({ name, boards }) => [name, boards.map((/** @type {any} */ each) => each.id)]);

test("favourites and recently seen boards come first, then folders, archived ones last", () => {
  const all = [board("z"), board("b", { folder: "ops" }), board("a"), board("old", { archived: true })];
  assert.deepEqual(names(groupsOf(all, new Set(["b"]), ["gone", "a"], { search: "", tag: "" })), [
    ["Favourites", ["b"]], ["Recently seen", ["a"]], ["All boards", ["a", "z"]], ["ops", ["b"]], ["Archived", ["old"]],
  ]);
});

test("a search finds words in title, folder and tags; a tag narrows it", () => {
  const checkout = board("checkout", { title: "Checkout", folder: "Shop", tags: ["eu", "sales"] });
  assert.ok(matches(checkout, "shop check", ""));
  assert.ok(matches(checkout, "", "eu"));
  assert.ok(!matches(checkout, "", "us"));
  assert.deepEqual(names(groupsOf([checkout, board("b")], new Set(), ["b"], { search: "SALES", tag: "" })), [["Shop", ["checkout"]]]);
});

test("a new board's id is made of its title and is not taken", () => {
  assert.equal(idFor("Check out: EU!", new Set()), "check-out-eu");
  assert.equal(idFor("Wall", new Set(["wall", "wall-2"])), "wall-3");
  assert.equal(idFor("Übersicht", new Set()), "bersicht");
  assert.equal(idFor("???", new Set()), "board");
});

test("a card says whose an open draft is and how old", () => {
  assert.equal(draftOf(board("a", { draft_by: "anna", draft_t: 7 }), (t) => `${t} ms ago`), "draft by anna, last edit 7 ms ago");
  assert.equal(draftOf(board("a", { draft_by: "", draft_t: 0 }), () => "now"), "");
});

test("a card says who made a board and who changed it last, in one phrase if both are one person", () => {
  const said = (/** @type {any} */ more) => madeAndChanged(board("a", { source: "store", version: 2, changed: 7, created_by: "anna", changed_by: "anna", ...more }), (t) => `on day ${t}`);
  assert.equal(said({ changed_by: "ben" }), "made by anna · changed on day 7 by ben");
  assert.equal(said({}), "made and last changed by anna, on day 7");
  assert.equal(said({ version: 1 }), "made on day 7 by anna");
  assert.equal(said({ source: "file", created_by: "", changed_by: "" }), "changed on day 7");
  assert.equal(said({ source: "server" }), "");
});
