"""RFC 6455 over a real socket: the handshake, and the answer to each violation."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rawsocket import RawSocket, frame
from tests.support.server import ServerProcess, wait_until

PING = b'{"type":"ping","id":1}'


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path_factory.mktemp("rfc"), "--no-host-feeder", "--compression").start()
    yield server
    server.close()
    assert server.complaints() == ""


@pytest.fixture
def client(shared: ServerProcess) -> Iterator[RawSocket]:
    with RawSocket(shared.port) as opened:
        assert opened.read_json()["type"] == "welcome"
        yield opened


def alive(client: RawSocket) -> bool:
    client.send_frame(1, PING)
    return client.read_json()["type"] == "pong"


def test_the_handshake_answers_the_key(shared: ServerProcess) -> None:
    key = base64.b64encode(b"0123456789abcdef").decode()
    with RawSocket(shared.port, headers={"Sec-WebSocket-Key": key}) as client:
        expected = base64.b64encode(
            hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        ).decode()
        assert client.headers["sec-websocket-accept"] == expected
        assert "sec-websocket-extensions" not in client.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upgrade": "h2c"}, 426),
        ({"Connection": "close"}, 426),
        ({"Sec-WebSocket-Version": "12"}, 426),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Key": base64.b64encode(b"0" * 15).decode()}, 400),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
    ],
)
def test_a_wrong_handshake_is_refused(shared: ServerProcess, headers: dict[str, str], status: int) -> None:
    with RawSocket(shared.port, headers=headers) as client:
        assert client.status == status


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(1, PING, masked=False), 1002),
        (frame(1, PING, rsv=4), 1002),
        (frame(1, PING, rsv=2), 1002),
        (frame(1, PING, rsv=1), 1002),
        (frame(9, b"x", rsv=4), 1002),
        (frame(3, PING), 1002),
        (frame(7, PING), 1002),
        (frame(11, b""), 1002),
        (frame(15, b""), 1002),
        (frame(9, b"", fin=False), 1002),
        (frame(9, b"x" * 126), 1002),
        (frame(0, b"x"), 1002),
        (frame(1, b"{", fin=False) + frame(1, b"}"), 1002),
        (bytes([0x81, 0x80 | 126]) + struct.pack("!H", 5) + b"mask" + b"hello", 1002),
        (bytes([0x81, 0x80 | 127]) + struct.pack("!Q", 5) + b"mask" + b"hello", 1002),
        (bytes([0x81, 0x80 | 127]) + struct.pack("!Q", 1 << 63) + b"mask", 1002),
        (frame(8, b"x"), 1002),
        (frame(8, struct.pack("!H", 999)), 1002),
        (frame(8, struct.pack("!H", 1005)), 1002),
        (frame(8, struct.pack("!H", 1006)), 1002),
        (frame(8, struct.pack("!H", 1015)), 1002),
        (frame(8, struct.pack("!H", 2000)), 1002),
        (frame(8, struct.pack("!H", 5000)), 1002),
        (frame(8, struct.pack("!H", 1000) + b"\xff"), 1007),
        (frame(1, b"\xff"), 1007),
        (frame(1, b"\xed\xa0\x80"), 1007),
        (frame(1, "κόσμε".encode()[:-1]), 1007),
        (frame(1, b"\xf4\x90", fin=False), 1007),
        (frame(2, b"binary"), 1003),
    ],
)
def test_a_broken_rule_gets_its_close_code(client: RawSocket, data: bytes, code: int) -> None:
    client.send_raw(data)
    assert client.read_close() == code
    assert client.closed()


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 4000, 4999])
def test_a_close_is_answered_with_its_code_and_ends_the_connection(client: RawSocket, code: int) -> None:
    client.send_frame(8, struct.pack("!H", code) + "tschüß".encode())
    assert client.read_close() == code
    assert client.closed()


def test_an_empty_close_is_answered_with_an_empty_one(client: RawSocket) -> None:
    client.send_frame(8)
    assert client.read_close() == 1005
    assert client.closed()


def test_what_comes_after_a_close_is_ignored(client: RawSocket) -> None:
    client.send_raw(frame(8, struct.pack("!H", 1000)) + frame(1, PING) + frame(1, b"x", masked=False))
    assert client.read_frame()[1] == 8


def test_pings_are_answered_in_the_middle_of_a_message_cut_to_single_bytes(client: RawSocket) -> None:
    data = (
        frame(1, PING[:5], fin=False)
        + frame(9, b"are you there")
        + frame(0, PING[5:9], fin=False)
        + frame(10, b"?")
        + frame(0, PING[9:])
    )
    for byte in data:
        client.send_raw(bytes([byte]))
    _, opcode, payload = client.read_frame()
    assert (opcode, payload) == (10, b"are you there")
    assert client.read_json()["id"] == 1


def test_empty_frames_and_pings_of_125_bytes_are_fine(client: RawSocket) -> None:
    client.send_raw(frame(1, b"", fin=False) + frame(0, b"", fin=False) + frame(0, PING))
    assert client.read_json()["id"] == 1
    client.send_frame(9, b"x" * 125)
    assert client.read_frame()[2] == b"x" * 125


def test_a_flood_of_pings_is_closed_and_others_do_not_notice(shared: ServerProcess, client: RawSocket) -> None:
    with RawSocket(shared.port) as flooder:
        flooder.read_json()
        flooder.send_raw(frame(9, b"") * 5_000)
        assert flooder.read_close() == 4006
    assert alive(client)


def test_a_frame_that_claims_too_much_is_refused_before_it_comes(client: RawSocket) -> None:
    client.send_raw(bytes([0x81, 0x80 | 127]) + struct.pack("!Q", 1 << 40) + b"mask")
    assert client.read_close() == 1009


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return (squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH))[:-4]


@pytest.fixture
def squeezing(shared: ServerProcess) -> Iterator[RawSocket]:
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    with RawSocket(shared.port, headers=offer) as opened:
        assert "server_no_context_takeover" in opened.headers["sec-websocket-extensions"]
        yield opened


def read_deflated(client: RawSocket) -> bytes:
    while True:
        first, opcode, payload = client.read_frame()
        if opcode == 1:
            return zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff") if first & 0x40 else payload


def test_compressed_messages_go_both_ways(squeezing: RawSocket) -> None:
    assert b'"welcome"' in read_deflated(squeezing)
    for _ in range(3):
        squeezing.send_frame(1, deflated(PING), rsv=4)
        assert b'"pong"' in read_deflated(squeezing)
    squeezing.send_frame(1, PING)
    assert b'"pong"' in read_deflated(squeezing)


def test_control_frames_between_compressed_fragments_are_fine(squeezing: RawSocket) -> None:
    read_deflated(squeezing)
    data = deflated(PING)
    squeezing.send_raw(frame(1, data[:3], fin=False, rsv=4) + frame(9, b"now") + frame(0, data[3:]))
    first, opcode, payload = squeezing.read_frame()
    assert (first, opcode, payload) == (0x8A, 10, b"now")
    assert b'"pong"' in read_deflated(squeezing)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(1, deflated(b"\xff"), rsv=4), 1007),
        (frame(1, b"\x07\xff\xff\xff", rsv=4), 1007),
        (frame(1, deflated(b" " * 70_000), rsv=4), 1009),
        (frame(1, deflated(PING), fin=False, rsv=4) + frame(0, b"", rsv=4), 1002),
        (frame(9, deflated(b"x"), rsv=4), 1002),
    ],
    ids=["stored", "reserved", "bomb", "continued", "control"],
)
def test_a_broken_compressed_message_gets_its_close_code(squeezing: RawSocket, data: bytes, code: int) -> None:
    squeezing.send_raw(data)
    assert squeezing.read_close() == code


def test_without_an_answer_to_our_close_the_connection_ends_in_two_seconds(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--hello-s", "0.2").start()
    try:
        with RawSocket(server.port, timeout_s=6) as silent:
            assert silent.read_close() == 4502
            assert silent.closed()
    finally:
        server.close()


def test_a_connection_that_is_cut_is_forgotten(shared: ServerProcess) -> None:
    before = shared.json("GET", "/metrics/websocket")[1]["activeConnections"]
    cut = RawSocket(shared.port)
    assert shared.json("GET", "/metrics/websocket")[1]["activeConnections"] == before + 1
    cut.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    cut.socket.close()
    wait_until(lambda: shared.json("GET", "/metrics/websocket")[1]["activeConnections"] == before)
