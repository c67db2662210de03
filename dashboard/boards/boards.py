"""Boards that can be shown now, by id: those of files and those of the store. A board in both is shown from its file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from dashboard.boards.board_text import parse_board
from dashboard.domain.board import Board
from dashboard.domain.board_document import (
    BOARD_ID,
    Document,
    board_of,
    complete,
    decode_document,
    encode_document,
    unknown_fields,
)
from dashboard.domain.errors import ConfigurationError, NotFound, TooLarge

#: Moves that are followed from an old id to the present one.
_MAX_MOVES = 10
#: Most files whose versions a process tells the others.
_MAX_VERSIONS = 200


class ShownBoard(Struct, frozen=True):
    """Board and its source. ``board`` and ``document`` have all ids and places; ``written`` is the document as its
    author wrote it, perhaps without them.

    ``tag`` changes with every change of ``written``; ``unknown``: fields that this version does not know; ``text``: the
    file's text.
    """

    id: str
    board: Board
    document: Document
    written: Document
    tag: str
    source: Literal["file", "store"]
    path: Path | None = None
    text: str = ""
    unknown: tuple[str, ...] = ()
    version: int = 0
    created_by: str = ""
    changed_by: str = ""
    changed_ms: int = 0
    archived: bool = False


def tag_of(written: bytes) -> str:
    """Return the tag of a board's document: a hash of its JSON text ``written``."""
    return hashlib.sha256(written).hexdigest()[:16]


def file_board(path: Path) -> ShownBoard:
    """Read and check a board's file; raises ConfigurationError with the line and the cure."""
    try:
        text = path.read_bytes().decode("utf-8")
        changed_ms = int(path.stat().st_mtime * 1000)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(f"{path}: cannot be read: {reason}") from None
    if not BOARD_ID.fullmatch(path.stem):
        raise ConfigurationError(f"{path}: the file's name is the board's id: use 1 to 60 letters, digits, - and _")
    try:
        written = parse_board(text, path)
    except TooLarge as error:
        raise ConfigurationError(str(error)) from None
    document = complete(written)
    return ShownBoard(
        id=path.stem,
        board=board_of(document),
        document=document,
        written=written,
        tag=tag_of(text.encode()),
        source="file",
        path=path,
        text=text,
        unknown=tuple(unknown_fields(written)),
        changed_ms=changed_ms,
    )


def stored_board(
    board_id: str,
    text: str,
    *,
    version: int = 0,
    created_by: str = "",
    changed_by: str = "",
    changed_ms: int = 0,
    archived: bool = False,
) -> ShownBoard:
    """Return a board of the store, whose document is the JSON text ``text``; raises Invalid if this version cannot show it."""
    written = decode_document(text)
    document = complete(written)
    return ShownBoard(
        id=board_id,
        board=board_of(document),
        document=document,
        written=written,
        tag=tag_of(encode_document(written)),
        source="store",
        unknown=tuple(unknown_fields(written)),
        version=version,
        created_by=created_by,
        changed_by=changed_by,
        changed_ms=changed_ms,
        archived=archived,
    )


def load_board(path: Path) -> Board:
    """Read and check one board file; raises ConfigurationError."""
    return file_board(path).board


#: Called with a board's id, what was shown before and what is shown now; None: no board.
OnChange = Callable[[str, ShownBoard | None, ShownBoard | None], None]


