import assert from "node:assert/strict";
import test from "node:test";
import { BoardDraft, applyChanges, applySteps, inWords, lastEdit, stepBack } from "../../static/js/data/board-draft.js";

const BOARD = { title: "T", columns: 24, rows: 4, widgets: [{ id: "a", kind: "stat", title: "A", x: 0, y: 0, w: 4, h: 2 }, { id: "b", kind: "stat", title: "B", x: 4, y: 0, w: 4, h: 2 }] };
const editing = (/** @type {any} */ more = {}) => ({ board: "wall", document: BOARD, seq: 0, is_draft: false, by: "", t: 0, history: [], operations: more.history?.length ?? 0, ...more });
const operation = (/** @type {number} */ seq, /** @type {any[]} */ changes, /** @type {any} */ more = {}) => ({ seq, author: "bo", name: "Bo", key: `k${seq}`, t: 0, changes, ...more });

test("changes set, remove, add and take away; those of a tile that is gone change nothing", () => {
  const made = applyChanges(BOARD, [
    { widget: "a", field: "title", before: "A", after: "X" },
    { widget: "a", field: "unit", after: "s" },
    { field: "subtitle", after: "sub" },
    { widget: "b", before: BOARD.widgets[1], at: 1 },
    { widget: "c", after: { id: "c", title: "C" }, at: 9 },
    { widget: "gone", field: "title", after: "x" },
    { widget: "a", field: "unit", before: "s" },
  ]);
  assert.equal(made.subtitle, "sub");
  assert.deepEqual(made.widgets.map(({ id, title, unit }) => [id, title, unit]), [["a", "X", undefined], ["c", "C", undefined]]);
  assert.equal(BOARD.widgets[0].title, "A");
});

test("an own edit shows at once, and the server's order counts", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing());
  draft.add("k1", [{ op: "set", widget: "a", field: "title", value: "mine" }]);
  assert.equal(draft.current.widgets[0].title, "mine");
  assert.ok(draft.take(operation(1, [{ widget: "a", field: "title", before: "A", after: "theirs" }], { key: "other" })));
  assert.equal(draft.current.widgets[0].title, "mine");
  assert.ok(draft.take(operation(2, [{ widget: "a", field: "title", before: "theirs", after: "mine" }], { author: "ann", key: "k1" })));
  assert.deepEqual(draft.waiting, []);
  assert.equal(draft.current.widgets[0].title, "mine");
});

test("a missing operation is noticed, a known one passed over, a publication ends the history", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing({ seq: 4 }));
  assert.equal(draft.take(operation(6, [])), false);
  assert.equal(draft.take(operation(4, [{ field: "title", after: "x" }])), true);
  assert.equal(draft.current.title, "T");
  draft.take(operation(5, []));
  assert.equal(draft.history.length, 1);
  assert.equal(draft.operations, 1);
  draft.take(operation(6, [], { published: 2 }));
  assert.deepEqual([draft.history, draft.operations], [[], 0]);
});

test("operations that the server has committed before a reconnection do not wait any more, others do", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing());
  draft.add("k1", [{ op: "remove", widget: "a" }]);
  draft.add("k2", [{ op: "remove", widget: "b" }]);
  draft.begin(editing({ seq: 1, history: [operation(1, [], { author: "ann", key: "k1" })] }));
  assert.deepEqual(draft.waiting.map(({ key }) => key), ["k2"]);
  draft.refused("k2");
  assert.equal(draft.current.widgets.length, 2);
});

test("a discarded draft is as published", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing());
  draft.take(operation(1, [{ widget: "a", field: "title", before: "A", after: "x" }]));
  draft.take(operation(2, [{ widget: "a", field: "title", before: "x", after: "A" }], { key: "discard k" }));
  assert.deepEqual([draft.history, draft.operations, draft.current.widgets[0].title], [[], 0, "A"]);
});

test("of a long history a page has the newest operations, and takes earlier ones as somebody reads them", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing({ seq: 1_200, operations: 1_200, history: [operation(1_199, []), operation(1_200, [])] }));
  draft.takeEarlier([operation(1_198, []), operation(1_199, [])]);
  assert.deepEqual(draft.history.map(({ seq }) => seq), [1_198, 1_199, 1_200]);
  draft.takeEarlier([operation(1_195, []), operation(1_196, [])]); // read for a history that began earlier: there would be a hole
  assert.equal(draft.history.length, 3);
  for (let seq = 1_201; seq <= 2_250; seq += 1) draft.take(operation(seq, []));
  assert.deepEqual([draft.operations, draft.history.length, draft.history[0].seq], [2_250, 1_000, 1_251]);
});

