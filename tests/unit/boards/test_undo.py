"""Undo on a real store: the author's own operations count, however many others have made since."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.boards import undo
from dashboard.boards.undo import read_undo
from dashboard.domain.board_changes import Change, apply_changes
from dashboard.domain.board_document import Document, complete, widgets_of
from dashboard.domain.errors import Invalid
from dashboard.store.board_drafts import OperationRow, add_operation
from dashboard.store.boards import add_board
from tests.unit.boards.test_library import opened

pytestmark = pytest.mark.gen_test

BOARD = complete({"title": "T", "columns": 24, "widgets": [{"kind": "stat", "title": name} for name in "abc"]})


class Past:
    """Operations on a board in an open transaction, and the document after them."""

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx
        self._seq = 0
        self.document: Document = BOARD

    async def add(self, author: str, *changes: Change, undoes: int = 0) -> int:
        self._seq += 1
        text = msgspec.json.encode(changes).decode()
        row = OperationRow("wall", self._seq, author, author, f"k{self._seq}", 1, text, undoes)
        await add_operation(self._tx, row, "{}", "base")
        self.document = apply_changes(self.document, changes)
        return self._seq

    async def undo(self, author: str, *, again: bool = False) -> tuple[list[Change], int]:
        return await read_undo(self._tx, "wall", 0, author, self.document, again=again)


def titled(widget: str, before: str, after: str) -> Change:
    return Change(widget, "title", before, after)


async def test_what_others_did_since_neither_hides_ones_own_operation_nor_is_taken_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, database.write() as tx:
        await add_board(tx, "wall", "ann", 1)
        past = Past(tx)
        mine = await past.add("ann", titled("stat-a", "a", "A"), Change("", "subtitle", after="s"))
        for number in range(undo._PART * 2 + 1):
            await past.add("bo", titled("stat-b", "b" if number == 0 else str(number - 1), str(number)))
        await past.add("bo", Change("", "folder", after="f"))
        changes, undone = await past.undo("ann")
        assert (changes, undone) == ([Change("", "subtitle", "s"), titled("stat-a", "A", "a")], mine)
        await past.add("bo", titled("stat-a", "A", "theirs"))
        assert await past.undo("ann") == ([Change("", "subtitle", "s")], mine)
        with pytest.raises(Invalid, match="you have no operation to undo"):
            await past.undo("cy")


async def test_the_others_on_many_widgets_are_read_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, database.write() as tx:
        await add_board(tx, "wall", "ann", 1)
        past = Past(tx)
        added = [
            Change(f"n{n}", "", after={"id": f"n{n}", "kind": "text", "title": "n"})
            for n in range(undo._MOST_TEXTS + 1)
        ]
        await past.add("ann", *added)
        await past.add("bo", Change("n3", "title", "n", "kept"))
        changes, _ = await past.undo("ann")
        assert {each["id"] for each in widgets_of(apply_changes(past.document, changes))} == {
            "stat-a", "stat-b", "stat-c", "n3",
        }  # fmt: skip


async def test_undo_reaches_over_a_number_of_ones_own_operations_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "MAX_OWN", 4)
    async with opened(tmp_path) as database, database.write() as tx:
        await add_board(tx, "wall", "ann", 1)
        past = Past(tx)
        for number in (1, 2, 3):
            await past.add("ann", Change("", "subtitle", after=str(number)))
        for seq in (3, 2):
            changes, undone = await past.undo("ann")
            assert undone == seq
            await past.add("ann", *changes, undoes=undone)
        with pytest.raises(Invalid, match="to undo among your newest 4"):
            await past.undo("ann")
        assert (await past.undo("ann", again=True))[1] == 2
