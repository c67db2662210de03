"""Journals of several processes over one Redis, in one test: each as its own process has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from dashboard.domain.counters import Counters
from dashboard.domain.position import Position
from dashboard.journal.clock import JournalClock
from dashboard.journal.port import Entry, Gap
from dashboard.journal.redis import RedisJournal
from dashboard.journal.redis_link import Link
from tests.support.deadline import deadline
from tests.support.journals import PART, running


class Node:
    """Journal of one process, with a reader that collects entries and gaps."""

    def __init__(self, url: str, prefix: str, **options: Any) -> None:
        self.counters = Counters()
        self.clock = JournalClock(time.time, time.monotonic)
        self.journal = RedisJournal(
            Link(url, timeout_s=options.pop("timeout_s", 1)),
            prefix=prefix,
            partitions=[PART],
            clock=self.clock,
            counters=self.counters,
            **options,
        )
        self.got: list[Entry | Gap] = []
        self._more = asyncio.Event()

    async def append(self, *payloads: bytes, request_id: str = "") -> list[int]:
        positions = await asyncio.gather(
            *(self.journal.append(PART, payload, request_id=request_id) for payload in payloads)
        )
        return [position.seq for position in positions]

    @property
    def head(self) -> Position:
        return self.journal.head(PART)

    async def follow(self, after_seq: int = 0) -> None:
        async with aclosing(self.journal.follow(PART, Position(self.head.epoch, after_seq))) as batches:  # type: ignore[type-var]
            async for batch in batches:
                self.got += [batch] if isinstance(batch, Gap) else batch
                self._more.set()

    async def until_seq(self, seq: int, *, gaps: int | None = None) -> None:
        """Wait until the reader has entry ``seq`` and the given number of gaps."""
        async with deadline(10):
            while not (self.seqs()[-1:] == [seq] and (gaps is None or len(self.gaps()) == gaps)):
                self._more.clear()
                await self._more.wait()

    def seqs(self) -> list[int]:
        return [each.seq for each in self.got if isinstance(each, Entry)]

    def payloads(self) -> list[bytes]:
        return [each.payload for each in self.got if isinstance(each, Entry)]

    def gaps(self) -> list[Gap]:
        return [each for each in self.got if isinstance(each, Gap)]


@asynccontextmanager
async def nodes(url: str, prefix: str, count: int = 1, **options: Any) -> AsyncIterator[list[Node]]:
    """Run the given number of processes, which follow the journal from its beginning."""
    found = [Node(url, prefix, **options) for _ in range(count)]
    async with _all_running(found):
        tasks = [asyncio.ensure_future(node.follow()) for node in found]
        try:
            yield found
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result


@asynccontextmanager
async def _all_running(found: list[Node]) -> AsyncIterator[None]:
    if not found:
        yield
        return
    async with running(found[0].journal), _all_running(found[1:]):
        yield
