"""Boards in the store: former ids lead to the present one, and a deleted board leaves only its id."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.store.board_drafts import OperationRow, add_operation, operations_after
from dashboard.store.boards import (
    BoardRow,
    BoardVersion,
    add_board,
    add_version,
    change_board,
    changed_boards,
    deleted_boards,
    forget_deleted,
    move_board,
    read_board,
    read_version,
    versions_of,
)
from dashboard.store.revisions import latest_revision
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test


async def published(tx: AsyncConnection, board: str, versions: int = 1) -> BoardRow:
    await add_board(tx, board, "ann", 1)
    for n in range(1, versions + 1):
        await add_version(tx, BoardVersion(board, n, f'{{"n":{n}}}', "ann", n, f"note {n}"))
        await change_board(tx, board, document=f'{{"n":{n}}}', version=n)
    row = await read_board(tx, board)
    assert row is not None
    return row


async def test_a_board_that_is_there_is_not_made_again() -> None:
    async with tables() as tx:
        made = await add_board(tx, "wall", "ann", 5)
        assert (made.document, made.version, made.created_by, made.changed_ms) == ("", 0, "ann", 5)
        await change_board(tx, "wall", document="{}", version=1)
        again = await add_board(tx, "wall", "bob", 9)
        assert (again.created_by, again.created_ms, again.version) == ("ann", 5, 1)
        assert await read_board(tx, "hall") is None


async def test_a_change_is_found_by_its_revision() -> None:
    async with tables() as tx:
        await published(tx, "wall")
        seen = await latest_revision(tx)
        await published(tx, "hall")
        await change_board(tx, "hall", archived=True)
        assert [(each.id, each.archived) for each in await changed_boards(tx, seen)] == [("hall", True)]


async def test_versions_are_listed_in_pages_from_the_newest() -> None:
    async with tables() as tx:
        await published(tx, "wall", 4)
        assert [each.version for each in await versions_of(tx, "wall", 2)] == [4, 3]
        assert [each.version for each in await versions_of(tx, "wall", 2, before=3)] == [2, 1]
        assert await read_version(tx, "wall", 2) == BoardVersion("wall", 2, '{"n":2}', "ann", 2, "note 2")
        assert await read_version(tx, "wall", 5) is None


async def test_a_board_moves_with_its_history_and_all_former_ids_lead_to_it() -> None:
    async with tables() as tx:
        row = await published(tx, "a", 2)
        await add_operation(tx, OperationRow("a", 1, "ann", "Ann", "k", 1, "[]"), "{}", "tag")
        await move_board(tx, row, "b", "bob", 20)
        moved = await read_board(tx, "b")
        assert moved is not None
        await move_board(tx, moved, "c", "bob", 30)
        now = {each.id: (each.document, each.version, each.moved_to) for each in await changed_boards(tx, 0)}
        assert now == {"a": ("", 0, "c"), "b": ("", 0, "c"), "c": ('{"n":2}', 2, "")}
        assert [each.version for each in await versions_of(tx, "c", 9)] == [2, 1]
        assert [each.key for each in await operations_after(tx, "c", 0, 9)] == ["k"]


async def test_a_board_moves_back_to_its_former_id() -> None:
    async with tables() as tx:
        await move_board(tx, await published(tx, "a"), "b", "bob", 20)
        moved = await read_board(tx, "b")
        assert moved is not None
        await move_board(tx, moved, "a", "bob", 30)
        assert {each.id: each.moved_to for each in await changed_boards(tx, 0)} == {"a": "", "b": "a"}


async def test_of_a_board_that_was_deleted_long_ago_only_the_id_is_left() -> None:
    async with tables() as tx:
        for board, deleted_ms in (("old", 10), ("new", 20), ("kept", None)):
            await published(tx, board, 2)
            await change_board(tx, board, deleted_ms=deleted_ms)
        assert [each.id for each in await deleted_boards(tx, 0)] == ["new", "old"]
        assert await forget_deleted(tx, 20) == ["old"]
        assert [each.id for each in await deleted_boards(tx, 0)] == ["new"]
        left = await read_board(tx, "old")
        assert left is not None
        assert (left.document, left.version, await versions_of(tx, "old", 9)) == ("", 0, [])
        assert len(await versions_of(tx, "new", 9)) == 2
        assert await forget_deleted(tx, 20) == []
