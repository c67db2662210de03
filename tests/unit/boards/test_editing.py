from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.boards.editing import Editors
from dashboard.boards.operation_forms import entry_of
from dashboard.domain.errors import NotFound
from dashboard.messages.boards import EditBoard, PointAt
from dashboard.store.board_drafts import OperationRow
from dashboard.store.database import Database
from tests.support.hubs import person
from tests.support.nodes import at_work, until
from tests.support.pages import Process
from tests.unit.boards.test_drafts import Desk
from tests.unit.boards.test_library import EDDY, WALL, opened

pytestmark = pytest.mark.gen_test


async def known(board: str) -> None:
    """All boards are known here."""


def editors_of(desk: Desk, database: Database, process: Process) -> Editors:
    return Editors(drafts=desk.drafts, database=database, registry=process.registry, bus=process.bus, find_board=known)


async def test_editors_of_two_processes_hear_operations_once_and_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        desk = Desk(database)
        await desk.node.library.put(EDDY, "wall", WALL)
        processes = [Process(desk.journal, name) for name in "ab"]
        editors = [editors_of(desk, database, p) for p in processes]
        pages = [process.page(name) for process, name in zip(processes, ("ann", "bo"), strict=True)]
        for page, name in zip(pages, ("ann", "bo"), strict=True):
            page.caller = msgspec.structs.replace(person(name), role=EDDY.caller.role)
        async with at_work(*(p.bus.run for p in processes), *(each.run for each in editors)):
            for each, page, name in zip(editors, pages, "pq", strict=True):
                state = await each.answer(page, EditBoard(board="wall", page=name))
                assert state is not None
                assert state.seq == 0
            await editors[0].answer(pages[0], PointAt(widget="stat-cpu"))
            await until(lambda: any(m.get("widget") == "stat-cpu" for m in processes[1].told(pages[1])))
            for number in (1, 2, 3):
                await desk.title(str(number), f"k{number}")
            rows = [OperationRow("wall", n, "eddy", "Eddy", f"k{n}", 1, "[]") for n in (1, 2, 3)]
            for row in (rows[0], rows[2], rows[1], rows[2]):  # ahead of its turn, and again
                for each in editors:
                    each.operated(entry_of(row))

            def heard(n: int) -> list[int]:
                told = processes[n].told(pages[n])
                return [m["operation"]["seq"] for m in told if m["type"] == "board_operation"]

            await until(lambda: len(heard(0)) >= 3 and len(heard(1)) >= 3)
            assert heard(0) == heard(1) == [1, 2, 3]
            editors[0].dropped(pages[0])
            await desk.title("4", "k4")
            editors[1].missed()
            await until(lambda: heard(1) == [1, 2, 3, 4])
            assert heard(0) == [1, 2, 3]


async def test_requests_for_unknown_boards_leave_nothing_in_memory(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        desk = Desk(database)
        process = Process(desk.journal, "a")
        editors = editors_of(desk, database, process)
        ann = process.page("ann")
        ann.caller = msgspec.structs.replace(person("ann"), role=EDDY.caller.role)
        for number in range(20):
            with pytest.raises(NotFound):
                await editors.answer(ann, EditBoard(board=f"none-{number}", page="p"))
        assert not editors._locks


async def test_an_editor_may_leave_while_another_joins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as database:
        desk = Desk(database)
        await desk.node.library.put(EDDY, "wall", WALL)
        process = Process(desk.journal, "a")
        editors = editors_of(desk, database, process)
        ann, bo = process.page("ann"), process.page("bo")
        for page in (ann, bo):
            page.caller = msgspec.structs.replace(person("ann"), role=EDDY.caller.role)
        await editors.answer(ann, EditBoard(board="wall", page="p"))
        read = database.read

        def leaving() -> AbstractAsyncContextManager[AsyncConnection]:
            if sys._getframe(1).f_code.co_name == "_catch_up":
                editors.dropped(ann)
            return read()

        monkeypatch.setattr(database, "read", leaving)
        state = await editors.answer(bo, EditBoard(board="wall", page="q"))
        assert state is not None
        assert [each for each in (ann, bo) if each in editors.at("wall")] == [bo]
