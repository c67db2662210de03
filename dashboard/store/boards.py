"""Boards in the store: published documents, versions, archive and deletion. Every function works in the caller's transaction.

A function that writes takes the next revision first, so processes that publish the same board at the same time wait for each other.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.store.revisions import next_revision
from dashboard.store.schema import board_operations, board_versions, boards

#: A deleted board can be brought back for this long.
DELETED_KEPT_MS = 30 * 86_400_000
#: Deleted boards that are listed at most; older ones can still be brought back by their id.
MOST_DELETED = 200


class BoardRow(Struct, frozen=True):
    """Board in the store. ``document``: JSON text, empty for a board that is a file. A deleted board can be restored for 30 days."""

    id: str
    document: str
    version: int
    draft: str
    draft_base: str
    draft_seq: int
    draft_from: int
    draft_by: str
    draft_ms: int
    created_by: str
    created_ms: int
    changed_by: str
    changed_ms: int
    archived: bool
    deleted_ms: int | None
    moved_to: str
    revision: int


class BoardVersion(Struct, frozen=True):
    """Published version of a board; ``document`` is JSON text."""

    board: str
    version: int
    document: str
    author: str
    t_ms: int
    note: str


def _board(row: Row[tuple[object, ...]]) -> BoardRow:
    return BoardRow(**row._mapping)


def _version(row: Row[tuple[object, ...]]) -> BoardVersion:
    return BoardVersion(row.board_id, row.version, row.document, row.author, row.t_ms, row.note)


async def changed_boards(tx: AsyncConnection, after: int) -> list[BoardRow]:
    """Return the boards changed after revision ``after``, including deleted and moved boards."""
    return [_board(row) for row in await tx.execute(select(boards).where(boards.c.revision > after))]


async def deleted_boards(tx: AsyncConnection, after_ms: int) -> list[BoardRow]:
    """Return the boards deleted after ``after_ms``, the last deleted first, at most ``MOST_DELETED``."""
    statement = select(boards).where(boards.c.deleted_ms > after_ms, boards.c.document != "")
    return [_board(row) for row in await tx.execute(statement.order_by(boards.c.deleted_ms.desc()).limit(MOST_DELETED))]


async def read_board(tx: AsyncConnection, board: str) -> BoardRow | None:
    """Return a board's row, None if it has no row."""
    row = (await tx.execute(select(boards).where(boards.c.id == board))).one_or_none()
    return None if row is None else _board(row)


async def add_board(tx: AsyncConnection, board: str, by: str, now_ms: int) -> BoardRow:
    """Add an empty row for a board, or return the present one; the row is locked until the transaction ends."""
    await next_revision(tx)
    row = await read_board(tx, board)
    if row is None:
        await tx.execute(
            insert(boards).values(
                id=board, document="", version=0, draft="", draft_base="", draft_seq=0, draft_from=0, draft_by="",
                draft_ms=0, created_by=by, created_ms=now_ms, changed_by=by, changed_ms=now_ms, archived=False,
                deleted_ms=None, moved_to="", revision=0,
            )
        )  # fmt: skip
        row = await read_board(tx, board)
        assert row is not None
    return row


async def change_board(tx: AsyncConnection, board: str, **values: object) -> None:
    """Change columns of a board's row, with a new revision, so that all processes read it again."""
    await tx.execute(update(boards).where(boards.c.id == board).values(**values, revision=await next_revision(tx)))


async def add_version(tx: AsyncConnection, version: BoardVersion) -> None:
    """Store a published version."""
    await tx.execute(
        insert(board_versions).values(
            board_id=version.board, version=version.version, document=version.document, author=version.author,
            t_ms=version.t_ms, note=version.note,
        )
    )  # fmt: skip


async def versions_of(tx: AsyncConnection, board: str, limit: int, before: int | None = None) -> list[BoardVersion]:
    """Return the versions of a board, the newest first; ``before``: only versions with a smaller number."""
    statement = select(board_versions).where(board_versions.c.board_id == board)
    if before is not None:
        statement = statement.where(board_versions.c.version < before)
    rows = await tx.execute(statement.order_by(board_versions.c.version.desc()).limit(limit))
    return [_version(row) for row in rows]


async def read_version(tx: AsyncConnection, board: str, version: int) -> BoardVersion | None:
    """Return a version of a board, None if there is no such version."""
    statement = select(board_versions).where(board_versions.c.board_id == board, board_versions.c.version == version)
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _version(row)


async def move_board(tx: AsyncConnection, row: BoardRow, to: str, by: str, now_ms: int) -> None:
    """Move a board to a new id, with its versions and operations; the old id stays, and its row refers to the new id.

    If ``to`` is a former id of the board, the board takes the place of the row that referred to it.
    """
    revision = await next_revision(tx)
    values = {name: getattr(row, name) for name in BoardRow.__struct_fields__}
    await tx.execute(delete(boards).where(boards.c.id == to, boards.c.moved_to == row.id))
    await tx.execute(insert(boards).values(**values | {"id": to, "revision": revision, "changed_by": by}))
    for table in (board_versions, board_operations):
        await tx.execute(update(table).where(table.c.board_id == row.id).values(board_id=to))
    await tx.execute(
        update(boards)
        .where(boards.c.id == row.id)
        .values(moved_to=to, document="", draft="", version=0, revision=revision, changed_ms=now_ms)
    )
    await tx.execute(update(boards).where(boards.c.moved_to == row.id).values(moved_to=to, revision=revision))


async def forget_deleted(tx: AsyncConnection, before_ms: int) -> list[str]:
    """Delete the content of boards that were marked as deleted before ``before_ms``; return their ids."""
    statement = select(boards.c.id).where(boards.c.deleted_ms < before_ms, boards.c.document != "")
    gone = list((await tx.execute(statement)).scalars())
    for table in (board_versions, board_operations):
        await tx.execute(delete(table).where(table.c.board_id.in_(gone)))
    for board in gone:  # the row stays, so that the id is never used again
        await change_board(tx, board, document="", draft="", version=0)
    return gone
