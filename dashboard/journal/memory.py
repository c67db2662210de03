"""Journal engine ``memory``: entries in this process' memory, for tests and for trying the server. Nothing survives."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

from dashboard.domain.errors import Conflict
from dashboard.domain.position import Position
from dashboard.journal.clock import JournalClock
from dashboard.journal.port import ANY, Checkpoint, Entry, Gap
from dashboard.journal.tail import Tail


class MemoryJournal:
    """Journal in memory, see ``port.Journal``."""

    def __init__(self, *, clock: JournalClock, max_age_s: float = 900, max_bytes: int = 64 << 20) -> None:
        self._clock = clock
        self._max_age_ms = int(max_age_s * 1000)
        self._max_bytes = max_bytes
        self._epoch = secrets.token_hex(8)
        self._tails: dict[str, Tail] = {}
        self._requests: dict[str, dict[str, int]] = {}
        self._checkpoints: dict[str, Checkpoint] = {}

    async def open(self) -> None:
        """Return at once: there is nothing to open."""

    async def run(self) -> None:
        """Wait until cancelled: appends are stored at once."""
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Return at once: there is nothing to close."""

    def head(self, partition: str) -> Position:
        return Position(self._epoch, self._tail(partition).head_seq)

    async def attach(self, partition: str) -> Position:
        return self.head(partition)

    def size_bytes(self) -> int:
        return sum(tail.size_bytes for tail in self._tails.values())

    def fault(self) -> str:
        return ""

    async def append(self, partition: str, payload: bytes, *, request_id: str = "") -> Position:
        tail = self._tail(partition)
        requests = self._requests.setdefault(partition, {})
        if request_id and request_id in requests:
            return Position(self._epoch, requests[request_id])
        entry = Entry(tail.head_seq + 1, self._clock.now_ms(), payload)
        tail.push([entry])
        tail.drop_before(entry.t_ms - self._max_age_ms)
        if request_id:
            requests[request_id] = entry.seq
        self._forget_requests(requests, tail.oldest_seq())
        return Position(self._epoch, entry.seq)

    async def follow(self, partition: str, after: Position) -> AsyncIterator[Gap | list[Entry]]:
        tail = self._tail(partition)
        seq = after.seq
        if after.epoch != self._epoch or seq > tail.head_seq:
            reason = "epoch" if after.epoch != self._epoch else "ahead"
            seq = tail.oldest_seq() - 1
            yield Gap(reason, Position(self._epoch, seq))
        while True:
            batch = tail.after(seq)
            if batch is None:
                seq = tail.oldest_seq() - 1
                yield Gap("trimmed", Position(self._epoch, seq))
            elif batch:
                seq = batch[-1].seq
                yield batch
            else:
                await tail.wait()

    async def save_checkpoint(
        self,
        partition: str,
        position: Position,
        records: AsyncIterator[list[tuple[str, bytes | None]]],
        *,
        whole: bool = False,
        base: Position | None = ANY,
    ) -> None:
        if base not in (ANY, await self.checkpoint_position(partition)):
            raise Conflict("another checkpoint is stored")
        stored = self._checkpoints.get(partition)
        before = None if whole else stored
        kept = dict(before.records) if before else {}
        async for some in records:
            kept.update({key: blob for key, blob in some if blob is not None})
            for key in (key for key, blob in some if blob is None):
                kept.pop(key, None)
        if self._checkpoints.get(partition) is not stored:
            raise Conflict("another checkpoint was stored in the meantime")
        self._checkpoints[partition] = Checkpoint(position, kept)

    async def checkpoint_position(self, partition: str) -> Position | None:
        stored = self._checkpoints.get(partition)
        return stored.position if stored else None

    async def load_checkpoint(self, partition: str) -> Checkpoint | None:
        return self._checkpoints.get(partition)

    async def hold(self, name: str, for_s: float) -> bool:
        return True  # one process: no other can hold the lease

    def _tail(self, partition: str) -> Tail:
        if partition not in self._tails:
            self._tails[partition] = Tail(0, self._max_bytes)
        return self._tails[partition]

    @staticmethod
    def _forget_requests(requests: dict[str, int], oldest_seq: int) -> None:
        for request_id, seq in list(requests.items())[:2]:  # in the order of seq; two an append are enough to keep up
            if seq < oldest_seq:
                del requests[request_id]
