"""Connections that Tornado serves from some byte on, after this server has read from them itself."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from tornado.iostream import IOStream

from dashboard.web.server.http_connections import OpenConnection

#: Address of a client by IPv4 or IPv6, as sockets give it.
SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]


class TakenOver(NamedTuple):
    """State of a connection that Tornado serves from now on. ``before``: the object that has stood for it.

    ``received``: unread bytes; ``unsent``: the rest of an answer; ``failed``: why the first unread request, which is whole, was not
    handled.
    """

    before: OpenConnection
    address: SocketAddress
    received: bytes
    unsent: bytes
    failed: Exception | None


class TakenOverStream(IOStream):
    """Stream whose first bytes have been read already. ``failed``: see ``TakenOver``; the first request's handler raises it."""

    failed: Exception | None = None

    def put_back(self, received: bytes, *, failed: Exception | None = None) -> None:
        """Let the stream's reader begin with these bytes. ``failed``: the failure of the first request in them."""
        self.failed = failed
        self._read_buffer += received  # Tornado has no public way
        self._read_buffer_size += len(received)

    def take_failure(self) -> Exception | None:
        """Return ``failed`` and forget it."""
        failed, self.failed = self.failed, None
        return failed
