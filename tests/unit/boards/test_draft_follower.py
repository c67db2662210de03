from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from dashboard.boards.boards import file_board
from dashboard.boards.draft_follower import DraftFollower
from dashboard.domain.board_document import decode_document
from dashboard.domain.board_operations import Operation
from dashboard.store.boards import BoardRow, read_board
from dashboard.store.database import Database
from tests.support.nodes import at_work
from tests.unit.boards.test_drafts import Desk
from tests.unit.boards.test_library import EDDY, WALL, opened

pytestmark = pytest.mark.gen_test
SUBTITLE = {"op": "set", "field": "subtitle", "value": "s"}


async def merged(database: Database, seq: int) -> BoardRow:
    """Return the row of the board when its draft has got to this operation."""
    while True:
        async with database.read() as tx:
            row = await read_board(tx, "wall")
        if row is not None and row.draft_seq >= seq:
            return row


async def test_what_is_published_elsewhere_comes_into_the_draft_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        desk = Desk(database)
        await desk.node.library.put(EDDY, "wall", WALL)
        await desk.title("mine", "k")
        first, second = (DraftFollower(drafts=desk.drafts, boards=desk.node.boards) for _ in range(2))
        async with at_work(first.run, second.run):
            await desk.node.library.put(EDDY, "wall", {**WALL, "subtitle": "theirs"})
            row = await merged(database, 2)
        draft = decode_document(row.draft)
        assert (draft["title"], draft["subtitle"], row.draft_seq) == ("mine", "theirs", 2)


async def test_a_change_of_a_file_that_another_machine_gets_later_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wall.yaml"

    def save(desk: Desk, text: str, mtime_s: int) -> None:
        path.write_text(f"{{{text}, widgets: [{{kind: stat, title: CPU}}]}}")
        os.utime(path, (mtime_s, mtime_s))
        desk.node.boards.take_files({"wall": file_board(path)}, {})

    async with opened(tmp_path) as database:
        one, other = Desk(database), Desk(database)
        for desk in (one, other):
            save(desk, "title: first", 1)
        await one.drafts.operate(EDDY, "wall", "k", msgspec.convert([SUBTITLE], Operation))
        followers = [DraftFollower(drafts=desk.drafts, boards=desk.node.boards) for desk in (one, other)]
        async with at_work(*(each.run for each in followers)):
            save(one, "title: second", 2)
            await merged(database, 2)
            await one.title("mine", "k2")
            save(other, "title: second", 3)  # the other machine pulls the same commit
            save(other, "title: second, folder: F", 4)
            draft = decode_document((await merged(database, 4)).draft)
            assert (draft["title"], draft["folder"]) == ("mine", "F")
            save(one, "title: first", 5)
            await merged(database, 5)
            save(one, "title: second", 6)  # a change that comes again counts again
            assert decode_document((await merged(database, 6)).draft)["title"] == "second"
