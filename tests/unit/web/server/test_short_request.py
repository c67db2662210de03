"""Requests with a short body whose bytes arrive in all possible pieces."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from dashboard.app.build import Dashboard
from dashboard.web.feed.feeding import FeedHandler
from dashboard.web.server.short_request import waits_for_body
from tests.support.deadline import in_time
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test

BODY = b'{"series":"one","value":1}'


def request(*more: bytes, path: bytes = b"/api/v1/samples", body: bytes = BODY, version: bytes = b"1.1") -> bytes:
    head = [b"POST %s HTTP/%s" % (path, version), b"Host: localhost", b"Content-Length: %d" % len(body), *more]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, str, bytes]:
    """Return status, head and body of the next answer."""
    head = (await in_time(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
    length = re.search(r"Content-Length: (\d+)", head)
    return int(head.split()[1]), head, await reader.readexactly(int(length[1])) if length else b""


@asynccontextmanager
async def connected(server: Dashboard) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("method", "more", "is_short"),
    [
        ("POST", {}, True),
        ("PUT", {}, False),
        ("POST", {"Content-Length": "1000000000"}, False),
        ("POST", {"Content-Encoding": "gzip"}, False),
        ("POST", {"Expect": "100-continue"}, False),
        ("POST", {"Transfer-Encoding": "chunked"}, False),
    ],
)
async def test_only_a_short_body_of_known_length_is_waited_for(
    method: str, more: dict[str, str], is_short: bool
) -> None:
    headers = HTTPHeaders({"Host": "localhost", "Content-Length": "26"} | more)
    connection = HTTP1Connection.__new__(HTTP1Connection)
    sent = HTTPServerRequest(
        start_line=RequestStartLine(method, "/", "HTTP/1.1"), headers=headers, connection=connection
    )
    assert waits_for_body(sent, FeedHandler) is is_short


async def test_it_does_not_matter_how_the_bytes_arrive() -> None:
    whole = request()
    head = len(whole) - len(BODY)
    async with running() as server, connected(server) as (reader, writer):
        for cuts in ([len(whole)], [head, len(whole)], [head + 3, len(whole)], range(1, len(whole) + 1)):
            at = 0
            for cut in cuts:
                writer.write(whole[at:cut])
                await asyncio.sleep(0)
                at = cut
            status, answered, body = await read_answer(reader)
            assert (status, body) == (202, b'{"accepted":1}')
            assert "Connection:" not in answered


async def test_requests_may_wait_in_one_piece_and_are_answered_in_their_order() -> None:
    named = request(path=b"/api/v1/samples/two%20words", body=b"5")
    async with running() as server, connected(server) as (reader, writer):
        writer.write(request() + request(body=b'{"series":"one"}') + named + request(path=b"/api/v1/nowhere"))
        statuses = [(await read_answer(reader))[0] for _ in range(4)]
        assert statuses == [202, 400, 400, 404]


async def test_a_client_that_wants_its_connection_closed_is_told_so() -> None:
    async with running() as server:
        for line, version in ((b"Connection: close", b"1.1"), (b"X: y", b"1.0")):
            async with connected(server) as (reader, writer):
                writer.write(request(line, version=version))
                status, head, _ = await read_answer(reader)
                assert status == 202
                assert ("Connection: close" in head) is (version == b"1.1")
                assert await in_time(reader.read(), 10) == b""
        async with connected(server) as (reader, writer):
            writer.write(request(b"Connection: keep-alive", version=b"1.0") + request())
            assert "Connection: Keep-Alive" in (await read_answer(reader))[1]
            assert (await read_answer(reader))[0] == 202


async def test_a_client_that_leaves_before_its_body_is_whole_is_not_counted_any_longer() -> None:
    async with running() as server:
        async with connected(server) as (_, writer):
            writer.write(request()[:-1])
            await writer.drain()
        await in_time(server.web.context.idle(), 10)
        async with connected(server) as (reader, writer):
            writer.write(request())
            assert (await read_answer(reader))[0] == 202
        await in_time(server.web.context.idle(), 10)


async def test_a_short_body_must_come_in_time_too() -> None:
    async with running(body_timeout_s=0.2) as server, connected(server) as (reader, writer):
        writer.write(request()[:-1])
        assert await in_time(reader.read(), 10) == b""


async def test_a_length_that_is_no_number_is_refused() -> None:
    async with running() as server:
        for length in (b"-1", b"+26", b"0x1a", b"26, 27", "\u0662".encode()):
            async with connected(server) as (reader, writer):
                writer.write(request().replace(b"Content-Length: 26", b"Content-Length: " + length))
                assert (await read_answer(reader))[0] == 400
