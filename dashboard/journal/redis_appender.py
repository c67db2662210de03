"""Appends to one partition in Redis: whatever waits goes in one round trip, and a lost reply never doubles an entry.

While Redis is away appends wait, bounded in time and bytes.  A flush whose fate is not known is asked for again under the
same number until it is known; entries whose callers have given up meanwhile are left out, so that what was answered with
an error is not stored later behind the caller's back, unless it already had been.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct
from redis.exceptions import RedisError

from dashboard.domain.counters import Counters
from dashboard.domain.errors import Overloaded, Unavailable
from dashboard.domain.position import Position
from dashboard.journal import redis_scripts as scripts
from dashboard.journal.redis_link import REDIS_ERRORS, BackOff, Client, close, explain, honour_cancel
from dashboard.journal.redis_log import Log, pack_row
from dashboard.journal.redis_reader import new_epoch, settle
from dashboard.journal.redis_scripts import Appended, Row

#: What an entry takes in memory besides its value.
_ENTRY_BYTES = 300
_EXPIRE_EVERY_S = 0.1


class Waiting:
    """An append that has not been answered. ``expired``: its caller was told that it was not stored."""

    __slots__ = ("deadline_s", "done", "expired", "row")

    def __init__(self, row: Row, done: asyncio.Future[Position], deadline_s: float) -> None:
        self.row = row
        self.done = done
        self.deadline_s = deadline_s
        self.expired = False

    @property
    def size_bytes(self) -> int:
        """What it takes of the buffer."""
        return len(self.row.value) + _ENTRY_BYTES


class AppendLimits(Struct, frozen=True):
    """``timeout_s``: of one round trip. ``wait_s``, ``max_waiting_bytes``: of appends while Redis is away.

    ``max_age_ms``, ``max_bytes``: of what is kept.
    """

    timeout_s: float
    wait_s: float
    max_waiting_bytes: int
    max_age_ms: int
    max_bytes: int


class Appender:
    """One flush is under way at a time. ``stamp_ms`` gives the time of entries; None: Redis' own."""

    def __init__(
        self,
        log: Log,
        client: Client,
        writer: str,
        limits: AppendLimits,
        counters: Counters,
        *,
        stamp_ms: Callable[[], int] | None,
        on_time: Callable[[int, float], None],
    ) -> None:
        self._log = log
        self._client = client
        self._writer = writer
        self._limits = limits
        self._counters = counters
        self._stamp_ms = stamp_ms
        self._on_time = on_time
        self._waiting: list[Waiting] = []
        self._under_way: list[Waiting] = []
        self._attempts: dict[int, list[Waiting]] = {}  # of the flush under way: what was sent, by how many
        self._flush = 0
        self._bytes = 0
        self._wake = asyncio.Event()
        self._back_off = BackOff()
        self._away_since_s = 0.0  # loop time; 0: Redis answers
        self.fault = ""

    async def append(self, payload: bytes, request_id: str) -> Position:
        """See ``port.Journal.append``."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if self._away_since_s and now_s - self._away_since_s > self._limits.wait_s:
            raise Unavailable(f"the journal cannot be reached: {self.fault}")
        waiting = Waiting(pack_row(request_id, payload), loop.create_future(), now_s + self._limits.wait_s)
        if self._bytes + waiting.size_bytes > self._limits.max_waiting_bytes:
            raise Overloaded("too many entries wait for the journal; try again in a second")
        self._bytes += waiting.size_bytes
        self._waiting.append(waiting)
        self._wake.set()
        return await waiting.done

    async def run(self) -> None:
        """Flush what waits, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._under_way or self._away_since_s:
                await self.step()
                honour_cancel()

    async def step(self) -> None:
        """One round trip, and after a failure a pause."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                if not self._under_way:
                    self._begin()  # perhaps an empty one, to find out whether Redis takes writes again
                await self._send()
        except REDIS_ERRORS as error:
            self._counters.redis_failures["append"] += 1
            self.fault = explain(error)
            self._away_since_s = self._away_since_s or loop.time()
            await asyncio.sleep(self._back_off.next_s())
        else:
            self.fault, self._away_since_s = "", 0.0
            self._back_off.reset()

    def _begin(self) -> None:
        self._under_way, self._waiting = self._waiting, []
        self._attempts = {}
        self._flush += 1

    async def _send(self) -> None:
        sent = [waiting for waiting in self._under_way if not waiting.expired]
        self._attempts[len(sent)] = sent
        log, loop = self._log, asyncio.get_running_loop()
        if not log.epoch:
            await settle(log, self._client)
        began = loop.time()
        reply = await scripts.append(
            self._client,
            log.keys,
            self._writer,
            known=log.head,
            candidate=new_epoch(),
            stamp_ms=self._stamp_ms() if self._stamp_ms else None,
            max_age_ms=self._limits.max_age_ms,
            max_bytes=self._limits.max_bytes,
            flush=self._flush,
            rows=[waiting.row for waiting in sent],
        )
        took_s = loop.time() - began
        self._counters.journal_round_trip_ms.append(took_s * 1000)
        self._on_time(reply.now_ms, took_s)
        if reply.status in ("EPOCH", "REWOUND"):
            await settle(log, self._client)
        elif reply.status == "OK":
            self._stored(reply)
        else:
            raise RedisError(f"{reply.status}: another process writes under this one's name")

    def _stored(self, reply: Appended) -> None:
        """The fate of the flush is known: answer its callers."""
        log = self._log
        if reply.epoch == log.epoch:  # else another epoch was adopted meanwhile
            log.stored(reply.seq, reply.bytes)
        sent, under_way = self._attempts[len(reply.seqs)], self._under_way
        self._under_way, self._attempts = [], {}
        self._bytes -= sum(waiting.size_bytes for waiting in under_way)
        self._counters.journal_appends += len(reply.seqs)
        for waiting, seq in zip(sent, reply.seqs, strict=True):
            if not waiting.done.done():
                waiting.done.set_result(Position(reply.epoch, seq))

    async def run_deadlines(self) -> None:
        """Tell callers that have waited too long, until cancelled."""
        while True:
            await asyncio.sleep(_EXPIRE_EVERY_S)
            if self._waiting or self._under_way:
                self.expire(asyncio.get_running_loop().time())

    def expire(self, now_s: float) -> None:
        """Give up what should have been answered by ``now_s``. What is under way stays until its fate is known."""
        error = Unavailable(f"the journal cannot be reached: {self.fault or 'no answer'}")
        late = [w for w in (*self._under_way, *self._waiting) if w.deadline_s <= now_s and not w.expired]
        for waiting in late:
            waiting.expired = True
            if not waiting.done.done():
                waiting.done.set_exception(error)
        kept = [waiting for waiting in self._waiting if not waiting.expired]
        self._bytes -= sum(w.size_bytes for w in self._waiting if w.expired)
        self._waiting = kept

    async def close(self, within_s: float) -> None:
        """Store what still waits, if that takes no longer than ``within_s``; tell the callers of the rest."""
        try:
            async with asyncio.timeout(within_s):
                while self._waiting or self._under_way:
                    await self.step()
                    honour_cancel()
        except TimeoutError:
            self.expire(float("inf"))
        await close(self._client)
