"""One look serves all who wait, and none gets what was found before it asked."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.runtime import Bell, SingleFlight


class Counting:
    """A look that says the how-manieth it is, when it may."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()
        self.came = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.begun += 1
        self.came.set()
        number = self.begun
        await self.go.wait()
        if self.fails:
            raise ValueError
        return number


@pytest.mark.gen_test
async def test_who_asks_while_a_look_is_under_way_gets_the_next_one_and_all_of_them_the_same() -> None:
    counting = Counting()
    look = SingleFlight(counting)
    first = asyncio.ensure_future(look())
    await counting.came.wait()
    later = [asyncio.ensure_future(look()) for _ in range(20)]
    await asyncio.sleep(0)
    counting.go.set()
    assert (await first, set(await asyncio.gather(*later))) == (1, {2})
    assert await look() == 3


@pytest.mark.gen_test
async def test_a_look_that_fails_or_is_given_up_is_nobodys_answer() -> None:
    counting = Counting()
    look = SingleFlight(counting)
    given_up, waits = asyncio.ensure_future(look()), asyncio.ensure_future(look())
    await counting.came.wait()
    given_up.cancel()
    counting.go.set()
    assert await waits == 2
    counting.fails = True
    with pytest.raises(ValueError):  # noqa: PT011 - the look's own
        await look()
    counting.fails = False
    assert await look() == 4


@pytest.mark.gen_test
async def test_looks_do_not_follow_too_soon() -> None:
    counting = Counting()
    counting.go.set()
    look = SingleFlight(counting, 0.05)
    began = asyncio.get_running_loop().time()
    for _ in range(3):
        await look()
    assert asyncio.get_running_loop().time() - began >= 0.1


@pytest.mark.gen_test
async def test_a_bell_wakes_who_waits_and_nobody_who_comes_later() -> None:
    bell = Bell()
    waiting = [asyncio.ensure_future(bell.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    bell.ring()
    await asyncio.gather(*waiting)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bell.wait(), 0.02)
