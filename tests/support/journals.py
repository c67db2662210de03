"""Journals to be tested: one way to make, open, run and end each engine; the test moves the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.position import Position
from dashboard.journal.clock import JournalClock
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import Entry, Gap, Journal
from dashboard.journal.redis import RedisJournal
from dashboard.journal.redis_link import Link
from dashboard.journal.sqlite import SqliteJournal
from tests.support.deadline import deadline

PART = "metrics.0"


class HandClock:
    """Clock in seconds that the test moves."""

    def __init__(self, wall_s: float = 1_700_000_000.0) -> None:
        self.wall_s = wall_s
        self.monotonic_s = 50.0

    def move(self, seconds: float) -> None:
        self.wall_s += seconds
        self.monotonic_s += seconds

    def journal_clock(self) -> JournalClock:
        return JournalClock(lambda: self.wall_s, lambda: self.monotonic_s)


class Engine:
    """Factory for one engine with one place to store. ``memory_beyond``: entries that are no longer stored may still be in memory."""

    def __init__(self, name: str, folder: Path, *, short_tail: bool = False, redis_url: str = "") -> None:
        self.name = name
        self.folder = folder
        self.redis_url = redis_url
        self.memory_beyond = name != "memory" and not short_tail
        self.time = HandClock()

    def make(self, *, max_age_s: float = 900, max_bytes: int = 64 << 20) -> Journal:
        clock = self.time.journal_clock()
        if self.name == "memory":
            return MemoryJournal(clock=clock, max_age_s=max_age_s, max_bytes=max_bytes)
        if self.name == "redis":
            return RedisJournal(
                Link(self.redis_url, timeout_s=2),
                prefix=self.folder.parent.name,
                partitions=[PART],
                clock=clock,
                counters=Counters(),
                max_age_s=max_age_s,
                max_bytes=max_bytes,
                stamp_ms=clock.now_ms,
                patience_s=0,
            )
        return SqliteJournal(
            DataFolder(self.folder), clock=clock, counters=Counters(), max_age_s=max_age_s, max_bytes=max_bytes
        )

    @asynccontextmanager
    async def opened(self, *, max_age_s: float = 900, max_bytes: int = 64 << 20) -> AsyncIterator[Journal]:
        async with running(self.make(max_age_s=max_age_s, max_bytes=max_bytes)) as journal:
            yield journal


@asynccontextmanager
async def running(journal: Journal) -> AsyncIterator[Journal]:
    """Open a journal and run it as the runtime does; cancel and close it at the end of the block."""
    await journal.open()
    task = asyncio.ensure_future(journal.run())
    try:
        yield journal
    finally:
        failed = task.done() and not task.cancelled() and task.exception()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await journal.close()
        if failed:
            raise AssertionError("journal.run() ended") from failed


async def read(journal: Journal, after: Position, until_seq: int, part: str = PART) -> list[Gap | Entry]:
    """Return what a reader gets after ``after``, up to entry ``until_seq`` or a gap that leads there."""
    got: list[Gap | Entry] = []
    async with deadline(10), aclosing(journal.follow(part, after)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            got += [batch] if isinstance(batch, Gap) else batch
            last = got[-1]
            if (last.position.seq if isinstance(last, Gap) else last.seq) >= until_seq:
                return got
    raise AssertionError("follow ended")


def payloads(got: list[Gap | Entry]) -> list[bytes]:
    """Return the payloads of the entries that a reader got."""
    return [each.payload for each in got if isinstance(each, Entry)]


def start_of(journal: Journal, part: str = PART) -> Position:
    return Position(journal.head(part).epoch, 0)
