"""Bodies of requests and responses about boards and their versions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from dashboard.boards.drafts import State
from dashboard.boards.own_marks import Marks


class BoardListed(Struct, frozen=True):
    """Board in the index. ``places``: kind, x, y, w and h of its first tiles; ``source``: where the board is kept.

    ``shadowed``: True if the store has a board of this id, too; ``fault``: what is wrong with the board's file;
    ``draft_by``, ``draft_t``: author and time of the last edit of an open draft, if the caller may edit the board.
    """

    id: str
    title: str
    subtitle: str
    folder: str
    tags: tuple[str, ...]
    tiles: int
    source: str
    shadowed: bool
    archived: bool
    may_edit: bool
    version: int
    etag: str
    created_by: str
    changed_by: str
    changed: int
    places: list[tuple[str, int, int, int, int]]
    rows: int
    unknown: tuple[str, ...]
    fault: str
    draft_by: str
    draft_t: int


class BoardDeleted(Struct, frozen=True):
    """Deleted board that can be brought back until ``until``, milliseconds since the epoch."""

    id: str
    title: str
    until: int


class BoardList(Struct, frozen=True):
    """Boards that the caller may see, by id. ``faults``: broken files, for operators; ``deleted``: deleted boards that
    the caller can bring back; ``marks``: what the caller keeps about boards, null for callers who are no users."""

    boards: list[BoardListed]
    faults: list[str] = []
    deleted: list[BoardDeleted] = []
    marks: Marks | None = None


class Published(Struct, frozen=True):
    """Response to a publication: the new version and its ETag."""

    id: str
    version: int
    etag: str


class BoardChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``PATCH /api/v1/boards/ID``: a new id, or whether the board is archived."""

    id: str | None = None
    archived: bool | None = None


class Rollback(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/boards/ID/rollback``."""

    version: Annotated[int, Meta(ge=1)]
    note: Annotated[str, Meta(max_length=500)] = ""


class VersionListed(Struct, frozen=True):
    """Published version of a board. ``t``: milliseconds since the epoch."""

    version: int
    author: str
    t: int
    note: str


class VersionList(Struct, frozen=True):
    """Versions of a board, the newest first."""

    versions: list[VersionListed]


class Differences(Struct, frozen=True):
    """Differences between two versions, in words."""

    old: int | State
    new: int | State
    changes: list[str]
