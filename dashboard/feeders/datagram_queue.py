"""Queue of datagrams that wait for the journal. Their senders cannot be made to wait, so datagrams beyond a limit of bytes are dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from dashboard.feeders.datagrams import DatagramReader, bind_udp
from dashboard.feeders.line_server import lines_in
from dashboard.feeders.source_state import SourceState
from dashboard.runtime import Group

_MAX_DATAGRAM_BYTES = 65_536
#: Bytes of datagrams that may wait for the journal; more are dropped, and their lines counted.
_MAX_WAITING_BYTES = 8 << 20
#: Memory that each waiting datagram takes beside its bytes.
_EACH_BYTES = 64
_TOGETHER_BYTES = 65_536


class DatagramQueue:
    """Queue between a UDP socket and ``take``, which stores a few datagrams of lines at a time."""

    def __init__(self, state: SourceState, take: Callable[[Sequence[bytes]], Awaitable[None]]) -> None:
        self._state = state
        self._take = take
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._more = asyncio.Event()

    @asynccontextmanager
    async def listening(self, group: Group, host: str, port: int) -> AsyncIterator[None]:
        """Read datagrams at ``host`` and ``port`` as long as the context lives; a task of the group stores them. Raises OSError."""
        made = await bind_udp(host, port)
        reader = DatagramReader(made, self._begin_burst, self._state.seen, max_bytes=_MAX_DATAGRAM_BYTES)
        reader.start()
        group.start(f"{self._state.id} datagrams", self._store)
        try:
            yield
        finally:
            reader.drain()
            if drops := reader.drops():
                self._state.dropped["kernel"] += drops
            reader.close()
            self._drop_waiting("stopped")

    def _begin_burst(self) -> Callable[[bytes], None]:
        self._more.set()
        return self.put

    def put(self, datagram: bytes) -> None:
        """Add a datagram, or drop it when too many bytes wait. An empty datagram holds no line."""
        datagram = datagram.rstrip(b"\x00")  # the end of a text in C, which small devices send along
        if not datagram:
            return
        size = len(datagram) + _EACH_BYTES
        if self._waiting_bytes + size > _MAX_WAITING_BYTES:
            self._state.dropped["queue_full"] += lines_in(datagram)
            return
        self._waiting.append(datagram)
        self._waiting_bytes += size

    async def _store(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                await self._take(self._some())

    def _some(self) -> list[bytes]:
        """Remove and return waiting datagrams, up to a limit of bytes."""
        size = count = 0
        for datagram in self._waiting:
            if count and size + len(datagram) + _EACH_BYTES > _TOGETHER_BYTES:
                break
            size, count = size + len(datagram) + _EACH_BYTES, count + 1
        some = self._waiting[:count]
        del self._waiting[:count]
        self._waiting_bytes -= size
        return some

    def _drop_waiting(self, reason: str) -> None:
        if self._waiting:
            self._state.dropped[reason] += sum(map(lines_in, self._waiting))
        self._waiting, self._waiting_bytes = [], 0
