"""What goes into the journal for a batch: divided by partition, declared again now and then, within the limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dashboard.domain.counters import Counters
from dashboard.domain.partition import all_partitions, partition_of
from dashboard.domain.position import Position
from dashboard.ingest.batch import Batch
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import Gap
from dashboard.replica.changes import Samples, decode_change
from dashboard.services.accept_samples import DECLARED_EVERY_MS, MET_MS, AcceptSamples
from dashboard.services.replicas import Replicas
from dashboard.services.token_limits import TokenLimits
from tests.support.histories import WINDOWS
from tests.support.journals import HandClock


class Stand:
    def __init__(self, *, partitions: int = 1, max_series: int = 100) -> None:
        self.hand = HandClock()
        clock = self.hand.journal_clock()
        self.journal = MemoryJournal(clock=clock)
        counters = Counters()
        self.replicas = Replicas(
            journal=self.journal,
            partitions=partitions,
            windows=WINDOWS,
            checkpoint_s=300,
            checkpoint_bytes=1 << 30,
            counters=counters,
        )
        self.accepting = AcceptSamples(
            journal=self.journal,
            replicas=self.replicas,
            now_ms=clock.now_ms,
            max_series=max_series,
            limits=TokenLimits(monotonic=lambda: 0.0),
            counters=counters,
        )

    async def entries(self, partition: str) -> list[Samples]:
        head = self.journal.head(partition)
        if not head.seq:
            return []
        batch = await anext(self.journal.follow(partition, Position(head.epoch, 0)))
        assert not isinstance(batch, Gap)
        changes = [decode_change(entry.payload) for entry in batch]
        assert all(isinstance(change, Samples) for change in changes)
        return changes  # type: ignore[return-value]  # just looked at

    async def applied(self) -> None:
        async with asyncio.timeout(5):
            while self.replicas.lag():
                await asyncio.sleep(0)


@asynccontextmanager
async def running(stand: Stand) -> AsyncIterator[Stand]:
    task = asyncio.ensure_future(stand.replicas.run())
    await stand.replicas.wait_ready(tuple(stand.replicas.followed()))
    try:
        yield stand
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def batch(*keys: str, unit: str | None = None) -> Batch:
    declared = [(row, unit, 1.0) for row in range(len(keys))] if unit else []
    return Batch(list(keys), [None] * len(keys), [1.0] * len(keys), declared)


@pytest.mark.gen_test
async def test_what_is_declared_again_and_again_is_stored_now_and_then() -> None:
    async with running(Stand()) as stand:
        for _ in range(3):
            await stand.accepting.accept(batch("a", "b", unit="%"))
            await stand.applied()
        stand.hand.move(DECLARED_EVERY_MS / 1000)
        for _ in range(2):
            await stand.accepting.accept(batch("a", "b", unit="%"))
            await stand.applied()
        assert [len(entry.declared) for entry in await stand.entries("metrics.0")] == [2, 0, 0, 2, 0]


@pytest.mark.gen_test
async def test_a_batch_is_divided_by_the_names_of_its_series() -> None:
    async with running(Stand(partitions=4)) as stand:
        keys = [f'm{n}{{x="{n % 2}"}}' for n in range(40)]
        outcome = await stand.accepting.accept(batch(*keys, unit="B"))
        assert (outcome.accepted, outcome.refused) == (40, [])
        found: dict[str, str] = {}
        for partition in all_partitions(4):
            for entry in await stand.entries(partition):
                some = entry.keys.decode().split("\n")
                assert [row for row, _, _ in entry.declared] == list(range(len(some)))
                found |= dict.fromkeys(some, partition)
        assert found == {key: partition_of(key.partition("{")[0], 4) for key in keys}


@pytest.mark.gen_test
async def test_the_limit_counts_series_of_partitions_that_are_not_followed_and_forgets_them_in_time() -> None:
    async with running(Stand(partitions=4, max_series=10)) as stand:
        outcome = await stand.accepting.accept(batch(*(f"m{n}" for n in range(12))))
        assert outcome.accepted == 10
        assert [refusal.code for refusal in outcome.refused] == ["series_limit"] * 2
        stored = {f"m{n}" for n in range(12)} - {f"m{refusal.index}" for refusal in outcome.refused}
        again = await stand.accepting.accept(batch(*sorted(stored)))
        assert (again.accepted, again.refused) == (10, [])  # known ones are not counted twice
        wanted = stand.replicas.want(())  # now all are followed
        await stand.replicas.wait_ready(wanted)
        await stand.applied()
        assert (await stand.accepting.accept(batch(*sorted(stored)))).accepted == 10
        assert (await stand.accepting.accept(batch("new"))).accepted == 0


@pytest.mark.gen_test
async def test_series_that_fell_silent_make_room_where_they_are_not_followed() -> None:
    async with running(Stand(partitions=4, max_series=3)) as stand:
        assert (await stand.accepting.accept(batch("a", "b", "c"))).accepted == 3
        assert (await stand.accepting.accept(batch("d"))).accepted == 0
        stand.hand.move(MET_MS / 1000 + 1)
        assert (await stand.accepting.accept(batch("d"))).accepted == 1
