"""Listener for Graphite's plaintext lines by TCP and UDP. If the journal falls behind, TCP senders have to wait.

Pickle, which carbon-relay and pcp2graphite send by default, is never decoded, because decoding can run any code.  Pickled data is
recognised, and the refusal names the setting to change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.domain.errors import Invalid
from dashboard.feeders.datagrams import DatagramReader, bind_udp
from dashboard.feeders.line_server import LineServer, lines_in, parsed_aside
from dashboard.feeders.source_state import SourceFault, SourceState
from dashboard.feeders.sources_file import Graphite
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.graphite import MAX_LINE_BYTES, PathCache, looks_pickled, parse_graphite
from dashboard.runtime import Group

_MAX_DATAGRAM_BYTES = 65_536
#: Bytes of datagrams that may wait for the journal; more are dropped, and their lines counted.
_MAX_WAITING_BYTES = 8 << 20
_TOGETHER_BYTES = 65_536
PICKLED = (
    "this is pickle, which is never read; send plain lines: carbon-relay with DESTINATION_PROTOCOL = line, "
    "pcp2graphite with -P PORT instead of -p"
)


class GraphiteSource:
    """Source with a TCP and a UDP socket at one port."""

    def __init__(self, config: Graphite, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._config = config
        self._submitter = submitter
        self._paths = PathCache(2 * config.max_series)
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._more = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled; raises OSError."""
        config = self._config
        lines = LineServer(
            self.state,
            self._take,
            idle_s=config.idle_s,
            max_connections=config.max_connections,
            max_line_bytes=MAX_LINE_BYTES,
            foreign=lambda data: PICKLED if looks_pickled(data) else "",
        )
        reader: DatagramReader | None = None
        async with Group() as group:
            server = await lines.listen(group, config.host, config.port)
            try:
                if config.udp:
                    made = await bind_udp(config.host, config.port)
                    reader = DatagramReader(made, self._begin_burst, self.state.seen, max_bytes=_MAX_DATAGRAM_BYTES)
                    reader.start()
                    group.start("graphite datagrams", self._store)
                self.state.well()
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                server.close()
                if reader is not None:
                    reader.drain()
                    if drops := reader.drops():
                        self.state.dropped["kernel"] += drops
                    reader.close()
                self._drop_waiting("stopped")

    async def _take(self, whole: bytes) -> None:
        try:
            parsed = await parsed_aside(parse_graphite, whole, self._paths, self._submitter.latest_ms(), self.state)
        except Invalid as invalid:  # cannot happen: one read has fewer lines than a body may have
            raise SourceFault("format", str(invalid)) from None
        await self._submitter.keep_counted(parsed, self.state)

    # --- datagrams, whose senders cannot be made to wait ---

    def _begin_burst(self) -> Callable[[bytes], None]:
        self._more.set()
        return self._put

    def _put(self, datagram: bytes) -> None:
        if self._waiting_bytes + len(datagram) > _MAX_WAITING_BYTES:
            self.state.dropped["queue_full"] += lines_in(datagram)
            return
        self._waiting.append(datagram)
        self._waiting_bytes += len(datagram)

    async def _store(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                await self._take(self._some())

    def _some(self) -> bytes:
        """Join waiting datagrams up to a limit of bytes, and return the result."""
        size = count = 0
        for datagram in self._waiting:
            if count and size + len(datagram) > _TOGETHER_BYTES:
                break
            size, count = size + len(datagram), count + 1
        some = self._waiting[:count]
        del self._waiting[:count]
        self._waiting_bytes -= size
        return b"\n".join(some)

    def _drop_waiting(self, reason: str) -> None:
        if self._waiting:
            self.state.dropped[reason] += sum(map(lines_in, self._waiting))
        self._waiting, self._waiting_bytes = [], 0
