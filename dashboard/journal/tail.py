"""Tail of a partition: its newest entries in memory, and the readers that wait for the next entry. Shared by the engines."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice

from dashboard.journal.port import Entry


class Tail:
    """Newest entries of a partition, in memory and bounded in bytes; the oldest are dropped first. For the event loop's
    thread only."""

    __slots__ = ("_entries", "_max_bytes", "_size", "_waiters", "head_seq")

    def __init__(self, head_seq: int, max_bytes: int) -> None:
        self.head_seq = head_seq
        self._entries: deque[Entry] = deque()
        self._max_bytes = max_bytes
        self._size = 0
        self._waiters: list[asyncio.Future[None]] = []

    def push(self, entries: list[Entry]) -> None:
        """Add the next entries, in order, and wake the readers."""
        self._entries.extend(entries)
        self._size += sum(len(e.payload) for e in entries)
        while self._size > self._max_bytes and len(self._entries) > 1:
            self._size -= len(self._entries.popleft().payload)
        self.head_seq = self._entries[-1].seq
        self._wake()

    def restart(self, head_seq: int) -> None:
        """Drop all entries and continue after ``head_seq``: earlier entries were missed or are void."""
        self._entries.clear()
        self._size = 0
        self.head_seq = head_seq
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    @property
    def size_bytes(self) -> int:
        """Payload bytes in memory."""
        return self._size

    def drop_before(self, t_ms: int) -> None:
        """Drop entries older than ``t_ms``."""
        while self._entries and self._entries[0].t_ms < t_ms:
            self._size -= len(self._entries.popleft().payload)

    def oldest_seq(self) -> int:
        """Return the number of the oldest entry in memory; if there is none, the number that the next entry will get."""
        return self._entries[0].seq if self._entries else self.head_seq + 1

    def after(self, seq: int, limit: int = 1_000) -> list[Entry] | None:
        """Return at most ``limit`` entries after ``seq``; None if the first of these entries was dropped."""
        if seq >= self.head_seq:
            return []
        start = seq + 1 - self.oldest_seq()
        if start < 0:
            return None
        if start == len(self._entries) - 1:
            return [self._entries[-1]]
        return list(islice(self._entries, start, start + limit))

    async def wait(self) -> None:
        """Return at the next push or restart."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter
