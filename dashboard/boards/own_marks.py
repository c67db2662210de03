"""Marks that a user sets on boards, the same on all devices: favourites, the home board, the boards seen last.

For callers who are no users (guests, the local operator, screens), the browser keeps them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from dashboard.boards.boards import Boards
from dashboard.domain.errors import Forbidden, Unavailable
from dashboard.domain.identity import Caller
from dashboard.runtime import result_within
from dashboard.store.board_marks import BoardMark, change_mark, read_marks
from dashboard.store.database import Database

#: A page that can do without the marks does not wait longer for them.
_SOON_S = 0.3


class Marks(Struct, frozen=True):
    """Marks of a user by the boards' present ids: the home board, empty for none; the favourites; the boards seen, the last
    first. ``unknown``: True while the store does not answer; then the others are empty."""

    home: str
    favourites: tuple[str, ...]
    recent: tuple[str, ...]
    unknown: Literal[True] | UnsetType = UNSET


class OwnMarks:
    """Use cases on the marks of users. ``now_ms`` is the journal's time."""

    def __init__(self, *, database: Database, boards: Boards, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._boards = boards
        self._now_ms = now_ms

    async def read(self, caller: Caller) -> Marks | None:
        """Return the caller's marks; None for a caller who is no user."""
        if caller.kind != "user":
            return None
        try:
            async with self._database.read() as tx:
                found = await read_marks(tx, caller.id)
        except Unavailable:
            return Marks("", (), (), unknown=True)
        return Marks(
            home=next((self._id(each) for each in found if each.home), ""),
            favourites=tuple(dict.fromkeys(self._id(each) for each in found if each.favourite)),
            recent=tuple(dict.fromkeys(self._id(each) for each in found if each.seen_ms)),
        )

    async def read_soon(self, caller: Caller) -> Marks | None:
        """Return the same as ``read``; None also if the store needs longer than ``_SOON_S``."""
        return await result_within(self.read(caller), _SOON_S)

    async def change(
        self, caller: Caller, board_id: str, *, favourite: bool | None, home: bool | None, seen: bool
    ) -> None:
        """Change the caller's marks on a board; None leaves a value as it is.

        Raises Forbidden (the caller is no user), LimitReached, Unavailable.
        """
        if caller.kind != "user":
            raise Forbidden("only users who are logged in have favourites here; the browser keeps those of others")
        former = self._boards.former_ids(board_id)
        async with self._database.write() as tx:
            for each in former if favourite is False or home is False else ():
                await change_mark(tx, caller.id, each, favourite=favourite, home=home)
            seen_ms = self._now_ms() if seen else None
            await change_mark(tx, caller.id, board_id, favourite=favourite, home=home, seen_ms=seen_ms)

    def _id(self, mark: BoardMark) -> str:
        return self._boards.moved_to(mark.board_id)
