from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dashboard.boards.boards import Boards
from dashboard.boards.stored_boards import StoredBoards
from dashboard.store.boards import add_board, change_board
from tests.support.nodes import at_work, until
from tests.unit.boards.test_library import opened

pytestmark = pytest.mark.gen_test


@pytest.mark.expects_log("cannot be shown")
async def test_a_change_is_read_when_woken_and_a_board_of_a_later_version_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as database:
        boards = Boards()
        stored = StoredBoards(database=database, boards=boards)
        async with at_work(stored.run):
            async with database.write() as tx:
                for board, text in (
                    ("wall", '{"title":"Wall"}'),
                    ("later", '{"title":"x","widgets":[{"kind":"hologram","title":"y"}]}'),
                ):
                    await add_board(tx, board, "eddy", 1)
                    await change_board(tx, board, document=text)
            stored.look_soon()
            await until(lambda: boards.titles() == {"wall": "Wall"})
            await asyncio.sleep(0)
        assert "the board later of the store cannot be shown" in caplog.text
