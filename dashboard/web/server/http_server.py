"""Tornado's HTTP server with additions: separate time limits for headers and for idle connections, errors in JSON,
limits on connections (``http_connections.py``), and an acceptor that survives a lack of file descriptors.

Only two public methods of the stream are replaced: ``read_until_regex``, by which Tornado reads only headers, and ``write``, by which
Tornado also answers malformed requests.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TypeVar

import msgspec
from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError

from dashboard.domain.ip_addresses import network_of
from dashboard.web.server import foreign, http2
from dashboard.web.server.acceptor import Acceptor
from dashboard.web.server.guard import GuardedApplication
from dashboard.web.server.http_connections import HttpConnections
from dashboard.web.server.quick_connection import QuickConnection, QuickServices
from dashboard.web.server.quick_heads import QuickHeads
from dashboard.web.server.taken_over import SocketAddress, TakenOver, TakenOverStream

#: Header blocks over their limit are read up to here, so that the 431 arrives; of longer ones the connection is reset.
_DRAINED_HEADER_BYTES = 262_144
#: What Tornado writes when a message cannot be read, before it closes the connection.
_MALFORMED = b"HTTP/1.1 400 Bad Request\r\n\r\n"

_SHOWN_BYTES = 200
#: The rest of a first line that is not HTTP is awaited for this long, to show it.
_FIRST_LINE_S = 1.0

T = TypeVar("T")
Read = Callable[..., Awaitable[bytes]]


class DashboardHttpServer(HTTPServer):
    """HTTP server with limits of headers. ``header_timeout_s`` counts from the first byte of a request.

    Before that byte, the connection is idle.
    """

    max_header_bytes: int
    header_timeout_s: float
    connections: HttpConnections
    #: Shows a refusal, of an IP address, with its reason and the first bytes.
    tell_refused: Callable[[str, str, str], None]

    def initialize(  # type: ignore[override]  # Tornado takes any
        self,
        application: GuardedApplication,
        *,
        max_header_bytes: int,
        header_timeout_s: float,
        connections: HttpConnections,
        tell_refused: Callable[[str, str, str], None],
        body_timeout: float,
        max_body_size: int,
        ssl_options: ssl.SSLContext | None,
    ) -> None:
        """Set the limits of headers and connections, in addition to Tornado's own arguments."""
        self.max_header_bytes = max_header_bytes
        self.header_timeout_s = header_timeout_s
        self.connections = connections
        self.tell_refused = tell_refused
        super().initialize(
            application,
            body_timeout=body_timeout,
            max_body_size=max_body_size,
            max_header_size=max_header_bytes + _DRAINED_HEADER_BYTES,
            ssl_options=ssl_options,
        )
        self.conn_params.header_timeout = (
            None  # Tornado's timer for each request; ``connections`` bounds idle connections
        )
        self._acceptors: list[Acceptor] = []
        self._quick = QuickServices(
            QuickHeads(application.quick_work), self.connections, application.context, self._take_over
        )

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections on listening sockets, until ``stop``."""
        for listening in sockets:
            acceptor = Acceptor(listening, self._handle_connection, self.connections.make_room)
            self._acceptors.append(acceptor)
            self._sockets[listening.fileno()] = listening
            self._handlers[listening.fileno()] = acceptor.stop

    def fault(self) -> str:
        """Return why no connection can be accepted now; empty if connections can be accepted."""
        return next(filter(None, (each.fault for each in self._acceptors)), "")

    def _handle_connection(self, connection: socket.socket, address: SocketAddress) -> None:
        """Serve an accepted connection, at first without Tornado, unless it is encrypted or comes from another process."""
        if self.ssl_options is None and connection.family in (socket.AF_INET, socket.AF_INET6):
            QuickConnection(connection, address, self._quick).start(network_of(address[0]))
        else:
            super()._handle_connection(connection, address)

    def _take_over(self, connection: TakenOver) -> None:
        """Serve a connection by Tornado from now on."""
        stream = TakenOverStream(connection.before.socket, max_buffer_size=self.max_buffer_size)
        self.connections.replace(connection.before, stream)
        stream.put_back(connection.received, failed=connection.failed)
        self.handle_stream(stream, connection.address)
        if connection.unsent:
            stream.write(connection.unsent)

    async def close_all_connections(self) -> None:
        """Close all connections but WebSockets, when their requests are answered."""
        for connection in self.connections:
            if isinstance(connection, QuickConnection):
                connection.close()
        await super().close_all_connections()

    def handle_stream(self, stream: IOStream, address: SocketAddress) -> None:
        """Serve one connection."""
        read, write, connections = stream.read_until_regex, stream.write, self.connections
        sender = str(address[0]) if address else ""
        connections.open(stream, network_of(sender))
        begun = b""

        async def read_headers(regex: bytes, max_bytes: int | None = None) -> bytes:
            nonlocal begun
            first = await self._first_byte(stream)
            if foreign.is_no_http(first):
                begun = first + await _some(stream)
                await write(self._refuse(400, "Bad Request", foreign.reason_against(begun), sender, begun))
                stream.close()
                raise StreamClosedError  # see below
            try:
                block = first + await self._in_time(read(regex, max_bytes=max_bytes))
            except TimeoutError:
                begun = first + _buffered(stream)
                reason = foreign.reason_against(begun)
                if reason == foreign.NOT_HTTP:
                    reason = f"no whole request came in {self.header_timeout_s:g} s"
                self._tell(f"408: {reason}", begun, sender)
                stream.close()
                raise StreamClosedError from None  # see below
            connections.begin(stream)
            begun = block[:_SHOWN_BYTES]
            if block.startswith(http2.PREFACE):
                self.tell_refused(sender, http2.REASON, "")
                with suppress(TimeoutError):
                    await self._in_time(http2.refuse(stream))
            elif len(block) > self.max_header_bytes:
                await write(self._refuse(*self._too_long(), sender, begun))
            else:
                return block
            stream.close()
            raise StreamClosedError  # by which Tornado gives the connection up without a word

        def write_answer(data: bytes | memoryview) -> asyncio.Future[None]:
            if data == _MALFORMED:
                seen = begun if begun.strip() else begun + _buffered(stream)
                data = self._refuse(400, "Bad Request", foreign.reason_against(seen), sender, begun)
            written = write(data)
            if stream.writing():
                connections.wrote(stream)
            return written

        stream.read_until_regex = read_headers  # type: ignore[method-assign]  # Tornado has no hook
        stream.write = write_answer  # type: ignore[method-assign]  # Tornado has no hook
        super().handle_stream(stream, address)

    async def _first_byte(self, stream: IOStream) -> bytes:
        """Wait for the first byte of a request. The connection counts as idle until all headers have come."""
        if not (self.connections.is_idle(stream) or stream.closed()):  # idle already: its first bytes have been read
            self.connections.wait(stream)
        return await stream.read_bytes(1, partial=True)

    async def _in_time(self, work: Awaitable[T]) -> T:
        """Wait for ``work`` for at most ``header_timeout_s``; raises TimeoutError. Work that is done needs no deadline."""
        if isinstance(work, asyncio.Future) and work.done():
            done: T = work.result()
            return done
        async with asyncio.timeout(self.header_timeout_s):
            return await work

    def _too_long(self) -> tuple[int, str, str]:
        reason = f"the headers have more than {self.max_header_bytes} bytes"
        return 431, "Request Header Fields Too Large", reason

    def _refuse(self, status: int, phrase: str, reason: str, sender: str, begun: bytes) -> bytes:
        self._tell(f"{status}: {reason}", begun, sender)
        return _answer(status, phrase, reason)

    def _tell(self, reason: str, begun: bytes, sender: str) -> None:
        self.tell_refused(sender, reason, begun.partition(b"\n")[0].rstrip(b"\r").decode("latin-1"))

    def on_close(self, server_conn: object) -> None:
        """Forget a connection that has ended or has become a WebSocket; called by Tornado."""
        assert isinstance(server_conn, HTTP1ServerConnection)
        stream = server_conn.stream
        self.connections.forget(stream)
        del stream.read_until_regex, stream.write  # of ``handle_stream``: what a WebSocket sends is its own affair
        super().on_close(server_conn)


async def _some(stream: IOStream) -> bytes:
    """Wait a moment for further bytes of a connection; return the beginning of its unread bytes."""
    try:
        async with asyncio.timeout(_FIRST_LINE_S):
            return await stream.read_bytes(_SHOWN_BYTES, partial=True)
    except TimeoutError:
        return _buffered(stream)


def _buffered(stream: IOStream) -> bytes:
    """Return the beginning of the bytes that have arrived and are unread."""
    return bytes(stream._read_buffer[:_SHOWN_BYTES])  # Tornado has no public name for it


def _answer(status: int, phrase: str, text: str) -> bytes:
    code = re.sub(r"\W+", "_", phrase.lower())
    body = msgspec.json.encode({"code": code, "error": text})
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
