"""One run serves all waiting callers, and no caller gets the result of a run that began before it asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from dashboard.domain.errors import Unavailable
from dashboard.runtime import Batched, Bell, SingleFlight, result_within
from tests.support.deadline import scaled


class Counting:
    """Function that counts its runs, each of which waits until the test lets it continue."""

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


class Loading:
    """Loader of batches that records what was requested, and waits until the test lets it continue."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.go = asyncio.Semaphore(0)
        self.error: Exception | None = None

    async def __call__(self, keys: Collection[int]) -> dict[int, int]:
        self.asked.append(list(keys))
        await self.go.acquire()
        if self.error is not None:
            raise self.error
        return {key: key * 10 for key in keys}


@pytest.mark.gen_test
async def test_callers_who_wait_share_one_load_of_bounded_size() -> None:
    loading = Loading()
    batched = Batched(loading, 3)
    calls = [asyncio.ensure_future(batched(key)) for key in (1, 2, 2, 3, 4, 5)]
    await asyncio.sleep(0)
    for _ in range(9):
        loading.go.release()
    assert await asyncio.gather(*calls) == [10, 20, 20, 30, 40, 50]
    assert loading.asked == [[1], [2, 3, 4], [5]]


@pytest.mark.gen_test
async def test_what_a_load_raises_is_raised_to_all_who_shared_it_and_a_cancelled_load_is_begun_again() -> None:
    loading = Loading()
    batched = Batched(loading, 9)
    first = asyncio.ensure_future(batched(0))
    while not loading.asked:
        await asyncio.sleep(0)
    later = [asyncio.ensure_future(batched(key)) for key in (1, 2)]
    await asyncio.sleep(0)
    loading.error = Unavailable("away")
    loading.go.release()
    loading.go.release()
    for each in (first, *later):
        with pytest.raises(Unavailable):
            await each
    assert loading.asked == [[0], [1, 2]]
    loading.error = None
    cancelled, waiting = asyncio.ensure_future(batched(3)), asyncio.ensure_future(batched(4))
    while len(loading.asked) < 3:
        await asyncio.sleep(0)
    cancelled.cancel()
    loading.go.release()
    assert await waiting == 40


def test_work_that_takes_too_long_goes_on_without_its_caller() -> None:
    async def tried() -> None:
        go, ended = asyncio.Event(), asyncio.Event()

        async def work() -> str:
            await go.wait()
            ended.set()
            return "done"

        assert await result_within(work(), 0.001) is None
        go.set()
        await ended.wait()
        assert await result_within(work(), scaled(60)) == "done"

    asyncio.run(tried())
