from __future__ import annotations

from msgspec import UNSET

from dashboard.domain.board_changes import Change, apply_changes, differences, field_of, in_words
from dashboard.domain.board_document import complete

OLD = complete({"title": "T", "widgets": [{"kind": "stat", "title": "A"}, {"kind": "line", "title": "B", "unit": "s"}]})
NEW = complete(
    {
        "title": "U",
        "tags": ["x"],
        "widgets": [{"kind": "stat", "title": "A", "x": 4, "y": 1}, {"kind": "text", "title": "C"}],
    }
)


def test_the_differences_make_one_document_of_the_other_and_back() -> None:
    changes = differences(OLD, NEW)
    assert apply_changes(OLD, changes) == NEW
    assert apply_changes(NEW, [each.inverted() for each in reversed(changes)]) == OLD
    assert differences(OLD, OLD) == []


def test_differences_are_said_in_words_one_for_a_widget_that_moved() -> None:
    assert in_words(differences(OLD, NEW), OLD, NEW) == [
        "board: title “T” → “U”", "board: tags nothing → “x”", "B: removed", "A: moved", "C: added",
    ]  # fmt: skip
    long = in_words([Change("line-b", "unit", "s" * 90, UNSET)], OLD)
    assert long == [f"B: unit “{'s' * 59}…” → nothing"]


def test_a_change_of_a_widget_that_is_gone_changes_nothing() -> None:
    for change in (Change("gone", "title", after="x"), Change("gone", "", before={}, after=UNSET)):
        assert apply_changes(OLD, [change]) == OLD
    assert apply_changes(OLD, [Change("stat-a", "", after={"id": "stat-a"})]) == OLD


def test_a_field_that_is_not_there_differs_from_one_that_is_null() -> None:
    assert field_of({}, "unit") is UNSET
    assert apply_changes(OLD, [Change("line-b", "unit", "s", None)])["widgets"][1]["unit"] is None  # type: ignore[index]
    assert "unit" not in apply_changes(OLD, [Change("line-b", "unit", "s")])["widgets"][1]  # type: ignore[index]
