from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.domain.position import Position
from dashboard.journal.port import Entry
from dashboard.journal.sqlite_file import CheckpointFile, JournalFile

PART = "metrics.0"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    made = JournalFile(tmp_path / "journal.sqlite3", 1.0)
    assert made.open("e1") == ("e1", {}, 0)
    yield made
    made.close()
    made.close_reader()


def test_entries_are_stored_in_order_and_read_again(journal: JournalFile, tmp_path: Path) -> None:
    assert journal.append([(PART, "", b"a"), (PART, "r", b"bb")], {PART: 0}, 7) == [1, 2]
    assert journal.read(PART, 0, 10) == [Entry(1, 7, b"a"), Entry(2, 7, b"bb")]
    assert journal.read(PART, 0, 1) == journal.read(PART, 0, 10)[:1]
    again = JournalFile(tmp_path / "journal.sqlite3", 1.0)
    assert again.open("e2") == ("e1", {PART: 2}, 3)
    again.close()
    again.close_reader()


def test_the_same_request_is_the_same_entry(journal: JournalFile) -> None:
    journal.append([(PART, "r", b"a")], {PART: 0}, 7)
    assert journal.append([(PART, "r", b"a"), (PART, "s", b"b")], {PART: 1}, 8) == [1, 2]


def test_what_is_too_old_is_deleted(journal: JournalFile) -> None:
    for seq, t_ms in ((0, 10), (1, 20), (2, 30)):
        journal.append([(PART, "", b"x" * 10)], {PART: seq}, t_ms)
    assert journal.trim(15, 0) == (10, False)
    assert journal.oldest_seq(PART, 99) == 2
    assert journal.trim(0, 5) == (10, False)
    assert journal.oldest_seq(PART, 99) == 3
    assert journal.oldest_seq("other", 99) == 99


def test_a_checkpoint_is_there_when_it_is_committed_and_not_before(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "checkpoint.sqlite3", 1.0)
    assert file.open() is False
    assert (file.position(PART), file.load(PART)) == (None, None)
    file.begin(PART, Position("e", 1), whole=True)
    file.put(PART, [("a", b"1"), ("b", b"2")])
    file.commit()
    file.rollback()
    file.begin(PART, Position("e", 2), whole=False)
    file.put(PART, [("a", None)])
    file.rollback()
    stored = file.load(PART)
    assert stored is not None
    assert (stored.position, stored.records) == (Position("e", 1), {"a": b"1", "b": b"2"})
    file.begin(PART, Position("e", 3), whole=True)
    file.put(PART, [("c", b"3")])
    file.commit()
    assert file.position(PART) == Position("e", 3)
    assert (file.load(PART) or stored).records == {"c": b"3"}
    file.close()


def test_a_checkpoint_file_that_is_damaged_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.sqlite3"
    path.write_bytes(b"no database" * 1_000)
    file = CheckpointFile(path, 1.0)
    assert file.open() is True
    assert path.with_suffix(".damaged").exists()
    assert file.position(PART) is None
    file.close()
