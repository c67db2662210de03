from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dashboard.domain.counters import Counters
from dashboard.domain.position import Position
from dashboard.entries.metrics import encode_change
from dashboard.entries.samples import SeriesEnded
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import ANY, METRICS, Journal
from dashboard.replication.replication import Replication
from tests.support.deadline import deadline
from tests.support.histories import T0, WINDOWS, history, samples, state
from tests.support.journals import Engine, HandClock


def replication(journal: Journal) -> Replication:
    return Replication(
        journal=journal,
        partition=METRICS,
        windows=WINDOWS,
        checkpoint_s=300,
        checkpoint_bytes=1 << 30,
        counters=Counters(),
        on_gap=lambda partition, reason: None,
        on_applied=lambda: None,
        one_at_a_time=asyncio.Lock(),
    )


class Feeding(MemoryJournal):
    """Checkpoint store that, while it stores a record, lets one more entry come and be applied: storing in a file takes time."""

    def __init__(self) -> None:
        super().__init__(clock=HandClock().journal_clock())
        self.coming: list[bytes] = []
        self.follower: Replication | None = None

    async def save_checkpoint(
        self,
        partition: str,
        position: Position,
        records: AsyncIterator[list[tuple[str, bytes | None]]],
        *,
        whole: bool = False,
        base: Position | None = ANY,
    ) -> None:
        async def slowly() -> AsyncIterator[list[tuple[str, bytes | None]]]:
            async for some in records:
                yield some
                if self.coming and self.follower is not None:
                    await self.append(METRICS, self.coming.pop(0))
                    await caught_up(self, self.follower)

        await super().save_checkpoint(partition, position, slowly(), whole=whole, base=base)


async def caught_up(journal: Journal, follower: Replication) -> None:
    async with deadline(20):
        while follower.replica().position != journal.head(METRICS):
            await asyncio.sleep(0)


async def restarted(journal: Journal) -> Replication:
    again = replication(journal)
    await again.restore()
    task = asyncio.ensure_future(again.run())
    await caught_up(journal, again)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return again


@pytest.mark.gen_test
async def test_after_a_restart_the_state_is_the_same() -> None:
    journal = MemoryJournal(clock=HandClock().journal_clock())
    first = replication(journal)
    await first.restore()
    task = asyncio.ensure_future(first.run())
    for number, entry in enumerate(history(4, 60)):
        await journal.append(METRICS, entry.payload)
        if number in (20, 40):
            await caught_up(journal, first)
            await first.checkpoint()
    await caught_up(journal, first)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    again = await restarted(journal)
    assert state(again.replica()) == state(first.replica())


@pytest.mark.gen_test
async def test_a_series_that_begins_while_the_header_is_stored_keeps_its_number_to_itself() -> None:
    journal = Feeding()
    first = replication(journal)
    journal.follower = first
    await first.restore()
    task = asyncio.ensure_future(first.run())
    await journal.append(METRICS, samples(1, T0, [("a", T0, 1.0)]).payload)
    await caught_up(journal, first)
    journal.coming = [samples(2, T0, [("b", T0, 1.0)]).payload]
    await first.checkpoint()
    await journal.append(METRICS, samples(3, T0, [("c", T0, 1.0)]).payload)
    await caught_up(journal, first)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    again = await restarted(journal)
    assert [(s.text, s.sid) for s in again.replica().table] == [(s.text, s.sid) for s in first.replica().table]


@pytest.mark.gen_test
async def test_a_series_that_ended_has_ended_after_a_restart_too() -> None:
    journal = MemoryJournal(clock=HandClock().journal_clock())
    first = replication(journal)
    await first.restore()
    task = asyncio.ensure_future(first.run())
    await journal.append(METRICS, samples(1, T0, [("a", T0, 1.0)]).payload)
    await caught_up(journal, first)
    await first.checkpoint()
    await journal.append(METRICS, encode_change(SeriesEnded(b"a")))
    await caught_up(journal, first)
    await first.checkpoint()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert first.replica().table.by_text["a"].is_ended
    assert (await restarted(journal)).replica().table.by_text["a"].is_ended


@pytest.mark.gen_test
async def test_a_checkpoint_waits_for_the_one_under_way(tmp_path: Path) -> None:
    async with Engine("sqlite", tmp_path / "data").opened() as journal:
        first = replication(journal)
        await first.restore()
        task = asyncio.ensure_future(first.run())
        await journal.append(METRICS, samples(1, T0, [("a", T0, 1.0)]).payload)
        await caught_up(journal, first)
        await asyncio.gather(first.checkpoint(), first.checkpoint())  # as when the server stops during one
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert state((await restarted(journal)).replica()) == state(first.replica())
