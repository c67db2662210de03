"""A WebSocket client on asyncio that is cheap enough for hundreds in one process. Shares no code with the server.

Owns the handshake, frames and pings; not the meaning of messages (``oracle.py``). Source: RFC 6455. Its mask is all
zeros, which the standard allows and which saves work.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
from collections.abc import Callable
from typing import Any

from tests.support.deadline import scaled

_HEAD_END = b"\r\n\r\n"
_TEXT, _CLOSE, _PING = 1, 8, 9
_NO_MASK = b"\0\0\0\0"
#: No close frame came: the connection was cut.
CUT = 1006


class WebSocketClient(asyncio.Protocol):
    """Client. ``on_message`` gets each decoded message, ``on_end`` the close code, once. Not usable before ``opened`` is done."""

    def __init__(
        self, port: int, on_message: Callable[[dict[str, Any]], None], on_end: Callable[[int], None], cookie: str = ""
    ) -> None:
        self._port = port
        self._cookie = f"Cookie: {cookie}\r\n" if cookie else ""
        self._on_message = on_message
        self._on_end = on_end
        self._buffer = bytearray()
        self._upgraded = False
        self._ended = False
        self._code = CUT
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(
        cls,
        port: int,
        on_message: Callable[[dict[str, Any]], None],
        on_end: Callable[[int], None],
        timeout_s: float = 3,
        cookie: str = "",
    ) -> WebSocketClient:
        """Connect and do the handshake; raises OSError or TimeoutError. ``on_end`` is not called before this returns."""
        loop = asyncio.get_running_loop()
        client = cls(port, on_message, on_end, cookie)
        try:
            async with asyncio.timeout(scaled(timeout_s)):
                await loop.create_connection(lambda: client, "127.0.0.1", port)
                await client.opened
        except BaseException:
            client.drop()
            raise
        return client

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"{self._cookie}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded and not self._take_handshake():
            return
        while not self._ended and self._take_frame():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed in the handshake: {exc}"))
            self._ended = True
        self._end()

    # --- in ---

    def _take_handshake(self) -> bool:
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return False
        status = bytes(self._buffer[:end]).split(b" ", 2)[1]
        del self._buffer[: end + len(_HEAD_END)]
        if status != b"101":
            if not self.opened.done():
                self.opened.set_exception(ConnectionError(f"the handshake was answered {status.decode()}"))
            self._ended = True
            self.drop()
            return False
        self._upgraded = True
        if not self.opened.done():
            self.opened.set_result(None)
        return True

    def _take_frame(self) -> bool:
        """Take a frame; return False if it is not complete."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        length, start = buffer[1], 2
        if length == 126:
            if len(buffer) < 4:
                return False
            length, start = struct.unpack_from("!H", buffer, 2)[0], 4
        elif length == 127:
            if len(buffer) < 10:
                return False
            length, start = struct.unpack_from("!Q", buffer, 2)[0], 10
        if len(buffer) < start + length:
            return False
        opcode, payload = buffer[0] & 0x0F, bytes(buffer[start : start + length])
        del buffer[: start + length]
        self._take(opcode, payload)
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            self._on_message(json.loads(payload))
        elif opcode == _PING:
            self._send(0x8A, payload)
        elif opcode == _CLOSE:
            self._code = struct.unpack("!H", payload[:2])[0] if payload else 1005
            self._send(0x88, payload[:2])
            if self._transport is not None:
                self._transport.close()
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._on_end(self._code)

    # --- out ---

    def send(self, **message: Any) -> None:
        """Send one JSON message."""
        self._send(0x81, json.dumps(message).encode())

    def _send(self, first: int, payload: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 0x80 | 126, len(payload))
        self._transport.write(bytes([first]) + length + _NO_MASK + payload)

    def drop(self) -> None:
        """Cut the connection; ``on_end`` is called."""
        if self._transport is not None:
            self._transport.abort()
