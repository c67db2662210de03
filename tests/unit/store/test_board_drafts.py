"""Drafts: operations in their order, the open draft and its end, and what is forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.store.board_drafts import (
    OpenDraft,
    OperationRow,
    add_operation,
    count_operations,
    draft_ends,
    end_draft,
    find_operation,
    forget_operations,
    keep_editor,
    lock_board,
    open_drafts,
    operations_after,
    others_operations,
    own_operations,
    read_operation,
)
from dashboard.store.boards import add_board, change_board
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test


def operation(seq: int, author: str = "ann", changes: str = "[]", *, undoes: int = 0) -> OperationRow:
    return OperationRow("wall", seq, author, author.title(), f"k{seq}", 10 * seq, changes, undoes, again=seq == 4)


async def operated(tx: AsyncConnection, *operations: OperationRow) -> None:
    await add_board(tx, "wall", "ann", 1)
    for each in operations:
        await add_operation(tx, each, f'{{"n":{each.seq}}}', "tag")


async def test_an_operation_is_found_by_its_author_and_key() -> None:
    async with tables() as tx:
        await operated(tx, operation(1), operation(2, "bob"))
        assert await find_operation(tx, "wall", "bob", "k2") == operation(2, "bob")
        assert await find_operation(tx, "wall", "ann", "k2") is None
        assert await read_operation(tx, "wall", 1) == operation(1)


async def test_the_newest_operations_come_in_order_of_their_numbers() -> None:
    async with tables() as tx:
        await operated(
            tx, *(operation(n, "ann" if n % 2 else "bob", undoes=n - 2 if n == 3 else 0) for n in range(1, 6))
        )
        assert [each.seq for each in await operations_after(tx, "wall", 1, 3)] == [3, 4, 5]
        assert [each.seq for each in await operations_after(tx, "wall", 1, 3, before=4)] == [2, 3]
        assert await own_operations(tx, "wall", "ann", 0, 2) == [(3, 1, False), (5, 0, False)]
        assert await own_operations(tx, "wall", "bob", 2, 9) == [(4, 0, True)]
        assert await count_operations(tx, "wall", 2) == 3
        assert await draft_ends(tx, ["wall", "none"]) == {"wall": 5}


async def test_operations_of_others_are_searched_for_a_text_as_it_stands() -> None:
    async with tables() as tx:
        await operated(tx, operation(1, "bob", "50%"), operation(2, "bob", "500"), operation(3, "ann", "50%"))
        found = await others_operations(tx, "wall", "ann", 0, ["0%"], 9)
        assert [each.seq for each in found] == [1]
        assert [each.seq for each in await others_operations(tx, "wall", "ann", 0, [], 9)] == [1, 2]
        assert [each.seq for each in await others_operations(tx, "wall", "ann", 0, ["%", "00"], 1)] == [1]


async def test_a_draft_is_open_from_an_operation_to_its_end() -> None:
    async with tables() as tx:
        await operated(tx)
        assert await open_drafts(tx) == {}
        await operated(tx, operation(1, "bob"))
        assert await open_drafts(tx) == {"wall": OpenDraft("bob", 10)}
        row = await lock_board(tx, "wall")
        assert row is not None
        assert (row.draft, row.draft_base, row.draft_seq) == ('{"n":1}', "tag", 1)
        await change_board(tx, "wall", draft_by="", draft_ms=0)
        await keep_editor(tx, row)
        assert await open_drafts(tx) == {"wall": OpenDraft("bob", 10)}
        await end_draft(tx, "wall", 1)
        ended = await lock_board(tx, "wall")
        assert ended is not None
        assert (ended.draft, ended.draft_base, ended.draft_from, await open_drafts(tx)) == ("", "", 1, {})
        assert await lock_board(tx, "none") is None


async def test_old_operations_of_earlier_versions_are_forgotten() -> None:
    async with tables() as tx:
        await operated(tx, *(operation(n) for n in range(1, 5)))
        await forget_operations(tx, "wall", 30, 3)
        assert [each.seq for each in await operations_after(tx, "wall", 0, 9)] == [3, 4]
        await forget_operations(tx, "wall", 99, 3)
        assert [each.seq for each in await operations_after(tx, "wall", 0, 9)] == [4]
