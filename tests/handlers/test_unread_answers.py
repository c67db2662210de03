"""Answers that nobody reads: memory stays bounded, the sockets are closed in time, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import socket

import pytest

from dashboard.app.build import Dashboard
from tests.handlers.support import answer, fetch
from tests.support.deadline import deadline
from tests.support.inprocess import running
from tests.support.nodes import until

pytestmark = pytest.mark.gen_test

SERIES = 1_000


async def fill(server: Dashboard) -> None:
    """Make the list of series about 3 MB long."""
    lines = "\n".join(f'filled{{number="{number}",text="{"x" * 1_400}"}} 1' for number in range(SERIES))
    response = await fetch(server, "/metrics/job/fill", method="POST", body=lines)
    assert response.code == 200, response.body


def ask(server: Dashboard, path: str, *, times: int = 1) -> socket.socket:
    """Send a request and read nothing of its answer, with a small window."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect(("127.0.0.1", server.port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * times)
    return client


@pytest.mark.parametrize("times", [1, 20])
async def test_answers_that_nobody_reads_are_closed_and_cost_little(times: int) -> None:
    async with running(answer_timeout_s=1.0) as server:
        await fill(server)
        connections = server._server.connections  # type: ignore[union-attr]  # it has started
        clients = [ask(server, "/api/v1/series", times=times) for _ in range(10)]
        most = 0
        async with deadline(30):
            while server.counters.http_closed["slow"] < len(clients):
                most = max(most, connections.unread_bytes)
                await asyncio.sleep(0.02)
        assert 0 < most < len(clients) * (1 << 20)
        listed = answer(await fetch(server, "/api/v1/series?match=filled"))
        assert len(listed["series"]) == SERIES
        for client in clients:
            client.close()
        await until(lambda: len(connections) == 0)


async def test_the_server_goes_on_while_answers_are_not_read() -> None:
    async with running(answer_timeout_s=30) as server:
        await fill(server)
        clients = [ask(server, "/api/v1/series") for _ in range(20)]
        assert (await fetch(server, "/healthz")).code == 200
        assert len(answer(await fetch(server, "/api/v1/series?match=filled"))["series"]) == SERIES
        for client in clients:
            client.close()
        await until(lambda: server._server is not None and len(server._server.connections) == 0)


async def test_the_number_of_idle_connections_is_bounded() -> None:
    async with running(max_idle_connections=10) as server:
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(30)]
        for client in clients[:5]:  # a header that never ends is idle, too
            client.sendall(b"GET / HTTP/1.1\r\nHost: ")
        await until(lambda: server.counters.http_closed["idle"] == 20)
        assert (await fetch(server, "/healthz")).code == 200
        for client in clients[:20]:
            assert client.recv(1) == b""
        for client in clients:
            client.close()