test("operations that are read while the draft ends do not come into the next one", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing({ seq: 8, operations: 6, history: [operation(7, []), operation(8, [])] }));
  assert.equal(draft.from, 2);
  draft.take(operation(9, [], { key: "discard k" }));
  draft.take(operation(10, []));
  draft.takeEarlier([operation(5, []), operation(6, []), operation(9, [])]);
  assert.deepEqual([draft.history.map(({ seq }) => seq), draft.from], [[10], 9]);
});

test("the board grows with a tile that is moved below its last row", () => {
  assert.equal(applySteps(BOARD, [{ op: "move", widget: "a", x: 0, y: 7 }]).rows, 9);
  assert.equal(applySteps(BOARD, [{ op: "resize", widget: "a", w: 4, h: 6 }]).rows, 6);
  assert.equal(applySteps(BOARD, [{ op: "add", value: { id: "n", title: "N", x: 0, y: 2, w: 1, h: 1 } }]).widgets.at(-1)?.title, "N");
});

test("whoever set a field before hears who replaced it", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing());
  draft.take(operation(1, [{ widget: "a", field: "title", before: "A", after: "mine" }], { author: "ann" }));
  const theirs = operation(2, [{ widget: "a", field: "title", before: "mine", after: "theirs" }, { widget: "b", field: "title", before: "B", after: "x" }]);
  draft.take(theirs);
  assert.deepEqual(draft.replacedMine(theirs).map(({ before }) => before), ["mine"]);
  assert.deepEqual(draft.replacedMine(theirs).map(stepBack), [{ op: "set", widget: "a", field: "title", value: "mine" }]);
});

test("whoever changed a tile last hears who removed it, and can bring it back", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing());
  draft.take(operation(1, [{ widget: "a", field: "title", before: "A", after: "mine" }], { author: "ann" }));
  draft.take(operation(2, [{ widget: "b", field: "title", before: "B", after: "theirs" }]));
  const gone = draft.committed.widgets;
  const removal = operation(3, [{ widget: "a", before: gone[0], at: 0 }, { widget: "b", before: gone[1], at: 0 }]);
  draft.take(removal);
  const mine = draft.replacedMine(removal);
  assert.deepEqual(mine.map(({ widget }) => widget), ["a"]);
  assert.deepEqual(applySteps(draft.current, mine.map(stepBack)).widgets, [gone[0]]);
  assert.deepEqual(stepBack({ widget: "n", after: { id: "n" } }), { op: "remove", widget: "n" });
});

test("an operation is said in words", () => {
  const words = inWords(operation(1, [
    { widget: "a", field: "x", before: 0, after: 3 }, { widget: "a", field: "y", before: 0, after: 1 }, { widget: "b", field: "w", before: 1, after: 2 },
    { widget: "n", after: { title: "N" } }, { field: "title", before: "T", after: "y".repeat(50) }, { widget: "a", field: "unit", before: "s" },
  ]), BOARD);
  assert.deepEqual(words, ["moved “A”", "resized “B”", "added “N”", `changed the title of the board: “T” → “${"y".repeat(39)}…”`, "changed the unit of “A”: “s” → nothing"]);
  assert.deepEqual(inWords(operation(1, [], { published: 3 }), BOARD), ["published version 3"]);
  assert.deepEqual(inWords(operation(1, [{ field: "title", after: "T" }], { key: "discard k" }), BOARD), ["discarded the draft"]);
  assert.deepEqual(inWords(operation(1, [{ widget: "a", before: { title: "A" } }], { undoes: 4 }), BOARD), ["undid: removed “A”"]);
});

test("an answered operation waits until it is in the document, however it comes there", () => {
  const draft = new BoardDraft("ann");
  draft.begin(editing());
  draft.add("k1", [{ op: "remove", widget: "a" }]);
  draft.answered("k1", 1);
  assert.equal(draft.waiting[0].seq, 1);
  draft.begin(editing({ seq: 2 })); // its history was published meanwhile
  assert.deepEqual(draft.waiting, []);
  draft.add("k2", [{ op: "remove", widget: "b" }]);
  draft.answered("k2", 2);
  assert.deepEqual(draft.waiting, []);
});

test("the last edit says who and how long ago; a merge of what was published is none", () => {
  const history = [operation(1, [], { t: 5 }), operation(2, [], { author: "file", name: "file", key: "tag tag 2", t: 9 })];
  const since = (/** @type {number} */ t) => `at ${t}`;
  assert.equal(lastEdit(history, "ann", since), "last edit by Bo at 5");
  assert.equal(lastEdit(history, "bo", since), "last edit by you at 5");
  assert.equal(lastEdit([], "bo", since), "");
});
