"""The engine of the journal that the settings ask for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from dashboard.app.engine import make_journal
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.journal.clock import JournalClock
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.redis import RedisJournal
from dashboard.journal.sqlite import SqliteJournal
from dashboard.settings import Settings


@pytest.mark.parametrize(
    ("chosen", "engine"),
    [
        ({}, SqliteJournal),
        ({"journal": "memory"}, MemoryJournal),
        ({"redis": "redis://127.0.0.1:1"}, RedisJournal),
        ({"redis": "redis://127.0.0.1:1", "journal": "memory"}, RedisJournal),
    ],
)
def test_redis_comes_before_memory_and_that_before_the_folder(
    tmp_path: Path, chosen: dict[str, Any], engine: type[object]
) -> None:
    settings = Settings(**chosen, data=str(tmp_path))
    journal = make_journal(
        settings, DataFolder(tmp_path), JournalClock(wall=time.time, monotonic=time.monotonic), Counters()
    )
    assert type(journal) is engine
    assert list(tmp_path.iterdir()) == []
