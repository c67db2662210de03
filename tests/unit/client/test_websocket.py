"""The client's side of RFC 6455, byte by byte, against the server's own frames."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import count

import pytest

from dashboard.client.address import Address
from dashboard.client.websocket import (
    BrokenProtocol,
    Closed,
    Event,
    HandshakeDone,
    HandshakeRefused,
    ReceivedText,
    WebSocket,
)
from dashboard.rfc6455.frames import Close, FrameParser, PongFrame, TextMessage, encode_close, encode_frame

ADDRESS = Address.of("http://wall.example:8080/dash/")


def accept(request: bytes) -> bytes:
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
    assert key
    sign = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return b"HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: " + sign + b"\r\n\r\n"


def opened(max_message_bytes: int = 1_000_000) -> WebSocket:
    numbers = count(1)
    socket = WebSocket(
        ADDRESS, "/ws", {}, max_message_bytes=max_message_bytes, random_bytes=lambda n: bytes([next(numbers) % 256] * n)
    )
    assert [*socket.feed(accept(socket.outgoing()))] == [HandshakeDone()]
    return socket


def parsed(socket: WebSocket) -> list[object]:
    return [*FrameParser(max_message_bytes=1_000_000, max_fragments=9).feed(socket.outgoing())]


def test_the_handshake_names_host_path_and_token() -> None:
    request = WebSocket(ADDRESS, "/ws", {"Authorization": "Bearer t"}).outgoing().decode()
    assert request.startswith("GET /dash/ws HTTP/1.1\r\nHost: wall.example:8080\r\n")
    assert "\r\nAuthorization: Bearer t\r\n" in request
    assert request.endswith("\r\n\r\n")


def test_the_handshake_may_come_in_pieces_with_frames_behind_it() -> None:
    socket = WebSocket(ADDRESS, "/ws", {})
    data = accept(socket.outgoing()) + encode_frame(1, b"hello")
    events: list[Event] = []
    for byte in data:
        events += socket.feed(bytes([byte]))
    assert events == [HandshakeDone(), ReceivedText("hello")]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"HTTP/1.1 503 Busy\r\nRetry-After: 3\r\n\r\n", HandshakeRefused),
        (b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n", BrokenProtocol),
        (b"SSH-2.0-OpenSSH\r\n\r\n", BrokenProtocol),
        (b"x" * 70_000, BrokenProtocol),
    ],
)
def test_an_answer_that_is_no_handshake_is_an_error(data: bytes, error: type[Exception]) -> None:
    socket = WebSocket(ADDRESS, "/ws", {})
    with pytest.raises(error):
        [*socket.feed(data)]


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_messages_of_any_length_go_both_ways(length: int) -> None:
    socket = opened()
    text = "x" * length
    assert [*socket.feed(encode_frame(1, text.encode()))] == [ReceivedText(text)]
    socket.send(text)
    assert parsed(socket) == [TextMessage(text)]


def test_fragments_with_a_ping_between_them_are_one_message() -> None:
    socket = opened()
    data = b"\x01\x01\xc3" + encode_frame(9, b"there?") + b"\x80\x01\xa4"
    assert [*socket.feed(data)] == [ReceivedText("ä")]
    assert parsed(socket) == [PongFrame(b"there?")]


def test_a_close_is_answered_and_nothing_is_read_after_it() -> None:
    socket = opened()
    assert [*socket.feed(encode_close(4001, "drain") + encode_frame(1, b"late"))] == [Closed(4001, "drain")]
    assert parsed(socket) == [Close(4001, "")]
    socket.close()
    assert socket.outgoing() == b""


def test_a_close_without_a_code_is_1005() -> None:
    assert [*opened().feed(encode_frame(8, b""))] == [Closed(1005, "")]


@pytest.mark.parametrize(
    "data",
    [
        b"\xc1\x00",  # RSV1 without an extension
        b"\x81\x80\0\0\0\0",  # masked
        b"\x82\x01x",  # binary
        b"\x80\x01x",  # continuation of nothing
        b"\x01\x01x\x81\x01y",  # a message within another
        b"\x89\x7e\x00\x80",  # long ping
        b"\x09\x00",  # fragmented ping
        b"\x83\x00",  # reserved opcode
        b"\x81\x01\xff",  # not UTF-8
        b"\x81\x7f" + (2_000_000).to_bytes(8),  # too long
    ],
)
def test_what_the_standard_forbids_is_an_error(data: bytes) -> None:
    socket = opened()
    with pytest.raises(BrokenProtocol):
        [*socket.feed(data)]


def test_fragments_together_may_not_be_too_long_either() -> None:
    socket = opened(max_message_bytes=10)
    assert [*socket.feed(b"\x01\x06abcdef")] == []
    with pytest.raises(BrokenProtocol, match="more than 10 bytes"):
        [*socket.feed(b"\x80\x06abcdef")]
