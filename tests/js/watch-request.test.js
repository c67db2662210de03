import assert from "node:assert/strict";
import test from "node:test";
import { shownOn, watchRequest } from "../../static/js/widgets/watch-request.js";

const BOARD = { title: "T", columns: 24, rows: 4, widgets: [{ id: "a", kind: "line", title: "A", series: ['cpu{host="x"}', "load"], expr: "sum(a)" }, { id: "b", kind: "table", title: "B", document: "load", expr: [{ expr: "b + 1", legend: "" }] }] };

test("a board asks for all that its tiles show, also while some of them sleep", () => {
  assert.deepEqual(watchRequest(BOARD, []), { selectors: ['cpu{host="x"}', "load", "sum(a)", "b + 1", "load"], window_s: 900, rate_hz: 5 });
  assert.deepEqual(watchRequest({ ...BOARD, window_s: 60, rate_hz: 1 }, [0, 7]).skip, [0]);
  const many = Array.from({ length: 120 }, (_, n) => ({ id: `t${n}`, kind: "stat", title: "t", series: [`s${n}`] }));
  assert.equal(watchRequest({ ...BOARD, widgets: many }, []).selectors.length, 100);
});

test("a series and a document of one name are told apart", () => {
  assert.deepEqual([...shownOn({ ...BOARD, widgets: [BOARD.widgets[1]] })], ["document load", "expression b + 1"]);
  assert.ok(shownOn(BOARD).has("series load"));
});
