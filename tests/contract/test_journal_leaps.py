"""Leaps of the clock: the journal in Redis trims nothing for a short leap, and trims after a leap that lasts."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dashboard.domain.counters import Counters
from dashboard.journal.port import Journal
from dashboard.journal.redis import RedisJournal
from dashboard.journal.redis_link import Link
from tests.support.journals import PART, HandClock, running
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.gen_test

WINDOW_S = 900
THREE_DAYS_S = 3 * 86_400


class Stand:
    def __init__(self, journal: Journal, clock: HandClock) -> None:
        self.journal = journal
        self.clock = clock
        self.count = 0

    async def feed(self, seconds: float, *, every_s: float = 5) -> None:
        """Append an entry every few seconds."""
        for _ in range(int(seconds / every_s)):
            self.clock.move(every_s)
            await self.journal.append(PART, b"x")
            self.count += 1


@asynccontextmanager
async def standing(redis: RedisServer) -> AsyncIterator[Stand]:
    clock = HandClock()
    made = clock.journal_clock()
    journal = RedisJournal(
        Link(redis.url, timeout_s=2),
        prefix=uuid.uuid4().hex,
        partitions=[PART],
        clock=made,
        counters=Counters(),
        max_age_s=WINDOW_S,
        stamp_ms=made.now_ms,
        patience_s=600,
    )
    async with running(journal):
        yield Stand(journal, clock)


async def test_a_clock_that_leaps_for_a_minute_and_comes_back_forgets_nothing(shared_redis: RedisServer) -> None:
    async with standing(shared_redis) as stand:
        await stand.feed(600)
        stand.clock.move(THREE_DAYS_S)
        await stand.feed(70)
        assert stand.journal.size_bytes() == stand.count
        stand.clock.move(-THREE_DAYS_S)
        await stand.feed(60)
        assert stand.journal.size_bytes() == stand.count


async def test_a_leap_that_lasts_counts_after_ten_to_twenty_minutes(shared_redis: RedisServer) -> None:
    async with standing(shared_redis) as stand:
        await stand.feed(300)
        stand.clock.move(THREE_DAYS_S)
        await stand.feed(590)
        assert stand.journal.size_bytes() == stand.count  # all are of the window, by the time that has really passed
        await stand.feed(700)
        assert stand.journal.size_bytes() <= (WINDOW_S + 60) / 5


async def test_pauses_between_appends_do_not_keep_entries_for_ever(shared_redis: RedisServer) -> None:
    async with standing(shared_redis) as stand:
        await stand.feed(60 * 300, every_s=300)
        assert stand.journal.size_bytes() <= (WINDOW_S + 3 * 600) / 300


async def test_without_leaps_the_window_is_as_it_is_set(shared_redis: RedisServer) -> None:
    async with standing(shared_redis) as stand:
        await stand.feed(1_800, every_s=30)
        assert WINDOW_S / 30 <= stand.journal.size_bytes() <= WINDOW_S / 30 + 2
