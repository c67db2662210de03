from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.boards.draft_follower import DraftFollower
from dashboard.domain.board_document import decode_document
from dashboard.store.boards import read_board
from tests.support.nodes import at_work
from tests.unit.boards.test_drafts import Desk
from tests.unit.boards.test_library import EDDY, WALL, opened

pytestmark = pytest.mark.gen_test


async def test_what_is_published_elsewhere_comes_into_the_draft_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        desk = Desk(database)
        await desk.node.library.put(EDDY, "wall", WALL)
        await desk.title("mine", "k")
        first, second = (DraftFollower(drafts=desk.drafts, boards=desk.node.boards) for _ in range(2))
        async with at_work(first.run, second.run):
            await desk.node.library.put(EDDY, "wall", {**WALL, "subtitle": "theirs"})
            seq = 1
            while seq == 1:
                async with database.read() as tx:
                    row = await read_board(tx, "wall")
                assert row is not None
                seq = row.draft_seq
        draft = decode_document(row.draft)
        assert (draft["title"], draft["subtitle"], seq) == ("mine", "theirs", 2)
