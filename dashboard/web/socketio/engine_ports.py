"""Ports of a session of Engine.IO: its client, and the WebSocket that carries it."""

from __future__ import annotations

from typing import Protocol

from dashboard.rfc6455.close_codes import CloseCode
from dashboard.socketio.dialect import Carrier


class EngineClient(Protocol):
    """Client of a session, as the session knows it."""

    def message(self, data: str) -> None:
        """Take the data of a message."""

    def binary(self) -> None:
        """Take a binary message."""

    def heard(self) -> None:
        """Record that the client is alive."""

    def carried(self, carrier: Carrier) -> None:
        """Encode messages for another carrier (WebSocket or long polling) from now on."""

    def in_rooms(self, rooms: frozenset[str]) -> None:
        """Set the rooms that the client is in."""

    def farewell(self, code: int) -> bytes:
        """Return the bytes to send before the session closes with a code."""

    def fail(self, code: CloseCode, reason: str) -> None:
        """Close the session because the client broke a rule or is silent."""

    def ended(self, code: int) -> None:
        """Forget the session: it has ended."""


class Socket(Protocol):
    """WebSocket that carries a session, or proposes to carry it."""

    writing: bool

    def send(self, frame: bytes) -> None:
        """Write a whole frame."""

    def buffered_bytes(self) -> int:
        """Return an upper bound of the buffered bytes."""

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Send a close frame."""

    def abort(self) -> None:
        """Close the socket without a close frame."""
