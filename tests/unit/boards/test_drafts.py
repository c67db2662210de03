"""Drafts with a real store and journal. The permissions are tested in tests/handlers/test_board_drafts.py."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from dashboard.boards.board_files import BoardFiles
from dashboard.boards.drafts import Drafts
from dashboard.domain.board_operations import Operation
from dashboard.domain.errors import TooMany
from dashboard.entries.boards import BoardOperated
from dashboard.entries.rooms import ROOM_CODEC
from dashboard.journal.port import ROOMS
from dashboard.store.database import Database
from tests.support.nodes import a_journal
from tests.unit.boards.test_library import EDDY, WALL, Node, opened

pytestmark = pytest.mark.gen_test


class Desk:
    """One process with a board ``wall`` and its drafts; its monotonic clock stands still."""

    def __init__(self, database: Database) -> None:
        self.node = Node(database)
        self.journal = a_journal()
        self.now_s = 0.0
        self.drafts = Drafts(
            database=database,
            journal=self.journal,
            boards=self.node.boards,
            library=self.node.library,
            files=BoardFiles(folder=Path("none"), boards=self.node.boards),
            now_ms=lambda: self.node.now_ms,
            monotonic=lambda: self.now_s,
        )

    async def title(self, text: str, key: str) -> int:
        steps = [{"op": "set", "field": "title", "value": text}]
        return await self.drafts.operate(EDDY, "wall", key, msgspec.convert(steps, Operation))


async def test_operations_of_several_at_once_take_their_numbers_in_turn_and_are_told_in_the_journal(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as database:
        desk = Desk(database)
        await desk.node.library.put(EDDY, "wall", WALL)
        numbers = await asyncio.gather(*(desk.title(str(number), f"k{number}") for number in range(12)))
        assert sorted(numbers) == list(range(1, 13))
        state = await desk.drafts.read(EDDY, "wall")
        assert (state.seq, [row.seq for row in state.history]) == (12, list(range(1, 13)))
        told = []
        async for batch in desk.journal.follow(ROOMS, desk.journal.head(ROOMS)._replace(seq=0)):
            assert isinstance(batch, list)
            told += [ROOM_CODEC.decode(entry.payload) for entry in batch]
            if len(told) == 12:
                break
        last = max((each for each in told if isinstance(each, BoardOperated)), key=lambda each: each.seq)
        assert msgspec.json.decode(last.changes)[0]["after"] == state.document["title"]


async def test_an_operation_under_an_id_that_another_process_has_changed_counts_under_the_new_one(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as database:
        desk, other = Desk(database), Desk(database)
        await desk.node.library.put(EDDY, "wall", WALL)
        await other.node.library.changed()
        await other.node.library.rename(EDDY, "wall", "hall")
        assert desk.node.boards.moved_to("wall") == "wall"  # not read yet
        assert await desk.title("x", "k") == 1
        assert (await other.drafts.read(EDDY, "hall")).document["title"] == "x"


async def test_a_file_that_takes_the_former_id_of_a_renamed_board_can_be_edited(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        desk = Desk(database)
        await desk.node.library.put(EDDY, "wall", WALL)
        shown = desk.node.boards.shown("wall")
        await desk.node.library.rename(EDDY, "wall", "hall")
        desk.node.boards.take_files({"wall": msgspec.structs.replace(shown, source="file")}, {})
        assert await desk.title("x", "k") == 1
        assert (await desk.drafts.read(EDDY, "wall")).document["title"] == "x"


async def test_a_thousand_operations_a_second_of_one_editor_are_refused_after_a_burst(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        desk = Desk(database)
        await desk.node.library.put(EDDY, "wall", WALL)
        for _ in range(200):
            desk.drafts._check_rate(EDDY)
        with pytest.raises(TooMany, match="operations a second"):
            await desk.title("x", "k")
        desk.now_s += 1
        assert await desk.title("x", "k") == 1
