"""Broadcast messages, encoded once."""

from __future__ import annotations

from dashboard.rfc6455.deflate import deflate
from dashboard.rfc6455.frames import Opcode, encode_frame


class Shared:
    """Message to many connections: its JSON, its frame and its compressed frame, each encoded once and only if needed."""

    __slots__ = ("_deflated", "_frame", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._frame = b""
        self._deflated = b""

    @property
    def frame(self) -> bytes:
        """The uncompressed WebSocket frame."""
        if not self._frame:
            self._frame = encode_frame(Opcode.TEXT, self.body)
        return self._frame

    @property
    def deflated(self) -> bytes:
        """The compressed WebSocket frame."""
        if not self._deflated:
            self._deflated = encode_frame(Opcode.TEXT, deflate(self.body), rsv1=True)
        return self._deflated
