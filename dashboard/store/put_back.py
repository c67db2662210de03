"""Changes to an SQLite file of people and messages that is restored from a backup."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

#: Distance by which a room's log is moved on, so that no page has seen the new positions.
_JUMP = 1_000_000


def forget_positions(file: Path) -> None:
    """Skip numbers in the log of every room: a page that connects again then reloads the room; raises sqlite3.Error.

    Without this, new messages would get numbers that a page knows already from messages after the backup.
    """
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE rooms SET last_seq = last_seq + ?", (_JUMP,))
        connection.execute("UPDATE rooms SET trimmed_seq = last_seq")
        connection.execute("UPDATE revisions SET value = value + ?", (_JUMP,))
