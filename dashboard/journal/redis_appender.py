"""Appending to one partition in Redis: one round trip carries all waiting entries, and a lost reply never stores an entry twice.

While Redis is away appends wait, bounded in time and bytes. A flush whose reply was lost is sent again under the same number
until its result is known. Entries whose callers gave up in the meantime are left out. So an entry that was answered with an error
is not stored later, unless the lost attempt had stored it.
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

#: Memory that an entry takes besides its value.
_ENTRY_BYTES = 300
_EXPIRE_EVERY_S = 0.1


class WaitingAppend:
    """Append that has not been answered. ``expired``: True if its caller was told that the entry was not stored."""

    __slots__ = ("deadline_s", "done", "expired", "row")

    def __init__(self, row: Row, done: asyncio.Future[Position], deadline_s: float) -> None:
        self.row = row
        self.done = done
        self.deadline_s = deadline_s
        self.expired = False

    @property
    def size_bytes(self) -> int:
        """Bytes that this append takes in the buffer."""
        return len(self.row.value) + _ENTRY_BYTES


class AppendLimits(Struct, frozen=True):
    """Limits of appending. ``timeout_s`` limits one round trip; ``wait_s`` and ``max_waiting_bytes`` limit waiting appends.

    ``max_age_ms`` and ``max_bytes`` limit the stored partition. After a leap of the clock forward,
    ages are measured by the new time only after ``patience_ms``.
    """

    timeout_s: float
    wait_s: float
    max_waiting_bytes: int
    max_age_ms: int
    max_bytes: int
    patience_ms: int = 0


class Appender:
    """Writer of one partition, with one flush in flight at a time. ``stamp_ms`` returns the time of entries; if None, Redis sets it."""

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
        self._waiting: list[WaitingAppend] = []
        self._under_way: list[WaitingAppend] = []
        self._attempts: dict[
            int, list[WaitingAppend]
        ] = {}  # attempts of the flush in flight, by the number of entries sent
        self._flush = 0
        self._bytes = 0
        self._wake = asyncio.Event()
        self._back_off = BackOff()
        self._away_since_s = 0.0  # loop time; 0: Redis answers
        self.fault = ""

    async def append(self, payload: bytes, request_id: str) -> Position:
        """Store one entry and return its position, as described at ``port.Journal.append``."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if self._away_since_s and now_s - self._away_since_s > self._limits.wait_s:
            raise Unavailable(f"the journal (Redis) cannot be reached: {self.fault}")
        waiting = WaitingAppend(pack_row(request_id, payload), loop.create_future(), now_s + self._limits.wait_s)
        if self._bytes + waiting.size_bytes > self._limits.max_waiting_bytes:
            raise Overloaded("too many entries wait for the journal; try again in a second")
        self._bytes += waiting.size_bytes
        self._waiting.append(waiting)
        self._wake.set()
        return await waiting.done

    async def run(self) -> None:
        """Flush waiting entries, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._under_way or self._away_since_s:
                await self.step()
                honour_cancel()

    async def step(self) -> None:
        """Make one round trip; after a failure, pause."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                if not self._under_way:
                    self._begin()  # may be empty: it then shows whether Redis takes writes again
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
            patience_ms=self._limits.patience_ms,
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
            raise RedisError(f"{reply.status}: another process writes under this process' writer id")

    def _stored(self, reply: Appended) -> None:
        """Answer the callers of a flush that was stored."""
        log = self._log
        if reply.epoch == log.epoch:  # otherwise another epoch was adopted during the call
            log.stored(reply.seq, reply.bytes)
        sent, under_way = self._attempts[len(reply.seqs)], self._under_way
        self._under_way, self._attempts = [], {}
        self._bytes -= sum(waiting.size_bytes for waiting in under_way)
        self._counters.journal_appends += len(reply.seqs)
        for waiting, seq in zip(sent, reply.seqs, strict=True):
            if not waiting.done.done():
                waiting.done.set_result(Position(reply.epoch, seq))

    async def run_deadlines(self) -> None:
        """Send an error to callers that have waited too long; run until cancelled."""
        while True:
            await asyncio.sleep(_EXPIRE_EVERY_S)
            if self._waiting or self._under_way:
                self.expire(asyncio.get_running_loop().time())

    def expire(self, now_s: float) -> None:
        """Raise Unavailable in the callers whose deadline has passed at ``now_s``.

        Entries of the flush in flight stay in it until its result is known, even without their callers.
        """
        error = Unavailable(f"the journal (Redis) cannot be reached: {self.fault or 'no answer in time'}")
        late = [w for w in (*self._under_way, *self._waiting) if w.deadline_s <= now_s and not w.expired]
        for waiting in late:
            waiting.expired = True
            if not waiting.done.done():
                waiting.done.set_exception(error)
        kept = [waiting for waiting in self._waiting if not waiting.expired]
        self._bytes -= sum(w.size_bytes for w in self._waiting if w.expired)
        self._waiting = kept

    async def close(self, within_s: float) -> None:
        """Store waiting entries for at most ``within_s`` seconds, then close the client.

        The callers of entries that could not be stored get an error.
        """
        try:
            async with asyncio.timeout(within_s):
                while self._waiting or self._under_way:
                    await self.step()
                    honour_cancel()
        except TimeoutError:
            self.expire(float("inf"))
        await close(self._client)
