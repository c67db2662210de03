"""Ended sessions and login attempts in the store (dashboard/store/users.py), over both databases."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.store.database import Database
from dashboard.store.users import (
    MOST_TRIES_OF_ADDRESS,
    changed_revocations,
    count_try,
    forget_revocations,
    forget_tries,
    revoke_session,
    tries_end,
)
from tests.support.stores import NOW, Place

pytestmark = pytest.mark.gen_test

WINDOW_MS = 900_000


async def test_a_session_can_be_ended_by_several_at_once(place: Place) -> None:
    async def end(database: Database) -> None:
        async with database.write() as tx:
            await revoke_session(tx, "s", NOW + 5)

    async with place.opened(3) as databases:
        await asyncio.gather(*(end(databases[n % 3]) for n in range(9)))
        async with databases[0].read() as tx:
            assert await changed_revocations(tx, 0) == {"s": NOW + 5}


async def test_revocations_are_kept_until_the_session_would_have_ended(place: Place) -> None:
    async with place.one() as database:
        for session, ends in (("a", 1), ("b", 2), ("c", 3)):
            async with database.write() as tx:
                await revoke_session(tx, session, NOW + ends)
        async with database.write() as tx:
            await forget_revocations(tx, NOW + 2)
        async with database.read() as tx:
            assert await changed_revocations(tx, 0) == {"b": NOW + 2, "c": NOW + 3}
            assert await changed_revocations(tx, 2) == {"c": NOW + 3}


async def test_tries_at_once_are_all_counted_each_with_a_number_of_its_own(place: Place) -> None:
    """Otherwise a caller that is fast enough would have more than five tries."""

    async def attempt(database: Database) -> int:
        async with database.write() as tx:
            return await count_try(tx, "alice", "10.0.0.1", NOW, WINDOW_MS)

    async with place.opened(3) as databases:
        assert sorted(await asyncio.gather(*(attempt(databases[n % 3]) for n in range(12)))) == list(range(1, 13))


async def test_tries_are_counted_by_name_and_address_within_the_window(place: Place) -> None:
    async with place.one() as database:

        async def attempt(name: str, address: str, at_ms: int) -> int:
            async with database.write() as tx:
                return await count_try(tx, name, address, NOW + at_ms, WINDOW_MS)

        assert [await attempt("a", "1", n) for n in range(3)] == [1, 2, 3]
        assert (await attempt("a", "2", 3), await attempt("b", "1", 3)) == (1, 1)
        assert await attempt("a", "1", WINDOW_MS) == 4
        assert await attempt("a", "1", WINDOW_MS + 2) == 3  # those of 0 and 1 are too old
        async with database.write() as tx:
            await forget_tries(tx, "a", "1")
        assert (await attempt("a", "1", WINDOW_MS + 3), await attempt("a", "2", WINDOW_MS + 3)) == (1, 2)


async def test_when_one_may_try_again_is_told_by_the_oldest_try_that_is_in_the_way(place: Place) -> None:
    async with place.one() as database:

        async def attempt(name: str, at_ms: int) -> int:
            async with database.write() as tx:
                await count_try(tx, name, "1", NOW + at_ms, WINDOW_MS)
                return await tries_end(tx, name, "1", WINDOW_MS, 3) - NOW

        assert [await attempt("a", at_ms) for at_ms in (0, 10)] == [-NOW, -NOW]
        assert [await attempt("a", at_ms) for at_ms in (20, 30, 40)] == [WINDOW_MS + 1, WINDOW_MS + 11, WINDOW_MS + 21]
        assert await attempt("b", 50) == -NOW
        async with database.write() as tx:  # the last one that is refused, the first that is heard
            assert await count_try(tx, "a", "1", NOW + WINDOW_MS + 20, WINDOW_MS) == 4
            await tx.rollback()
        async with database.write() as tx:
            assert await count_try(tx, "a", "1", NOW + WINDOW_MS + 21, WINDOW_MS) == 3
            await tx.rollback()
        for n in range(MOST_TRIES_OF_ADDRESS - 6):
            ends = await attempt(f"c{n}", 60)
        assert ends == WINDOW_MS + 1
