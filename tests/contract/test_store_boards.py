"""Boards, their versions, drafts and operations (dashboard/store/boards.py, board_drafts.py), over both databases."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.domain.identity import Role, User
from dashboard.store.board_drafts import (
    OperationRow,
    add_operation,
    count_operations,
    draft_ends,
    end_draft,
    find_operation,
    forget_operations,
    lock_board,
    operations_after,
    others_operations,
    own_operations,
    read_operation,
)
from dashboard.store.board_marks import MOST_SEEN, change_mark, read_marks
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
from dashboard.store.database import Database
from dashboard.store.users import create_user, delete_user
from tests.support.stores import NOW, Place

pytestmark = pytest.mark.gen_test


async def publish(database: Database, board: str, version: int, document: str) -> None:
    async with database.write() as tx:
        await add_board(tx, board, "ann", NOW)
        await add_version(tx, BoardVersion(board, version, document, "ann", NOW + version, f"v{version}"))
        await change_board(tx, board, version=version, document=document)


async def row(database: Database, board: str) -> BoardRow:
    async with database.read() as tx:
        found = await read_board(tx, board)
    assert found is not None
    return found


def operation(board: str, seq: int, author: str = "ann", t_ms: int = NOW) -> OperationRow:
    return OperationRow(board, seq, author, author.title(), f"k{seq}", t_ms, "[]")


async def test_versions_are_listed_newest_first_and_a_change_is_seen_by_its_revision(place: Place) -> None:
    async with place.one() as database:
        for version in (1, 2, 3):
            await publish(database, "wall", version, f'{{"title": "{version}"}}')
        async with database.read() as tx:
            assert [each.version for each in await versions_of(tx, "wall", 2)] == [3, 2]
            assert [each.note for each in await versions_of(tx, "wall", 9, before=3)] == ["v2", "v1"]
            found = await read_version(tx, "wall", 2)
            assert (found is not None, await read_version(tx, "wall", 4)) == (True, None)
            seen = max(each.revision for each in await changed_boards(tx, 0))
            assert await changed_boards(tx, seen) == []
        await publish(database, "hall", 1, "{}")
        async with database.read() as tx:
            assert [each.id for each in await changed_boards(tx, seen)] == ["hall"]


async def test_operations_of_two_processes_are_numbered_one_after_the_other(place: Place) -> None:
    async with place.opened(2) as databases:
        await publish(databases[0], "wall", 1, "{}")

        async def operate(database: Database, author: str) -> None:
            for _ in range(5):
                async with database.write() as tx:
                    locked = await lock_board(tx, "wall")
                    assert locked is not None
                    await add_operation(tx, operation("wall", locked.draft_seq + 1, author), "{}", "base")

        await asyncio.gather(
            *(operate(database, name) for database, name in zip(databases, ("ann", "bo"), strict=True))
        )
        async with databases[1].read() as tx:
            assert [each.seq for each in await operations_after(tx, "wall", 0, 99)] == list(range(1, 11))
            assert [each.seq for each in await operations_after(tx, "wall", 4, 3)] == [8, 9, 10]
            assert await draft_ends(tx, ["wall", "gone"]) == {"wall": 10}
            first = (await operations_after(tx, "wall", 0, 99))[0]
            assert await find_operation(tx, "wall", first.author, "k1") == first
            assert await find_operation(tx, "wall", "nobody", "k1") is None
        assert (await row(databases[0], "wall")).draft_by in ("ann", "bo")


async def test_operations_are_read_by_author_and_by_what_their_changes_contain(place: Place) -> None:
    async with place.one() as database:
        await publish(database, "wall", 1, "{}")
        async with database.write() as tx:
            for seq, author, changes in (
                (1, "ann", '[{"widget":"a_1"}]'),
                (2, "bo", '[{"widget":"a_1"}]'),
                (3, "bo", '[{"widget":"ab1"}]'),
                (4, "ann", "[]"),
                (5, "bo", '[{"field":"title","after":"100 %"}]'),
            ):
                await add_operation(
                    tx,
                    OperationRow("wall", seq, author, author, f"k{seq}", NOW, changes, seq // 4, seq == 4),
                    "{}",
                    "b",
                )
        async with database.read() as tx:
            assert await own_operations(tx, "wall", "ann", 0, 9) == [(1, 0, False), (4, 1, True)]
            assert await own_operations(tx, "wall", "ann", 0, 1) == [(4, 1, True)]
            for texts, limit, found in (
                ([], 9, [2, 3, 5]),
                ([], 2, [2, 3]),
                (['"widget":"a_1"'], 9, [2]),
                (['"widget":"a_1"', '"after":"100 %"'], 9, [2, 5]),
            ):
                rows = await others_operations(tx, "wall", "ann", 1, texts, limit)
                assert [each.seq for each in rows] == found
            assert (await read_operation(tx, "wall", 3)).changes == '[{"widget":"ab1"}]'
            assert await count_operations(tx, "wall", 2) == 3
            assert [each.seq for each in await operations_after(tx, "wall", 1, 2, before=5)] == [3, 4]


async def test_marks_of_a_user_are_bounded_and_go_with_the_user(place: Place) -> None:
    async with place.one() as database:
        async with database.write() as tx:
            for name in ("ann", "bo"):
                await create_user(tx, User(name, name, Role.VIEWER, created_ms=NOW), "")
            for n in range(MOST_SEEN + 2):
                await change_mark(tx, "ann", f"b{n}", seen_ms=NOW + n, favourite=True if n == 0 else None)
            await change_mark(tx, "ann", "b1", home=True)
            await change_mark(tx, "ann", "b2", home=True)
            await change_mark(tx, "bo", "b1", favourite=True)
            await change_mark(tx, "bo", "b1", favourite=False)
        async with database.write() as tx:
            marks = await read_marks(tx, "ann")
            assert len(marks) <= MOST_SEEN + 2
            assert [each.board_id for each in marks if each.favourite] == ["b0"]
            assert [each.board_id for each in marks if each.home] == ["b2"]
            assert marks[0].board_id == f"b{MOST_SEEN + 1}"
            assert await read_marks(tx, "bo") == []
            await delete_user(tx, "ann")
            assert await read_marks(tx, "ann") == []


async def test_a_draft_ends_and_only_its_old_operations_are_forgotten(place: Place) -> None:
    async with place.one() as database:
        await publish(database, "wall", 1, "{}")
        async with database.write() as tx:
            for seq, t_ms in ((1, NOW), (2, NOW + 50), (3, NOW + 60)):
                await add_operation(tx, operation("wall", seq, t_ms=t_ms), "{}", "base")
            await end_draft(tx, "wall", 2)
            await forget_operations(tx, "wall", NOW + 10, 2)
        ended = await row(database, "wall")
        assert (ended.draft, ended.draft_from, ended.draft_seq) == ("", 2, 3)
        async with database.read() as tx:
            assert [each.seq for each in await operations_after(tx, "wall", 0, 99)] == [2, 3]


async def test_a_board_moves_with_its_versions_and_a_deleted_one_is_kept_for_its_time(place: Place) -> None:
    async with place.one() as database:
        await publish(database, "wall", 1, '{"title": "Wall"}')
        async with database.write() as tx:
            await add_operation(tx, operation("wall", 1), '{"title": "Draft"}', "base")
        async with database.write() as tx:
            before = await read_board(tx, "wall")
            assert before is not None
            await move_board(tx, before, "hall", "bo", NOW)
        old, new = await row(database, "wall"), await row(database, "hall")
        assert (old.moved_to, old.document, new.document, new.draft_seq) == ("hall", "", '{"title": "Wall"}', 1)
        for now, then in (("hall", "wall"), ("wall", "hall")):  # a former id can be taken again
            async with database.write() as tx:
                await move_board(tx, await row(database, now), then, "bo", NOW)
            old, new = await row(database, now), await row(database, then)
            assert (old.moved_to, new.moved_to, new.version, new.draft_seq) == (then, "", 1, 1)
        async with database.write() as tx:
            assert [each.version for each in await versions_of(tx, "hall", 9)] == [1]
            await change_board(tx, "hall", deleted_ms=NOW)
        async with database.write() as tx:
            assert [each.id for each in await deleted_boards(tx, NOW - 1)] == ["hall"]
            assert await deleted_boards(tx, NOW) == []
            assert await forget_deleted(tx, NOW) == []
            assert await forget_deleted(tx, NOW + 1) == ["hall"]
            assert (await versions_of(tx, "hall", 9), await deleted_boards(tx, 0)) == ([], [])
        assert (await row(database, "hall")).document == ""
