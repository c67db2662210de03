"""Port of the hub to a WebSocket after its handshake, implemented by ``web/server/websocket.py``."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """Open WebSocket. ``deflating``: permessage-deflate is negotiated; ``writing``: bytes are buffered that the peer has not read."""

    deflating: bool
    writing: bool

    def send(self, frame: bytes) -> None:
        """Write a whole frame to the socket; buffer the bytes that the kernel does not accept."""

    def buffered_bytes(self) -> int:
        """Return an upper bound of the buffered bytes."""

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and wait a short time for the peer's close frame."""

    def abort(self) -> None:
        """Close the socket without a close frame."""
