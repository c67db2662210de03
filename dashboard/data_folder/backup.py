"""Backup of a data folder while a server uses it: a consistent snapshot of every database, in one file.

A read transaction is opened in each database, one right after the other, in the order of the table of parts.  The
copy contains the data committed at that moment, without later writes of the server (WAL: readers and the writer do not wait for
each other).  The order matters: the journal is copied after the checkpoint, so that no entry after the checkpoint is missing;
the messages are copied after the journal, whose entries refer to them.

Source: SQLite, "Online Backup API", "Isolation In SQLite".
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from dashboard.data_folder.archive import DataPart, Manifest, Progress, write_archive
from dashboard.data_folder.folder import READY_FILE, RESTORING, make_private
from dashboard.domain.errors import Invalid, Unavailable

_PAGES_AT_ONCE = 256
_BUSY_S = 10.0


def back_up(
    folder: Path,
    file: Path,
    parts: Iterable[DataPart],
    *,
    version: str,
    now_ms: Callable[[], int],
    replace: bool,
    start: Callable[[int], Progress],
) -> Manifest:
    """Write the backup ``file`` atomically. ``start`` is called with the number of bytes to copy.

    ``replace``: True to overwrite an existing file. The backup contains everything that was committed before the call. Raises
    Invalid, Unavailable.
    """
    if file.exists() and not replace:
        raise Invalid(f"{file} exists already; name another file, or give --replace")
    if (folder / RESTORING / READY_FILE).exists():
        raise Invalid(f"{folder}: a restore was interrupted here; run it again first")
    found = [part for part in parts if (folder / part.name).exists()]
    if not found:
        raise Invalid(f"{folder} holds nothing to back up")
    begun_ms = now_ms()
    try:
        with _workspace(file) as copies:
            _copy_all(folder, found, copies, start)
            written = copies / "archive"
            names = [part.name for part in found]
            manifest = write_archive(written, copies, version=version, begun_ms=begun_ms, names=names)
            written.replace(file)
            _sync_folder(file.parent)
    except sqlite3.Error as error:
        raise Unavailable(f"{folder} cannot be copied: {error}") from None
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror or error}") from None
    return manifest


@contextmanager
def _workspace(file: Path) -> Iterator[Path]:
    """Remove the remains of a killed backup, then create a folder beside ``file`` for the copies."""
    folder = file.with_name(f".{file.name}.partial")
    make_private(folder)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(f"another backup to {file} is running") from None
        for left in folder.iterdir():
            left.unlink()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _copy_all(folder: Path, parts: list[DataPart], copies: Path, start: Callable[[int], Progress]) -> None:
    """Copy a snapshot of each part; raises sqlite3.Error, OSError, Unavailable."""
    with ExitStack() as stack:
        sources = {
            part.name: stack.enter_context(closing(_snapshot(folder / part.name))) for part in parts if part.database
        }
        sizes = {name: _size_of(source) for name, source in sources.items()}
        needed, free = sum(sizes.values()) + max(sizes.values(), default=0), shutil.disk_usage(copies).free
        if free < needed:
            raise Unavailable(f"the backup needs {needed >> 20} MiB beside it, {free >> 20} MiB are free")
        progress = start(sum(sizes.values()))
        for part in parts:
            if part.database:
                _copy_database(sources[part.name], copies / part.name, sizes[part.name], progress)
            else:
                shutil.copyfile(folder / part.name, copies / part.name)


def _snapshot(file: Path) -> sqlite3.Connection:
    """Open a connection with a read transaction, which does not see later commits."""
    connection = sqlite3.connect(f"file:{_quoted(file)}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_S)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _quoted(file: Path) -> str:
    return str(file.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _size_of(source: sqlite3.Connection) -> int:
    pages, page = (source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages) * int(page)


def _copy_database(source: sqlite3.Connection, target: Path, size: int, progress: Progress) -> None:
    done = 0

    def tell(_: int, remaining: int, total: int) -> None:
        nonlocal done
        now = size * (total - remaining) // max(1, total)
        progress(now - done)
        done = now

    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous=OFF")  # only the archive must be synced to the disk
        source.backup(copy, pages=_PAGES_AT_ONCE, progress=tell, sleep=0)
        copy.execute("PRAGMA journal_mode=DELETE")  # a single file, without -wal and -shm


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
