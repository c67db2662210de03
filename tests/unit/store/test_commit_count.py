from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dashboard.store.commit_count import CommitCount

pytestmark = pytest.mark.gen_test


def opened(file: Path) -> sqlite3.Connection:
    line = sqlite3.connect(file, isolation_level=None)
    line.execute("PRAGMA journal_mode=WAL")
    line.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
    return line


async def test_a_mark_differs_after_a_commit_by_anybody_and_only_then(tmp_path: Path) -> None:
    file = tmp_path / "a b#c.sqlite3"
    one, other, count = opened(file), opened(file), CommitCount(file)
    try:
        seen = [await count.mark()]
        for line in (one, other):
            line.execute("BEGIN IMMEDIATE")
            line.execute("INSERT INTO t VALUES (1)")
            assert await count.mark() == seen[-1]
            line.execute("COMMIT")
            seen.append(await count.mark())
        assert None not in seen
        assert len(set(seen)) == 3
        one.execute("BEGIN IMMEDIATE")
        one.execute("INSERT INTO t VALUES (2)")
        one.execute("ROLLBACK")
        one.execute("SELECT * FROM t").fetchall()
        assert await count.mark() == seen[-1]
    finally:
        await count.close()
        one.close()
        other.close()


async def test_a_file_that_cannot_be_read_has_no_mark_and_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "missing.sqlite3"
    count = CommitCount(file)
    try:
        assert await count.mark() is None
        assert not file.exists()
        opened(file).close()
        assert await count.mark() is not None
    finally:
        await count.close()
