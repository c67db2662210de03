"""Clients that leave before they are answered: they leave no trace, and other clients do not notice."""

from __future__ import annotations

import socket
import struct

from tests.support.deadline import scaled, timeouts_as_deadlines
from tests.support.rawsocket import RawSocket
from tests.support.server import ServerProcess, wait_until

_HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def ask_and_reset(server: ServerProcess) -> None:
    with timeouts_as_deadlines("a connection"):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=scaled(5))
    with connection as hasty:
        hasty.sendall(_HANDSHAKE)
        hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def test_a_client_that_resets_within_its_handshake_is_no_error(server: ServerProcess) -> None:
    with RawSocket(server.port) as honest:
        honest.read_json("welcome")
        for _ in range(20):
            for _ in range(50):
                ask_and_reset(server)
            honest.send_json(type="ping", id=1)
            assert honest.read_json()["type"] == "pong"
        opened = lambda: b"dashboard_connections 1.0" in server.request("GET", "/metrics")[2]  # noqa: E731
        wait_until(opened, 5, "only the honest one is left")
