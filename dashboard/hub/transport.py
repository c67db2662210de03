"""Port of the hub to an open connection: a WebSocket (``web/server/websocket.py``), or a session of Socket.IO (``web/socketio/``)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from dashboard.messages.people import PersonalReply


class Translation(Protocol):
    """Translation of messages for clients of another protocol.

    Clients that need the same bytes share a translation, so that a broadcast is translated once.
    """

    def wire(self, body: bytes) -> bytes:
        """Return a message, JSON of ``/ws``, as the bytes to send; empty if these clients do not get it."""

    def answer(self, message: PersonalReply, request_id: int | str | None) -> bytes:
        """Return the answer to a request as the bytes to send."""


class Transport(Protocol):
    """Open connection.

    ``writing``: True while bytes for the peer are buffered; ``deflating``: True if permessage-deflate is negotiated.
    ``dialect``: None for the protocol of ``/ws``; a transport with a dialect sends its own pings.
    """

    deflating: bool

    @property
    def dialect(self) -> Translation | None:
        """Translation of messages; None: the protocol of ``/ws``."""

    @property
    def writing(self) -> bool:
        """True while bytes are buffered."""

    def send(self, frame: bytes) -> None:
        """Write whole frames to the socket; buffer the bytes that the kernel does not accept."""

    def follow_rooms(self, rooms: Collection[str]) -> None:
        """Set the rooms that the connection is in."""

    def buffered_bytes(self) -> int:
        """Return an upper bound of the buffered bytes."""

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and wait a short time for the peer's close frame."""

    def abort(self) -> None:
        """Close the socket without a close frame."""
