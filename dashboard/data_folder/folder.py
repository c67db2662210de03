"""Data folder: its permissions, its lock, and the check that its files still exist.

The folder has mode 0700 and its files 0600: they hold password hashes and direct messages.  A server holds a lock
(``flock`` on ``journal.lock``) for as long as it uses the folder; the lock also lets commands find
the folder of a running server.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import IO

from dashboard.domain.errors import ConfigurationError

LOCK_FILE = "journal.lock"
#: State of the workers, written by their supervisor, for ``dashboard reload``.
STATUS_FILE = "supervisor.json"
#: List of the parts that the folder has had: a part that is listed but missing was lost.
INVENTORY_FILE = "inventory.json"
#: Folder of a restore that has begun to replace files.
RESTORING = "restoring"
READY_FILE = "READY"
#: A folder that was deleted is noticed within this time.
LOOK_EVERY_S = 2.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class DataFolder:
    """Data folder that this process uses. ``fault`` describes what is wrong with the folder; empty if nothing is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault = ""
        self._lock: IO[bytes] | None = None
        self._watched: dict[Path, tuple[int, int]] = {}  # file -> device and inode

    def make(self, *, restoring: bool = False) -> None:
        """Create the folder if it is missing, readable by its owner only; raises ConfigurationError.

        A folder with an interrupted restore is refused unless ``restoring`` is True.
        """
        try:
            make_private(self.path)
        except OSError as error:
            raise ConfigurationError(f"--data {self.path}: cannot be used: {error.strerror}") from None
        if not restoring and (self.path / RESTORING / READY_FILE).exists():
            raise ConfigurationError(
                f"--data {self.path}: a restore into this folder was interrupted; run it again: "
                f"dashboard restore FILE --data {self.path}"
            )

    def lock(self, *, shared: bool = False, restoring: bool = False) -> None:
        """Lock the folder until ``release``; ``shared``: True to share the lock with other processes that want to share it.

        ``restoring``: see ``make``. Raises ConfigurationError when another server uses the folder.
        """
        self.make(restoring=restoring)
        try:
            self._lock = private_file(self.path / LOCK_FILE).open("r+b")
        except OSError as error:
            raise ConfigurationError(f"--data {self.path}: cannot be used: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            self.release()
            raise ConfigurationError(f"--data {self.path}: another dashboard server is using this folder") from None
        self.watch(LOCK_FILE)

    def release(self) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def watch(self, name: str) -> None:
        """Watch for a removal or replacement of the file ``name``."""
        found = (self.path / name).stat()
        self._watched[self.path / name] = found.st_dev, found.st_ino

    def look(self) -> None:
        """Compare the watched files with those on the disk now, and set ``fault``."""
        self.fault = next(filter(None, (self._fault_of(file) for file in list(self._watched))), "")

    def _fault_of(self, file: Path) -> str:
        # without the path, as everybody may read /readyz
        try:
            found = file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return f"{file.name} was removed while the server runs; put it back, or restart the server"
        except OSError as error:
            return f"{file.name} cannot be read: {error.strerror}"
        if (found.st_dev, found.st_ino) != self._watched[file]:
            return f"{file.name} was replaced while the server runs; restart the server"
        return ""

    async def run(self) -> None:
        """Check the folder every `LOOK_EVERY_S` seconds, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.to_thread(self.look)

    # --- what the folder has had ---

    def check_not_lost(self, name: str, holds: str) -> None:
        """Raise ConfigurationError, with the remedy, if a file that once existed is missing or empty now.

        ``holds``: what the file contains, for the error.
        """
        file = self.path / name
        if name not in self._inventory() or (file.exists() and file.stat().st_size):
            return
        state = "is empty" if file.exists() else "is missing"
        raise ConfigurationError(
            f"{file} {state}, and it held {holds}: {cure_of(self.path)}, or delete {self.path / INVENTORY_FILE} to begin without"
        )

    def note(self, name: str) -> None:
        """List the file ``name`` in the inventory, so that its loss is noticed."""
        known = self._inventory()
        if name not in known:
            file = self.path / INVENTORY_FILE
            written = private_file(file.with_suffix(f".{os.getpid()}"))
            written.write_text(json.dumps(sorted({*known, name})))
            written.replace(file)

    def _inventory(self) -> list[str]:
        try:
            found = json.loads((self.path / INVENTORY_FILE).read_bytes())
        except (OSError, ValueError):
            return []
        return [str(each) for each in found] if isinstance(found, list) else []


def cure_of(folder: Path) -> str:
    """Describe how to repair a damaged folder."""
    return f"restore a backup (dashboard restore FILE --data {folder})"


def make_private(folder: Path) -> None:
    """Create a folder with mode 0700; an existing folder stays unchanged. Raises OSError."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def private_file(file: Path) -> Path:
    """Create the file with mode 0600 if it is missing, or remove other users' access to an existing file; raises OSError.

    An existing file is not opened: closing an SQLite file again would release the locks that this process has on it.
    """
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if file.stat().st_mode & _OTHERS:
            file.chmod(0o600)
    return file


def private_database(file: Path) -> Path:
    """Make an SQLite file and its ``-wal`` and ``-shm`` files private; create the SQLite file if it does not exist.

    SQLite gives later ``-wal`` and ``-shm`` files the mode of the SQLite file.
    """
    for suffix in ("-wal", "-shm"):
        beside = file.with_name(file.name + suffix)
        if beside.exists():
            private_file(beside)
    return private_file(file)


def too_wide(folder: Path) -> str:
    """Return a warning, with the remedy, if other users may read the folder, else an empty text."""
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError:
        return ""
    if not mode & _OTHERS:
        return ""
    return f"data = {folder}: other users of this machine can read it (mode {mode:04o}); chmod 700 {folder}"


def locked_folders(proc: Path = Path("/proc")) -> list[Path]:
    """Find the data folders of the servers that run on this machine, by their locks.

    Only servers of the calling user are found, or of all users if root calls. The list is empty if the locks cannot be read.
    Source: proc_locks(5).
    """
    found: dict[tuple[int, int], Path] = {}
    try:
        lines = (proc / "locks").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        words = line.split()
        if "FLOCK" not in words or len(words) < 6:
            continue
        at = words.index("FLOCK")
        pid, inode = words[at + 3], words[at + 4].rpartition(":")[2]
        if (file := _open_file(proc / pid / "fd", int(inode))) is not None:
            status = file.stat()
            found[status.st_dev, status.st_ino] = file.parent
    return sorted(found.values())


def _open_file(descriptors: Path, inode: int) -> Path | None:
    """Return the path of the lock file with this inode among a process' open files, None if it is not open."""
    try:
        links = list(descriptors.iterdir())
    except OSError:
        return None
    for link in links:
        try:
            file = Path(os.readlink(link))
            if file.name == LOCK_FILE and file.stat().st_ino == inode:
                return file
        except OSError:
            continue
    return None
