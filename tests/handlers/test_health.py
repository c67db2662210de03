"""Routes for operators: health, readiness, metrics."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.websocket import websocket_connect

from tests.handlers.support import answer, fetch
from tests.support.deadline import deadline
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test


async def test_a_running_server_is_alive_and_ready() -> None:
    async with running() as server:
        assert answer(await fetch(server, "/healthz")) == {"status": "ok"}
        response = await fetch(server, "/readyz")
        assert (response.code, answer(response)["ready"]) == (200, True)


async def test_a_draining_server_is_alive_but_not_ready_and_says_why() -> None:
    async with running() as server:
        server.readiness.drain()
        response = await fetch(server, "/readyz")
        assert response.code == 503
        assert answer(response)["checks"]["server"] == "draining"
        assert (await fetch(server, "/healthz")).code == 200


async def test_metrics_are_valid_and_count() -> None:
    async with running() as server:
        await fetch(server, "/api/v1/samples/orders", method="POST", body="3")
        await fetch(server, "/api/v1/samples", method="POST", body='[{"series":"bad name","value":3}]')
        text = (await fetch(server, "/metrics")).body.decode()
        families = {f.name: f for f in text_string_to_metric_families(text)}
        assert families["dashboard_samples_accepted"].samples[0].value == 1
        assert families["dashboard_samples_refused"].samples[0].labels == {"reason": "invalid"}
        assert families["dashboard_series"].samples[0].value == 1
        assert families["dashboard_journal_seq"].samples[0].value == 1


async def test_the_sockets_are_told_in_short() -> None:
    async with running() as server:
        told = answer(await fetch(server, "/metrics/websocket"))
        assert (told["activeConnections"], told["connectedSockets"], told["rooms"]) == (0, 0, 0)


async def test_boards_are_given_as_json() -> None:
    async with running() as server:
        board = answer(await fetch(server, "/api/v1/boards/host"))
        assert board["title"] == "Host"
        assert (await fetch(server, "/api/v1/boards/none")).code == 404


async def test_close_codes_that_clients_choose_are_counted_as_one() -> None:
    async with running() as server:
        for code in (1000, 4600, 4601, 3999):
            socket = await websocket_connect(f"ws://127.0.0.1:{server.port}/ws")
            await socket.read_message()
            socket.close(code)
            assert await socket.read_message() is None
        async with deadline(20):
            while server.counters.connections_closed.total() < 4:
                await asyncio.sleep(0.01)
        assert server.counters.connections_closed == {"1000": 1, "client": 3}
