from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.journal.port import Entry
from dashboard.journal.tail import Tail
from tests.support.deadline import in_time


def entry(seq: int, size: int = 1, t_ms: int = 0) -> Entry:
    return Entry(seq, t_ms, b"x" * size)


@settings(max_examples=100)
@given(
    st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=5), max_size=12), st.integers(0, 100), st.integers(0, 9)
)
def test_a_tail_holds_the_newest_entries_within_its_bound(pushes: list[list[int]], bound: int, head: int) -> None:
    tail = Tail(head, bound)
    all_entries: list[Entry] = []
    for sizes in pushes:
        fresh = [entry(head + len(all_entries) + i + 1, size) for i, size in enumerate(sizes)]
        all_entries += fresh
        tail.push(fresh)
        held = all_entries[len(all_entries) - (tail.head_seq - tail.oldest_seq() + 1) :]
        assert tail.head_seq == all_entries[-1].seq
        assert tail.size_bytes == sum(len(e.payload) for e in held)
        assert tail.size_bytes <= bound or len(held) == 1
        for seq in range(head, tail.head_seq + 2):
            wanted = [e for e in all_entries if e.seq > seq]
            if seq + 1 < tail.oldest_seq():
                assert tail.after(seq) is None
            else:
                assert tail.after(seq) == wanted
                assert tail.after(seq, limit=2) == wanted[:2]


def test_a_tail_that_begins_at_a_head_holds_nothing_of_before() -> None:
    tail = Tail(10, 100)
    assert tail.oldest_seq() == 11
    assert tail.after(10) == []
    assert tail.after(9) is None
    tail.push([entry(11)])
    assert tail.after(10) == [entry(11)]


def test_dropping_all_keeps_the_head() -> None:
    tail = Tail(0, 100)
    tail.push([entry(1, t_ms=5), entry(2, t_ms=6)])
    tail.drop_before(6)
    assert (tail.oldest_seq(), tail.size_bytes) == (2, 1)
    tail.drop_before(7)
    assert (tail.oldest_seq(), tail.head_seq, tail.size_bytes) == (3, 2, 0)
    assert tail.after(2) == []
    assert tail.after(1) is None


@pytest.mark.gen_test
async def test_all_who_wait_are_woken_and_one_that_gave_up_does_no_harm() -> None:
    tail = Tail(0, 100)
    waiting = [asyncio.ensure_future(tail.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    tail.push([entry(1)])
    await in_time(waiting[1], 5)


@pytest.mark.gen_test
async def test_a_restart_wakes_too_and_leaves_nothing_behind() -> None:
    tail = Tail(0, 100)
    tail.push([entry(1), entry(2)])
    waiting = asyncio.ensure_future(tail.wait())
    await asyncio.sleep(0)
    tail.restart(1)
    await in_time(waiting, 5)
    assert (tail.head_seq, tail.size_bytes, tail.after(1), tail.after(0)) == (1, 0, [], None)
