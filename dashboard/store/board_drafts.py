"""Drafts of boards and the operations on them. Every function works in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.store.boards import BoardRow, read_board
from dashboard.store.schema import board_operations, boards


class OperationRow(Struct, frozen=True):
    """Committed operation; ``changes`` is JSON text."""

    board_id: str
    seq: int
    author: str
    name: str
    key: str
    t_ms: int
    changes: str
    undoes: int = 0
    again: bool = False


class OpenDraft(NamedTuple):
    """Author and time of the last edit of an open draft."""

    by: str
    t_ms: int


def _operation(row: Row[tuple[object, ...]]) -> OperationRow:
    return OperationRow(**row._mapping)


async def lock_board(tx: AsyncConnection, board: str) -> BoardRow | None:
    """Lock a board's row until the transaction ends and return it, so that operations are numbered one after the other."""
    await tx.execute(update(boards).where(boards.c.id == board).values(draft_seq=boards.c.draft_seq))
    return await read_board(tx, board)


async def find_operation(tx: AsyncConnection, board: str, author: str, key: str) -> OperationRow | None:
    """Return an author's operation with this key, None if there is none."""
    statement = select(board_operations).where(
        board_operations.c.board_id == board, board_operations.c.author == author, board_operations.c.key == key
    )
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _operation(row)


async def operations_after(
    tx: AsyncConnection, board: str, seq: int, limit: int, *, before: int | None = None
) -> list[OperationRow]:
    """Return the newest operations after ``seq`` (and before ``before``), at most ``limit``, ordered by number."""
    statement = select(board_operations).where(board_operations.c.board_id == board, board_operations.c.seq > seq)
    if before is not None:
        statement = statement.where(board_operations.c.seq < before)
    statement = statement.order_by(board_operations.c.seq.desc()).limit(limit)
    return [_operation(row) for row in await tx.execute(statement)][::-1]


async def read_operation(tx: AsyncConnection, board: str, seq: int) -> OperationRow:
    """Return the operation with this number, which exists."""
    statement = select(board_operations).where(board_operations.c.board_id == board, board_operations.c.seq == seq)
    return _operation((await tx.execute(statement)).one())


async def count_operations(tx: AsyncConnection, board: str, seq: int) -> int:
    """Return the number of operations after ``seq``."""
    counted = select(func.count()).where(board_operations.c.board_id == board, board_operations.c.seq > seq)
    return int((await tx.execute(counted)).scalar_one())


async def own_operations(
    tx: AsyncConnection, board: str, author: str, seq: int, limit: int
) -> list[tuple[int, int, bool]]:
    """Return ``seq``, ``undoes`` and ``again`` of an author's newest operations after ``seq``, at most ``limit``, ordered by number."""
    columns = board_operations.c
    statement = (
        select(columns.seq, columns.undoes, columns.again)
        .where(columns.board_id == board, columns.author == author, columns.seq > seq)
        .order_by(columns.seq.desc())
        .limit(limit)
    )
    return [(row.seq, row.undoes, row.again) for row in await tx.execute(statement)][::-1]


async def others_operations(
    tx: AsyncConnection, board: str, author: str, seq: int, texts: Collection[str], limit: int
) -> list[OperationRow]:
    """Return the first operations after ``seq`` by everybody but ``author`` whose ``changes`` contain one of ``texts``
    (any text if there is none), at most ``limit``, ordered by number. Letters may be compared without their case."""
    columns = board_operations.c
    statement = select(board_operations).where(columns.board_id == board, columns.seq > seq, columns.author != author)
    if texts:
        statement = statement.where(or_(*(columns.changes.contains(text, autoescape=True) for text in texts)))
    return [_operation(row) for row in await tx.execute(statement.order_by(columns.seq).limit(limit))]


async def add_operation(tx: AsyncConnection, operation: OperationRow, draft: str, base: str) -> None:
    """Store an operation and the draft after it. ``base``: the tag of the published state from which the draft was begun."""
    await tx.execute(
        insert(board_operations).values(**{name: getattr(operation, name) for name in OperationRow.__struct_fields__})
    )
    await tx.execute(
        update(boards)
        .where(boards.c.id == operation.board_id)
        .values(
            draft=draft,
            draft_base=base,
            draft_seq=operation.seq,
            draft_by=operation.author,
            draft_ms=operation.t_ms,
        )
    )


async def end_draft(tx: AsyncConnection, board: str, seq: int) -> None:
    """End the draft of a board with the operation ``seq``; a later operation begins a new draft."""
    await tx.execute(update(boards).where(boards.c.id == board).values(draft="", draft_base="", draft_from=seq))


async def open_drafts(tx: AsyncConnection) -> dict[str, OpenDraft]:
    """Return the open drafts by the ids of their boards."""
    rows = await tx.execute(select(boards.c.id, boards.c.draft_by, boards.c.draft_ms).where(boards.c.draft != ""))
    return {row.id: OpenDraft(row.draft_by, row.draft_ms) for row in rows}


async def keep_editor(tx: AsyncConnection, row: BoardRow) -> None:
    """Set the author and time of a draft's last edit back to those of ``row``, after a change that is no edit."""
    values = {"draft_by": row.draft_by, "draft_ms": row.draft_ms}
    await tx.execute(update(boards).where(boards.c.id == row.id).values(values))


async def draft_ends(tx: AsyncConnection, board_ids: list[str]) -> dict[str, int]:
    """Return the number of the newest operation of each of these boards."""
    rows = await tx.execute(select(boards.c.id, boards.c.draft_seq).where(boards.c.id.in_(board_ids)))
    return {row.id: row.draft_seq for row in rows}


async def forget_operations(tx: AsyncConnection, board: str, before_ms: int, up_to_seq: int) -> None:
    """Delete operations up to ``up_to_seq`` that are older than ``before_ms``; they led to earlier versions of the board."""
    await tx.execute(
        delete(board_operations).where(
            board_operations.c.board_id == board,
            board_operations.c.t_ms < before_ms,
            board_operations.c.seq <= up_to_seq,
        )
    )
