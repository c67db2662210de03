"""Which heads of requests are known as quick, and that others are left to Tornado."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from tornado.httputil import HTTPServerRequest

from dashboard.web.server.quick_heads import QuickHeads, QuickWork

LINE = b"POST /api/v1/samples HTTP/1.1\r\n"
HOST = b"Host: localhost:8888\r\n"
LENGTH = b"Content-Length: 26\r\n"
PLAIN = LINE + HOST + LENGTH + b"\r\n"


class Work:
    def begin(self, body: bytes) -> Coroutine[Any, Any, bytes] | None:
        return None


class Stand:
    def __init__(self, work: QuickWork | None = None) -> None:
        self.asked: list[HTTPServerRequest] = []
        self.work = work
        self.heads = QuickHeads(self._work_for)

    def _work_for(self, request: HTTPServerRequest) -> QuickWork | None:
        self.asked.append(request)
        return self.work


def test_a_head_is_parsed_once_for_each_address() -> None:
    stand = Stand(work := Work())
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1"):
        assert stand.heads.find(address, PLAIN) == (26, work)
    assert [request.remote_ip for request in stand.asked] == ["10.0.0.1", "10.0.0.2"]
    request = stand.asked[0]
    assert (request.method, request.path, request.host, request.protocol) == (
        "POST",
        "/api/v1/samples",
        "localhost:8888",
        "http",
    )


def test_a_head_that_needs_a_handler_is_remembered_as_such() -> None:
    stand = Stand()
    assert stand.heads.find("10.0.0.1", PLAIN) is stand.heads.find("10.0.0.1", PLAIN) is None
    assert len(stand.asked) == 1


def test_no_more_heads_are_remembered_than_there_is_room_for() -> None:
    stand = Stand(Work())
    for number in range(300):
        stand.heads.find("10.0.0.1", PLAIN.replace(b"\r\n\r\n", b"\r\nX-N: %d\r\n\r\n" % number))
    assert len(stand.heads._known) == 256
    assert stand.heads.find("10.0.0.1", PLAIN.replace(b"\r\n\r\n", b"\r\nX-N: 0\r\n\r\n")) is not None


@pytest.mark.parametrize("more", [b"", b"Connection: keep-alive\r\n", b"User-Agent: curl/8\r\nAccept: */*\r\n"])
def test_usual_heads_are_quick(more: bytes) -> None:
    assert Stand(Work()).heads.find("10.0.0.1", LINE + HOST + LENGTH + more + b"\r\n") is not None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n" + PLAIN,
        PLAIN.replace(b"POST", b"PUT"),
        PLAIN.replace(b"POST", b"post"),
        PLAIN.replace(b"/1.1", b"/1.0"),
        PLAIN.replace(b"/1.1", b"/2"),
        PLAIN.replace(b"samples", b"samples?value=3"),
        PLAIN.replace(b"samples", b"samples?"),
        PLAIN.replace(b"/api", b"http://localhost/api"),
        PLAIN.replace(HOST, b""),
        PLAIN.replace(HOST, HOST + b"Host: other\r\n"),
        PLAIN.replace(HOST, b"Host: a b\r\n"),
        PLAIN.replace(HOST, b"Host:\0\r\n"),
        PLAIN.replace(HOST, b"Host : localhost\r\n"),
        PLAIN.replace(LENGTH, b""),
        PLAIN.replace(LENGTH, LENGTH + LENGTH),
        PLAIN.replace(LENGTH, LENGTH + b"Content-Length: 27\r\n"),
        *(
            PLAIN.replace(b" 26", b" " + length)
            for length in (b"-1", b"+26", b"0x1a", b"2 6", b"16385", b"\xb2", b"", b"1e2")
        ),
        PLAIN.replace(b"\r\nContent", b"\nContent"),  # Tornado ends the line there; a proxy may not
        PLAIN.replace(b"localhost", b"localhost\nX: y"),
        PLAIN.replace(LENGTH, LENGTH + b" folded\r\n"),
        PLAIN.replace(LENGTH, LENGTH + b"no colon\r\n"),
        *(
            LINE + HOST + LENGTH + more + b"\r\n\r\n"
            for more in (
                b"Connection: close",
                b"Connection: keep-alive, close",
                b"Transfer-Encoding: chunked",
                b"Content-Encoding: gzip",
                b"Cookie: session=x",
                b"Expect: 100-continue",
                b"Origin: https://localhost",
                b"Sec-Fetch-Site: same-origin",
                b"Upgrade: websocket",
                b"X: " + bytes(2_048),
            )
        ),
    ],
)
def test_unusual_heads_are_left_to_tornado(head: bytes) -> None:
    assert Stand(Work()).heads.find("10.0.0.1", head) is None
