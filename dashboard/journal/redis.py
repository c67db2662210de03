"""Journal engine ``redis``, for many processes: each partition is a Redis stream that all processes append to and follow.

This module connects the parts: ``redis_link.py`` (connections), ``redis_appender.py`` (writing), ``redis_reader.py`` and
``redis_log.py`` (reading), ``redis_checkpoints.py``, and the atomic steps in ``lua/``.  Source: Redis documentation, "Streams",
"Scripting".  Promises: docs/operations.md, "Several processes".
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from dashboard.domain.counters import Counters
from dashboard.domain.errors import ConfigurationError
from dashboard.domain.position import Position
from dashboard.journal import redis_checkpoints as checkpoints
from dashboard.journal import redis_scripts as scripts
from dashboard.journal.clock import PATIENCE_S, JournalClock
from dashboard.journal.port import ANY, Checkpoint, Entry, Gap, retention_s
from dashboard.journal.redis_appender import Appender, AppendLimits
from dashboard.journal.redis_link import REDIS_ERRORS, BackOff, Link, close, explain, honour_cancel, is_refusal
from dashboard.journal.redis_log import Log
from dashboard.journal.redis_reader import Reader, new_epoch, settle
from dashboard.journal.redis_scripts import Keys
from dashboard.runtime import Group

T = TypeVar("T")

_log = logging.getLogger(__name__)

#: Entries fetched in one round trip by a follower that is behind the entries in memory; more take more round trips.
_PAGE = 200
#: How long a starting process waits for Redis before it gives up.
_START_S = 5.0
_CHECKPOINT_TIMEOUT_S = 15.0


class _Part:
    """Partition with its log, its appender and its reader."""

    def __init__(self, log: Log, appender: Appender, link: Link, counters: Counters) -> None:
        self.log = log
        self.appender = appender
        self.reader = Reader(link, log, counters, self._note_reading)
        self._read_fault = ""

    def _note_reading(self, fault: str) -> None:
        self._read_fault = fault

    def fault(self) -> str:
        """Return the fault of storing or reading, empty if there is none."""
        if self.appender.fault:
            return f"cannot store: {self.appender.fault}"
        return f"cannot read: {self._read_fault}" if self._read_fault else ""


class RedisJournal:
    """Journal in Redis, see ``port.Journal``.

    ``partitions`` are read when the journal opens, other partitions at their first use. ``stamp_ms`` returns the time of a new
    entry (for tests); if None, Redis' clock gives the time, and ``clock`` follows Redis' clock. ``patience_s``: after a leap of
    the clock forward, entries are trimmed by the new time only after so many seconds.
    """

    def __init__(
        self,
        link: Link,
        *,
        prefix: str,
        partitions: Sequence[str],
        clock: JournalClock,
        counters: Counters,
        max_age_s: float = 900,
        max_bytes: int = 256 << 20,
        wait_s: float = 5,
        max_waiting_bytes: int = 8 << 20,
        stamp_ms: Callable[[], int] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._link = link
        self._prefix = prefix
        self._partitions = partitions
        self._clock = clock
        self._counters = counters
        self._max_age_s = max_age_s
        self._max_bytes = max_bytes
        self._wait_s = wait_s
        self._max_waiting_bytes = max_waiting_bytes
        self._stamp_ms = stamp_ms
        self._patience_s = patience_s
        self._parts: dict[str, _Part] = {}
        self._more_parts = asyncio.Event()
        self._client = link.client()
        self._bulk_client = link.client(timeout_s=_CHECKPOINT_TIMEOUT_S)
        self._held: set[str] = set()
        self.holder = secrets.token_hex(8)

    async def open(self) -> None:
        back_off, deadline = BackOff(), time.monotonic() + _START_S
        for partition in self._partitions:
            log = self._part(partition).log
            while not log.epoch:
                try:
                    standing = await settle(log, self._client)
                    self._follow_time(standing.now_ms, 0)
                except REDIS_ERRORS as error:
                    if is_refusal(error) or time.monotonic() > deadline:
                        reason = f"{self._link.shown}: {explain(error)}"
                        raise ConfigurationError(
                            f"redis = {reason}; check that Redis runs there and accepts this login"
                        ) from None
                    await asyncio.sleep(back_off.next_s())

    async def run(self) -> None:
        started: set[str] = set()
        async with Group() as group:
            while True:
                for name in self._parts.keys() - started:
                    part = self._parts[name]
                    started.add(name)
                    for work in (part.appender.run, part.appender.run_deadlines, part.reader.run):
                        group.start(f"{name} {work.__qualname__}", work)
                self._more_parts.clear()
                await self._more_parts.wait()

    async def close(self) -> None:
        await asyncio.gather(*(part.appender.close(self._link.timeout_s) for part in self._parts.values()))
        try:
            async with asyncio.timeout(self._link.timeout_s):
                for name in list(self._held):
                    await scripts.release(self._client, self._lease(name), self.holder)
        except REDIS_ERRORS:
            pass  # leases expire by themselves
        await close(self._client)
        await close(self._bulk_client)

    def head(self, partition: str) -> Position:
        return self._part(partition).log.head

    async def attach(self, partition: str) -> Position:
        log = self._part(partition).log
        await self._patiently(lambda: settle(log, self._client))
        return log.head

    def size_bytes(self) -> int:
        return sum(part.log.size_bytes for part in self._parts.values())

    def fault(self) -> str:
        return next(filter(None, (part.fault() for part in self._parts.values())), "")

    async def append(self, partition: str, payload: bytes, *, request_id: str = "") -> Position:
        return await self._part(partition).appender.append(payload, request_id)

    async def follow(self, partition: str, after: Position) -> AsyncIterator[Gap | list[Entry]]:
        log = self._part(partition).log
        log.followers += 1
        log.wanted.set()
        try:
            async with aclosing(self._follow(log, after)) as entries:
                async for each in entries:
                    yield each
        finally:
            log.followers -= 1
            if not log.followers:
                log.wanted.clear()

    async def _follow(self, log: Log, after: Position) -> AsyncGenerator[Gap | list[Entry], None]:
        epoch, seq = after
        if not log.epoch or (epoch == log.epoch and seq > log.seq):
            await self._patiently(lambda: settle(log, self._client))
        if epoch == log.epoch and seq > log.seq:  # Redis has lost entries, and no running process noticed it
            await self._patiently(lambda: scripts.turn(self._client, log.keys, epoch, new_epoch(), log.seq))
            await self._patiently(lambda: settle(log, self._client))
            epoch, seq = log.epoch, await self._oldest(log) - 1
            yield Gap("ahead", Position(epoch, seq))
        while True:
            if epoch != log.epoch:
                now = log.epoch
                oldest = await self._oldest(log)
                if log.epoch == now:
                    epoch, seq = now, log.resume_seq(Position(epoch, seq), oldest)
                    yield Gap("epoch", Position(epoch, seq))
                continue
            batch = log.tail.after(seq)
            if batch is None:
                batch = await self._page(log, seq)
                if epoch != log.epoch:
                    continue
                if not batch or batch[0].seq != seq + 1:
                    seq = (batch[0].seq if batch else log.tail.oldest_seq()) - 1
                    yield Gap("trimmed", Position(epoch, seq))
            if batch:
                seq = batch[-1].seq
                yield batch
            else:
                await log.tail.wait()

    async def save_checkpoint(
        self,
        partition: str,
        position: Position,
        records: AsyncIterator[list[tuple[str, bytes | None]]],
        *,
        whole: bool = False,
        base: Position | None = ANY,
    ) -> None:
        keys = self._part(partition).log.keys
        await checkpoints.save(self._bulk_client, keys, position, records, whole=whole, base=base)

    async def checkpoint_position(self, partition: str) -> Position | None:
        return await checkpoints.position(self._client, self._part(partition).log.keys)

    async def load_checkpoint(self, partition: str) -> Checkpoint | None:
        return await checkpoints.load(self._bulk_client, self._part(partition).log.keys)

    async def hold(self, name: str, for_s: float) -> bool:
        try:
            held = await scripts.hold(self._client, self._lease(name), self.holder, int(for_s * 1000))
        except REDIS_ERRORS:
            self._counters.redis_failures["hold"] += 1
            return False
        (self._held.add if held else self._held.discard)(name)
        return held

    def _lease(self, name: str) -> str:
        return f"{{{self._prefix}:leases}}:{name}"

    def _part(self, partition: str) -> _Part:
        if partition not in self._parts:
            log = Log(partition, Keys.of(self._prefix, partition))
            limits = AppendLimits(
                timeout_s=self._link.timeout_s,
                wait_s=self._wait_s,
                max_waiting_bytes=self._max_waiting_bytes,
                max_age_ms=int(min(self._max_age_s, retention_s(partition)) * 1000),
                max_bytes=self._max_bytes,
                patience_ms=int(self._patience_s * 1000),
            )
            appender = Appender(
                log,
                self._link.client(alone=True),
                self.holder,
                limits,
                self._counters,
                stamp_ms=self._stamp_ms,
                on_time=self._follow_time,
            )
            self._parts[partition] = _Part(log, appender, self._link, self._counters)
            self._more_parts.set()
        return self._parts[partition]

    def _follow_time(self, now_ms: int, took_s: float) -> None:
        if self._stamp_ms is None and self._clock.follow(now_ms, took_s):
            self._counters.clock_steps += 1
            _log.info(
                "the clock of Redis was set; by a new time entries are trimmed only after %.0f s", self._patience_s
            )

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat a call until Redis answers, without a time limit. Followers of the journal wait during this time."""
        back_off = BackOff()
        while True:
            try:
                found = await call()
            except REDIS_ERRORS:
                self._counters.redis_failures["fetch"] += 1
                honour_cancel()
                await asyncio.sleep(back_off.next_s())
            else:
                honour_cancel()
                return found

    async def _oldest(self, log: Log) -> int:
        """Return the number of the oldest stored entry; if none is stored, the number that the next entry will get."""
        newest = log.seq  # read before the request: entries stored during it are still to be read
        found = await self._patiently(lambda: self._entries(log, "-", 10))
        return found[0].seq if found else newest + 1

    async def _page(self, log: Log, seq: int) -> list[Entry]:
        """Fetch entries after ``seq`` from Redis, up to the first hole."""
        start = f"({known}" if (known := log.id_of(seq)) else await self._patiently(lambda: self._seek(log, seq))
        found = await self._patiently(lambda: self._entries(log, start, _PAGE))
        fresh = [entry for entry in found if seq < entry.seq <= log.seq]
        return [entry for place, entry in enumerate(fresh) if entry.seq == fresh[0].seq + place]

    async def _entries(self, log: Log, start: str, count: int) -> list[Entry]:
        """Fetch up to ``count`` entries of this journal, from the id ``start`` on; skip any number of rows of other programs."""
        while True:
            rows = await self._client.xrange(log.keys.log, start, "+", count=count)
            found = [entry for raw_id, fields in rows if (entry := log.parse(raw_id, fields)) is not None]
            if found or len(rows) < count:
                return found
            start = f"({rows[-1][0].decode()}"

    async def _seek(self, log: Log, seq: int) -> str:
        """Return the least id that entry ``seq + 1`` can have. Ids ascend with time, so a bisection over time finds it."""
        ends = await scripts.look(self._client, log.keys, new_epoch(), [])
        low = int((ends.oldest_id or "0-0").partition("-")[0])
        high = int(ends.last_id.partition("-")[0])
        while low < high:
            middle = (low + high + 1) // 2
            found = await self._entries(log, f"{middle}-0", 10)
            if found and found[0].seq <= seq:
                low = middle
            else:
                high = middle - 1
        return f"{low}-{seq + 1}"
