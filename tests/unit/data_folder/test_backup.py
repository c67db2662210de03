from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.data_folder.archive import unpack
from dashboard.data_folder.backup import back_up
from dashboard.data_folder.folder import READY_FILE, RESTORING
from dashboard.domain.errors import Invalid, Unavailable
from tests.unit.data_folder.test_restore import PARTS, fill, save, values


def test_a_backup_holds_what_was_committed_while_the_folder_is_in_use(tmp_path: Path) -> None:
    folder, file, out = tmp_path / "data", tmp_path / "b.tar", tmp_path / "out"
    fill(folder, "first")
    with closing(sqlite3.connect(folder / "one.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE t SET v = 'not committed'")
        manifest = save(folder, file)
        writer.execute("ROLLBACK")
    assert [part.name for part in manifest.parts] == ["one.sqlite3", "two.sqlite3", "secret"]
    assert manifest.begun_ms == 5
    out.mkdir()
    unpack(file, frozenset(part.name for part in PARTS), out, lambda _: None)
    assert values(out) == {"first"}
    assert {each.name for each in tmp_path.iterdir()} == {"data", "b.tar", "out"}


def test_a_backup_replaces_another_only_when_that_is_asked_for(tmp_path: Path) -> None:
    folder, file = tmp_path / "data", tmp_path / "b.tar"
    fill(folder, "first")
    save(folder, file)
    with pytest.raises(Invalid, match="--replace"):
        save(folder, file)
    save(folder, file, replace=True)


def test_what_there_is_to_copy_is_told_as_it_is_done(tmp_path: Path) -> None:
    fill(tmp_path / "data", "first")
    whole, done = list[int](), list[int]()

    def start(size: int) -> Callable[[int], None]:
        whole.append(size)
        return done.append

    save(tmp_path / "data", tmp_path / "b.tar", start=start)
    assert [sum(done)] == whole
    assert whole[0] > 0


def test_a_folder_without_anything_or_half_restored_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match="nothing"):
        save(tmp_path / "empty", tmp_path / "b.tar")
    fill(tmp_path / "data", "first")
    (tmp_path / "data" / RESTORING).mkdir()
    (tmp_path / "data" / RESTORING / READY_FILE).touch()
    with pytest.raises(Invalid, match="interrupted"):
        save(tmp_path / "data", tmp_path / "b.tar")


def test_a_database_that_is_none_cannot_be_copied(tmp_path: Path) -> None:
    fill(tmp_path / "data", "first")
    (tmp_path / "data" / "one.sqlite3").write_bytes(b"no database" * 1_000)
    with pytest.raises(Unavailable):
        back_up(
            tmp_path / "data",
            tmp_path / "b.tar",
            PARTS,
            version="1",
            now_ms=lambda: 5,
            replace=False,
            start=lambda _: lambda _: None,
        )
    assert not (tmp_path / "b.tar").exists()
