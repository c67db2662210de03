"""TCP server for lines. Connections are bounded in number, and read only as fast as their lines are processed and answers are taken."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from dashboard.feeders.source_state import SourceState
from dashboard.ingest.parsed import Parsed
from dashboard.runtime import Group

C = TypeVar("C")
_READ_BYTES = 65_536
_METHODS = (b"GET", b"POST", b"PUT", b"HEAD")
_SHOWN_BYTES = 200
#: More bytes of lines are parsed in a thread: a line of a new series takes tens of microseconds.
_PARSED_AT_ONCE_BYTES = 4_096


def is_http(data: bytes) -> bool:
    """Return whether these first bytes of a connection are those of an HTTP request."""
    method, _, rest = data.partition(b" ")
    return method in _METHODS and rest.startswith(b"/") and b" HTTP/1." in rest.partition(b"\n")[0]


class LineServer:
    """TCP server that passes whole lines, without the last line end, to ``take``; nothing more is read until ``take`` returns.

    What ``take`` returns is sent back, if it is not empty.
    ``foreign`` gets the first bytes of a connection; it returns a refusal if they belong to another protocol, else "".
    """

    def __init__(
        self,
        state: SourceState,
        take: Callable[[bytes], Awaitable[bytes | None]],
        *,
        idle_s: float,
        max_connections: int,
        max_line_bytes: int,
        foreign: Callable[[bytes], str] = lambda _: "",
    ) -> None:
        self._state = state
        self._take = take
        self._idle_s = idle_s
        self._max_connections = max_connections
        self._max_line_bytes = max_line_bytes
        self._foreign = foreign
        self._connections = 0

    async def listen(self, group: Group, host: str, port: int) -> asyncio.Server:
        """Begin to listen at ``host`` and ``port``; raises OSError. The connections are tasks of the group."""

        def connected(reader: StreamReader, writer: StreamWriter) -> None:
            group.start(f"{self._state.id} connection", partial(self._serve, reader, writer))

        return await asyncio.start_server(connected, host, port, limit=_READ_BYTES)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection; each of its lines is processed or refused."""
        self._state.seen()
        if self._connections >= self._max_connections:
            self._state.failures["connections"] += 1
            writer.close()
            return
        self._connections += 1
        lines = LineSplitter(self._max_line_bytes)
        try:
            await self._read(reader, writer, lines)
        except TimeoutError:
            self._state.failures["idle"] += 1
        except OSError:
            self._state.failures["connection"] += 1
        finally:
            self._connections -= 1
            if lines.rest or lines.is_skipping:
                self._state.refuse("incomplete", "the connection ended within the line", lines.rest)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _read(self, reader: StreamReader, writer: StreamWriter, lines: LineSplitter) -> None:
        """Read until the connection ends, or turns out to use another protocol."""
        is_first = True
        while data := await self._some(reader):
            if is_first and (reason := self._foreign(data)):
                self._state.refuse("foreign", reason, data)
                return
            is_first = False
            whole, too_long = lines.split(data)
            for line in too_long:
                self._state.refuse("invalid", f"is longer than {self._max_line_bytes} bytes", line)
            if whole:
                self._state.last_seen_ms = self._state.now_ms()
                if answer := await self._take(whole):
                    writer.write(answer)
                    async with asyncio.timeout(self._idle_s):
                        await writer.drain()

    async def _some(self, reader: StreamReader) -> bytes:
        async with asyncio.timeout(self._idle_s):
            return await reader.read(_READ_BYTES)


async def parsed_aside(
    parse: Callable[[bytes, C, int], Parsed], lines: bytes, cache: C, latest_ms: int, state: SourceState
) -> Parsed:
    """Return ``parse(lines, cache, latest_ms)``, in a thread if there are many lines, to keep the event loop free.

    Lines that are not parsed because the source stops are counted in ``state``.
    """
    if len(lines) <= _PARSED_AT_ONCE_BYTES:
        return parse(lines, cache, latest_ms)
    try:
        return await asyncio.get_running_loop().run_in_executor(None, parse, lines, cache, latest_ms)
    except asyncio.CancelledError:
        state.dropped["stopped"] += lines_in(lines)
        raise


def lines_in(data: bytes) -> int:
    """Return the number of lines that are not blank."""
    return sum(bool(line.strip()) for line in data.split(b"\n"))


class LineSplitter:
    """Splitter of chunks into whole lines. ``rest``: the unfinished last line. Lines that are too long are skipped."""

    def __init__(self, max_line_bytes: int) -> None:
        self.rest = b""
        self.is_skipping = False
        self._max_line_bytes = max_line_bytes

    def split(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """Return the complete lines as one text, and the beginning of each line that is skipped because it is too long."""
        if self.is_skipping:
            _, newline, data = data.partition(b"\n")
            if not newline:
                return b"", []
            self.is_skipping = False
        whole, _, self.rest = (self.rest + data).rpartition(b"\n")
        if len(self.rest) <= self._max_line_bytes:
            return whole, []
        too_long, self.rest, self.is_skipping = self.rest[:_SHOWN_BYTES], b"", True
        return whole, [too_long]
