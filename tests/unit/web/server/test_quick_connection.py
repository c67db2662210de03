"""Connections that are served without Tornado, and the moments when Tornado takes them over."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from dashboard.app.build import Dashboard
from dashboard.domain.counters import Counters
from dashboard.domain.errors import Unavailable
from dashboard.web.feed.samples import SamplesJson
from dashboard.web.server import quick_connection
from dashboard.web.server.http_connections import HttpConnections
from dashboard.web.server.quick_connection import QuickConnection, QuickServices
from dashboard.web.server.quick_heads import QuickHeads
from dashboard.web.server.taken_over import TakenOver
from tests.support.deadline import in_time
from tests.support.inprocess import running
from tests.support.nodes import until
from tests.unit.web.server.test_short_request import BODY, connected, read_answer, request

pytestmark = pytest.mark.gen_test


def quick_ones(server: Dashboard) -> int:
    """Connections that Tornado does not know."""
    assert server._server is not None
    return sum(isinstance(each, QuickConnection) for each in server._server.connections)


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[tuple[Dashboard, asyncio.StreamReader, asyncio.StreamWriter]]:
    async with running(**settings) as server, connected(server) as (reader, writer):
        yield server, reader, writer


async def test_known_requests_stay_and_the_first_other_one_goes_over_to_tornado(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quick_connection, "_ARRIVES_S", 600.0)
    async with served() as (server, reader, writer):
        for part in (request(), request() + request(), request()[:-5], request()[-5:]):
            writer.write(part)
            await writer.drain()
        for _ in range(4):
            status, head, body = await read_answer(reader)
            assert (status, body) == (202, b'{"accepted":1}')
            assert undated(head) == undated(await tornados_head(server))
        assert quick_ones(server) == 1
        writer.write(request() + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + request())
        assert [(await read_answer(reader))[0] for _ in range(3)] == [202, 200, 202]
        assert quick_ones(server) == 0


def undated(head: str) -> list[str]:
    return [line for line in head.split("\r\n") if not line.startswith("Date:")]


async def tornados_head(server: Dashboard) -> str:
    """The head of the answer by way of Tornado."""
    async with connected(server) as (reader, writer):
        writer.write(request(b"Sec-Fetch-Site: none"))
        return (await read_answer(reader))[1]


async def test_a_body_that_does_not_come_is_left_to_tornados_deadline() -> None:
    async with served(body_timeout_s=0.2) as (server, reader, writer):
        writer.write(request()[:-1])
        assert await in_time(reader.read(), 10) == b""
        await in_time(server.web.context.idle(), 10)
        assert len(list(server._server.connections)) == 0  # type: ignore[union-attr]  # it has started


async def test_a_client_that_sends_no_more_still_gets_its_answer() -> None:
    async with served() as (server, reader, writer):
        writer.write(request() + request())
        writer.write_eof()
        assert [(await read_answer(reader))[0] for _ in range(2)] == [202, 202]
        assert await in_time(reader.read(), 10) == b""
        await until(lambda: quick_ones(server) == 0)


async def test_a_failure_is_answered_by_the_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as (server, reader, writer):

        async def fail(*_: object, **__: object) -> None:
            raise Unavailable("the disk is full")

        monkeypatch.setattr(server.journal, "append", fail)
        writer.write(request())
        status, head, body = await read_answer(reader)
        assert (status, body) == (503, b'{"code":"unavailable","error":"the disk is full"}')
        assert "Retry-After" in head
        monkeypatch.undo()
        writer.write(request())
        assert (await read_answer(reader))[0] == 202  # the failure belonged to the first request alone
        assert server.counters.samples_refused == {"unavailable": 1}


@pytest.mark.expects_log("POST /api/v1/samples")
async def test_an_error_of_the_program_is_a_500(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as (_, reader, writer):

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(SamplesJson, "answer", fail)
        writer.write(request())
        assert (await read_answer(reader))[0] == 500


class LongAnswer:
    """Work whose answer does not fit into the kernel's buffers."""

    def begin(self, body: bytes) -> Coroutine[Any, Any, bytes]:
        return self.answer()

    async def answer(self) -> bytes:
        return bytes(8 << 20)


class Requests:
    count = 0

    def begin(self) -> None:
        self.count += 1

    def end(self) -> None:
        self.count -= 1


async def test_the_unread_rest_of_an_answer_goes_over_to_tornado() -> None:
    ours, theirs = socket.socketpair()
    table = HttpConnections(
        max_idle=9,
        max_unread_bytes=9,
        answer_timeout_s=9,
        idle_timeout_s=9,
        counters=Counters(),
        monotonic=lambda: 0.0,
    )
    over, requests = asyncio.Queue[TakenOver](), Requests()
    services = QuickServices(QuickHeads(lambda _: LongAnswer()), table, requests, over.put_nowait)
    with ours, theirs:
        theirs.sendall(request() + b"POST")
        connection = QuickConnection(ours, ("10.0.0.1", 1), services)
        connection.start("10.0.0.1")
        taken = await in_time(over.get(), 10)
        await until(lambda: requests.count == 0)
        theirs.setblocking(False)
        sent = 0
        with suppress(BlockingIOError):
            while some := len(theirs.recv(1 << 20)):
                sent += some
        assert sent + len(taken.unsent) == 8 << 20
        assert (taken.before, taken.received, taken.failed, connection.closed()) == (connection, b"POST", None, True)


async def test_idle_ones_are_closed_like_others() -> None:
    async with served() as (server, reader, writer):
        writer.write(request())
        assert (await read_answer(reader))[0] == 202
        assert server._server is not None
        server._server.connections._idle_timeout_s = 0.0
        assert await in_time(reader.read(), 10) == b""
        assert quick_ones(server) == 0


async def test_a_stopping_server_asks_the_client_to_connect_again() -> None:
    async with served() as (server, reader, writer):
        writer.write(request())
        await read_answer(reader)
        server.web.context.drain()
        writer.write(request())
        assert "Connection: close" in (await read_answer(reader))[1]
        assert await in_time(reader.read(), 10) == b""


async def test_a_stop_closes_the_connections_that_are_left() -> None:
    async with running() as server, connected(server) as (reader, writer):
        writer.write(request(body=BODY))
        await read_answer(reader)
        assert server._server is not None
        await server._server.close_all_connections()
        assert await in_time(reader.read(), 10) == b""
