"""Operations: what each changes, histories of several editors that converge, and undo that keeps what others did later."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.board_changes import Change, apply_changes
from dashboard.domain.board_document import Document, board_of, complete, widgets_of
from dashboard.domain.board_operations import Done, Operation, changes_of, next_undo, undo_changes
from dashboard.domain.errors import DashboardError, Invalid, NotFound

BOARD = complete({"title": "T", "columns": 24, "widgets": [{"kind": "stat", "title": name} for name in "ab"]})
#: Histories that are tried; nightly more than ten thousand.
_HISTORIES = 12_000 if os.environ.get("NIGHTLY") else 150


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


def test_undo_takes_back_ones_own_and_redo_makes_it_again() -> None:
    one = made(BOARD, {"op": "set", "widget": "stat-a", "field": "title", "value": "1"})
    first = Done(
        1,
        "ann",
        tuple(
            changes_of(
                BOARD, msgspec.convert([{"op": "set", "widget": "stat-a", "field": "title", "value": "1"}], Operation)
            )
        ),
    )
    other = Done(2, "bo", (Change("stat-b", "title", "b", "2"),))
    now = apply_changes(one, other.changes)
    history = [first, other]
    target = next_undo(history, "ann", again=False)
    assert target == first
    back = undo_changes(now, history, first)
    assert back == [Change("stat-a", "title", "1", "a")]
    history.append(Done(3, "ann", tuple(back), undoes=1))
    assert next_undo(history, "ann", again=False) is None
    assert next_undo(history, "ann", again=True) == first
    again = undo_changes(apply_changes(now, back), history, first)
    assert again == [Change("stat-a", "title", "a", "1")]
    history.append(Done(4, "ann", tuple(again), undoes=1, again=True))
    assert next_undo(history, "ann", again=False) == first


def test_undo_leaves_what_another_changed_since() -> None:
    first = Done(1, "ann", (Change("stat-a", "title", "a", "1"), Change("stat-a", "unit", after="s")))
    other = Done(2, "bo", (Change("stat-a", "title", "1", "2"),))
    now = apply_changes(apply_changes(BOARD, first.changes), other.changes)
    assert undo_changes(now, [first, other], first) == [Change("stat-a", "unit", "s")]


def test_undo_of_an_added_widget_keeps_it_when_another_has_edited_it() -> None:
    add = Done(1, "ann", (Change("n", "", after={"id": "n", "kind": "stat", "title": "n"}, at=2),))
    edit = Done(2, "bo", (Change("n", "title", "n", "kept"),))
    now = apply_changes(apply_changes(BOARD, add.changes), edit.changes)
    assert undo_changes(now, [add, edit], add) == []
    assert len(undo_changes(apply_changes(BOARD, add.changes), [add], add)) == 1


names = st.sampled_from(["stat-a", "stat-b", "text-n", "text-n-2"])
steps = st.one_of(
    st.fixed_dictionaries(
        {
            "op": st.just("set"),
            "widget": names,
            "field": st.sampled_from(["title", "unit", "note"]),
            "value": st.sampled_from("xyz"),
        }
    ),
    st.fixed_dictionaries({"op": st.just("move"), "widget": names, "x": st.integers(0, 20), "y": st.integers(0, 9)}),
    st.fixed_dictionaries({"op": st.just("resize"), "widget": names, "w": st.integers(1, 4), "h": st.integers(1, 4)}),
    st.fixed_dictionaries({"op": st.just("add"), "value": st.just({"kind": "text", "title": "n"})}),
    st.fixed_dictionaries({"op": st.just("remove"), "widget": names}),
    st.just({"op": "undo"}),
    st.just({"op": "redo"}),
)


@settings(max_examples=_HISTORIES, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ann", "bo", "cy"]), steps), max_size=14))
def test_replicas_converge_in_one_order_and_undo_keeps_what_others_did_later(
    events: list[tuple[str, dict[str, Any]]],
) -> None:
    document, history = BOARD, list[Done]()
    for author, step in events:
        again = step["op"] == "redo"
        try:
            if step["op"] in ("undo", "redo"):
                target = next_undo(history, author, again=again)
                if target is None:
                    continue
                changes = undo_changes(document, history, target)
                done = Done(len(history) + 1, author, tuple(changes), target.seq, again)
            else:
                done = Done(len(history) + 1, author, tuple(changes_of(document, msgspec.convert([step], Operation))))
        except DashboardError:
            continue
        after = apply_changes(document, done.changes)
        if done.undoes:
            last = {c.place: each.author for each in history for c in each.changes}
            assert all(last[c.place] == author for c in done.changes), "undo changed what another did later"
        document = after
        history.append(done)
    board_of(document)
    wire = msgspec.json.decode(msgspec.json.encode([each.changes for each in history]), type=list[tuple[Change, ...]])
    replica = BOARD
    for changes in wire:
        replica = apply_changes(replica, changes)
    assert replica == document
