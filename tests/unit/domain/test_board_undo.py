"""Undo and redo: of one's own last operation, without what others did later. Random histories of several editors converge."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec

from dashboard.domain.board_changes import Change, apply_changes
from dashboard.domain.board_document import Document, board_of, complete
from dashboard.domain.board_operations import Operation, changes_of
from dashboard.domain.board_undo import (
    ChangedPlaces,
    OwnOperation,
    UndoTarget,
    next_undo,
    undo_changes,
    widgets_touched,
)
from dashboard.domain.errors import DashboardError
from tests.support.board_model import BoardModel, Record, fields_of
from tests.support.deadline import within

BOARD = complete({"title": "T", "columns": 24, "widgets": [{"kind": "stat", "title": name} for name in "ab"]})
#: Random histories that are tried.
_HISTORIES = 100_000 if os.environ.get("NIGHTLY") else 10_000
#: One history in this many is applied by the browser's module, too.
_BROWSER_TAKES = 10
_AUTHORS = ("ann", "bo")


def touched(*changes: Change) -> ChangedPlaces:
    places = ChangedPlaces()
    places.add(changes)
    return places


def test_undo_goes_back_over_ones_own_operations_and_redo_forward_again() -> None:
    own = [OwnOperation(1), OwnOperation(4)]
    assert next_undo(own, again=False) == UndoTarget(4, 4)
    assert next_undo(own, again=True) is None
    own.append(OwnOperation(6, undoes=4))
    assert next_undo(own, again=False) == UndoTarget(1, 1)
    assert next_undo(own, again=True) == UndoTarget(4, 6)
    own.append(OwnOperation(7, undoes=4, again=True))
    assert next_undo(own, again=False) == UndoTarget(4, 7)
    own.append(OwnOperation(8))
    assert next_undo(own, again=True) is None
    assert next_undo([], again=False) is None


def test_the_next_undo_of_a_long_history_is_found_in_linear_time() -> None:
    edits = [OwnOperation(seq) for seq in range(1, 5_001)]
    undone = [OwnOperation(5_000 + done, undoes=5_001 - done) for done in range(1, 5_001)]
    redone = [OwnOperation(10_000 + done, undoes=done, again=True) for done in range(1, 5_001)]
    began_s = time.process_time()
    assert next_undo([*edits, *undone], again=True) == UndoTarget(1, 10_000)
    assert next_undo([*edits, *undone, *redone], again=False) == UndoTarget(5_000, 15_000)
    within(time.process_time() - began_s, 0.1, "the CPU time")  # half a second if each undo copies the list


def test_an_undo_of_an_operation_that_is_not_the_newest_takes_that_one_away() -> None:
    own = [OwnOperation(1), OwnOperation(2), OwnOperation(3, undoes=1)]
    assert next_undo(own, again=False) == UndoTarget(2, 2)
    own += [OwnOperation(4, undoes=2), OwnOperation(5, undoes=1, again=True)]
    assert next_undo(own, again=True) == UndoTarget(2, 4)
    assert next_undo(own, again=False) == UndoTarget(1, 5)


def test_an_operation_whose_undo_alone_is_within_reach_can_still_be_redone() -> None:
    assert next_undo([OwnOperation(900, undoes=3)], again=True) == UndoTarget(3, 900)
    assert next_undo([OwnOperation(900, undoes=3)], again=False) is None


def test_undo_leaves_what_another_changed_since() -> None:
    first = (Change("stat-a", "title", "a", "1"), Change("stat-a", "unit", after="s"))
    other = Change("stat-a", "title", "1", "2")
    now = apply_changes(apply_changes(BOARD, first), [other])
    assert undo_changes(now, first, touched(other)) == [Change("stat-a", "unit", "s")]


def test_undo_of_an_added_widget_keeps_it_when_another_has_edited_it() -> None:
    add = (Change("n", "", after={"id": "n", "kind": "stat", "title": "n"}, at=2),)
    edit = Change("n", "title", "n", "kept")
    now = apply_changes(apply_changes(BOARD, add), [edit])
    assert undo_changes(now, add, touched(edit)) == []
    assert len(undo_changes(apply_changes(BOARD, add), add, touched())) == 1
    assert widgets_touched([*add, Change("", "title", "T", "U")]) == {"n", ""}


def _operations() -> list[Operation]:
    """Return all operations that the random histories choose from."""
    names = ["stat-a", "stat-b", "text-n", "text-n-2"]
    fields = ["title", "unit", "note"]
    steps: list[list[dict[str, Any]]] = [
        *([{"op": "set", "widget": w, "field": f, "value": v}] for w in names for f in fields for v in "xyz"),
        *([{"op": "set", "widget": w, "field": f}] for w in names for f in fields[1:]),
        *([{"op": "set", "field": "subtitle", "value": v}] for v in "xy"),
        *([{"op": "move", "widget": w, "x": x, "y": y}] for w in names for x, y in ((0, 5), (20, 0), (3, 9))),
        *([{"op": "resize", "widget": w, "w": n, "h": n}] for w in names for n in (1, 4)),
        *[[{"op": "add", "value": {"kind": "text", "title": "n"}}]] * 9,
        *([{"op": "remove", "widget": w}] for w in names * 2),
        *(
            [{"op": "set", "widget": w, "field": "title", "value": "many"} for w in pair]
            for pair in (names[:2], names[2:])
        ),
        *(
            [{"op": "move", "widget": w, "x": 0, "y": 10 + n} for n, w in enumerate(pair)]
            for pair in (names[:2], names[2:])
        ),
        *([{"op": "set", "widget": w, "field": "note", "value": v} for v in "xyz"] for w in names),
    ]
    return [msgspec.convert(each, Operation) for each in steps]


OPERATIONS = _operations()


def _changes(
    records: list[Record], author: str, document: Document, again: bool
) -> tuple[tuple[Change, ...], int] | None:
    own = [OwnOperation(each.seq, each.undoes, each.again) for each in records if each.author == author]
    target = next_undo(own, again=again)
    if target is None:
        return None
    others = [each for each in records if each.seq > target.newest and each.author != author]
    places = touched(*(change for each in others for change in each.changes))
    return tuple(undo_changes(document, records[target.newest - 1].changes, places)), target.seq


def history(rng: random.Random) -> tuple[list[Record], Document]:
    """Return a random history, and the document after it. The model asserts each operation of it."""
    document, records, model = BOARD, list[Record](), BoardModel(BOARD)
    for _ in range(rng.randrange(4, 13)):
        author, what = rng.choice(_AUTHORS), rng.random()
        undoes, again = 0, what < 0.15
        if what < 0.45:
            undo = _changes(records, author, document, again)
            if undo is None:
                continue
            changes, undoes = undo
        else:
            try:
                changes = tuple(changes_of(document, rng.choice(OPERATIONS)))
            except DashboardError:
                continue
        records.append(Record(len(records) + 1, author, changes, undoes, bool(undoes) and again))
        document = apply_changes(document, changes)
        model.take(records[-1])
    assert model.fields == fields_of(document)
    return records, document


_TAKE = """
import { readFileSync } from "node:fs";
import { BoardDraft } from "MODULE";
const { board, histories } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(histories.map((history) => {
  const draft = new BoardDraft("ann");
  draft.begin({ board: "b", document: board, seq: 0, is_draft: true, by: "", t: 0, operations: 0, history: [] });
  for (const operation of history) if (!draft.take(operation)) throw new Error("an operation is missing");
  return draft.current;
})));
"""


def test_random_histories_undo_as_the_model_says_and_every_browser_ends_with_the_same_document() -> None:
    rng, ends, shown, undone = random.Random(19), list[Document](), list[list[dict[str, Any]]](), 0
    for number in range(_HISTORIES):
        records, document = history(rng)
        undone += sum(bool(each.undoes and each.changes) for each in records)
        if number % _BROWSER_TAKES == 0:
            board_of(document)
            ends.append(document)
            shown.append([msgspec.to_builtins(each._asdict()) | {"name": "", "key": "", "t": 0} for each in records])
    assert undone > _HISTORIES / 2  # enough of what is tested
    module = (Path("static/js/data/board-draft.js")).absolute().as_uri()
    told = json.dumps({"board": BOARD, "histories": shown})
    program = ["node", "--input-type=module", "-e", _TAKE.replace("MODULE", module)]
    taken = subprocess.run(program, input=told, capture_output=True, text=True, check=True)
    assert json.loads(taken.stdout) == ends
