"""Marks of users on boards: favourites, the home board, and when each was seen. Every function works in the caller's transaction."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.errors import LimitReached
from dashboard.store.schema import board_marks, users

#: Boards of a user that are kept only because they were seen; the one that was seen first makes room.
MOST_SEEN = 50
#: Favourites of a user.
MOST_FAVOURITES = 200


class BoardMark(Struct, frozen=True):
    """Marks of a user on a board. ``seen_ms``: when the user saw it last, 0 for never."""

    board_id: str
    favourite: bool = False
    home: bool = False
    seen_ms: int = 0


async def read_marks(tx: AsyncConnection, user: str) -> list[BoardMark]:
    """Return a user's marks, of the board that was seen last first."""
    columns = board_marks.c
    statement = (
        select(columns.board_id, columns.favourite, columns.home, columns.seen_ms)
        .where(columns.user_id == user)
        .order_by(columns.seen_ms.desc(), columns.board_id)
    )
    return [BoardMark(**row._mapping) for row in await tx.execute(statement)]


async def change_mark(
    tx: AsyncConnection,
    user: str,
    board: str,
    *,
    favourite: bool | None = None,
    home: bool | None = None,
    seen_ms: int | None = None,
) -> None:
    """Change a user's marks on a board; None leaves a value as it is. A user has one home board.

    Raises LimitReached if the user has too many favourites.
    """
    await tx.execute(update(users).where(users.c.id == user).values(version=users.c.version))  # one change at a time
    known = await read_marks(tx, user)
    if favourite and sum(each.favourite and each.board_id != board for each in known) >= MOST_FAVOURITES:
        raise LimitReached(f"you have {MOST_FAVOURITES} favourites; remove one first")
    columns, of_user = board_marks.c, board_marks.c.user_id == user
    if home:
        await tx.execute(update(board_marks).where(of_user).values(home=False))
    given = {"favourite": favourite, "home": home, "seen_ms": seen_ms}
    values = {name: value for name, value in given.items() if value is not None}
    changed = update(board_marks).where(of_user, columns.board_id == board).values(**values)
    if not (await tx.execute(changed)).rowcount:
        blank = {"user_id": user, "board_id": board, "favourite": False, "home": False, "seen_ms": 0}
        await tx.execute(insert(board_marks).values(**(blank | values)))
    seen = sorted((each.seen_ms for each in known if each.board_id != board), reverse=True)
    too_old = columns.seen_ms <= (seen[MOST_SEEN - 1] if len(seen) >= MOST_SEEN else 0)
    unmarked = and_(columns.favourite.is_(False), columns.home.is_(False))
    await tx.execute(delete(board_marks).where(of_user, unmarked, or_(too_old, columns.seen_ms == 0)))


async def forget_marks(tx: AsyncConnection, user: str) -> None:
    """Delete all marks of a user."""
    await tx.execute(delete(board_marks).where(board_marks.c.user_id == user))
