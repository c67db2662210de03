"""Listen to StatsD and DogStatsD on a UDP port: datagrams to the aggregator, once a flush its samples to the journal.

Datagrams are taken in bursts, between which the loop goes on with everything else; what does not fit into the kernel's buffer
meanwhile is dropped there, and the kernel says how many datagrams that were (SO_MEMINFO, exact whenever it is asked).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from dashboard.domain.errors import DashboardError
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import Statsd
from dashboard.feeders.submitter import Submitter, size_of
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.statsd import MAX_DATAGRAM_BYTES
from dashboard.ingest.statsd_aggregator import Aggregator
from dashboard.runtime import Group

_BUFFER_BYTES = 8 << 20
_SO_RCVBUFFORCE, _SO_MEMINFO = 33, 55  # Linux, not in the socket module
_MEMINFO = struct.Struct("9I")
_DROPS = 8  # SK_MEMINFO_DROPS
#: A burst ends after so long, looked at every so many datagrams; when more waits, the others get the loop for a while.
_BURST_S = 0.002
_LOOKED_AT_EVERY = 8
_BREATH_S = 0.001
#: Pieces of flushes that may wait for the journal, and samples in them.
_MAX_WAITING = 1_000
_MAX_WAITING_SAMPLES = 200_000
_LAST_FLUSH_S = 0.8
#: Bursts that are taken from the kernel's buffer at the end.
_LAST_BURSTS = 20


class _Waiting(NamedTuple):
    """A piece of a flush that is not stored yet, under the number that keeps it from being stored twice."""

    parsed: Parsed
    request_id: str


class StatsdSource:
    """One UDP socket and what came since the last flush."""

    def __init__(self, config: Statsd, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._config = config
        self._submitter = submitter
        self._aggregator = Aggregator(max_metrics=config.max_metrics)
        self._socket: socket.socket
        self._drops = 0
        self._waiting: deque[_Waiting] = deque()
        self._storing: _Waiting | None = None
        self._more = asyncio.Event()

    async def run(self) -> None:
        """Bind, and take what comes until cancelled; raises OSError."""
        loop = asyncio.get_running_loop()
        self._aggregator = Aggregator(max_metrics=self._config.max_metrics)
        self._socket, self._drops = await _bind(self._config), 0
        loop.add_reader(self._socket, self._take_burst)
        self.state.well()
        try:
            async with Group() as group:
                group.start("statsd store", self._store)
                await self._flush_on_grid()
        finally:
            loop.remove_reader(self._socket)
            for _ in range(_LAST_BURSTS):
                if self._take_burst():
                    break
            self._count_drops()
            self._socket.close()
            for parsed in self._flushed():
                self._put(parsed)
            await self._store_last()

    # --- taking ---

    def _take_burst(self) -> bool:
        """Take datagrams until there are none (True), or it is time for others."""
        loop, receive, feed = asyncio.get_running_loop(), self._socket.recv, self._aggregator.feed
        until, latest_ms, taken = loop.time() + _BURST_S, self._submitter.latest_ms(), 0
        try:
            while taken % _LOOKED_AT_EVERY or loop.time() < until:
                feed(receive(MAX_DATAGRAM_BYTES), latest_ms)
                taken += 1
        except BlockingIOError:
            is_empty = True
        else:
            is_empty = False
            if loop.remove_reader(self._socket):
                loop.call_later(_BREATH_S, self._listen_again)
        if taken:
            self.state.seen(taken)
            self._count_lines()
        return is_empty

    def _listen_again(self) -> None:
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._socket, self._take_burst)

    def _count_lines(self) -> None:
        aggregator, state = self._aggregator, self.state
        state.accepted += aggregator.accepted
        aggregator.accepted = 0
        if aggregator.refused:
            state.refused.update(aggregator.refused)
            aggregator.refused.clear()

    def _count_drops(self) -> None:
        with contextlib.suppress(OSError, struct.error):  # not this kernel
            drops = _MEMINFO.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[_DROPS]
            if drops != self._drops:
                self.state.dropped["kernel"] += (drops - self._drops) % 2**32
                self._drops = drops

    # --- flushing ---

    async def _flush_on_grid(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self._config.flush_s, loop.time())
            await asyncio.sleep(due - loop.time())
            for parsed in self._flushed():
                self._put(parsed)
                await asyncio.sleep(0)
            self._count_drops()

    def _flushed(self) -> Iterator[Parsed]:
        """What came since the last flush, in pieces between which the loop may go on."""
        return self._aggregator.flush(self.state.now_ms(), self._config.flush_s)

    def _put(self, parsed: Parsed) -> None:
        """Behind what waits for the journal; the oldest of too much goes."""
        self.state.refuse_all(parsed.batch.refused[-20:], count=False)
        parsed.batch.refused = []  # lines, which are counted already
        if size_of(parsed):
            self._waiting.append(_Waiting(parsed, secrets.token_hex(8)))
            self._more.set()
        while len(self._waiting) > _MAX_WAITING or (
            len(self._waiting) > 1 and sum(size_of(each.parsed) for each in self._waiting) > _MAX_WAITING_SAMPLES
        ):
            self.state.unstored["queue_full"] += size_of(self._waiting.popleft().parsed)

    async def _store(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            await self._store_waiting()

    async def _store_waiting(self) -> None:
        while self._waiting:
            self._storing = self._waiting.popleft()
            await self._keep(self._storing)
            self._storing = None

    async def _keep(self, waiting: _Waiting) -> None:
        kept = await self._submitter.keep(waiting.parsed, self.state, request_id=waiting.request_id)
        for refusal in kept.refused:
            self.state.unstored[refusal.code] += 1
        self.state.refuse_all(kept.refused[-20:], count=False)
        if kept.dropped:
            self.state.unstored["events"] += kept.dropped

    async def _store_last(self) -> None:
        """What was taken is kept, if it can be at once, when the source moves or the server stops."""
        if self._storing is not None:
            self._waiting.appendleft(self._storing)
        try:
            async with asyncio.timeout(_LAST_FLUSH_S):
                await self._store_waiting()
        except (DashboardError, TimeoutError):
            pass
        finally:
            unstored = [*self._waiting, *([self._storing] if self._storing else [])]
            if unstored:
                self.state.unstored["stopped"] += sum(size_of(each.parsed) for each in unstored)
            self._waiting.clear()
            self._storing = None


async def _bind(config: Statsd) -> socket.socket:
    """A socket with a large buffer; raises OSError."""
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (
        await loop.getaddrinfo(config.host, config.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        made.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # of two the newer one gets it all: no waiting for one that hangs
        try:
            made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        except OSError:  # not allowed: as much as net.core.rmem_max lets us have
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        made.bind(address)
    except BaseException:
        made.close()
        raise
    return made
