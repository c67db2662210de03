from __future__ import annotations

import pytest

from dashboard.boards.screen_orders import ScreenOrders
from dashboard.domain.errors import DashboardError, Unavailable
from dashboard.domain.position import Position
from dashboard.domain.screen_order import ALL_BOARDS, RELOAD
from dashboard.journal.memory import MemoryJournal
from tests.support.journals import HandClock
from tests.support.nodes import a_journal, at_work, until
from tests.support.pages import Process

pytestmark = pytest.mark.gen_test


async def test_the_screens_of_a_board_are_told_on_every_process() -> None:
    journal = a_journal()
    here, there = Process(journal, "a"), Process(journal, "b")
    orders = [ScreenOrders(registry=process.registry, bus=process.bus) for process in (here, there)]
    one, two, other = here.page("", "wall"), there.page("ann", "wall"), there.page("", "host")
    async with at_work(here.bus.run, there.bus.run, *(each.run for each in orders)):
        await orders[0].give("wall", RELOAD)
        await until(lambda: bool(here.told(one) and there.told(two)))
        assert here.told(one) == there.told(two) == [{"type": "reload", "board": "wall"}]
        assert there.told(other) == []
        await orders[1].give(ALL_BOARDS, RELOAD)
        await until(lambda: there.told(other) == [{"type": "reload", "board": ALL_BOARDS}])


async def test_an_order_that_is_not_known_is_passed_over() -> None:
    journal = a_journal()
    process = Process(journal)
    await ScreenOrders(registry=process.registry, bus=process.bus).give("wall", "dance")
    assert journal.head("signals").seq == 0


async def test_an_order_that_cannot_be_passed_on_is_told() -> None:
    class Full(MemoryJournal):
        async def append(self, partition: str, payload: bytes, *, request_id: str = "") -> Position:
            raise DashboardError("the disk is full")

    process = Process(Full(clock=HandClock().journal_clock()))
    with pytest.raises(Unavailable):
        await ScreenOrders(registry=process.registry, bus=process.bus).give("wall", RELOAD)
