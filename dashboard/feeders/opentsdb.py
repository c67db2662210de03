"""Listener for OpenTSDB's telnet form by TCP. If the journal falls behind, senders have to wait.

Source: opentsdb.net/docs, "Telnet API". As in OpenTSDB, a sender gets an answer only to an error and to the command
``version``, by which tcollector checks the connection.
"""

from __future__ import annotations

import asyncio

from dashboard.feeders.line_server import LineServer, is_http, parsed_aside
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import OpenTsdb
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.batch import MAX_BAD_LINES, Refusal
from dashboard.ingest.opentsdb import PointCache, parse_opentsdb_lines
from dashboard.runtime import Group

MAX_LINE_BYTES = 16_384
_MAX_TOLD = 20
_HTTP = "this is HTTP; send it to /api/put at the address of this server itself"
_VERSION = b"net.opentsdb.tools 2.4.1, as live-dashboard answers it\n"
#: Commands that OpenTSDB answers, or obeys, without an error.
_QUIET = (b"put", b"help", b"stats", b"exit", b"dropcaches", b"rollup", b"histogram")
_WELL_KNOWN = frozenset({*_QUIET, b"version"}) - {b"rollup", b"histogram"}
_UNKNOWN = "is no command of OpenTSDB that is understood here; send put"
_NOT_TAKEN = "rollup and histogram are not taken; send put"


class OpenTsdbSource:
    """Source with a TCP socket."""

    def __init__(self, config: OpenTsdb, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._config = config
        self._submitter = submitter
        self._points = PointCache(2 * config.max_series)

    async def run(self) -> None:
        """Listen until cancelled; raises OSError."""
        config = self._config
        lines = LineServer(
            self.state,
            self._take,
            idle_s=config.idle_s,
            max_connections=config.max_connections,
            max_line_bytes=MAX_LINE_BYTES,
            foreign=lambda data: _HTTP if is_http(data) else "",
        )
        async with Group() as group:
            server = await lines.listen(group, config.host, config.port)
            try:
                self.state.well()
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                server.close()

    async def _take(self, whole: bytes) -> bytes:
        """Store the data points of the complete lines ``whole``; return the answers to the sender."""
        parsed = await parsed_aside(parse_opentsdb_lines, whole, self._points, self._submitter.latest_ms(), self.state)
        bad, commands = (
            list(parsed.batch.refused),
            [line.split(None, 1)[0] for line in whole.split(b"\n") if line.strip()],
        )
        await self._submitter.keep_counted(parsed, self.state)
        answers = [_VERSION for command in commands if command == b"version"]
        others = [(command, _fault_of(command)) for command in commands if command not in _WELL_KNOWN]
        for command, fault in others[:MAX_BAD_LINES]:
            self.state.refuse("invalid", fault, command)
        self.state.refuse_all((), unlisted=len(others[MAX_BAD_LINES:]))
        answers += [b"unknown command: %b.\n" % each[:100] for each, fault in others[:_MAX_TOLD] if fault == _UNKNOWN]
        return b"".join([*answers[:_MAX_TOLD], *map(_told, bad[:_MAX_TOLD])])


def _fault_of(command: bytes) -> str:
    return _NOT_TAKEN if command in _QUIET else _UNKNOWN


def _told(refusal: Refusal) -> bytes:
    """Return the error as OpenTSDB words it."""
    kind = "invalid value" if refusal.field == "value" else "illegal argument"
    return f"put: {kind}: {refusal.reason}\n".encode()
