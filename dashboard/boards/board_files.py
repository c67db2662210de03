"""Watched folder of board files: a saved file is shown within a second; if a file is broken, its last good state stays on the screens.

Every process watches the folder of its own machine. The folder is polled, so it may be on any file system.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

from dashboard.boards.boards import Boards, ShownBoard, file_board, tag_of
from dashboard.boards.splice import splice
from dashboard.boards.unread import unread
from dashboard.domain.board_document import Document
from dashboard.domain.errors import ConfigurationError, Conflict, DashboardError

_log = logging.getLogger(__name__)

#: The folder is polled this often. A file that did not change between two polls is complete: editors write in several steps.
_LOOK_EVERY_S = 0.2
#: After ``look_soon`` a file that did not change for this long is complete.
_SETTLED_S = 0.05
#: Most files that are read; every further file is reported as a fault.
_MAX_FILES = 1_000
#: Time of change, size and inode of a file.
Signature = tuple[int, int, int]


class BoardFiles:
    """Watcher of the files ``*.yaml`` in a folder."""

    def __init__(self, *, folder: Path, boards: Boards, one_machine: Callable[[], bool] = lambda: True) -> None:
        self.folder = folder
        self._on_titles: Callable[[dict[str, str]], Awaitable[None]] | None = None
        self._boards = boards
        self._one_machine = one_machine
        self._seen: dict[Path, Signature] = {}
        self._read: dict[Path, Signature] = {}
        self._good: dict[str, ShownBoard] = {}
        self._faults: dict[Path, str] = {}
        self._unread: list[str] = []
        self._looking = asyncio.Lock()
        self._wake = asyncio.Event()

    def subscribe(self, handler: Callable[[dict[str, str]], Awaitable[None]]) -> None:
        """Call ``handler`` with the titles of new boards, by id."""
        self._on_titles = handler

    def write(self, shown: ShownBoard, document: Document) -> None:
        """Write a complete document back into its board's file, changing only the lines of fields that differ.

        Raises Conflict if the file comes with the server, was changed since it was read, cannot be written, or if the
        server runs on several machines.
        """
        path = shown.path
        if path is None or path.parent != self.folder:
            raise Conflict(f"{shown.id} comes with the server; save a copy under another id")
        if not self._one_machine():
            raise Conflict("several machines serve, each with files of its own; save a copy, or change the file in git")
        if path.is_symlink():
            raise Conflict(f"{path.name} is a link, which stays one; change the file that it leads to, or save a copy")
        try:
            text = path.read_bytes().decode("utf-8")  # with the ends of lines that it has
            _check_tag(path, text.encode(), shown.tag)
            # an own name for each write: a thread that hangs in a file system goes on when its request has failed
            made = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
            try:
                made.write_bytes(splice(text, document).encode("utf-8"))
                made.chmod(path.stat().st_mode & 0o777)
                _check_tag(path, path.read_bytes(), shown.tag)  # writing may have taken long
                made.replace(path)
            finally:
                made.unlink(missing_ok=True)
        except OSError as error:
            raise Conflict(
                f"{path.name} cannot be written ({error.strerror}); save a copy, or download the YAML"
            ) from None

    def load(self) -> None:
        """Read all files now; note the faults of broken files, and show the other files."""
        self._seen = self._scan()
        self._take(self._seen)

    async def run(self) -> None:
        """Look for changed files until cancelled."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            if self._wake.is_set():
                self._wake.clear()
                await self.look()
                await asyncio.sleep(_SETTLED_S)
            await self.look()

    def look_soon(self) -> None:
        """Look at once, because another process may have published a file."""
        self._wake.set()

    async def settle(self) -> None:
        """Read the files that another process has published: the first look finds a change, the second reads it."""
        for _ in range(2):
            await self.look()

    async def look(self) -> None:
        """Poll the folder. Changed files are read once a poll finds no further change."""
        async with self._looking:
            now = await asyncio.to_thread(self._scan)
            before, self._seen = self._seen, now
            if now == self._read or now != before:
                return
            known = set(self._boards.titles())
            await asyncio.to_thread(self._read_changed, now)
            self._show()
        new = {board: title for board, title in self._boards.titles().items() if board not in known}
        if new and self._on_titles is not None:
            try:
                await self._on_titles(new)
            except DashboardError as error:
                _log.warning("no room for the conversation of %s: %s", ", ".join(new), error)

    def _scan(self) -> dict[Path, Signature]:
        found = {}
        self._unread = unread(self.folder)
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if not entry.name.endswith(".yaml") or entry.name.startswith("."):
                        continue
                    if signature := _signature_of(entry):
                        found[Path(entry.path)] = signature
        except FileNotFoundError:
            return {}  # no folder: no files
        except OSError as error:
            _log.debug("%s: %s", self.folder, error)
            return self._read  # the file system does not answer: poll again
        return found

    def _take(self, now: dict[Path, Signature]) -> None:
        self._read_changed(now)
        self._show()

    def _read_changed(self, now: dict[Path, Signature]) -> None:
        for number, path in enumerate(sorted(now), 1):
            if now[path] == self._read.get(path):
                continue
            try:
                if number > _MAX_FILES:
                    raise ConfigurationError(
                        f"{path}: more than {_MAX_FILES} files; move some of them to another server"
                    )
                self._good[path.stem] = file_board(path)
                self._faults.pop(path, None)
            except ConfigurationError as error:
                text = str(error).removeprefix(f"{self.folder}/")
                if self._faults.get(path) != text:
                    _log.warning("board file %s; its last good state stays", text)
                self._faults[path] = text
        for path in self._read.keys() - now.keys():
            self._good.pop(path.stem, None)
            self._faults.pop(path, None)
        self._read = now

    def _show(self) -> None:
        self._boards.take_files(dict(self._good), dict(self._faults))

    def faults(self) -> list[str]:
        """Return the faults of broken files, and the files and folders that are not read, one line for each."""
        return [*self._faults.values(), *self._unread]

    def versions(self) -> dict[str, str]:
        """Return the tag of each shown file's content, by the board's id."""
        return {board_id: shown.tag for board_id, shown in self._good.items()}


def _check_tag(path: Path, content: bytes, tag: str) -> None:
    """Raise Conflict if the content of a file has another tag."""
    if tag_of(content) != tag:
        raise Conflict(f"{path.name} has just been changed; look at its changes, and publish again")


def _signature_of(entry: os.DirEntry[str]) -> Signature | None:
    """Return the signature of an entry of the folder; None if it is no file, or was removed meanwhile.

    An entry that cannot be followed, such as a link in a circle, has a signature too: reading it then gives its fault.
    """
    try:
        if not entry.is_file():
            return None
        state = entry.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return (0, 0, 0)
    return (state.st_mtime_ns, state.st_size, state.st_ino)
