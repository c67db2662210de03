"""Names of boards that were ever private. Every function works in the caller's transaction."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.store.schema import private_boards, rooms


async def boards_ever(tx: AsyncConnection) -> set[str]:
    """Return the ids of all present and past boards: each has a room, and rooms keep their ids for ever."""
    return set((await tx.execute(select(rooms.c.id).where(rooms.c.kind == "board"))).scalars())


async def private_ever(tx: AsyncConnection) -> dict[str, bool]:
    """Return the boards that were ever private, each with True if it is missing now."""
    return {row.id: bool(row.gone) for row in await tx.execute(select(private_boards))}


async def note_private(tx: AsyncConnection, board: str, *, gone: bool) -> None:
    """Store that a board is private; ``gone``: True if this private board is missing now."""
    changed = await tx.execute(update(private_boards).where(private_boards.c.id == board).values(gone=gone))
    if not changed.rowcount:
        await tx.execute(insert(private_boards).values(id=board, gone=gone))
