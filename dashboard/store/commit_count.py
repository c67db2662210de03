"""Count of the commits to a SQLite file, so that a reader can tell that there is nothing new without a transaction.

A connection of its own, in a thread of its own, asks SQLite for its ``data_version``: this number differs after a commit by any other
connection, of this process or of another.  Source: SQLite, "PRAGMA data_version".
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dashboard.journal.ordered_thread import OrderedThread


class CommitMark(NamedTuple):
    """Mark of a file's state: two equal marks mean that nothing was committed between them."""

    connection: int
    version: int


class CommitCount:
    """Reader of marks. It opens its connection at the first call, and another one after an error."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = OrderedThread("store-commits")
        self._line: sqlite3.Connection | None = None
        self._lines = 0  # connections so far: versions of two connections cannot be compared

    async def mark(self) -> CommitMark | None:
        """Return the mark of the present state; None if it cannot be read, and a transaction has to find out why."""
        return await self._thread.call(self._read)

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await self._thread.call(self._drop)
        self._thread.close()

    def _read(self) -> CommitMark | None:
        try:
            if self._line is None:
                self._line = sqlite3.connect(
                    f"{self._file.absolute().as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None
                )
                self._lines += 1
            (version,) = self._line.execute("PRAGMA data_version").fetchone()
            return CommitMark(self._lines, version)
        except sqlite3.Error:
            self._drop()
            return None

    def _drop(self) -> None:
        if self._line is not None:
            with suppress(sqlite3.Error):
                self._line.close()
            self._line = None
