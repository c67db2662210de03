"""Parts of a backup: what is elsewhere is named, and a restored folder begins a new epoch."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.app.data_parts import LEFT_OUT, PARTS, not_covered, renew
from dashboard.data_folder.folder import DataFolder
from dashboard.journal.sqlite_file import JOURNAL_FILE, JournalFile
from dashboard.settings import Settings
from dashboard.store.database import PEOPLE_FILE, open_database

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (Settings(), []),
        (Settings(journal="memory"), ["in memory only"]),
        (Settings(redis="redis://r"), ["are in Redis"]),
        (Settings(store="postgresql://u:hunter2@h/d"), ["in PostgreSQL: pg_dump"]),
        (Settings(store="sqlite:///x.db", secret="s"), ["sqlite3 FILE", "the secret is a setting"]),
    ],
)
def test_what_is_not_in_the_folder_is_named_with_its_own_way(settings: Settings, named: list[str]) -> None:
    found = not_covered(settings)
    assert len(found) == len(named)
    assert all(part in text for part, text in zip(named, found, strict=True))
    assert "hunter2" not in "".join(found)


def test_each_file_has_one_row() -> None:
    names = [part.name for part in PARTS]
    assert len({*names, *LEFT_OUT}) == len(names) + len(LEFT_OUT)


async def test_a_restored_folder_has_new_positions_and_keeps_its_entries(tmp_path: Path) -> None:
    journal = JournalFile(tmp_path / JOURNAL_FILE, 1.0)
    journal.open("before")
    journal.append([("metrics.0", "", b"a")], {"metrics.0": 0}, 7)
    journal.close()
    database = open_database("", DataFolder(tmp_path))
    await database.open()
    await database.close()
    renew(tmp_path)
    again = JournalFile(tmp_path / JOURNAL_FILE, 1.0)
    epoch, heads, _ = again.open("other")
    again.close()
    assert (epoch in ("before", "other"), heads) == (False, {"metrics.0": 1})
    with closing(sqlite3.connect(tmp_path / PEOPLE_FILE)) as people:
        assert people.execute("SELECT value FROM revisions").fetchone()[0] >= 1_000_000
