"""Listener for Graphite's plaintext lines by TCP and UDP. If the journal falls behind, TCP senders have to wait.

Pickle, which carbon-relay, pcp2graphite and Micrometer send by default, is never decoded, because decoding can run any code. It is
recognised, and the refusal names the setting to change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from dashboard.domain.errors import Invalid
from dashboard.feeders.datagram_queue import DatagramQueue
from dashboard.feeders.line_server import LineServer, is_http, parsed_aside
from dashboard.feeders.source_state import SourceFault, SourceState
from dashboard.feeders.sources_file import Graphite
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.graphite import MAX_LINE_BYTES, PathCache, looks_pickled, parse_graphite
from dashboard.runtime import Group

PICKLED = (
    "this is pickle, which is never read; send plain lines: carbon-relay with DESTINATION_PROTOCOL = line, "
    "pcp2graphite with -P PORT instead of -p, Micrometer with the protocol PLAINTEXT"
)
_HTTP = "this is HTTP; this port takes lines of Graphite, the server itself takes HTTP, and /metrics is there"
_JSON = "this is JSON; send plain lines, from Netdata with the connector graphite instead of json"


class GraphiteSource:
    """Source with a TCP and a UDP socket at one port."""

    def __init__(self, config: Graphite, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._config = config
        self._submitter = submitter
        self._paths = PathCache(2 * config.max_series)

    async def run(self) -> None:
        """Listen until cancelled; raises OSError."""
        config = self._config
        lines = LineServer(
            self.state,
            self._take,
            idle_s=config.idle_s,
            max_connections=config.max_connections,
            max_line_bytes=MAX_LINE_BYTES,
            foreign=_foreign,
        )
        async with Group() as group, AsyncExitStack() as stack:
            server = await lines.listen(group, config.host, config.port)
            stack.callback(server.close)
            if config.udp:
                queue = DatagramQueue(self.state, self._take_datagrams)
                await stack.enter_async_context(queue.listening(group, config.host, config.port))
            self.state.well()
            await asyncio.get_running_loop().create_future()  # until cancelled

    async def _take_datagrams(self, datagrams: Sequence[bytes]) -> None:
        await self._take(b"\n".join(datagrams))

    async def _take(self, whole: bytes) -> None:
        try:
            parsed = await parsed_aside(parse_graphite, whole, self._paths, self._submitter.latest_ms(), self.state)
        except Invalid as invalid:  # cannot happen: one read has fewer lines than a body may have
            raise SourceFault("format", str(invalid)) from None
        await self._submitter.keep_counted(parsed, self.state)


def _foreign(data: bytes) -> str:
    """Return the refusal of a connection that begins with another protocol, else ""."""
    if looks_pickled(data):
        return PICKLED
    if is_http(data):
        return _HTTP
    return _JSON if data.lstrip().startswith((b'{"', b"[{")) else ""
