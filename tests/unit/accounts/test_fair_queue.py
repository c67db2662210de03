"""Addresses take turns; an address with many jobs delays only itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from dashboard.accounts.fair_queue import FairQueue
from dashboard.domain.errors import Overloaded
from tests.support.deadline import in_time

pytestmark = pytest.mark.gen_test


@pytest.fixture
def queue() -> Iterator[FairQueue]:
    made = FairQueue("test", at_once=1, most=10, most_of_one=8)
    yield made
    made.close()


class Held:
    """Work that holds the only thread until ``open``; ``done``: the order in which the other work was done."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue = queue
        self.done: list[str] = []
        self._gate = threading.Event()
        self._loop = asyncio.get_running_loop()
        self.tasks = [self._loop.create_task(queue.run("first", self._gate.wait))]

    async def ask(self, address: str, count: int = 1) -> None:
        for _ in range(count):
            self.tasks.append(self._loop.create_task(self.queue.run(address, self.done.append, address)))
            await asyncio.sleep(0)

    async def open(self) -> list[object]:
        self._gate.set()
        return await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_an_address_that_asks_for_much_waits_for_itself(queue: FairQueue) -> None:
    held = Held(queue)
    await held.ask("flood", 6)
    await held.ask("honest")
    await held.ask("other")
    await held.open()
    assert held.done[:3] == ["flood", "honest", "other"]
    assert len(held.done) == 8


async def test_a_job_that_is_refused_and_cancelled_at_once_frees_no_place(queue: FairQueue) -> None:
    held = Held(queue)
    await held.ask("flood", 8)
    await held.ask("second", 2)
    await held.ask("honest")  # takes the place of the last job of the flood, which has not run since
    held.tasks[8].cancel()
    await held.open()
    assert queue._free == 1


async def test_of_one_address_only_some_may_wait(queue: FairQueue) -> None:
    held = Held(queue)
    await held.ask("flood", 30)
    await held.ask("honest")
    told = await held.open()
    assert sum(isinstance(each, Overloaded) for each in told) == 22
    assert held.done.count("honest") == 1


async def test_a_full_queue_makes_room_at_the_cost_of_who_has_most_in_it(queue: FairQueue) -> None:
    held = Held(queue)
    await held.ask("flood", 8)
    for number in range(5):
        await held.ask(f"honest {number}")
    told = await held.open()
    assert [each for each in held.done if each != "flood"] == [f"honest {n}" for n in range(5)]
    assert held.done.count("flood") == 5
    assert sum(isinstance(each, Overloaded) for each in told) == 3


async def test_who_goes_away_leaves_its_place(queue: FairQueue) -> None:
    held = Held(queue)
    await held.ask("gone", 3)
    await held.ask("stays")
    for task in held.tasks[1:4]:
        task.cancel()
    await held.open()
    assert held.done == ["stays"]
    assert await in_time(queue.run("next", lambda: 7), 5) == 7


async def test_work_that_fails_frees_its_place(queue: FairQueue) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await queue.run("a", lambda: 1 // 0)
    assert await queue.run("a", lambda: 7) == 7
