"""A restored file of people and messages."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from dashboard.store.put_back import forget_positions


def test_the_numbers_of_every_room_go_on_beyond_what_pages_know(tmp_path: Path) -> None:
    file = tmp_path / "people.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as made:
        made.execute("CREATE TABLE rooms (id TEXT, last_seq INTEGER, trimmed_seq INTEGER)")
        made.execute("CREATE TABLE revisions (name TEXT, value INTEGER)")
        made.execute("INSERT INTO rooms VALUES ('a', 7, 3), ('b', 0, 0)")
        made.execute("INSERT INTO revisions VALUES ('users', 4)")
    forget_positions(file)
    with closing(sqlite3.connect(file)) as read:
        rooms = read.execute("SELECT id, last_seq, trimmed_seq FROM rooms ORDER BY id").fetchall()
        assert rooms == [("a", 1_000_007, 1_000_007), ("b", 1_000_000, 1_000_000)]
        assert read.execute("SELECT value FROM revisions").fetchall() == [(1_000_004,)]
