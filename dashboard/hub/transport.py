"""What the hub needs of a WebSocket whose handshake is done; ``web/server/websocket.py`` has it."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """``deflating``: permessage-deflate was agreed on.  ``writing``: bytes are still buffered for a peer that does not read."""

    deflating: bool
    writing: bool

    def send(self, frame: bytes) -> None:
        """Hand a whole frame to the kernel, or buffer what it does not take."""

    def buffered_bytes(self) -> int:
        """Return an upper bound of the bytes that are buffered."""

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and wait a little for the peer's."""

    def abort(self) -> None:
        """Drop the connection."""