class Boards:
    """Boards by id. ``folder``: a folder of board files to read now; a broken file raises ConfigurationError with its path and fault."""

    def __init__(self, folder: Path | None = None) -> None:
        given = sorted(folder.glob("*.yaml")) if folder else []
        self._given = {path.stem: file_board(path) for path in given}
        self._files: Mapping[str, ShownBoard] = {}
        self._stored: dict[str, ShownBoard] = {}
        self._moved: dict[str, str] = {}
        self._on_change: list[OnChange] = []
        #: What is wrong with files, by path.
        self.faults: Mapping[Path, str] = {}
        self._shown = dict(self._given)

    # --- reading ---

    def get(self, board_id: str) -> Board:
        """Return a board; raises NotFound."""
        return self.shown(board_id).board

    def shown(self, board_id: str) -> ShownBoard:
        """Return a board with its source; raises NotFound."""
        found = self._shown.get(board_id)
        if found is None:
            raise self.missing(board_id)
        return found

    def is_shown(self, board_id: str) -> bool:
        """Return whether there is a board with this id, also an archived one."""
        return board_id in self._shown

    @staticmethod
    def missing(board_id: str) -> NotFound:
        """Return the error for a board that does not exist or is hidden from the caller."""
        return NotFound(f"there is no board {board_id[:40]!a}")

    def all(self) -> list[Board]:
        """Return all boards that are not archived."""
        return [each.board for each in self._shown.values() if not each.archived]

    def every(self) -> list[ShownBoard]:
        """Return all boards with their sources, also archived boards, ordered by id."""
        return [self._shown[board_id] for board_id in sorted(self._shown)]

    def titles(self) -> dict[str, str]:
        """Return the title of every board that is not archived, by its id."""
        return {board_id: each.board.title for board_id, each in self._shown.items() if not each.archived}

    def is_shadowed(self, board_id: str) -> bool:
        """Return whether a board of the store is not shown, because a file has its id."""
        return board_id in self._stored and self._shown[board_id].source == "file"

    def is_given(self, board_id: str) -> bool:
        """Return whether a board's file comes with the program and must not be edited."""
        found = self._given.get(board_id)
        return found is not None and self._shown.get(board_id) is found

    def fault_of(self, board_id: str) -> str:
        """Return what is wrong with the file of a board; empty if nothing is."""
        return next((text for path, text in self.faults.items() if path.stem == board_id), "")

    def file_versions(self) -> dict[str, str]:
        """Return the shortened tag of each board file, by board id; at most 200, without the files that come with the server."""
        own = sorted(board_id for board_id in self._files if not self.is_given(board_id))
        return {board_id: self._files[board_id].tag[:6] for board_id in own[:_MAX_VERSIONS]}

    def moved_to(self, board_id: str) -> str:
        """Return the present id of a board that was renamed; the same id if it was not."""
        for _ in range(_MAX_MOVES):
            if board_id in self._shown or board_id not in self._moved:
                break
            board_id = self._moved[board_id]
        return board_id

    def former_ids(self, board_id: str) -> list[str]:
        """Return the ids that a board had before it was renamed, sorted."""
        return sorted(old for old in self._moved if old != board_id and self.moved_to(old) == board_id)

    # --- changing ---

    def subscribe(self, handler: OnChange) -> None:
        """Call ``handler`` after each change of a board."""
        self._on_change.append(handler)

    def take_files(self, files: Mapping[str, ShownBoard], faults: Mapping[Path, str]) -> None:
        """Replace all boards from files by ``files``. ``faults``: what is wrong with broken files, by path."""
        before, self._files = self._files, files
        told, self.faults = self.faults, faults
        bad = {path.stem for path in (told.keys() ^ faults.keys())}
        bad |= {path.stem for path in told.keys() & faults.keys() if told[path] != faults[path]}
        self._settle({*before, *files, *bad}, told=bad)

    def take_stored(self, boards: Mapping[str, ShownBoard | None], moved: Mapping[str, str]) -> None:
        """Apply changes of the store's boards; a deleted board is None. ``moved``: new ids of renamed boards."""
        for board_id, board in boards.items():
            if board is None:
                self._stored.pop(board_id, None)
            else:
                self._stored[board_id] = board
            self._moved.pop(board_id, None)
        self._moved |= moved
        self._settle(boards, told=())

    def _settle(self, changed: Iterable[str], *, told: Iterable[str]) -> None:
        told = set(told)
        for board_id in changed:
            before = self._shown.get(board_id)
            now = self._files.get(board_id) or self._given.get(board_id) or self._stored.get(board_id)
            if now is None:
                self._shown.pop(board_id, None)
            else:
                self._shown[board_id] = now
            if before is not now or board_id in told:
                for handler in self._on_change:
                    handler(board_id, before, now)
