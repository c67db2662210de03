"""A WebSocket client that sends any bytes, so that tests can break every rule. Shares no code with the server."""

from __future__ import annotations

import base64
import json
import os
import random
import socket
import struct
from typing import Any

from tests.support.deadline import scaled, timeouts_as_deadlines

#: Any masks will do, but the same in each run: tests are named by their frames.
_chance = random.Random(4)


class RawSocket:
    """Client that does the handshake, then sends any bytes and reads frames as they are on the wire."""

    def __init__(
        self, port: int, *, headers: dict[str, str] | None = None, path: str = "/ws", timeout_s: float = 10
    ) -> None:
        with timeouts_as_deadlines("a connection"):
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=scaled(timeout_s))
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            **(headers or {}),
        }
        request = f"GET {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n"
        self.socket.sendall(request.encode())
        head = self._until(b"\r\n\r\n").decode()
        self.status = int(head.split(" ", 2)[1])
        self.headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
        }

    def __enter__(self) -> RawSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            data = self._receive()
            if not data:
                raise ConnectionError(f"closed after {self.buffer!r}")
            self.buffer += data
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def _receive(self) -> bytes:
        with timeouts_as_deadlines("bytes from the server"):
            return self.socket.recv(65_536)

    def _exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            data = self._receive()
            if not data:
                raise ConnectionError("closed")
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send_raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_frame(
        self, opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True
    ) -> None:
        self.send_raw(frame(opcode, payload, fin=fin, rsv=rsv, masked=masked))

    def send_json(self, **message: Any) -> None:
        self.send_frame(1, json.dumps(message).encode())

    def read_frame(self) -> tuple[int, int, bytes]:
        """Return (first byte, opcode, payload) of the next frame."""
        first, second = self._exactly(2)
        assert not second & 0x80, "a server must not mask"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        return first, first & 0x0F, self._exactly(length)

    def read_json(self, type_: str = "") -> dict[str, Any]:
        """Return the next message (of this type, if it is given); skip pings and other messages."""
        while True:
            _, opcode, payload = self.read_frame()
            if opcode == 8:
                raise ConnectionError(f"closed with {close_code(payload)}")
            if opcode == 1:
                message: dict[str, Any] = json.loads(payload)
                if not type_ or message["type"] == type_:
                    return message

    def read_close(self) -> int:
        """Skip everything up to the close frame; return its code (1005: it has none)."""
        while True:
            _, opcode, payload = self.read_frame()
            if opcode == 8:
                return close_code(payload)

    def closed(self) -> bool:
        """Return whether the server ends the TCP connection now."""
        try:
            with timeouts_as_deadlines("the end of the connection"):
                return self.socket.recv(1) == b""
        except ConnectionError:
            return True


def close_code(payload: bytes) -> int:
    return struct.unpack("!H", payload[:2])[0] if payload else 1005


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """Return a client's frame, correct or wrong."""
    first = (0x80 if fin else 0) | (rsv << 4) | opcode
    bit = 0x80 if masked else 0
    length = len(payload)
    if length < 126:
        head = bytes([first, bit | length])
    elif length < 65_536:
        head = bytes([first, bit | 126]) + struct.pack("!H", length)
    else:
        head = bytes([first, bit | 127]) + struct.pack("!Q", length)
    if not masked:
        return head + payload
    mask = _chance.randbytes(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
