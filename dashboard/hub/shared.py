"""Broadcast messages, encoded once."""

from __future__ import annotations

from dashboard.hub.transport import Translation, Transport
from dashboard.rfc6455.deflate import deflate
from dashboard.rfc6455.frames import Opcode, encode_frame


class Shared:
    """Message to many connections: its JSON, its frame, its compressed frame and its translations, each made once if needed."""

    __slots__ = ("_deflated", "_frame", "_translated", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._frame = b""
        self._deflated = b""
        self._translated: dict[Translation, bytes] | None = None

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

    def bytes_for(self, transport: Transport) -> bytes:
        """Return the bytes that a transport sends; empty if its client does not get the message."""
        if transport.dialect is None:
            return self.deflated if transport.deflating else self.frame
        if self._translated is None:
            self._translated = {}
        translated = self._translated.get(transport.dialect)
        if translated is None:
            translated = self._translated[transport.dialect] = transport.dialect.wire(self.body)
        return translated
