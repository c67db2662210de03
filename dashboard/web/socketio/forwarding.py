"""Forwarding of requests to the process that has their session.

The whole connection is forwarded: first the request, then bytes in both directions until either side closes.  So polls, bodies and
WebSockets are forwarded alike, and frames are not parsed twice.
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
#: Headers that belong to one connection and are not forwarded, unlike the headers of an upgrade.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "content-encoding"})


class Forwarding:
    """Connections to other processes.

    ``addresses`` returns the addresses of the process with a given id, empty if that process does not run. ``tls``: context for
    connections to the other processes, None if they serve plain HTTP.
    """

    def __init__(self, addresses: Callable[[str], tuple[str, ...]], tls: ssl.SSLContext | None) -> None:
        self._addresses = addresses
        self._tls = tls

    def holder(self, request: HTTPServerRequest, sid: str) -> tuple[str, ...]:
        """Return the addresses of the process that created the session.

        Return none if this process created the session, or if the other process has ended.
        """
        if _MARK in request.headers:
            return ()
        return self._addresses(sid.partition(".")[0])

    async def connect(self, addresses: tuple[str, ...]) -> IOStream | None:
        """Return a connection to the first address that answers, None if no address answers."""
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
        """Send the request, then copy bytes in both directions until either side closes."""
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
    """Close a stream after its last bytes are written; close a TLS stream, or a stream without such bytes, at once."""
    if stream.closed():
        return
    if stream.writing() and not isinstance(stream, SSLIOStream):
        stream.write(b"").add_done_callback(lambda _: stream.close())
    else:
        stream.close()


async def _carry(source: IOStream, sink: IOStream) -> None:
    """Copy bytes from ``source`` to ``sink`` until one of them is closed, then close the other."""
    try:
        while True:
            await sink.write(await source.read_bytes(_CHUNK_BYTES, partial=True))
    except StreamClosedError:
        pass
    finally:
        _close(source)
        _close(sink)
