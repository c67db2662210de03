"""A stream that goes on with bytes that were read before it."""

from __future__ import annotations

import socket

import pytest

from dashboard.web.server.taken_over import TakenOverStream

pytestmark = pytest.mark.gen_test


async def test_the_bytes_that_were_read_before_come_first() -> None:
    ours, theirs = socket.socketpair()
    stream = TakenOverStream(ours)
    try:
        stream.put_back(b"GET / HT")
        theirs.send(b"TP/1.1\r\n\r\nrest")
        assert await stream.read_until(b"\r\n\r\n") == b"GET / HTTP/1.1\r\n\r\n"
        assert await stream.read_bytes(4) == b"rest"
    finally:
        stream.close()
        theirs.close()


async def test_the_failure_of_the_first_request_is_taken_once() -> None:
    ours, theirs = socket.socketpair()
    stream = TakenOverStream(ours)
    try:
        assert stream.take_failure() is None
        failed = ValueError("the journal is away")
        stream.put_back(b"", failed=failed)
        assert [stream.take_failure(), stream.take_failure()] == [failed, None]
    finally:
        stream.close()
        theirs.close()
