from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dashboard.boards.latest_boards import LatestBoards
from dashboard.domain.errors import Unavailable
from tests.unit.boards.test_library import EDDY, WALL, Node, opened

pytestmark = pytest.mark.gen_test


class Folder:
    def __init__(self) -> None:
        self.settled = 0

    async def settle(self) -> None:
        self.settled += 1


async def test_a_board_of_another_process_is_found_by_one_read_for_all_who_ask_and_files_are_read_with_it(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as database:
        here, there, folder, reads = Node(database), Node(database), Folder(), 0

        async def look() -> int:
            nonlocal reads
            reads += 1
            return await there.stored.look()

        latest = LatestBoards(boards=there.boards, look=look, files=folder, fault=lambda: "")
        await here.library.put(EDDY, "wall", WALL)
        await asyncio.gather(*(latest.find("wall") for _ in range(5)))
        assert (there.boards.titles(), reads, folder.settled) == ({"wall": "Wall"}, 1, 1)
        await latest.find("wall")
        assert reads == 1  # known
        await latest()
        assert (reads, folder.settled) == (2, 1)  # nothing is new
        await here.library.rename(EDDY, "wall", "hall")
        await latest.find("hall")
        assert (there.boards.moved_to("wall"), folder.settled) == ("hall", 2)


async def test_while_the_store_does_not_answer_the_boards_that_are_known_are_served(tmp_path: Path) -> None:
    async def look() -> int:
        raise Unavailable("the store does not answer")

    async with opened(tmp_path) as database:
        node = Node(database)
        await LatestBoards(boards=node.boards, look=look, files=Folder(), fault=lambda: "")()

        async def never() -> int:
            raise AssertionError("a known fault is not tried again by a request")

        await LatestBoards(boards=node.boards, look=never, files=Folder(), fault=lambda: "away")()
