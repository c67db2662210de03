"""Listener for StatsD and DogStatsD by UDP, TCP and a Unix socket; each flush stores the aggregated samples."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from dashboard.domain.errors import DashboardError
from dashboard.feeders.datagrams import DatagramReader, bind_udp, bind_unix, pieces_of_lines
from dashboard.feeders.line_server import LineServer, lines_in
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import Statsd
from dashboard.feeders.submitter import Submitter, size_of
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.statsd import MAX_DATAGRAM_BYTES
from dashboard.ingest.statsd_aggregator import Aggregator
from dashboard.runtime import Group

#: Most pieces of flushes that may wait for the journal, and most samples in them; beyond it the oldest are dropped.
_MAX_WAITING = 1_000
_MAX_WAITING_SAMPLES = 200_000
_LAST_FLUSH_S = 0.8
#: Work on the lines of one connection after which other tasks run.
_STEP_S = 0.005
#: Longer lines by TCP are refused. It is the length of a datagram with a single line.
_MAX_LINE_BYTES = 16_384


class _Waiting(NamedTuple):
    """Piece of a flush that is not stored yet. The request id keeps a retry from storing the piece twice."""

    parsed: Parsed
    request_id: str


class StatsdSource:
    """Source with the sockets, and the aggregator of the lines since the last flush."""

    def __init__(self, config: Statsd, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._config = config
        self._submitter = submitter
        self._aggregator = self._new_aggregator()
        self._readers: list[DatagramReader] = []
        self._waiting: deque[_Waiting] = deque()
        self._storing: _Waiting | None = None
        self._more = asyncio.Event()

    def _new_aggregator(self) -> Aggregator:
        return Aggregator(max_metrics=self._config.max_metrics, gauge_signs=self._config.gauge_signs)

    async def run(self) -> None:
        """Listen until cancelled; raises OSError."""
        self._aggregator = self._new_aggregator()
        self._readers = []
        tcp: asyncio.Server | None = None
        try:
            async with Group() as group:
                await self._bind()
                if self._config.tcp:
                    tcp = await self._lines().listen(group, self._config.host, self._config.port)
                self.state.well()
                group.start("statsd store", self._store)
                await self._flush_on_grid()
        finally:
            if tcp is not None:
                tcp.close()
            for reader in self._readers:
                reader.drain()
            self._count_drops()
            for reader in self._readers:
                reader.close()
            for parsed in self._flushed():
                self._put(parsed)
            await self._store_last()

    async def _bind(self) -> None:
        config = self._config
        sockets = [await bind_udp(config.host, config.port)]
        if config.unix_socket:
            sockets.append(bind_unix(config.unix_socket))
        for each in sockets:
            reader = DatagramReader(each, self._begin_burst, self._end_burst, max_bytes=MAX_DATAGRAM_BYTES)
            self._readers.append(reader)
            reader.start()

    # --- taking ---

    def _begin_burst(self) -> Callable[[bytes], object]:
        feed, latest_ms = self._aggregator.feed, self._submitter.latest_ms()
        return lambda data: feed(data, latest_ms)

    def _end_burst(self, taken: int) -> None:
        self.state.seen(taken)
        self._count_lines()

    def _lines(self) -> LineServer:
        """Create the TCP server, which splits lines in the same way as Etsy's StatsD."""
        return LineServer(
            self.state,
            self._take_lines,
            idle_s=self._config.idle_s,
            max_connections=self._config.max_connections,
            max_line_bytes=_MAX_LINE_BYTES,
        )

    async def _take_lines(self, whole: bytes) -> None:
        latest_ms, until = self._submitter.latest_ms(), time.monotonic() + _STEP_S
        pieces = pieces_of_lines(whole)
        for piece in pieces:
            self._aggregator.feed(piece, latest_ms)
            if time.monotonic() >= until:
                try:
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    self.state.dropped["stopped"] += sum(map(lines_in, pieces))
                    raise
                until = time.monotonic() + _STEP_S
        self._count_lines()

    def _count_lines(self) -> None:
        aggregator, state = self._aggregator, self.state
        state.accepted += aggregator.accepted
        aggregator.accepted = 0
        if aggregator.refused:
            state.refused.update(aggregator.refused)
            aggregator.refused.clear()

    def _count_drops(self) -> None:
        if drops := sum(reader.drops() for reader in self._readers):
            self.state.dropped["kernel"] += drops

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
        """Yield the samples since the last flush, in pieces between which other tasks may run."""
        return self._aggregator.flush(self.state.now_ms(), self._config.flush_s)

    def _put(self, parsed: Parsed) -> None:
        """Queue a piece for the journal; if too many wait, the oldest is dropped."""
        self.state.refuse_all(parsed.batch.refused[-20:], count=False)
        parsed.batch.refused = []  # refused lines are counted already
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
        """Try once to store the last samples, when another process takes the source over or the server stops."""
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
