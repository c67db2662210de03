"""A restore is complete or has no effect, wherever it is killed, and whatever file it gets."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dashboard.data_folder import restore as restoring
from dashboard.data_folder.archive import DataPart, Manifest, read_manifest
from dashboard.data_folder.backup import back_up
from dashboard.data_folder.folder import READY_FILE, RESTORING, DataFolder
from dashboard.domain.errors import ConfigurationError, Invalid
from tests.support.deadline import scaled

PARTS = (
    DataPart("one.sqlite3", "a"),
    DataPart("two.sqlite3", "b"),
    DataPart("secret", "c", database=False),
    DataPart("later", "d"),
)


def quiet(_: int) -> Callable[[int], None]:
    return lambda _: None


def fill(folder: Path, value: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("one.sqlite3", "two.sqlite3"):
        with closing(sqlite3.connect(folder / name, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("CREATE TABLE IF NOT EXISTS t (v TEXT)")
            db.execute("DELETE FROM t")
            db.execute("INSERT INTO t VALUES (?)", (value,))
    (folder / "secret").write_text(value)


def values(folder: Path) -> set[str]:
    found = {(folder / "secret").read_text()}
    for name in ("one.sqlite3", "two.sqlite3"):
        with closing(sqlite3.connect(folder / name)) as db:
            found.add(db.execute("SELECT v FROM t").fetchone()[0])
    return found


def save(folder: Path, file: Path, **more: Any) -> Manifest:
    options = {"version": "1", "now_ms": lambda: 5, "replace": False, "start": quiet, **more}
    return back_up(folder, file, PARTS, **options)


def put_back(file: Path, folder: Path) -> restoring.Restored:
    return restoring.restore(file, DataFolder(folder), PARTS, renew=lambda _: None, start=quiet)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    fill(tmp_path / "data", "old")
    save(tmp_path / "data", tmp_path / "backup")
    fill(tmp_path / "data", "new")
    return tmp_path / "backup"


def test_a_restore_brings_every_part_back_and_puts_aside_what_was_there(tmp_path: Path, file: Path) -> None:
    done = put_back(file, tmp_path / "data")
    assert values(tmp_path / "data") == {"old"}
    assert done.aside is not None
    assert values(done.aside) == {"new"}
    assert not (tmp_path / "data" / RESTORING).exists()
    assert put_back(file, tmp_path / "other").aside is None
    assert values(tmp_path / "other") == {"old"}


def test_what_the_backup_does_not_hold_is_put_aside_too(tmp_path: Path, file: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "later")) as db:
        db.execute("CREATE TABLE t (v)")
    done = put_back(file, tmp_path / "data")
    assert not (tmp_path / "data" / "later").exists()
    assert done.aside is not None
    assert (done.aside / "later").exists()


def _killed_at(number: int, file: Path, folder: Path) -> None:
    """Run in a child that is killed with SIGKILL instead of the nth change of a name."""
    count = 0

    def or_killed(real: Any) -> Any:
        def call(*args: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args)

        return call

    for name in ("rename", "replace", "unlink"):
        setattr(Path, name, or_killed(getattr(Path, name)))
    put_back(file, folder)


def test_a_restore_that_is_killed_anywhere_leaves_all_old_or_is_finished_by_the_next(
    tmp_path: Path, file: Path
) -> None:
    spawn = multiprocessing.get_context("fork")
    ends = []
    for number in range(1, 50):
        folder = tmp_path / f"data{number}"
        fill(folder, "new")
        child = spawn.Process(target=_killed_at, args=(number, file, folder))
        child.start()
        child.join(scaled(30))
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        if (folder / RESTORING / READY_FILE).exists():
            with pytest.raises(ConfigurationError, match="was interrupted"):
                DataFolder(folder).lock()
            ends.append("refused")
        else:
            found = values(folder)
            assert found in ({"new"}, {"old"})
            ends.append(found.pop())
        put_back(file, folder)
        assert values(folder) == {"old"}
        assert not (folder / RESTORING).exists()
    else:
        raise AssertionError("it was never done")
    assert ends.count("refused") >= 6  # of each part the old file and the new one
    assert {"new", "refused"} <= set(ends)


def _flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-len(content) // 2] ^= 1
    file.write_bytes(content)


def _cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _foreign(file: Path) -> None:
    with tarfile.open(file, "w") as tar:
        tar.add(__file__, "../escape")


def _rubbish(file: Path) -> None:
    file.write_bytes(os.urandom(4_000))


@pytest.mark.parametrize("harm", [_flipped, _cut, _foreign, _rubbish])
def test_a_damaged_or_foreign_file_changes_nothing(tmp_path: Path, file: Path, harm: Callable[[Path], None]) -> None:
    harm(file)
    with pytest.raises(Invalid):
        put_back(file, tmp_path / "data")
    with pytest.raises(Invalid):
        restoring.check(file, PARTS, quiet)
    assert values(tmp_path / "data") == {"new"}
    assert not (tmp_path / "data" / RESTORING).exists()


def test_a_part_that_this_version_does_not_know_is_refused(tmp_path: Path, file: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with pytest.raises(Invalid, match=r"holds 'two.sqlite3', which this version does not know"):
        restoring.restore(file, folder, (PARTS[0], PARTS[2]), renew=lambda _: None, start=quiet)
    assert values(tmp_path / "data") == {"new"}


def test_a_folder_in_use_is_not_restored_into(tmp_path: Path, file: Path) -> None:
    server = DataFolder(tmp_path / "data")
    server.lock(shared=True)
    with pytest.raises(ConfigurationError, match="another dashboard server is using this folder"):
        put_back(file, tmp_path / "data")
    server.release()
    assert values(tmp_path / "data") == {"new"}


def test_a_backup_is_of_one_moment_whatever_is_written_meanwhile(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, "before")
    with closing(sqlite3.connect(folder / "two.sqlite3", isolation_level=None)) as writer:

        def start(_: int) -> Callable[[int], None]:
            writer.execute("UPDATE t SET v = 'meanwhile'")
            return lambda _: None

        save(folder, tmp_path / "backup", start=start)
    put_back(tmp_path / "backup", tmp_path / "other")
    assert values(tmp_path / "other") == {"before"}


def test_a_backup_is_never_overwritten_unasked_and_closed_to_others(tmp_path: Path, file: Path) -> None:
    with pytest.raises(Invalid, match="exists already"):
        save(tmp_path / "data", file)
    save(tmp_path / "data", file, replace=True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_manifest(file).begun_ms == 5
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup", "data"]
