"""WebSocket, client side: bytes -> events and back, without I/O. Source: RFC 6455; no extensions.

Pings are answered automatically.  Bytes to be sent wait until ``outgoing`` takes them.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dashboard.client.address import Address

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_MAX_HEAD_BYTES = 65_536
NO_STATUS = 1005


class BrokenProtocol(ConnectionError):
    """Violation of RFC 6455 by the server."""


class HandshakeRefused(ConnectionError):
    """Handshake that the server answered with a status other than 101. Header names are in lower case."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__(f"the handshake was answered {status}")
        self.status = status
        self.headers = headers


@dataclass(frozen=True, slots=True)
class HandshakeDone:
    """End of the handshake."""


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """Complete text message."""

    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Close frame of the server; no event comes after it."""

    code: int
    reason: str


Event = HandshakeDone | ReceivedText | Closed


class WebSocket:
    """Client side of one connection. ``outgoing`` begins with the handshake; ``random_bytes`` gives the key and the masks."""

    def __init__(
        self,
        address: Address,
        path: str,
        headers: Mapping[str, str],
        *,
        max_message_bytes: int = 64 * 1024 * 1024,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._random_bytes = random_bytes
        self._max_message_bytes = max_message_bytes
        self._key = base64.b64encode(random_bytes(16))
        self._buffer = bytearray()
        self._message = bytearray()
        self._inside = False  # True between the fragments of a message
        self._open = self._closed = False
        lines = {
            "Host": address.host_header,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": self._key.decode(),
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        head = f"GET {address.prefix}{path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
        self._outgoing = bytearray(head.encode("latin-1") + b"\r\n")

    def outgoing(self) -> bytes:
        """Take the bytes that are to be sent now."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def send(self, text: str) -> None:
        """Send a text message, in one frame."""
        self._send_frame(_TEXT, text.encode())

    def close(self, code: int = 1000) -> None:
        """Send a close frame, once."""
        if self._open and not self._closed:
            self._closed = True
            self._send_frame(_CLOSE, struct.pack("!H", code))

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes and yield the events that they complete. Raises BrokenProtocol or HandshakeRefused."""
        self._buffer += data
        if not self._open:
            if not self._read_handshake():
                return
            yield HandshakeDone()
        while not self._closed and (frame := self._read_frame()) is not None:
            event = self._event(*frame)
            if event is not None:
                yield event

    # --- in ---

    def _read_handshake(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_HEAD_BYTES:
                raise BrokenProtocol(f"the headers of the handshake's answer are longer than {_MAX_HEAD_BYTES} bytes")
            return False
        first, *lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        status = first.split(" ")[1] if first.startswith("HTTP/1.") and " " in first else ""
        if not status.isdigit():
            raise BrokenProtocol("the answer to the handshake is not HTTP")
        if status != "101":
            raise HandshakeRefused(int(status), headers)
        expected = base64.b64encode(hashlib.sha1(self._key + _GUID, usedforsecurity=False).digest()).decode()
        if headers.get("sec-websocket-accept") != expected or headers.get("upgrade", "").lower() != "websocket":
            raise BrokenProtocol("the answer to the handshake does not accept a WebSocket")
        self._open = True
        return True

    def _read_frame(self) -> tuple[bool, int, bytes] | None:
        """Return (last, opcode, payload) of the next complete frame; None if more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, length, start = buffer[0], buffer[1], 2
        if first & 0x70 or length & 0x80:
            raise BrokenProtocol("a reserved bit is set, or a server's frame is masked")
        if first & 0x0F >= 8 and (length > 125 or not first & 0x80):
            raise BrokenProtocol("a control frame is long or fragmented")
        if length >= 126:
            start = 4 if length == 126 else 10
            if len(buffer) < start:
                return None
            length = int.from_bytes(buffer[2:start])
        if length + len(self._message) > self._max_message_bytes:
            raise BrokenProtocol(f"a message of more than {self._max_message_bytes} bytes")
        if len(buffer) < start + length:
            return None
        payload = bytes(memoryview(buffer)[start : start + length])
        del buffer[: start + length]
        return bool(first & 0x80), first & 0x0F, payload

    def _event(self, last: bool, opcode: int, payload: bytes) -> Event | None:
        if opcode == _CLOSE:
            return self._close_event(payload)
        if opcode == _PING:
            self._send_frame(_PONG, payload)
            return None
        if opcode == _PONG:
            return None
        if opcode not in (_TEXT, _CONTINUATION) or self._inside != (opcode == _CONTINUATION):
            raise BrokenProtocol("a binary message" if opcode == _BINARY else f"opcode {opcode} out of place")
        self._message += payload
        self._inside = not last
        return self._text_event() if last else None

    def _text_event(self) -> ReceivedText:
        data = bytes(self._message)
        self._message.clear()
        try:
            return ReceivedText(data.decode())
        except UnicodeDecodeError:
            raise BrokenProtocol("text is not UTF-8") from None

    def _close_event(self, payload: bytes) -> Closed:
        code = int.from_bytes(payload[:2]) if len(payload) >= 2 else NO_STATUS
        self._send_frame(_CLOSE, payload[:2])
        self._closed = True
        return Closed(code, payload[2:].decode("utf-8", "replace"))

    # --- out ---

    def _send_frame(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
        elif length < 65_536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
        mask = self._random_bytes(4)
        key = (mask * (length // 4 + 1))[:length]
        self._outgoing += head + mask + (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(length)
