"""Restore of a backup into a data folder that no server uses, whole or not at all.

The parts are unpacked and checked in ``restoring/`` beside the files in use.  After all checks a file ``READY`` is written
there, and only then are files replaced.  A restore killed before that point has changed
nothing.  After a restore killed later, the server refuses to start, and the next restore finishes the work.  The folder's earlier
files are put aside, not deleted.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import msgspec
from msgspec import Struct

from dashboard.data_folder.archive import DataPart, Manifest, Progress, read_manifest, unpack
from dashboard.data_folder.folder import READY_FILE, RESTORING, DataFolder, make_private, private_file
from dashboard.domain.errors import Invalid, Unavailable

_BESIDE = ("", "-wal", "-shm", "-journal")


class Plan(Struct, frozen=True):
    """Content of ``READY``: the parts to install, the files to remove, and the folder that receives the earlier files."""

    fresh: list[str]
    known: list[str]
    aside: str


class Restored(Struct, frozen=True):
    """The manifest of the restored backup, and the folder with the earlier files, None if there were no earlier files."""

    manifest: Manifest
    aside: Path | None


def check(file: Path, parts: Iterable[DataPart], start: Callable[[int], Progress]) -> Manifest:
    """Read a whole backup and check it, without a restore. ``start`` is called with the number of bytes to read. Raises
    Invalid, Unavailable."""
    try:
        return unpack(file, frozenset(part.name for part in parts), None, start(read_manifest(file).size))
    except OSError as error:
        raise Unavailable(f"{file} cannot be read: {error.strerror}") from None


def restore(
    file: Path,
    folder: DataFolder,
    parts: tuple[DataPart, ...],
    *,
    renew: Callable[[Path], None],
    start: Callable[[int], Progress],
) -> Restored:
    """Replace the folder's files by a backup.

    ``renew`` is called with the folder of the unpacked parts and gives them a new epoch. ``start`` is called with the number of
    bytes to read. Raises Invalid (the backup is damaged), ConfigurationError (a server uses the folder), Unavailable.
    """
    folder.lock(restoring=True)
    try:
        if (folder.path / RESTORING / READY_FILE).exists():  # an interrupted restore
            _replace(folder.path)
        manifest = _prepare(file, folder.path, parts, renew, start)
        aside = _replace(folder.path)
        for part in manifest.parts:
            folder.note(part.name)
    except sqlite3.Error as error:
        raise Invalid(f"{file} holds a damaged database: {error}") from None
    except OSError as error:
        raise Unavailable(f"{error.filename or folder.path}: {error.strerror or error}") from None
    finally:
        folder.release()
    return Restored(manifest, aside)


def _prepare(
    file: Path,
    folder: Path,
    parts: tuple[DataPart, ...],
    renew: Callable[[Path], None],
    start: Callable[[int], Progress],
) -> Manifest:
    """Unpack and check all parts in a folder beside the files in use, then write ``READY``."""
    fresh = folder / RESTORING
    shutil.rmtree(fresh, ignore_errors=True)
    found = read_manifest(file)
    if (free := shutil.disk_usage(folder).free) < found.size:
        raise Unavailable(f"{folder} needs {found.size >> 20} MiB for it, {free >> 20} MiB are free")
    make_private(fresh)
    try:
        manifest = unpack(file, frozenset(part.name for part in parts), fresh, start(found.size))
        for part in parts:
            if part.database and (fresh / part.name).exists():
                _check_database(file, fresh / part.name)
        renew(fresh)
        _own(fresh, folder)
        names = [part.name for part in manifest.parts]
        aside = f"before-restore-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
        plan = Plan(names, [part.name for part in parts], aside)
        written = private_file(fresh / f"{READY_FILE}.new")
        written.write_bytes(msgspec.json.encode(plan))
        _sync(written)
        written.replace(fresh / READY_FILE)
        _sync(fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return manifest


def _check_database(file: Path, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Invalid(f"{file} holds a damaged {database.name}: {str(found).splitlines()[-1][:100]}")


def _own(fresh: Path, folder: Path) -> None:
    """Give the unpacked files to the folder's owner, if root runs the restore for another user."""
    owner = folder.stat()
    for each in (fresh, *fresh.iterdir()):
        if each.is_file():
            private_file(each)
            _sync(each)
        if os.geteuid() == 0:
            os.chown(each, owner.st_uid, owner.st_gid)


def _replace(folder: Path) -> Path | None:
    """Replace the files as ``READY`` says. This is idempotent, so an interrupted call can be repeated."""
    fresh = folder / RESTORING
    plan = msgspec.json.decode((fresh / READY_FILE).read_bytes(), type=Plan)
    aside = folder / plan.aside
    for name in plan.known:
        if name in plan.fresh and not (fresh / name).exists():
            continue  # it is in place already
        for old in (folder / f"{name}{suffix}" for suffix in _BESIDE):
            if old.exists():
                make_private(aside)
                old.rename(aside / old.name)
        if name in plan.fresh:
            (fresh / name).rename(folder / name)
    _sync(folder)
    (fresh / READY_FILE).unlink()
    shutil.rmtree(fresh, ignore_errors=True)
    return aside if aside.exists() else None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
