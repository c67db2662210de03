"""Boards of the store in two processes: a board that one publishes is shown by the other. tests/handlers/test_boards.py
tests the rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dashboard.accounts.directory import Directory
from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.boards.library import Author, Library, words_between
from dashboard.boards.stored_boards import StoredBoards
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.errors import Conflict, NotFound
from dashboard.domain.identity import Caller, Role
from dashboard.store.boards import DELETED_KEPT_MS, forget_deleted
from dashboard.store.database import Database, open_database
from tests.support.stores import NOW

pytestmark = pytest.mark.gen_test
EDDY = Author(Caller("user", "eddy", "Eddy", Role.EDITOR))
WALL = {"title": "Wall", "widgets": [{"kind": "stat", "title": "CPU"}]}


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    database = open_database("", DataFolder(folder))
    try:
        await database.open()
        yield database
    finally:
        await database.close()


class Node:
    """The boards of one process."""

    def __init__(self, database: Database) -> None:
        self.now_ms = NOW
        self.boards = Boards()
        self.stored = StoredBoards(database=database, boards=self.boards)
        self.library = Library(
            database=database,
            directory=Directory(database, now_ms=lambda: self.now_ms),
            access=Access(),
            boards=self.boards,
            stored=self.stored,
            now_ms=lambda: self.now_ms,
        )


async def test_what_one_process_publishes_the_other_shows(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        here, there = Node(database), Node(database)
        assert await here.library.put(EDDY, "wall", WALL) == 1
        assert here.boards.titles() == {"wall": "Wall"}
        await there.stored.look()
        assert there.boards.shown("wall").tag == here.boards.shown("wall").tag
        await there.library.rename(EDDY, "wall", "hall")
        await here.stored.look()
        assert (here.boards.titles(), here.boards.moved_to("wall")) == ({"hall": "Wall"}, "hall")


async def test_a_deleted_board_is_kept_for_thirty_days_and_its_id_for_ever(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        node = Node(database)
        await node.library.put(EDDY, "wall", WALL)
        await node.library.delete(EDDY, "wall")
        assert node.boards.titles() == {}
        node.now_ms += DELETED_KEPT_MS - 1
        async with database.write() as tx:
            await forget_deleted(tx, node.now_ms - DELETED_KEPT_MS)
        await node.library.restore(EDDY, "wall")
        assert node.boards.titles() == {"wall": "Wall"}
        await node.library.delete(EDDY, "wall")
        node.now_ms += DELETED_KEPT_MS + 1
        async with database.write() as tx:
            await forget_deleted(tx, node.now_ms - DELETED_KEPT_MS)
        with pytest.raises(NotFound):
            await node.library.restore(EDDY, "wall")
        with pytest.raises(Conflict):
            await node.library.put(EDDY, "wall", WALL)


async def test_differences_are_said_in_words() -> None:
    assert words_between('{"title": "a"}', '{"title": "b"}') == ["board: title “a” → “b”"]
