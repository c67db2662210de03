"""Operations: what each changes, and what is refused. Histories of several editors are in test_board_undo.py."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dashboard.domain.board_changes import apply_changes
from dashboard.domain.board_document import Document, complete, widgets_of
from dashboard.domain.board_operations import Operation, changes_of
from dashboard.domain.errors import Invalid, NotFound

BOARD = complete({"title": "T", "columns": 24, "widgets": [{"kind": "stat", "title": name} for name in "ab"]})


def made(document: Document, *steps: dict[str, Any]) -> Document:
    operation = msgspec.convert(list(steps), Operation)
    return apply_changes(document, changes_of(document, operation))


def test_each_operation_does_what_it_says() -> None:
    board = made(
        BOARD,
        {"op": "set", "widget": "stat-a", "field": "title", "value": "CPU"},
        {"op": "set", "field": "subtitle", "value": "of all"},
        {"op": "move", "widget": "stat-a", "x": 4, "y": 8},
        {"op": "resize", "widget": "stat-a", "w": 6, "h": 3},
        {"op": "remove", "widget": "stat-b"},
        {"op": "add", "value": {"kind": "text", "title": "new", "w": 2}},
    )
    assert (board["subtitle"], board["rows"]) == ("of all", 11)
    assert [(w["id"], w["title"], w["x"], w["y"], w["w"], w["h"]) for w in widgets_of(board)] == [
        ("stat-a", "CPU", 4, 8, 6, 3), ("text-new", "new", 0, 0, 2, 1),
    ]  # fmt: skip
    assert "subtitle" not in made(board, {"op": "set", "field": "subtitle"})


def test_a_widget_whose_id_is_taken_gets_a_new_one() -> None:
    board = made(BOARD, {"op": "add", "value": {**widgets_of(BOARD)[0], "x": 9}})
    assert [w["id"] for w in widgets_of(board)] == ["stat-a", "stat-b", "stat-a-2"]


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ({"op": "remove", "widget": "gone"}, NotFound),
        ({"op": "set", "widget": "gone", "field": "title", "value": "x"}, NotFound),
        ({"op": "set", "widget": "stat-a", "field": "id", "value": "x"}, Invalid),
        ({"op": "set", "widget": "stat-a", "field": "w", "value": 99}, Invalid),
        ({"op": "set", "field": "title"}, Invalid),
        ({"op": "move", "widget": "stat-a", "x": 24, "y": 0}, Invalid),
        ({"op": "add", "value": {"kind": "pie", "title": "x"}}, Invalid),
    ],
)
def test_an_operation_on_what_is_gone_or_to_what_may_not_be_is_refused(
    step: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        made(BOARD, step)


def test_replacing_a_document_changes_only_what_its_author_changed() -> None:
    theirs = made(BOARD, {"op": "set", "widget": "stat-b", "field": "unit", "value": "s"})
    mine = made(BOARD, {"op": "set", "widget": "stat-a", "field": "title", "value": "X"})
    both = made(theirs, {"op": "replace", "base": BOARD, "value": mine})
    assert [(w["title"], w.get("unit")) for w in widgets_of(both)] == [("X", None), ("b", "s")]
