"""Calls of an ordered thread run one after the other, and their results come back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from dashboard.journal.ordered_thread import OrderedThread


@pytest.fixture
def thread() -> Iterator[OrderedThread]:
    thread = OrderedThread("test")
    yield thread
    thread.close()


@pytest.mark.gen_test
async def test_calls_run_in_their_order_and_in_one_thread(thread: OrderedThread) -> None:
    seen: list[tuple[int, int]] = []
    for number in range(50):
        thread.put(lambda number=number: seen.append((number, threading.get_ident())))  # type: ignore[misc]
    assert await thread.call(len, seen) == 50
    assert [number for number, _ in seen] == list(range(50))
    assert len({ident for _, ident in seen}) == 1
    assert seen[0][1] != threading.get_ident()


@pytest.mark.gen_test
async def test_an_error_of_a_call_is_raised_by_its_caller_and_the_thread_goes_on(thread: OrderedThread) -> None:
    with pytest.raises(ZeroDivisionError):
        await thread.call(divmod, 1, 0)
    assert await thread.call(divmod, 7, 2) == (3, 1)


@pytest.mark.gen_test
async def test_a_caller_that_was_cancelled_harms_nothing(thread: OrderedThread) -> None:
    go_on = threading.Event()
    first = asyncio.ensure_future(thread.call(go_on.wait, 10))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()
    assert await thread.call(divmod, 7, 2) == (3, 1)
    assert first.cancelled()


def test_closing_runs_what_was_given_and_closing_an_unused_thread_is_nothing() -> None:
    seen: list[int] = []
    thread = OrderedThread("test")
    thread.put(lambda: seen.append(1))
    thread.close()
    thread.close()
    assert seen == [1]
    unused = OrderedThread("unused")
    unused.close()
    with pytest.raises(RuntimeError):  # not a thread that nobody ends
        unused.put(lambda: None)
