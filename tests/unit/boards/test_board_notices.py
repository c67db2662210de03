from __future__ import annotations

import pytest

from dashboard.boards.board_notices import BoardNotices
from dashboard.boards.boards import Boards, stored_board
from tests.support.nodes import a_journal, at_work, until
from tests.support.pages import Process

pytestmark = pytest.mark.gen_test


async def test_the_screens_of_a_board_are_told_what_it_is_now() -> None:
    process = Process(a_journal())
    boards = Boards()
    notices = BoardNotices(registry=process.registry, boards=boards, editors=lambda _: [])
    wall, other = process.page("ann", "wall"), process.page("bo", "other")
    async with at_work(process.bus.run, notices.run):
        boards.take_stored({"wall": stored_board("wall", '{"title":"Wall"}')}, {})
        await until(lambda: bool(process.told(wall)))
        told = process.told(wall)[-1]
        assert (told["type"], told["board"], told["definition"]["title"]) == ("board_changed", "wall", "Wall")
        assert told["definition"]["tag"] == boards.shown("wall").tag
        boards.take_stored({"wall": None}, {"wall": "hall"})
        boards.take_stored({"hall": stored_board("hall", '{"title":"Wall"}')}, {})
        await until(lambda: process.told(wall)[-1] == {"type": "board_changed", "board": "wall", "moved_to": "hall"})
        boards.take_stored({"hall": None}, {})
        assert notices.notice("hall") == b'{"type":"board_changed","board":"hall"}'
        assert process.told(other) == []
