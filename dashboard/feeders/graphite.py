"""Listen to Graphite's plaintext lines on a TCP port. A sender that is faster than the journal waits: its connection is not read."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from functools import partial

from dashboard.domain.errors import Invalid
from dashboard.feeders.source_state import SourceFault, SourceState
from dashboard.feeders.sources_file import Graphite
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.graphite import MAX_LINE_BYTES, PathCache, parse_graphite
from dashboard.runtime import Group

_READ_BYTES = 65_536
_SHOWN_BYTES = 200


class GraphiteSource:
    """One listening socket and its connections."""

    def __init__(self, config: Graphite, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._config = config
        self._submitter = submitter
        self._paths: PathCache = PathCache()
        self._connections = 0

    async def run(self) -> None:
        """Listen until cancelled; raises OSError."""
        async with Group() as group:

            def connected(reader: StreamReader, writer: StreamWriter) -> None:
                group.start("graphite connection", partial(self._serve, reader, writer))

            server = await asyncio.start_server(connected, self._config.host, self._config.port, limit=_READ_BYTES)
            self.state.well()
            try:
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                server.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection, whose every line is accepted or refused."""
        self.state.seen()
        if self._connections >= self._config.max_connections:
            self.state.failures["connections"] += 1
            writer.close()
            return
        self._connections += 1
        lines = _Lines()
        try:
            while True:
                async with asyncio.timeout(self._config.idle_s):
                    data = await reader.read(_READ_BYTES)
                if not data:
                    break
                await self._take(lines, data)
        except TimeoutError:
            self.state.failures["idle"] += 1
        except OSError:
            self.state.failures["connection"] += 1
        finally:
            self._connections -= 1
            if lines.rest or lines.is_skipping:
                self.state.refuse("incomplete", "the connection ended within the line", lines.rest)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _take(self, lines: _Lines, data: bytes) -> None:
        whole, too_long = lines.split(data)
        for line in too_long:
            self.state.refuse("invalid", f"is longer than {MAX_LINE_BYTES} bytes", line)
        if not whole:
            return
        self.state.last_seen_ms = self.state.now_ms()
        try:
            parsed = parse_graphite(whole, self._paths, self._submitter.latest_ms())
        except Invalid as invalid:  # cannot be: what is read at once has fewer lines than a body may have
            raise SourceFault("format", str(invalid)) from None
        await self._submitter.keep_counted(parsed, self.state)


class _Lines:
    """Whole lines out of what comes in pieces. ``rest``: the beginning of one; one that grows too long is passed over."""

    def __init__(self) -> None:
        self.rest = b""
        self.is_skipping = False

    def split(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """The whole lines, and the beginning of a line that is too long."""
        if self.is_skipping:
            _, newline, data = data.partition(b"\n")
            if not newline:
                return b"", []
            self.is_skipping = False
        whole, _, self.rest = (self.rest + data).rpartition(b"\n")
        if len(self.rest) <= MAX_LINE_BYTES:
            return whole, []
        too_long, self.rest, self.is_skipping = self.rest[:_SHOWN_BYTES], b"", True
        return whole, [too_long]
