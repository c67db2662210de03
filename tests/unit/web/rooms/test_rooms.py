"""Rooms as they are shown, and rows of an export that no spreadsheet runs."""

from __future__ import annotations

import csv

import pytest

from dashboard.domain.room import Room
from dashboard.web.rooms.rooms import RoomShown, _csv, _harmless, room_shown


def test_a_room_is_shown_with_its_position() -> None:
    room = Room("host", "board", "Host", private=True, members=("ann",), last_seq=7)
    assert room_shown(room) == RoomShown("host", "board", "Host", True, ("ann",), "7")


@pytest.mark.parametrize(
    ("text", "shown"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("\tx", "'\tx"), ("a=1", "a=1"), ("", "")]
)
def test_a_text_that_a_spreadsheet_would_run_is_quoted(text: str, shown: str) -> None:
    assert _harmless(text) == shown


def test_rows_are_csv() -> None:
    rows = [("a,b", 'c"d', "e\nf"), ("", 1, "ä")]
    assert [tuple(row) for row in csv.reader(_csv(rows).decode().splitlines(keepends=True))] == [
        ("a,b", 'c"d', "e\nf"),
        ("", "1", "ä"),
    ]
