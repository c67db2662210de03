"""Forwarding of requests to the process that holds their session.

The whole connection is handed on: the request is sent there, and then bytes go both ways until either side closes.  So a poll, a body
and a WebSocket are one thing, and frames are not parsed twice.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream, SSLIOStream, StreamClosedError

from dashboard.node_sockets import connect_to_node
from dashboard.runtime import Group

#: Header of a forwarded request, which is not forwarded again.
_MARK = "X-Dashboard-Forwarded"
_CONNECT_S = 2.0
_CHUNK_BYTES = 65_536
#: Headers that belong to one connection; those of an upgrade are kept.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "content-encoding"})


class Forwarding:
    """Connections to other processes. ``addresses``: where a process is reached, by its id; empty: it does not run.

    ``tls``: context of the clients of this installation's own servers; None: they serve plain HTTP.
    """

    def __init__(self, addresses: Callable[[str], tuple[str, ...]], tls: ssl.SSLContext | None) -> None:
        self._addresses = addresses
        self._tls = tls

    def holder(self, request: HTTPServerRequest, sid: str) -> tuple[str, ...]:
        """Return the addresses of the process that made the session's id; empty: it is this one, or has ended."""
        if _MARK in request.headers:
            return ()
        return self._addresses(sid.partition(".")[0])

    async def connect(self, addresses: tuple[str, ...]) -> IOStream | None:
        """Return a connection to the first address that answers; None: the process has ended."""
        for address in addresses:
            try:
                connection = await asyncio.to_thread(connect_to_node, address, _CONNECT_S)
            except (OSError, ValueError):
                continue
            connection.setblocking(False)
            stream = IOStream(connection)
            if self._tls is None:
                return stream
            host = address.split(":")[1] if address.startswith("tcp:") else None
            try:
                async with asyncio.timeout(_CONNECT_S):
                    return await stream.start_tls(False, self._tls, host)
            except (OSError, ssl.SSLError, TimeoutError):
                stream.close()
        return None

    async def join(self, request: HTTPServerRequest, body: bytes, client: IOStream, upstream: IOStream) -> None:
        """Send the request, then carry bytes both ways until either side closes."""
        upgrades = "Upgrade" in request.headers
        lines = [f"{request.method} {request.uri} HTTP/1.1", f"{_MARK}: 1"]
        lines += [f"{name}: {value}" for name, value in request.headers.get_all() if name.lower() not in _HOP]
        lines += ["Connection: Upgrade" if upgrades else "Connection: close", f"Content-Length: {len(body)}"]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        try:
            upstream.write(head + body)
        except StreamClosedError:
            client.close()
            return
        async with Group() as group:
            group.start("to the holder of the session", lambda: _carry(client, upstream))
            group.start("from the holder of the session", lambda: _carry(upstream, client))


def _close(stream: IOStream) -> None:
    """Close a stream when its last bytes are written; at once where they cannot be."""
    if stream.closed():
        return
    if stream.writing() and not isinstance(stream, SSLIOStream):
        stream.write(b"").add_done_callback(lambda _: stream.close())
    else:
        stream.close()


async def _carry(source: IOStream, sink: IOStream) -> None:
    """Carry bytes until one side is closed, then close the other."""
    try:
        while True:
            await sink.write(await source.read_bytes(_CHUNK_BYTES, partial=True))
    except StreamClosedError:
        pass
    finally:
        _close(source)
        _close(sink)
