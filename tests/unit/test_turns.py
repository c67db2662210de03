"""``next_turn``: in each turn of the loop one caller works, in the order of asking."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from dashboard.turns import next_turn
from tests.support.deadline import in_time

pytestmark = pytest.mark.gen_test


async def test_twenty_callers_do_one_step_a_turn_together() -> None:
    turn, at = 0, list[int]()

    async def caller() -> None:
        for _ in range(5):
            await next_turn()
            at.append(turn)

    work = [asyncio.create_task(caller()) for _ in range(20)]
    while not all(task.done() for task in work):
        turn += 1
        await asyncio.sleep(0)
    assert len(at) == 100
    assert len(set(at)) == 100  # never two of them in the same turn


async def test_callers_take_turns() -> None:
    order = list[str]()

    async def caller(name: str) -> None:
        for _ in range(3):
            await next_turn()
            order.append(name)

    await asyncio.gather(*map(caller, "abc"))
    assert "".join(order) == "abcabcabc"


async def test_a_caller_alone_waits_one_turn_of_the_loop() -> None:
    turn = 0

    async def caller() -> None:
        for _ in range(10):
            await next_turn()

    task = asyncio.create_task(caller())
    while not task.done():
        turn += 1
        await asyncio.sleep(0)
    assert turn <= 12


async def test_a_cancelled_caller_keeps_nobody_waiting() -> None:
    done = list[int]()

    async def caller(number: int) -> None:
        await next_turn()
        done.append(number)

    work = [asyncio.create_task(caller(number)) for number in range(6)]
    await asyncio.sleep(0)  # all wait
    for number in (0, 1, 3, 5):
        work[number].cancel()
    await asyncio.gather(*work, return_exceptions=True)
    assert done == [2, 4]
    await in_time(next_turn(), 10)


async def test_a_caller_that_is_woken_and_cancelled_at_once_keeps_nobody_waiting() -> None:
    first, second = (asyncio.create_task(next_turn()) for _ in range(2))
    third = asyncio.create_task(next_turn())
    while not first.done():
        await asyncio.sleep(0)
    second.cancel()  # it may have been woken in this very turn
    await in_time(third, 10)
    await asyncio.gather(second, return_exceptions=True)


async def test_each_loop_has_its_own_turns() -> None:
    async def twice() -> None:
        await asyncio.gather(next_turn(), next_turn())

    for _ in range(2):
        await asyncio.to_thread(asyncio.run, twice())
    await in_time(twice(), 10)


def test_a_loop_that_took_turns_is_collected() -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(next_turn())
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None
