"""Slow, large and broken HTTP: bounded, and honest clients do not notice."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deadline import scaled, timeouts_as_deadlines, within
from tests.support.pulse import seconds_since
from tests.support.server import ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    limit_s = f"{scaled(1):g}"  # in which this host sends 9 MiB
    quick = ("--header-timeout-s", limit_s, "--body-timeout-s", limit_s, "--max-json-bytes", str(4 << 20))
    flags = ("--no-host-feeder", "--no-server-feeder", *quick)
    process = ServerProcess(tmp_path_factory.mktemp("http"), *flags).start()
    yield process
    process.close()


def connect(server: ServerProcess, data: bytes) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", server.port), timeout=scaled(8))
    opened.sendall(data)
    return opened


def read_all(opened: socket.socket) -> bytes:
    data = b""
    try:
        with timeouts_as_deadlines("the end of the answer"):
            while part := opened.recv(65_536):
                data += part
    except ConnectionResetError:
        pass
    return data


HEAD = b"POST /api/v1/samples HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: loc",
        HEAD + b"Content-Length: 10\r\n\r\n[",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[",
    ],
)
def test_a_request_that_does_not_go_on_is_dropped_by_the_timeout(server: ServerProcess, beginning: bytes) -> None:
    began = time.monotonic()
    with connect(server, beginning) as slow:
        read_all(slow)
        within(seconds_since(began), 4, "a request that does not go on is dropped")
    assert server.json("GET", "/healthz")[0] == 200


def test_a_hundred_slow_connections_do_not_hold_up_an_honest_one(server: ServerProcess) -> None:
    slow = [connect(server, b"GET / HTTP/1.1\r\nX: ") for _ in range(100)]
    began = time.monotonic()
    assert server.json("GET", "/healthz")[0] == 200
    within(seconds_since(began), 2, "an honest request is answered")
    for each in slow:
        read_all(each)
        each.close()


def request_of(header_bytes: int) -> bytes:
    start = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: "
    return start + b"a" * (header_bytes - len(start) - 4) + b"\r\n\r\n"


def test_headers_may_have_their_limit_and_not_much_more(server: ServerProcess) -> None:
    with connect(server, request_of(16_384 - 1)) as fits:
        assert read_all(fits).startswith(b"HTTP/1.1 200")
    with connect(server, request_of(16_384 + 1)) as over:
        assert b"200" not in read_all(over)[:20]


def test_a_huge_body_is_answered_413_not_reset(server: ServerProcess) -> None:
    size = 9 << 20
    with connect(server, HEAD + b"Content-Length: %d\r\n\r\n" % size) as large:
        for _ in range(9):
            large.sendall(b" " * (1 << 20))
        assert read_all(large).startswith(b"HTTP/1.1 413")


def test_a_huge_chunked_body_is_answered_413_not_reset(server: ServerProcess) -> None:
    with connect(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n") as large:
        for _ in range(6):
            large.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
        large.sendall(b"0\r\n\r\n")
        assert read_all(large).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"GET  HTTP/1.1\r\nHost: localhost\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_broken_http_ends_the_connection_and_nothing_else(server: ServerProcess, data: bytes) -> None:
    with connect(server, data) as broken:
        answer = read_all(broken)
        assert b" 200 " not in answer[:20]
        assert b" 202 " not in answer[:20]
    assert server.json("GET", "/healthz")[0] == 200


def test_nothing_of_it_was_logged_as_a_fault(server: ServerProcess, tmp_path: Path) -> None:
    assert "Traceback" not in server.log.read_text()
