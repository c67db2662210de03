from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dashboard.accounts.login_tries import MAX_TRIES, TRIES_WINDOW_MS, LoginTries
from dashboard.domain.counters import Counters
from dashboard.domain.errors import Overloaded, TooMany
from tests.support.stores import NOW, Place, make_user

pytestmark = pytest.mark.gen_test


class Clock:
    now_ms = NOW

    def __call__(self) -> int:
        return self.now_ms


@asynccontextmanager
async def tries_of(folder: Path, clock: Clock) -> AsyncIterator[tuple[LoginTries, Counters]]:
    async with Place("sqlite", folder, None).one() as database:
        await make_user(database, "ann")
        counters = Counters()
        yield LoginTries(database, counters=counters, now_ms=clock), counters


async def test_a_try_gets_the_hash_to_compare_with(tmp_path: Path) -> None:
    async with tries_of(tmp_path, Clock()) as (tries, _):
        assert await tries.count("ann", "::1") == "hash of ann"
        assert await tries.count("gone", "::1") is None


async def test_one_try_too_many_waits_for_the_end_of_the_window(tmp_path: Path) -> None:
    clock = Clock()
    async with tries_of(tmp_path, clock) as (tries, counters):
        for _ in range(MAX_TRIES):
            await tries.count("ann", "::1")
        clock.now_ms += 60_000
        with pytest.raises(TooMany) as refused:
            await tries.count("ann", "::1")
        assert 0 < refused.value.retry_after_s <= (TRIES_WINDOW_MS - 60_000) / 1_000 + 1
        assert counters.logins["limited"] == 1
        with pytest.raises(TooMany):  # of the same network
            await tries.count("ann", "::2")
        await tries.count("ann", "2001:db8::1")
        clock.now_ms += TRIES_WINDOW_MS
        await tries.count("ann", "::1")


async def test_a_try_that_was_not_answered_counts_for_nothing(tmp_path: Path) -> None:
    async with tries_of(tmp_path, Clock()) as (tries, _):
        for _ in range(3 * MAX_TRIES):
            await tries.count("ann", "::1")
            with pytest.raises(Overloaded):
                async with tries.answered("ann", "::1"):
                    raise Overloaded("come back")
        for _ in range(MAX_TRIES):
            await tries.count("ann", "::1")
            async with tries.answered("ann", "::1"):
                pass
        with pytest.raises(TooMany):
            await tries.count("ann", "::1")
